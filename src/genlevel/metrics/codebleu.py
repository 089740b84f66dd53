"""CodeBLEU: BLEU of code, with keywords weighted, plus matching syntax trees and data flow."""

from __future__ import annotations

import keyword
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, ratio
from genlevel.metrics.bleu import counts, ngrams
from genlevel.metrics.codeflow import Flow, data_flow
from genlevel.metrics.codestrip import without_comments
from genlevel.metrics.codetree import lacking_parser, read_tree, subtrees
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.text import text_pairs

_ORDERS = 4
_KEYWORD_WEIGHT, _OTHER_WEIGHT = 1.0, 0.2
_MAX_CHARACTERS = 100_000
_PYTHON = frozenset({*keyword.kwlist, "match", "case", "type"})


class Parts(NamedTuple):
    """The four parts of CodeBLEU, each an array of shape (...,) in 0..1; NaN where the references have no such part."""

    ngram: FloatArray
    weighted_ngram: FloatArray
    syntax: FloatArray
    dataflow: FloatArray


@dataclass(frozen=True)
class CodeBleu(Metric):
    """CodeBLEU of Python code over the corpus: a quarter each of four matches.

    Each part is that of the package ``codebleu`` 0.7.0 with ``lang="python"`` on Python 3.11: n-grams (BLEU-4, tokens between
    spaces), keyword-weighted n-grams, syntax (the share of the references' subtrees that the answer has too) and data flow
    (the share of their definitions and uses of variables that it has, with variables numbered in order of appearance).
    Trees are read by tree-sitter with the package's grammar, code that does not parse included; later versions of the grammar
    and of the library give other numbers and are refused. Where the package's data flow depends on the hash seed of
    the process, which it does for variables that get their value in a loop, this is one of its values: sources stand in the
    order in which they are found.

    All code is read as Python, as General-Bench's own scorer does: of another language trees hold errors, so that syntax and
    data flow say little, but the number is the one that this benchmark publishes. Code is never run. It is cut after 100,000
    characters; that of more than 990 levels, or of so many loops in loops that the package would not end, has no data flow;
    and text on which the parser spends more than a second has no tree (files of Python's library take milliseconds).

    Two departures, on purpose: a data-flow match of 0 is 0, whereas the package counts it as 1, so that garbage there scores
    0.25; and where no reference has a data flow, that part is left out and the others' weights grow in proportion.

    Syntax has no penalty for length: by definition an answer that holds every construct of the language has every small subtree
    of the reference.

    ``weights`` are those of n-grams, weighted n-grams, syntax and data flow.
    """

    weights: tuple[float, float, float, float] = (0.25, 0.25, 0.25, 0.25)

    name = "codebleu"
    title = "CodeBLEU"
    definition = "0.25*(BLEU-4 + keyword-weighted n-gram recall + subtree match + data-flow match), over the corpus"
    source = "Ren et al. 2020; package codebleu 0.7.0 with tree-sitter-python 0.21.0"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "Python code as text; reference: code or a list of acceptable versions"
    needs = ("extra: code",)
    version = 2

    def __post_init__(self) -> None:
        if len(self.weights) != 4 or min(self.weights) < 0 or sum(self.weights) <= 0:
            raise MetricError("codebleu: weights must be four numbers of 0 or more that do not sum to 0")

    def lacks(self) -> str:
        """What is missing, and which parser is not the one of the definition."""
        return lacking_parser()

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns of shared and total n-grams (n, 4), weighted n-grams (n, 4), subtrees and data flows, and lengths.

        Raises:
            NotScorable: if the parser is not installed.
        """
        rows = [_measure_one(answer or "", golds) for answer, golds in text_pairs(answers, references)]
        table = np.array(rows, np.float64).reshape(len(rows), 4 * _ORDERS + 6)
        whole = table[:, [*range(2 * _ORDERS), *range(4 * _ORDERS, 4 * _ORDERS + 6)]].astype(np.int32)
        return Evidence(
            matches=whole[:, :4], totals=whole[:, 4:8],
            weighted_matches=table[:, 8:12].copy(), weighted_totals=table[:, 12:16].copy(),
            subtrees=whole[:, 8:10], flows=whole[:, 10:12], given=whole[:, 12], expected=whole[:, 13],
        )  # fmt: skip

    def parts(self, evidence: Evidence, weights: FloatArray | None = None) -> Parts:
        """The four parts under weights; NaN where all references together have no tree or no data flow."""
        w = as_weights(evidence, weights)
        total = {name: w @ np.asarray(column, np.float64) for name, column in evidence.to_arrays().items()}
        penalty, weighted_penalty = (
            np.exp(np.minimum(0.0, 1.0 - ratio(length, total["given"], empty=np.inf)))
            for length in (total["expected"], 2.0 * w.sum(axis=-1))
        )
        return Parts(
            penalty * _geometric_mean(total["matches"], total["totals"]),
            weighted_penalty * _geometric_mean(total["weighted_matches"], total["weighted_totals"]),
            ratio(total["subtrees"][..., 0], total["subtrees"][..., 1], empty=np.nan),
            ratio(total["flows"][..., 0], total["flows"][..., 1], empty=np.nan),
        )

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """The weighted mean of the parts that exist."""
        if not len(evidence):
            return np.zeros(as_weights(evidence, weights).shape[:-1])
        parts = np.stack(self.parts(evidence, weights), axis=-1)
        shares = np.where(np.isnan(parts), 0.0, np.asarray(self.weights))
        return ratio((shares * np.nan_to_num(parts)).sum(axis=-1), shares.sum(axis=-1), empty=0.0)


def _geometric_mean(matches: FloatArray, totals: FloatArray) -> FloatArray:
    """With 0.1 in place of no match, and 0 if not even a token matches."""
    share = np.where(matches == 0, 0.1, matches) / np.maximum(totals, np.finfo(np.float64).tiny)
    with np.errstate(over="ignore"):
        mean: FloatArray = np.exp(np.log(share).mean(axis=-1))
    return np.where(matches[..., 0] == 0, 0.0, mean)


def _measure_one(answer: str, golds: list[str]) -> list[float]:
    given, targets = answer.split(), [gold.split() for gold in golds]
    plain = counts(given, targets, _ORDERS)
    weighted_matches, weighted_totals = _weighted(given, targets)
    trees = flows = shared_trees = shared_flows = 0
    ours = _read(answer.strip()[:_MAX_CHARACTERS])
    for number, gold in enumerate(golds):
        theirs = _read(gold.strip()[:_MAX_CHARACTERS])
        if number:  # the package strips the answer anew for each reference
            ours = _read(ours.code)
        trees += len(theirs.subtrees)
        known = set(ours.subtrees)
        shared_trees += sum(subtree in known for subtree in theirs.subtrees)
        flows += len(theirs.flows)
        shared_flows += (Counter(theirs.flows) & Counter(ours.flows)).total()
    totals = [max(1, count) for count in plain.totals]
    return [*plain.matches, *totals, *weighted_matches, *weighted_totals,
            shared_trees, trees, shared_flows, flows, plain.given, plain.expected]  # fmt: skip


class _Code(NamedTuple):
    code: str
    """Without comments and docstrings."""
    subtrees: tuple[str, ...]
    flows: tuple[Flow, ...]


def _read(code: str) -> _Code:
    code = without_comments(code)
    root = read_tree(code)
    return _Code(code, tuple(subtrees(root)), data_flow(root, code))


def _weighted(given: list[str], targets: list[list[str]]) -> tuple[list[float], list[float]]:
    """Recall of n-grams, summed over the references; single tokens weigh 1 if they are keywords and 0.2 if not."""
    matches, totals = [], []
    for n in range(1, _ORDERS + 1):
        ours = Counter(ngrams(given, n))
        shared = wanted = 0.0
        for target in targets:
            theirs = Counter(ngrams(target, n))
            weight = {gram: _weight(gram) if n == 1 else 1.0 for gram in theirs}
            shared += sum(weight[gram] * min(count, ours[gram]) for gram, count in theirs.items())
            wanted += max(1.0, sum(weight[gram] * count for gram, count in theirs.items()))
        matches.append(shared)
        totals.append(wanted)
    return matches, totals


def _weight(token: Any) -> float:
    return _KEYWORD_WEIGHT if token in _PYTHON else _OTHER_WEIGHT
