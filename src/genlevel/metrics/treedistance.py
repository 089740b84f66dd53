"""Edit distance of ordered trees by Zhang and Shasha's algorithm."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from rapidfuzz.distance import Levenshtein

Label = tuple[str, tuple[int, int], tuple[str, ...]]


class Tree(NamedTuple):
    """An ordered tree in postorder."""

    nodes: list[Label]
    """Tag, (colspan, rowspan) and content tokens of each node."""
    leftmost: list[int]
    """For each node the first leaf under it."""


def tree_distance(one: Tree, two: Tree) -> float:
    """The cheapest way from ``one`` to ``two``: 1 for an inserted or deleted node, :func:`_change` for a changed one."""
    if one == two:
        return 0.0
    codes: dict[Label, int] = {}
    left = [codes.setdefault(node, len(codes)) for node in one.nodes]
    right = [codes.setdefault(node, len(codes)) for node in two.nodes]
    labels = list(codes)
    known: dict[tuple[int, int], float] = {}

    def change(i: int, j: int) -> float:
        pair = left[i], right[j]
        if pair not in known:
            known[pair] = _change(labels[pair[0]], labels[pair[1]])
        return known[pair]

    distance = [[0.0] * len(right) for _ in left]
    roots = _keyroots(two)
    for i in _keyroots(one):
        for j in roots:
            if one.leftmost[i] == i and two.leftmost[j] == j:
                distance[i][j] = change(i, j)  # two leaves
            else:
                _forests(one.leftmost, two.leftmost, i, j, distance, change)
    return distance[-1][-1]


def _keyroots(tree: Tree) -> list[int]:
    """The last node for each leftmost leaf: the roots whose forests have to be compared."""
    return sorted({leaf: node for node, leaf in enumerate(tree.leftmost)}.values())


def _forests(
    first: list[int],
    second: list[int],
    i: int,
    j: int,
    distance: list[list[float]],
    change: Callable[[int, int], float],
) -> None:
    """Fill ``distance`` for the subtrees on the leftmost paths of nodes ``i`` and ``j``."""
    a, b = first[i], second[j]
    above = [float(column) for column in range(j - b + 2)]
    table = [above]
    for x in range(a, i + 1):
        row = [above[0] + 1.0]
        whole, trees, start = first[x] == a, distance[x], first[x] - a
        before = table[start]
        last = row[0]
        for y in range(b, j + 1):
            column = y - b
            best = above[column + 1] + 1.0
            if last + 1.0 < best:
                best = last + 1.0
            if whole and second[y] == b:
                changed = above[column] + change(x, y)
                if changed < best:
                    best = changed
                trees[y] = best
            else:
                joined = before[second[y] - b] + trees[y]
                if joined < best:
                    best = joined
            row.append(best)
            last = best
        table.append(row)
        above = row


def _change(one: Label, two: Label) -> float:
    if one[:2] != two[:2]:
        return 1.0
    longest = max(len(one[2]), len(two[2]))
    return Levenshtein.distance(one[2], two[2]) / longest if longest else 0.0
