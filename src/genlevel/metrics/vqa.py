"""VQA accuracy with ten annotators, with the answer processing of the official evaluation."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from genlevel.metrics.base import Metric, as_weights, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.text import text_pairs

_NUMBERS = dict(
    zero="0", one="1", two="2", three="3", four="4", five="5", six="6", seven="7", eight="8", nine="9", ten="10"
)
_NUMBERS["none"] = "0"
_ARTICLES = frozenset({"a", "an", "the"})
_PUNCTUATION = ';/[]"{}()=+\\_-><@`,?!'
_DIGIT_COMMA = re.compile(r"\d,\d")
# The official pattern means to spare a point between digits, but its look-behind is misspelt and has no effect.
_POINT = re.compile(r"\.(?!\d)")
_POINTS_REMOVED = 32  # the official call passes a flag where the largest number of replacements belongs

# Words that get back their apostrophes. A word with two has an entry for each way of leaving out one.
_APOSTROPHES = """
ain't aren't can't could've couldn't didn't doesn't don't hadn't hasn't haven't he'd he's how'd how'll how's isn't it'd
it'll ma'am mightn't might've mustn't must've needn't not've o'clock oughtn't shan't should've shouldn't somebody'll
somebody's someone'd someone'll someone's something'd something'll that's there'd there're there's they'd they'll
they're they've 'twas wasn't we've weren't what'll what're what's what've when's where'd where's where've who'd who'll
who's who've why'll why're why's won't would've wouldn't y'all you'd you'll you're you've
"""
_TWO_APOSTROPHES = """
couldn't've hadn't've he'd've it'd've mightn't've she'd've shouldn't've somebody'd've someone'd've something'd've
there'd've they'd've we'd've who'd've wouldn't've y'all'll you'd've
"""


def _contractions() -> dict[str, str]:
    table = {word.replace("'", ""): word for word in _APOSTROPHES.split()}
    for word in _TWO_APOSTROPHES.split():
        first, second, third = word.split("'")
        table[f"{first}{second}'{third}"] = table[f"{first}'{second}{third}"] = word
    # The official table's own exceptions, kept so that the numbers agree.
    table["somebody'd"] = "somebodyd"
    table |= {"ow's'at": "'ow's'at", "'ows'at": "'ow's'at", "'ow'sat": "'ow's'at"}
    table |= {"yall'd've": "y'all'd've", "y'alld've": "y'all'd've", "y'all'dve": "y'all'd've"}
    return table


_CONTRACTIONS = _contractions()


@lru_cache(65536)
def strip_punctuation(text: str) -> str:
    """Punctuation removed where it stands beside a space, and anywhere if a comma parts digits; else made a space."""
    parts_digits = bool(_DIGIT_COMMA.search(text))
    out = text
    for mark in _PUNCTUATION:
        if mark in text:
            out = out.replace(mark, "" if parts_digits or f"{mark} " in text or f" {mark}" in text else " ")
    return _POINT.sub("", out, count=_POINTS_REMOVED)


@lru_cache(65536)
def process_answer(text: str) -> str:
    """A model's answer as the official evaluation compares it.

    >>> process_answer("The two dogs, dont they?")
    "2 dogs don't they"
    """
    text = strip_punctuation(text.replace("\n", " ").replace("\t", " ").strip()).lower()
    words = [_NUMBERS.get(word, word) for word in text.split()]
    return " ".join(_CONTRACTIONS.get(word, word) for word in words if word not in _ARTICLES)


@dataclass(frozen=True)
class VqaAccuracy(Metric):
    """VQA accuracy: an answer is as right as the annotators who gave it are many, and fully right from three on.

    The official number is the mean, over leaving out each annotator in turn, of min(1, equal answers among the rest / 3).
    With ten annotators of whom k agree with the answer, this is (k*min(1, (k-1)/3) + (10-k)*min(1, k/3))/10; the popular
    min(1, k/3) is another number. The answer gets the official processing of punctuation, numbers, articles and
    contractions. The annotators' answers get that of punctuation alone, and only where they are not unanimous, as in the
    official code. With a single reference the answer is right or wrong.
    """

    name = "vqa_accuracy"
    title = "VQA accuracy"
    definition = "mean over leave-one-out sets of annotators of min(1, agreeing annotators/3), mean over samples"
    source = "Antol et al. 2015, VQA; VQA v2 vqaEval"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a text; reference: the list of all annotators' answers, repeats kept"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``agreeing`` and ``annotators`` (int32)."""
        rows = []
        for answer, golds in text_pairs(answers, references):
            wanted = golds if len({*golds}) == 1 else [*map(strip_punctuation, golds)]
            rows.append((0 if answer is None else wanted.count(process_answer(answer)), len(wanted)))
        table = np.array(rows, np.int32).reshape(-1, 2)
        return Evidence(agreeing=table[:, 0], annotators=table[:, 1])

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the samples' accuracies."""
        k, n = (evidence[name].astype(np.float64) for name in ("agreeing", "annotators"))
        accuracy = (k * np.minimum(1.0, (k - 1) / 3.0) + (n - k) * np.minimum(1.0, k / 3.0)) / np.maximum(n, 1.0)
        return weighted_mean(np.where(n > 1, accuracy, k), as_weights(evidence, weights), empty=0.0)
