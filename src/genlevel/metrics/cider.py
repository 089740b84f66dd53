"""CIDEr-D: agreement with the consensus of several captions, rare n-grams weighing more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genlevel.metrics.base import Metric, as_weights, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray, Ragged
from genlevel.metrics.text import stable_hash, text_pairs, tokenizer

_ORDERS = 4


@dataclass(frozen=True)
class Cider(Metric):
    """CIDEr-D, the variant that everybody reports as CIDEr.

    The mean over n = 1..4 of the cosine of TF-IDF vectors of n-grams, with the answer's counts clipped to the reference's
    and a Gaussian penalty on the difference in length, averaged over the references, times 10. Papers print it times 100.

    The inverse document frequency comes from the references of all samples, so that the value of a sample depends on the
    whole set; a set of one sample scores 0. It is taken from the rows of the evidence, each once, whatever the weights: a
    bootstrap resamples the scores and leaves the frequencies as they are.

    ``sigma`` is that of the penalty.
    ``tokenizer`` is ``caption`` (default; close to COCO's Java tokeniser), ``ptb-java`` (that tokeniser itself, where Java and
    pycocoevalcap or the jar are at hand), or one of BLEU's; ``space`` for tokenised text.
    Where answers are speech, ``(samples, rate)``, ``asr`` is the folder of the recogniser that writes it down and ``language``
    what it is told to hear, as for WER.
    """

    tokenizer: str = "caption"
    sigma: float = 6.0
    asr: str = ""
    language: str = ""

    name = "cider"
    title = "CIDEr-D"
    definition = "10 * mean over n=1..4, references of clipped TF-IDF n-gram cosine with length penalty (sigma 6)"
    source = "Vedantam et al. 2015; pycocoevalcap 1.2, Cider"
    range = (0.0, 10.0)
    unit = "fraction"
    direction = "higher"
    version = 2
    answer = "a text, or speech (samples, rate); reference: a list of texts"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Ragged columns with one item for each different n-gram of each text of a sample.

        ``gram`` is its hash (int64); ``item`` is (text, n, count) int32, where text 0 is the answer and the references
        count from 1. Column ``references`` (int32) is their number.
        """
        if any(isinstance(answer, tuple) for answer in answers):
            from genlevel.metrics.learned_audio.asr import transcripts

            answers = transcripts(answers, self.asr, language=self.language)
        pairs = text_pairs(answers, references)
        split = tokenizer(self.tokenizer, pairs)
        words: dict[str, int] = {}
        codes: list[int] = []
        lengths: list[int] = []
        for answer, golds in pairs:
            for text in (answer or "", *golds):
                tokens = split(text)
                lengths.append(len(tokens))
                for token in tokens:
                    if token not in words:
                        words[token] = stable_hash(token)
                    codes.append(words[token])
        sizes = np.array([len(golds) for _, golds in pairs], np.int32)
        grams, items, rows = _count_grams(np.array(codes, np.int64).view(np.uint64), np.array(lengths, np.int64), sizes)
        offsets = np.searchsorted(rows, np.arange(len(pairs) + 1))
        return Evidence(gram=Ragged(grams, offsets), item=Ragged(items, offsets), references=sizes)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the samples' scores."""
        w = as_weights(evidence, weights)
        return weighted_mean(self.scores(evidence), w, empty=0.0)

    def scores(self, evidence: Evidence) -> FloatArray:
        """Each sample's CIDEr-D, shape (n,)."""
        n = len(evidence)
        if n == 0 or not len(evidence.ragged("gram").values):
            return np.zeros(n)
        row = evidence.ragged("gram").row_of
        text, order, count = evidence.ragged("item").values.astype(np.int64).T
        vocabulary, gram = np.unique(evidence.ragged("gram").values, return_inverse=True)
        place = row * len(vocabulary) + gram
        expected = text > 0
        seen = np.unique(place[expected]) % len(vocabulary)
        frequency = np.bincount(seen, minlength=len(vocabulary))
        weight = count * (np.log(n) - np.log(np.maximum(1, frequency)))[gram]

        first = np.concatenate(
            [[0], np.cumsum(evidence["references"].astype(np.int64) + 1)]
        )  # texts before each sample
        document = first[row] + text
        slot = document * _ORDERS + order - 1
        slots = int(first[-1]) * _ORDERS
        norm = np.sqrt(np.bincount(slot, weight**2, slots))
        bigrams = np.bincount(document, count * (order == 2), int(first[-1]))

        given = np.flatnonzero(~expected)
        wanted = np.flatnonzero(expected)
        at, match = _look_up(place[given], place[wanted])
        ours, theirs = given[at], wanted[match]
        product = np.minimum(weight[ours], weight[theirs]) * weight[theirs]
        # bincount of nothing has integers, whatever the weights are.
        dot = np.bincount(slot[theirs], product, slots).astype(np.float64)

        owner = np.repeat(np.arange(n), np.diff(first))
        norms = norm.reshape(-1, _ORDERS)
        scale = norms * norms[first[:-1]][owner]
        cosine = np.divide(dot.reshape(-1, _ORDERS), scale, out=dot.reshape(-1, _ORDERS).copy(), where=scale != 0)
        penalty = np.exp(-((bigrams[first[:-1]][owner] - bigrams) ** 2) / (2 * self.sigma**2))
        similarity = cosine.mean(axis=1) * penalty
        scores: FloatArray = 10.0 * np.bincount(owner, similarity, n) / np.maximum(1, evidence["references"])
        return scores


