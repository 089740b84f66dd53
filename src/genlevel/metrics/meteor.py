"""METEOR as nltk computes it."""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from genlevel.metrics.base import Metric, as_weights, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.porter import stem
from genlevel.metrics.text import text_pairs, tokenizer

Words = list[tuple[int, str]]


class Alignment(NamedTuple):
    """How an answer's words meet a reference's."""

    matches: int
    chunks: int
    given: int
    expected: int


@dataclass(frozen=True)
class Meteor(Metric):
    """METEOR with nltk's matching and parameters: best reference first, mean over samples.

    Words are matched if they are equal, then if their Porter stems are, then if one is a WordNet synonym of the other.
    Synonyms need ``wordnet``, a folder with the WordNet 3.0 database; without it the number is METEOR of exact and stem
    matches, which is lower than nltk's: say which one it is. The METEOR 1.5 that COCO captioning reports (Java,
    paraphrase table, tuned weights) is another metric with other numbers: ``meteor_15``.

    Options:
        wordnet: folder with the WordNet database, or empty.
        tokenizer: as for BLEU; ``word`` by default. Letters of scripts without spaces are words.
        alpha, beta, gamma: weight of precision, shape and weight of the fragmentation penalty.

    An empty answer, or one that shares no word, scores 0.
    """

    wordnet: str = ""
    tokenizer: str = "word"
    alpha: float = 0.9
    beta: float = 3.0
    gamma: float = 0.5

    name = "meteor"
    title = "METEOR (nltk)"
    definition = (
        "PR/(aP+(1-a)R) * (1 - g*(chunks/matches)^b), a=0.9, b=3, g=0.5; exact, stem and, with wordnet, synonym matches"
    )
    source = "Lavie and Agarwal 2007; nltk.translate.meteor_score 3.10"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a text; reference: a text or a list of texts"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``matches``, ``chunks``, ``given`` and ``expected`` words (int32) for the best reference."""
        pairs = text_pairs(answers, references)
        split = tokenizer(self.tokenizer, pairs)
        synonyms: Callable[[str], Iterable[str]] | None = None
        if self.wordnet:
            from genlevel.metrics.wordnet import open_wordnet

            synonyms = open_wordnet(self.wordnet).synonyms
        table = np.zeros((len(answers), 4), np.int32)
        for row, (answer, golds) in enumerate(pairs):
            given = split((answer or "").lower())
            found = np.array([align(given, split(gold.lower()), synonyms) for gold in golds], np.int32)
            table[row] = found[np.argmax(self._score(*found.T))]
        return Evidence(**{name: table[:, i] for i, name in enumerate(Alignment._fields)})

    def _score(self, matches: Any, chunks: Any, given: Any, expected: Any) -> FloatArray:
        m = np.asarray(matches, np.float64)
        precision, recall = m / np.maximum(given, 1), m / np.maximum(expected, 1)
        bottom = self.alpha * precision + (1 - self.alpha) * recall
        mean = np.divide(precision * recall, bottom, out=np.zeros_like(m), where=bottom > 0)
        score: FloatArray = (1 - self.gamma * (chunks / np.maximum(m, 1)) ** self.beta) * mean
        return score

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the samples' scores."""
        score = self._score(*(evidence[name] for name in Alignment._fields))
        return weighted_mean(score, as_weights(evidence, weights), empty=0.0)


def align(answer: Sequence[str], gold: Sequence[str], synonyms: Callable[[str], Iterable[str]] | None) -> Alignment:
    """Match words in three passes, from the last word of the answer to the first, each to the last free equal."""
    left, right = list(enumerate(answer)), list(enumerate(gold))
    pairs: list[tuple[int, int]] = []
    left, right = _match(left, right, pairs, lambda word: (word,))
    left = [(i, stem(word)) for i, word in left]
    right = [(i, stem(word)) for i, word in right]
    left, right = _match(left, right, pairs, lambda word: (word,))
    if synonyms is not None:
        # nltk looks up the stems, not the words; so do we.
        _match(left, right, pairs, synonyms)
    pairs.sort()
    breaks = sum(b != (a[0] + 1, a[1] + 1) for a, b in itertools.pairwise(pairs))
    return Alignment(len(pairs), breaks + bool(pairs), len(answer), len(gold))


def _match(
    left: Words, right: Words, pairs: list[tuple[int, int]], forms: Callable[[str], Iterable[str]]
) -> tuple[Words, Words]:
    """Add pairs whose right word is a form of the left word; give back what stays unmatched."""
    places: dict[str, list[int]] = defaultdict(list)
    for place, (_, word) in enumerate(right):
        places[word].append(place)
    used, rest = set(), []
    for index, word in reversed(left):
        free = [(places[form][-1], form) for form in forms(word) if places.get(form)]
        if free:
            place, form = max(free)
            places[form].pop()
            used.add(place)
            pairs.append((index, right[place][0]))
        else:
            rest.append((index, word))
    return rest[::-1], [pair for place, pair in enumerate(right) if place not in used]
