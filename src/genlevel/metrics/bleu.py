"""BLEU of orders 1 to 4, as the mean over sentences or over the corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, first_best, ratio, weighted_mean, weighted_sum
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.ngrams import clipped_matches
from genlevel.metrics.text import text_pairs, tokenizer

_SMOOTHING = ("none", "floor", "exp", "method4")


@dataclass(frozen=True)
class Bleu(Metric):
    """BLEU: the geometric mean of clipped n-gram precisions, times a penalty for answers shorter than the reference.

    Options:
        aggregate: ``sentence`` is the mean of the samples' own BLEU, ``corpus`` sums counts and lengths over all samples
            first. These are different numbers. BLEU-1 defaults to ``sentence``, which is what General-Bench's language
            tasks report; BLEU-2 to 4 default to ``corpus``, the usual one.
        multireference: ``best`` scores each reference alone and keeps the best (default for ``sentence``), ``pooled`` clips by
            the largest count in any reference and takes the closest length (default for ``corpus``; Papineni et al.).
        tokenizer: ``word`` (Penn Treebank, default), ``space``, ``13a`` (sacrebleu's default) or ``char``.
        lower: lower-case first.
        smoothing: what a precision of 0 becomes: ``none`` (BLEU is 0), ``floor`` (0.1 matches; nltk method1), ``exp``
            (halved each time; sacrebleu's default for sentences, nltk method3) or ``method4`` (nltk method4). Default
            ``method4`` for sentences and ``none`` for the corpus. It never lifts an answer that shares no word.

    An empty answer scores 0, also against an empty reference.
    """

    aggregate: str = "corpus"
    multireference: str = ""
    tokenizer: str = "word"
    lower: bool = False
    smoothing: str = ""

    order: ClassVar[int]
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a text; reference: a text or a list of acceptable texts"
    source = "Papineni et al. 2002; sacrebleu, nltk sentence_bleu and pycocoevalcap"

    def __post_init__(self) -> None:
        for option, value, known in (
            ("aggregate", self.aggregate, ("sentence", "corpus")),
            ("multireference", self.multireference, ("", "best", "pooled")),
            ("smoothing", self.smoothing, ("", *_SMOOTHING)),
        ):
            if value not in known:
                raise MetricError(f"{self.name}: {option}='{value}'; known: {', '.join(k for k in known if k)}")

    @property
    def _smoothing(self) -> str:
        return self.smoothing or ("method4" if self.aggregate == "sentence" else "none")

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``matches`` and ``totals`` (n, order) int32, ``given`` and ``expected`` lengths int32."""
        pairs = text_pairs(answers, references)
        split = tokenizer(self.tokenizer, pairs)
        best = (self.multireference or ("best" if self.aggregate == "sentence" else "pooled")) == "best"
        rows: list[tuple[list[str], list[list[str]]]] = []
        for answer, golds in pairs:
            tokens = split((answer or "").lower() if self.lower else (answer or ""))
            targets = [split(gold.lower() if self.lower else gold) for gold in golds]
            rows += [(tokens, [target]) for target in targets] if best else [(tokens, targets)]
        table = count_all(rows, self.order)
        if len(rows) > len(answers):
            scores = self._score(*_columns(table, self.order))
            table = table[first_best(scores, np.array([len(golds) for _, golds in pairs], np.int64))]
        matches, totals, given, expected = _columns(table, self.order)
        return Evidence(matches=matches, totals=totals, given=given, expected=expected)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """The mean of the sentences' BLEU, or BLEU of the weighted sums."""
        w = as_weights(evidence, weights)
        columns = [evidence[name] for name in ("matches", "totals", "given", "expected")]
        if self.aggregate == "sentence":
            return weighted_mean(self._score(*columns), w, empty=0.0)
        return self._score(*(weighted_sum(column, w) for column in columns))

    def _score(self, matches: Any, totals: Any, given: Any, expected: Any) -> FloatArray:
        """BLEU of each row; ``matches`` and ``totals`` are (..., order), the lengths (...)."""
        precision = _smooth(self._smoothing, np.asarray(matches, np.float64), np.asarray(totals, np.float64), given)
        log = np.log(precision, out=np.full(precision.shape, -np.inf), where=precision > 0)
        if self._smoothing == "method4":
            # nltk leaves out an order whose precision stays 0, which happens for answers of one token.
            log = np.where(precision > 0, log, 0.0)
        penalty = np.minimum(0.0, 1.0 - ratio(expected, given, empty=np.inf))
        score = np.exp(log.mean(axis=-1) + penalty)
        worthless = (np.asarray(matches)[..., 0] == 0) | (np.asarray(given) == 0)
        return np.asarray(np.where(worthless, 0.0, score), np.float64)


def _smooth(method: str, matches: FloatArray, totals: FloatArray, given: Any) -> FloatArray:
    """Precisions per order, with what ``method`` puts in place of zeros."""
    totals = np.maximum(totals, 1.0)
    precision: FloatArray = matches / totals
    zero = matches == 0
    if method == "floor":
        return np.where(zero, 0.1 / totals, precision)
    if method in ("exp", "method4"):
        halvings = np.cumsum(zero, axis=-1)
        numerator = 0.5**halvings
        if method == "method4":
            length = np.asarray(given, np.float64)[..., None]
            numerator = numerator * np.log(np.maximum(length, 1.0)) / 5.0
        return np.where(zero, numerator / totals, precision)
    return precision


class Counts(NamedTuple):
    """Clipped n-gram matches and answer n-grams per order, and the two lengths."""

    matches: list[int]
    totals: list[int]
    given: int
    expected: int


def counts(answer: Sequence[str], golds: Sequence[Sequence[str]], order: int) -> Counts:
    """BLEU's counts of one sample. Of several references the length is the closest one's, the shorter on a tie."""
    matches, totals = [], []
    for n in range(1, order + 1):
        grams = Counter(ngrams(answer, n))
        totals.append(max(0, len(answer) - n + 1))
        pools = [Counter(ngrams(gold, n)) for gold in golds]
        matches.append(sum(min(count, max(pool[gram] for pool in pools)) for gram, count in grams.items()))
    return Counts(matches, totals, len(answer), _closest(len(answer), golds))


def _closest(length: int, golds: Sequence[Sequence[str]]) -> int:
    return min(map(len, golds), key=lambda expected: (abs(expected - length), expected))


def ngrams(tokens: Sequence[str], n: int) -> Iterable[Any]:
    """The n-grams of ``tokens``; single tokens for n = 1."""
    return tokens if n == 1 else zip(*(tokens[i:] for i in range(n)), strict=False)


def count_all(rows: Sequence[tuple[list[str], list[list[str]]]], order: int) -> NDArray[np.int32]:
    """:func:`counts` of many samples at once: matches, totals, given and expected length in a row, (rows, 2*order+2)."""
    table = np.zeros((len(rows), 2 * order + 2), np.int32)
    given = np.fromiter((len(answer) for answer, _ in rows), np.int64, len(rows))
    golds = np.fromiter((len(golds) for _, golds in rows), np.int64, len(rows))
    lengths = np.fromiter((len(gold) for _, golds in rows for gold in golds), np.int64, int(golds.sum()))
    # The closest, of equally close ones the shorter: a difference counts twice as much as being longer.
    longer = lengths - np.repeat(given, golds)
    closest = first_best(-2.0 * np.abs(longer) - (longer > 0), golds)
    table[:, :order] = clipped_matches(rows, order)
    table[:, order:-2] = np.maximum(0, given[:, None] - np.arange(order))
    table[:, -2], table[:, -1] = given, lengths[closest]
    return table


def _columns(table: NDArray[Any], order: int) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]]:
    return table[:, :order], table[:, order : 2 * order], table[:, -2], table[:, -1]


@dataclass(frozen=True)
class Bleu1(Bleu):
    """BLEU up to 1-grams; options as in :class:`Bleu`."""

    aggregate: str = "sentence"
    name = "bleu1"
    title = "BLEU-1"
    definition = "clipped unigram precision times brevity penalty; mean over sentences unless aggregate='corpus'"
    order = 1


@dataclass(frozen=True)
class Bleu2(Bleu):
    """BLEU up to 2-grams; options as in :class:`Bleu`."""

    name = "bleu2"
    title = "BLEU-2"
    definition = "geometric mean of clipped 1- and 2-gram precisions times brevity penalty, over the corpus"
    order = 2


@dataclass(frozen=True)
class Bleu3(Bleu):
    """BLEU up to 3-grams; options as in :class:`Bleu`."""

    name = "bleu3"
    title = "BLEU-3"
    definition = "geometric mean of clipped 1- to 3-gram precisions times brevity penalty, over the corpus"
    order = 3


@dataclass(frozen=True)
class Bleu4(Bleu):
    """BLEU up to 4-grams; options as in :class:`Bleu`."""

    name = "bleu4"
    title = "BLEU-4"
    definition = "geometric mean of clipped 1- to 4-gram precisions times brevity penalty, over the corpus"
    order = 4