def _look_up(keys: NDArray[np.int64], queries: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Positions in ``keys`` (unique) and in ``queries`` that hold the same value."""
    order = np.argsort(keys, kind="stable")
    if not len(order):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    at = np.minimum(np.searchsorted(keys, queries, sorter=order), len(order) - 1)
    found = np.flatnonzero(keys[order[at]] == queries)
    return order[at[found]], found


def _count_grams(
    codes: NDArray[np.uint64], lengths: NDArray[np.int64], sizes: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """The different n-grams of each text: hashes, (text, n, count), and the sample each belongs to, in sample order."""
    texts = np.repeat(np.arange(len(lengths)), lengths)
    grams, owners, orders = [], [], []
    for n in range(1, _ORDERS + 1):
        size = len(codes) - n + 1
        if size <= 0:
            break
        whole = texts[:size] == texts[n - 1 :]
        mixed = np.full(size, n, np.uint64)
        for i in range(n):
            mixed = _mix(mixed ^ codes[i : i + size])
        grams.append(mixed[whole])
        owners.append(texts[:size][whole])
        orders.append(np.full(int(whole.sum()), n))
    if not grams:
        return np.zeros(0, np.int64), np.zeros((0, 3), np.int32), np.zeros(0, np.int64)
    gram, owner, order = np.concatenate(grams), np.concatenate(owners), np.concatenate(orders)
    index = np.lexsort((gram, owner))
    gram, owner, order = gram[index], owner[index], order[index]
    starts = np.flatnonzero(np.concatenate([[True], (gram[1:] != gram[:-1]) | (owner[1:] != owner[:-1])]))
    counts = np.diff(np.concatenate([starts, [len(gram)]]))
    gram, owner, order = gram[starts], owner[starts], order[starts]
    per_sample = sizes.astype(np.int64) + 1
    sample = np.repeat(np.arange(len(sizes)), per_sample)
    first = np.cumsum(per_sample) - per_sample
    rows = sample[owner]
    items = np.stack([owner - first[rows], order, counts], axis=1).astype(np.int32)
    return gram.view(np.int64), items, rows


def _mix(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """The finaliser of splitmix64: a bijection of 64-bit words in which every input bit reaches every output bit."""
    values = values + np.uint64(0x9E3779B97F4A7C15)
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))
