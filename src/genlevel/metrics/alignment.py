"""Edit distance and longest common subsequence of two sequences, with a bound on the work."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import TypeVar

# Pairs of items: two texts of 45,000 characters or words. A quarter of a second at most.
MAX_WORK = 2_000_000_000

Items = TypeVar("Items", bound=Sequence[str])


def edits(one: Sequence[str], two: Sequence[str], cutoff: int | None = None) -> int:
    """The least number of items inserted, deleted and replaced to make ``one`` into ``two``.

    Above ``MAX_WORK`` pairs of items both are cut into as many equal parts as bring the work below it, and the parts'
    edits are added up: never too few, and 0 for equal sequences. With ``cutoff``, any number above it stands for more.
    """
    from rapidfuzz.distance import Levenshtein

    if len(one) * len(two) <= MAX_WORK:
        return int(Levenshtein.distance(one, two, score_cutoff=cutoff))
    return sum(Levenshtein.distance(a, b) for a, b in _parts(one, two))


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
