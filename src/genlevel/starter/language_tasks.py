"""Language tasks of the starter set: sentences from small grammars."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from genlevel.starter.base import Item, StarterTask, pick

Make = Callable[[np.random.Generator], Item]
NAMES = ("Anna", "Ben", "Carla", "David", "Emma", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Klara", "Leo")
FAMILIES = ("Weber", "Brandt", "Rossi", "Novak", "Silva", "Larsen", "Moreau", "Baker", "Stone", "Fischer")
CITIES = ("Oslo", "Lisbon", "Prague", "Dublin", "Vienna", "Turin", "Riga", "Bergen")
DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
THINGS = ("apples", "stamps", "marbles", "books", "coins", "cards", "shells", "pens")
WORDS = (
    *("planet", "garden", "window", "silver", "bridge", "candle", "forest", "hammer", "island", "jacket"),
    *("kettle", "ladder", "mirror", "needle", "orange", "pencil", "rocket", "saddle", "tunnel", "violin"),
)
GOOD = ("wonderful", "funny", "clever", "moving", "brilliant", "charming", "gripping", "warm")
BAD = ("boring", "clumsy", "dull", "tedious", "shallow", "noisy", "confusing", "cold")
VERBS = {
    "paints": "painted", "repairs": "repaired", "washes": "washed", "sells": "sold", "finds": "found", "carries": "carried",
    "writes": "written", "eats": "eaten", "breaks": "broken", "opens": "opened",
}  # fmt: skip
ROLES = ("gardener", "teacher", "baker", "pilot", "doctor", "painter", "farmer", "nurse")
OBJECTS = ("old bicycle", "red door", "letter", "wooden table", "bread", "green vase", "map", "small boat")
PLACES = (
    *("in the kitchen", "under the stairs", "on the top shelf", "behind the red sofa", "next to the door"),
    *("in the garden shed", "on the kitchen table", "under the bed"),
)
ANIMALS = {
    "sparrow": "bird",
    "salmon": "fish",
    "poodle": "dog",
    "rose": "flower",
    "oak": "tree",
    "violin": "instrument",
}
VERDICTS = ("entailment", "contradiction", "neutral")


def word_rewriting(rng: np.random.Generator) -> Item:
    """A word backwards, doubled, without vowels, in capitals, or with its ends swapped."""
    word = pick(rng, WORDS)
    wish, answer = pick(
        rng,
        (
            ("backwards", word[::-1]),
            ("twice, with a hyphen", f"{word}-{word}"),
            ("without its vowels", "".join(c for c in word if c not in "aeiou")),
            ("in capital letters", word.upper()),
            ("with its first and last letter swapped", word[-1] + word[1:-1] + word[0]),
        ),
    )
    return Item({"prompt": f"Write the word '{word}' {wish}. Answer with the result alone."}, {"text": answer})


def word_problems(rng: np.random.Generator) -> Item:
    """Two steps of small numbers."""
    name, thing = pick(rng, NAMES), pick(rng, THINGS)
    a, b, c = int(rng.integers(10, 30)), int(rng.integers(2, 10)), int(rng.integers(2, 6))
    story, answer = pick(
        rng,
        (
            (f"{name} has {a} {thing}, gets {b} more and gives {c} away.", a + b - c),
            (f"{name} has {a} {thing}, loses {b} of them and finds {c} others.", a - b + c),
            (f"{name} buys {c} boxes of {b} {thing} each and already had {a}.", a + b * c),
            (f"{name} has {a * c} {thing} and shares them evenly among {c} friends.", a),
        ),
    )
    question = f"How many {thing} does {'each friend get' if 'shares' in story else f'{name} have now'}?"
    return Item({"problem": f"{story} {question}"}, {"text": str(answer)})


def review_sentiment(rng: np.random.Generator) -> Item:
    """A verdict with negations, and an aside of the other mind."""
    positive = bool(rng.integers(2))
    negated = rng.uniform() < 0.4
    words, others = (GOOD, BAD) if positive != negated else (BAD, GOOD)
    subject = pick(rng, ("film", "book", "concert", "play", "series"))
    word, other = pick(rng, words), pick(rng, others if not negated else words)
    verb = (
        pick(rng, ("was not at all", "was never", "was hardly"))
        if negated
        else pick(rng, ("was", "was really", "was so"))
    )
    text = f"The {subject} {verb} {word}."
    if rng.uniform() < 0.5:
        text = f"My brother had called it {other}, but I must say: the {subject} {verb} {word}."
    return Item(
        {"text": text, "prompt": "Did the writer like it?", "options": ["positive", "negative"]},
        {"text": "positive" if positive else "negative"},
    )


def entailment(rng: np.random.Generator) -> Item:
    """What follows from a sentence about a kind of thing."""
    kind = pick(rng, ANIMALS)
    above, name, trait = ANIMALS[kind], pick(rng, NAMES), pick(rng, ("old", "small", "rare", "loud", "new"))
    premise, hypothesis, verdict = pick(
        rng,
        (
            (f"{name} has a {trait} {kind}.", f"{name} has a {above}.", 0),
            (f"{name} has a {trait} {kind}.", f"{name} has a {kind}.", 0),
            (f"Every {above} here is {trait}.", f"Every {kind} here is {trait}.", 0),
            (f"{name} has no {above}.", f"{name} has a {kind}.", 1),
            (f"No {above} here is {trait}.", f"One {kind} here is {trait}.", 1),
            (f"Every {kind} here is {trait}.", f"No {kind} here is {trait}.", 1),
            (f"{name} has a {above}.", f"{name} has a {trait} {kind}.", 2),
            (f"Every {kind} here is {trait}.", f"Every {above} here is {trait}.", 2),
            (f"{name} has a {trait} {kind}.", f"{pick(rng, NAMES)} has a {trait} {above}.", 2),
        ),
    )
    if verdict == 2 and hypothesis.startswith(name) and hypothesis.endswith(f"{trait} {above}."):
        hypothesis = f"{name} has two {trait} {kind}s."
    text = f"Premise: {premise} Hypothesis: {hypothesis}"
    asked = {"text": text, "prompt": "Does the hypothesis follow?", "options": list(VERDICTS)}
    return Item(asked, {"text": VERDICTS[verdict]})


def person_names(rng: np.random.Generator) -> Item:
    """Names of people among names of towns, days and houses."""
    people = [f"{pick(rng, NAMES)} {family}" for family in pick(rng, FAMILIES, int(rng.integers(1, 4)))]
    city, day, other = pick(rng, CITIES), pick(rng, DAYS), pick(rng, FAMILIES)
    crowd = people[0] if len(people) == 1 else f"{', '.join(people[:-1])} and {people[-1]}"
    text = pick(
        rng,
        (
            f"On {day}, {crowd} came to {city} by train.",
            f"The house {other} in {city} was sold to {crowd} last {day}.",
            f"In {city} the firm {other} and Sons has hired {crowd}.",
            f"Last {day} the River Hotel in {city} welcomed {crowd}.",
        ),
    )
    prompt = "List the full names of all people in this text, separated by commas: <<<raw_text>>>"
    return Item({"raw_text": text, "prompt": prompt}, {"text": ", ".join(people)})


def where_questions(rng: np.random.Generator) -> Item:
    """Where a thing is kept, out of four."""
    names, things, places = pick(rng, NAMES, 4), pick(rng, OBJECTS, 4), pick(rng, PLACES, 4)
    verbs = [pick(rng, ("keeps", "has put", "hides", "has left")) for _ in names]
    facts = [f"{n} {v} the {o} {p}." for n, v, o, p in zip(names, verbs, things, places, strict=True)]
    return Item(
        {"context": " ".join(facts), "question": f"Where is the {things[0]}?"} if rng.uniform() < 0.5 else
        {"context": " ".join(facts[::-1]), "question": f"Where is the {things[0]} of {names[0]}?"},
        {"answer": places[0]},
    )  # fmt: skip


def passive_voice(rng: np.random.Generator) -> Item:
    """An active sentence in the passive voice."""
    subject, verb, thing = pick(rng, ROLES), pick(rng, VERBS), pick(rng, OBJECTS)
    time = pick(rng, ("", " every day", " in the morning", " without help"))
    return Item(
        {"prompt": f"Put into the passive voice: The {subject} {verb} the {thing}{time}."},
        {"text": f"The {thing} is {VERBS[verb]} by the {subject}{time}."},
    )


def weather_reports(rng: np.random.Generator) -> Item:
    """A report of three sentences, and its gist."""
    city, day = pick(rng, CITIES), pick(rng, DAYS)
    sky, extra = pick(rng, ("rain", "snow", "sunshine", "fog", "storms")), pick(rng, ("wind", "calm air", "gusts"))
    warm, ago = int(rng.integers(-8, 30)), int(rng.integers(2, 40))
    facts = [
        f"People in {city} should expect {sky} on {day}.",
        f"The thermometer will show {warm} degrees, with {extra} from the {pick(rng, ('north', 'south', 'west', 'east'))}.",
        f"It was last like this {ago} years ago, as {pick(rng, NAMES)} {pick(rng, FAMILIES)} of the weather office says.",
    ]
    order = pick(rng, ((0, 1, 2), (2, 0, 1), (1, 0, 2)))
    return Item(
        {"document": " ".join(facts[i] for i in order), "prompt": "Sum this report up in one short sentence."},
        {"summary": f"{city} on {day}: {sky} and {extra}, {warm} degrees."},
    )


def _task(slug: str, skill: str, kind: str, metric: str, specialist: str, make: Make, header: str = "") -> StarterTask:
    return StarterTask(
        slug,
        "language",
        "language",
        skill,
        kind,
        metric,
        specialist,
        make,
        {"type": header or kind.replace("-", " ")},
        test=24,
        train=48,
    )


TASKS = (
    _task("word-rewriting", "Text editing", "text-generation", "exact_match", "rules", word_rewriting),
    _task("word-problems", "Mathematics", "mathematical-reasoning", "exact_match", "sentence patterns", word_problems),
    _task(
        "review-sentiment",
        "Sentiment analysis",
        "text-classification",
        "accuracy",
        "n-grams + linear SVM",
        review_sentiment,
    ),
    _task(
        "entailment",
        "Natural language inference",
        "text-classification",
        "accuracy",
        "n-grams + linear SVM",
        entailment,
    ),
    _task("person-names", "Named entities", "token-extraction", "micro_f1", "pairs of capitals", person_names, "ner"),
    _task("where-questions", "Reading comprehension", "question-answering", "f1", "sentence overlap", where_questions),
    _task("passive-voice", "Style transfer", "text-generation", "bleu1", "suffix rules", passive_voice),
    _task("weather-reports", "Summarization", "summarization", "rouge_l", "slot filling", weather_reports),
)
