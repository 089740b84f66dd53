"""Counting the n-grams that answers share with their references, for all samples at once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from genlevel.metrics.base import counted

_LARGEST_KEY = 2**62
_BLOCK = 200_000  # tokens counted together: bounds memory


def clipped_matches(rows: Sequence[tuple[list[str], list[list[str]]]], order: int) -> NDArray[np.int64]:
    """For each row and n = 1..order, the answer's n-grams found in a reference, each at most as often as there.

    Args:
        rows: an answer's tokens and the tokens of its references; of several references the largest count clips.
        order: the largest n.

    Returns:
        Shape (rows, order).
    """
    matches = np.zeros((len(rows), order), np.int64)
    start = tokens = 0
    for row, (answer, golds) in enumerate(rows):
        tokens += len(answer) + sum(map(len, golds))
        if tokens > _BLOCK or row == len(rows) - 1:
            matches[start : row + 1] = _block(rows[start : row + 1], order)
            start, tokens = row + 1, 0
    return matches


class _Numbers(dict[str, int]):
    """Words numbered as they come."""

    def __missing__(self, word: str) -> int:
        self[word] = number = len(self)
        return number


def _block(rows: Sequence[tuple[list[str], list[list[str]]]], order: int) -> NDArray[np.int64]:
    """One block: words become numbers, so that an n-gram fits into one integer."""
    texts = [text for answer, golds in rows for text in (answer, *golds)]
    row = np.repeat(np.arange(len(rows)), [1 + len(golds) for _, golds in rows])
    is_answer = np.diff(row, prepend=-1) > 0
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    of = np.repeat(np.arange(len(texts)), lengths)
    numbers = _Numbers()
    words = np.fromiter(map(numbers.__getitem__, chain.from_iterable(texts)), np.int64, len(of))
    matches = np.zeros((len(rows), order), np.int64)
    grams, size = words, len(numbers)
    for n in range(min(order, len(words))):
        if n:
            if len(texts) * size * len(numbers) > _LARGEST_KEY:
                # Long texts: give the n-grams so far consecutive numbers.
                kinds, grams = np.unique(grams, return_inverse=True)
                size = len(kinds)
            grams, size = grams[:-1] * len(numbers) + words[n:], size * len(numbers)
        whole = of[: len(grams)] == of[n:]
        matches[:, n] = _matches(grams[whole], of[: len(grams)][whole], size, row, is_answer)
    return matches


def _matches(
    grams: NDArray[np.int64], of: NDArray[np.int64], size: int, row: NDArray[np.int64], is_answer: NDArray[np.bool_]
) -> NDArray[np.int64]:
    """Matches of each row, from n-grams below ``size`` and the text ``of`` each; ``row`` and ``is_answer`` are of texts."""
    ours = is_answer[of]
    mine, wanted = counted(row[of[ours]] * size + grams[ours])
    theirs, times = counted(of[~ours] * size + grams[~ours])
    rows = int(row[-1]) + 1
    if not len(mine):
        return np.zeros(rows, np.int64)
    text, gram = np.divmod(theirs, size)
    key = row[text] * size + gram
    place = np.minimum(np.searchsorted(mine, key), len(mine) - 1)
    found = mine[place] == key
    most = np.zeros(len(mine), np.int64)
    np.maximum.at(most, place[found], times[found])
    return np.bincount(mine // size, np.minimum(wanted, most), rows).astype(np.int64)
