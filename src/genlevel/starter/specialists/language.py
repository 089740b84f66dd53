"""Specialists for the sentences of the starter set's grammars."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline
from sklearn.svm import LinearSVC

from genlevel.records import Part, Request
from genlevel.starter.specialists.base import Example, Specialist, text, words_of

_WORD = re.compile(r"\w+")


class WordRules(Specialist):
    """A rule for each of the five wishes."""

    def answer(self, request: Request) -> Part:
        """The word as wished."""
        asked = re.search(r"Write the word '(\w+)' ([^.]+)\.", words_of(request))
        assert asked is not None
        word, wish = asked.groups()
        if "backwards" in wish:
            return text(word[::-1])
        if "twice" in wish:
            return text(f"{word}-{word}")
        if "vowels" in wish:
            return text(re.sub("[aeiou]", "", word))
        if "capital" in wish:
            return text(word.upper())
        return text(word[-1] + word[1:-1] + word[0])


class ProblemPatterns(Specialist):
    """A formula for each kind of story."""

    def answer(self, request: Request) -> Part:
        """The number."""
        story = words_of(request)
        a, b, *more = (int(number) for number in re.findall(r"\d+", story)[:3])
        if "shares" in story:
            return text(str(a // b))
        c = more[0]
        if "boxes" in story:
            return text(str(a * b + c))
        return text(str(a + b - c if "gives" in story else a - b + c))


class NgramClassifier(Specialist):
    """Words and pairs of words, weighed, by a linear support vector machine."""

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn the classes."""
        self._model = make_pipeline(
            TfidfVectorizer(ngram_range=(1, 3), sublinear_tf=True), LinearSVC(C=10.0, random_state=0)
        )
        self._model.fit([words_of(e.request) for e in examples], [e.reference for e in examples])

    def answer(self, request: Request) -> Part:
        """The class."""
        return text(str(self._model.predict([words_of(request)])[0]))


class NamePairs(Specialist):
    """Two words with capitals, of which the first has begun a name in training."""

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn first names."""
        # References of label sets come in lower case.
        self._first = {name.split()[0].casefold() for e in examples for name in e.reference}

    def answer(self, request: Request) -> Part:
        """The names."""
        found = re.findall(r"\b([A-Z][a-z]+) ([A-Z][a-z]+)\b", words_of(request))
        return text(", ".join(f"{a} {b}" for a, b in found if a.casefold() in self._first) or "none")


class SentenceOverlap(Specialist):
    """The last four words of the sentence that shares most words with the question."""

    def answer(self, request: Request) -> Part:
        """A place."""
        whole = words_of(request)
        question = re.findall(r"Where is [^?]*\?", whole)[-1]
        asked = set(_WORD.findall(question.casefold()))
        sentences = [s for s in re.findall(r"[A-Z][^.?!]*\.", whole) if " the " in s]
        best = max(sentences, key=lambda s: len(asked & set(_WORD.findall(s.casefold()))))
        return text(" ".join(best.rstrip(".").split()[-4:]))


class SuffixRules(Specialist):
    """Regular participles: -ed for -s. Irregular verbs come out wrong."""

    def answer(self, request: Request) -> Part:
        """The sentence in the passive voice."""
        asked = re.search(r"passive voice: The (\w+) (\w+)s the ([^.]+)\.", words_of(request))
        assert asked is not None
        subject, verb, rest = asked.groups()
        when = re.search(r" (?:every day|in the morning|without help)$", rest)
        tail = when.group() if when else ""
        thing = rest.removesuffix(tail)
        stem = verb.removesuffix("e") if verb.endswith(("e", "ie")) else verb
        return text(f"The {thing} is {stem}ed by the {subject}{tail}.")


class ReportSlots(Specialist):
    """The report's facts in the form that all its gists have."""

    def answer(self, request: Request) -> Part:
        """The gist."""
        whole = words_of(request)
        slots = re.search(r"People in (\w+) should expect (\w+) on (\w+)", whole)
        warm = re.search(r"show (-?\d+) degrees", whole)
        assert slots is not None and warm is not None
        city, sky, day = slots.groups()
        return text(f"{city} on {day}: {sky}, {warm.group(1)} degrees.")
