"""Specimens of tasks in text alone, in the shapes that General-Bench's language sets have."""

from __future__ import annotations

import json

from genlevel.specimens.base import COLOURS, NOUNS, VERBS, Maker, Rng, Specimen, one, said, sentence, some

_MOODS = ("positive", "negative", "neutral")


def classification(rng: Rng, metric: str) -> Specimen:
    """A mood, with the text in its place in the prompt."""
    label = one(rng, _MOODS)
    given = {"raw_text": sentence(rng), "prompt": f"<<<raw_text>>> Choose from: {', '.join(_MOODS)}."}
    return Specimen(given, {"category": label}, said(label), header={"type": "classification"})


def choice(rng: Rng, metric: str) -> Specimen:
    """A sum, with options by letter."""
    a, b = (int(n) for n in rng.integers(1, 20, 2))
    options = [str(a + b + d) for d in some(rng, (-1, 0, 1, 2), 4)]
    at = options.index(str(a + b))
    given = {"question": f"{a} + {b} = ?", "options": options}
    return Specimen(given, {"answer": "ABCD"[at]}, said("ABCD"[at]), header={"type": "MultipleChoiceQA"})


def question(rng: Rng, metric: str) -> Specimen:
    """An answer that stands in the context."""
    who, what = one(rng, NOUNS), one(rng, VERBS)
    context = f"The {who} {what} at the old house near the river."
    answer = f"the {who}" if metric == "f1" else f"The {who} {what} at the old house."
    return Specimen({"context": context, "question": f"Who {what}?"}, {"answer": answer}, said(answer))


def extraction(rng: Rng, metric: str) -> Specimen:
    """The animals that a text names."""
    a, b = some(rng, NOUNS, 2)
    given = {"raw_text": f"The {a} met the {b}.", "prompt": "Which animals or people are in <<<raw_text>>>"}
    return Specimen(given, {"text": f"{a}, {b}"}, said(f"{b}, {a}"), header={"type": "ner"})


def generation(rng: Rng, metric: str) -> Specimen:
    """A sentence said again."""
    text = sentence(rng)
    again = text.replace("The ", "There, the ", 1)
    return Specimen({"originalSentence": text}, {"paraphraseSentence": again}, said(again))


def summary(rng: Rng, metric: str) -> Specimen:
    """A long text, and its gist."""
    first = sentence(rng)
    document = " ".join([first, *(sentence(rng) for _ in range(4))])
    return Specimen(None, {"summary": first}, said(first), beside={"document": document})


def translation(rng: Rng, metric: str) -> Specimen:
    """A text, and it in another language."""
    colour = one(rng, COLOURS)
    words = {"red": "rouge", "green": "vert", "blue": "bleu", "yellow": "jaune"}
    answer = f"Le chien {words[colour]} court dans le jardin."
    beside = {"in": "English", "out": "French"}
    return Specimen(
        {"text": f"The {colour} dog runs in the garden."}, {"translation": answer}, said(answer), beside=beside
    )


def dialogue(rng: Rng, metric: str) -> Specimen:
    """The next turn."""
    answer = sentence(rng)
    beside = {"dialog": ["Good morning.", sentence(rng), "And then?"]}
    return Specimen(None, {"response": answer}, said(answer), beside=beside, header={"type": "Dialogue"})


def code(rng: Rng, metric: str) -> Specimen:
    """A function for a goal."""
    name, number = one(rng, NOUNS), int(rng.integers(1, 9))
    content = f"def {name}(x):\n    y = x + {number}\n    return y\n"
    beside = {"language": "Python", "goal": f"Write a function '{name}' that adds {number}."}
    return Specimen(None, {"response": {"content": content}}, said(f"```python\n{content}```"), beside=beside)


def sql(rng: Rng, metric: str) -> Specimen:
    """A query for a question."""
    table = one(rng, NOUNS)
    answer = " ".join(["SELECT COUNT(*) FROM", table, "WHERE age >", str(int(rng.integers(1, 30)))])
    given = {"context": f"CREATE TABLE {table} (name TEXT, age INTEGER)", "question": f"How many of {table} are older?"}
    return Specimen(given, {"sql": answer}, said(answer))


def mathematics(rng: Rng, metric: str) -> Specimen:
    """A word problem with steps and a final answer."""
    a, b = (int(n) for n in rng.integers(2, 20, 2))
    solution = {"steps": [f"{a} * {b} = {a * b}"], "final_answer": str(a * b)}
    beside = {"problem": {"text": f"{a} boxes hold {b} apples each. How many?", "constraints": []}}
    return Specimen(None, {"solution": solution}, said(f"Answer: {a * b}"), beside=beside)


def forecast(rng: Rng, metric: str) -> Specimen:
    """A line that goes on."""
    start, step = (int(n) for n in rng.integers(1, 9, 2))
    target = [start + step * i for i in (5, 6)]
    given = {"data": [start + step * i for i in range(5)], "prompt": "Give the next two values."}
    return Specimen(given, {"target": target}, said(json.dumps(target)), header={"type": "Time Series"})


MAKERS: dict[str, Maker] = {
    "text-classification": classification,
    "multiple-choice": choice,
    "question-answering": question,
    "token-extraction": extraction,
    "text-generation": generation,
    "summarization": summary,
    "translation": translation,
    "dialogue": dialogue,
    "code-generation": code,
    "text-to-sql": sql,
    "mathematical-reasoning": mathematics,
    "time-series-forecasting": forecast,
}
