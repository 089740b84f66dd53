"""Edit distance and longest common subsequence of two sequences, with a bound on the work."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

# Pairs of items: two texts of 45,000 characters or words. A quarter of a second at most.
MAX_WORK = 2_000_000_000

Ints = NDArray[np.int64]
Items = TypeVar("Items", bound=Sequence[str])


class Edits(NamedTuple):
    """The edits of pairs and how long their two sides are, each of shape (n,)."""

    edits: Ints
    one: Ints
    two: Ints


def edits(one: Sequence[str], two: Sequence[str]) -> int:
    """The least number of items inserted, deleted and replaced to make ``one`` into ``two``.

    Above ``MAX_WORK`` pairs of items both are cut into as many equal parts as bring the work below it, and the parts'
    edits are added up: never too few, and 0 for equal sequences.
    """
    return int(all_edits([one], [two]).edits[0])


def all_edits(ones: Sequence[Sequence[str]], twos: Sequence[Sequence[str]]) -> Edits:
    """:func:`edits` of each pair, all at once."""
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cpdist

    one, two = (np.fromiter(map(len, side), np.int64, len(side)) for side in (ones, twos))
    large = one * two > MAX_WORK
    if not large.any():
        return Edits(cpdist(ones, twos, scorer=Levenshtein.distance, dtype=np.int64), one, two)
    cut = [_parts(a, b) if much else [(a, b)] for a, b, much in zip(ones, twos, large.tolist(), strict=True)]
    return Edits(np.array([sum(Levenshtein.distance(a, b) for a, b in parts) for parts in cut], np.int64), one, two)


def common(one: Sequence[str], two: Sequence[str]) -> int:
    """The length of the longest common subsequence; of parts as in :func:`edits`, and so never too long."""
    from rapidfuzz.distance import LCSseq

    if len(one) * len(two) <= MAX_WORK:
        return int(LCSseq.similarity(one, two))
    return sum(LCSseq.similarity(a, b) for a, b in _parts(one, two))


def _parts(one: Items, two: Items) -> list[tuple[Items, Items]]:
    # n parts of both leave an n-th of the pairs.
    count = min(-(-len(one) * len(two) // MAX_WORK), len(one), len(two))
    bounds = [(i * len(one) // count, i * len(two) // count) for i in range(count + 1)]
    return [(one[a:c], two[b:d]) for (a, b), (c, d) in pairwise(bounds)]  # type: ignore[misc]
