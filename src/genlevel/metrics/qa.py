"""Short answers: exact match and token F1 as SQuAD defines them, and ANLS."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, repeat
from types import MappingProxyType
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.alignment import all_edits
from genlevel.metrics.base import Metric, as_weights, first_best, ratio, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.text import split_unspaced, text_pairs, text_sides

_ARTICLES = re.compile(r"\b(a|an|the)\b")
_ARTICLE_WORDS = frozenset({"a", "an", "the"})
_NO_PUNCTUATION = str.maketrans("", "", string.punctuation + "、。〈〉《》「」『』【】〔〕（）！，．：；？“”‘’…·")


def squad_tokens(text: str) -> list[str]:
    """Words in lower case, without punctuation and English articles; unspaced scripts split into letters."""
    text = text.lower().translate(_NO_PUNCTUATION)
    if text.isascii() and text.isprintable():
        # Between words there are spaces alone, so that an article is a whole word.
        words = text.split()
        if _ARTICLE_WORDS.isdisjoint(words):
            return words
        return [word for word in words if word not in _ARTICLE_WORDS]
    return split_unspaced(_ARTICLES.sub(" ", text)).split()


def squad_normalise(text: str) -> str:
    """The words of :func:`squad_tokens` with single spaces.

    >>> squad_normalise("The  Eiffel-Tower!")
    'eiffeltower'
    """
    return " ".join(squad_tokens(text))


def _squeeze(text: str) -> str:
    return " ".join(text.lower().split())


NORMALISERS: Mapping[str, Callable[[str], str]] = MappingProxyType(
    {"squad": squad_normalise, "strip": str.strip, "lower": _squeeze, "none": str}
)


def _normaliser(name: str) -> Callable[[str], str]:
    if name not in NORMALISERS:
        raise MetricError(f"unknown normaliser '{name}'; known: {', '.join(NORMALISERS)}")
    return NORMALISERS[name]


@dataclass(frozen=True)
class ExactMatch(Metric):
    """Share of answers equal to a reference after normalisation.

    ``normalise``: ``squad`` (default: case, punctuation, articles and spacing do not count), ``lower`` (case and spacing
    do not count), ``strip`` (outer white space does not count) or ``none``. An empty answer equals an empty reference.
    """

    normalise: str = "squad"

    name = "exact_match"
    title = "Exact match"
    definition = "number of answers equal to one of their references after SQuAD normalisation / number of samples"
    source = "SQuAD v1.1/v2.0 evaluation script, exact_score"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a text; reference: a text or a list of acceptable texts"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Column ``correct`` (bool)."""
        clean = _normaliser(self.normalise)
        hits = (
            answer is not None and (clean(answer) in map(clean, golds))
            for answer, golds in text_pairs(answers, references)
        )
        return Evidence(correct=np.fromiter(hits, np.bool_, len(answers)))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of ``correct``."""
        return weighted_mean(evidence["correct"], as_weights(evidence, weights), empty=0.0)


@dataclass(frozen=True)
class TokenF1(Metric):
    """Mean F1 of the answer's and the reference's tokens as multisets, best reference first.

    Tokens are the words left after SQuAD normalisation; in scripts without spaces they are the letters. Where both sides
    have no token, F1 is 1; where one side has none, it is 0. ``normalise`` as in :class:`ExactMatch`.
    """

    normalise: str = "squad"

    name = "f1"
    title = "Token F1"
    definition = "mean over samples of max over references of 2*shared/(answer tokens + reference tokens)"
    source = "SQuAD v2.0 evaluation script, compute_f1"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a text; reference: a text or a list of acceptable texts"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``shared``, ``answered`` tokens and ``expected`` tokens (int32) of the best reference."""
        clean = _normaliser(self.normalise)
        split = squad_tokens if self.normalise == "squad" else lambda text: clean(text).split()
        counts = [
            (0, 0, 1) if answer is None else _best_overlap(split(answer), [split(gold) for gold in golds])
            for answer, golds in text_pairs(answers, references)
        ]
        rows = np.array(counts, np.int32).reshape(-1, 3)
        return Evidence(shared=rows[:, 0], given=rows[:, 1], expected=rows[:, 2])

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the samples' F1."""
        f1 = ratio(2 * evidence["shared"], evidence["given"] + evidence["expected"], empty=1.0)
        return weighted_mean(f1, as_weights(evidence, weights), empty=0.0)


def _best_overlap(answer: list[str], golds: list[list[str]]) -> tuple[int, int, int]:
    if len(golds) == 1:
        return _shared(answer, golds[0]), len(answer), len(golds[0])
    best, best_f1 = (0, len(answer), len(golds[0])), -1.0
    for gold in golds:
        shared = _shared(answer, gold)
        size = len(answer) + len(gold)
        f1 = 2 * shared / size if size else 1.0
        if f1 > best_f1:
            best, best_f1 = (shared, len(answer), len(gold)), f1
    return best


def _shared(one: list[str], two: list[str]) -> int:
    """Tokens in common, each as often as it is in both."""
    ours, theirs = {*one}, {*two}
    if len(ours) == len(one) or len(theirs) == len(two):
        return len(ours & theirs)
    left: dict[str, int] = {}
    for token in one:
        left[token] = left.get(token, 0) + 1
    shared = 0
    for token in two:
        count = left.get(token)
        if count:
            left[token] = count - 1
            shared += 1
    return shared


@dataclass(frozen=True)
class Anls(Metric):
    """Average normalised Levenshtein similarity of answers that are read off a picture.

    The edit distance is over characters, after lower-casing and squeezing white space, divided by the longer length. From
    a distance of ``threshold`` on, the answer counts as wrong. Two empty texts are equal (similarity 1).
    """

    threshold: float = 0.5

    name = "anls"
    title = "ANLS"
    definition = "mean of max over references of 1 - edits/longer length, 0 from a normalised distance of 0.5 on"
    source = "Biten et al. 2019, Scene Text Visual Question Answering; DocVQA evaluation"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a text; reference: a text or a list of acceptable texts"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``edits`` and ``length`` of the longer text (int32), for the nearest reference."""
        given, golds = text_sides(answers, references)
        sizes = list(map(len, golds))
        own = [" ".join((answer or "").lower().split()) for answer in given]
        ones = list(chain.from_iterable(map(repeat, own, sizes)))
        twos = [" ".join(gold.lower().split()) for gold in chain.from_iterable(golds)]
        edits, *lengths = all_edits(ones, twos)
        length = np.maximum(1, np.maximum(*lengths))
        nearest = first_best(-edits / length, np.array(sizes, np.int64))
        # A missing answer is as far from an empty reference as from any.
        missing = np.array([answer is None for answer in given], np.bool_)
        edits, length = (np.where(missing, 1, column[nearest]) for column in (edits, length))
        return Evidence(edits=edits.astype(np.int32), length=length.astype(np.int32))

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the samples' similarities."""
        distance = ratio(evidence["edits"], evidence["length"], empty=0.0)
        similarity = np.where(distance < self.threshold, 1.0 - distance, 0.0)
        return weighted_mean(similarity, as_weights(evidence, weights), empty=0.0)
