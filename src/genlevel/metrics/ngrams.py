"""Counting the n-grams that answers share with their references, for all samples at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

_ABSENT = -1
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


def _block(rows: Sequence[tuple[list[str], list[list[str]]]], order: int) -> NDArray[np.int64]:
    """One block: words become numbers within their row, so that an n-gram of any row fits into one integer."""
    numbers: list[int] = []
    lengths: list[int] = []
    owners: list[int] = []
    answers: list[bool] = []
    base = 1
    for row, (answer, golds) in enumerate(rows):
        known: dict[str, int] = {}
        numbers += [known.setdefault(token, len(known)) for token in answer]
        for gold in golds:
            # A word that the answer lacks cannot be part of a match.
            numbers += [known.get(token, _ABSENT) for token in gold]
        documents = 1 + len(golds)
        lengths += [len(answer), *map(len, golds)]
        owners += [row] * documents
        answers += [True] + [False] * (documents - 1)
        base = max(base, len(known))
    ids = np.array(numbers, np.int64)
    document = np.repeat(np.arange(len(lengths)), lengths)
    owner, is_answer = np.array(owners)[document], np.array(answers, np.bool_)[document]
    matches = np.zeros((len(rows), order), np.int64)
    keys, whole, size = owner.copy(), np.ones(len(ids), np.bool_), len(rows)
    for n in range(order):
        if n < len(ids):
            stop = len(ids) - n
            if size * base > _LARGEST_KEY:
                # Long texts: give the n-grams so far consecutive numbers.
                _, keys = np.unique(keys, return_inverse=True)
                size = len(ids)
            keys = keys[:stop] * base + ids[n:]
            size *= base
            whole = whole[:stop] & (document[:stop] == document[n:]) & (ids[n:] != _ABSENT)
            matches[:, n] = _matches(keys, owner[:stop], document[:stop], is_answer[:stop], whole, len(rows))
    return matches


def _matches(
    keys: NDArray[np.int64],
    owner: NDArray[np.int64],
    document: NDArray[np.int64],
    is_answer: NDArray[np.bool_],
    whole: NDArray[np.bool_],
    rows: int,
) -> NDArray[np.int64]:
    ours, theirs = np.flatnonzero(whole & is_answer), np.flatnonzero(whole & ~is_answer)
    if not len(ours) or not len(theirs):
        return np.zeros(rows, np.int64)
    grams, first, wanted = np.unique(keys[ours], return_index=True, return_counts=True)
    place = np.minimum(np.searchsorted(grams, keys[theirs]), len(grams) - 1)
    found = grams[place] == keys[theirs]
    place, source = place[found], document[theirs][found]
    pairs, times = np.unique(source * len(grams) + place, return_counts=True)
    most = np.zeros(len(grams), np.int64)
    np.maximum.at(most, pairs % len(grams), times)
    per_row = np.bincount(owner[ours][first], np.minimum(wanted, most), rows)
    return per_row.astype(np.int64)
