"""Edit distance of ordered trees by Zhang and Shasha's algorithm, a row of it at a time.

The algorithm fills a table of forests for each pair of key roots. A leaf against any tree has a closed form. Trees that are a
root with leaves (a row of a table with its cells) are compared with one tree of the other side all at once.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from genlevel.metrics.evidence import FloatArray

Label = tuple[str, tuple[int, int], tuple[str, ...]]
Ints = NDArray[np.int64]

# Rows of forests, and pairs of nodes (8 bytes each, three times): seconds and some hundred megabytes.
MAX_ROWS = 60_000
MAX_PAIRS = 16_000_000


class Tree(NamedTuple):
    """An ordered tree in postorder."""

    nodes: list[Label]
    """Tag, (colspan, rowspan) and content tokens of each node."""
    leftmost: list[int]
    """For each node the first leaf under it."""


class _Shape(NamedTuple):
    """What the algorithm needs of a tree beside its labels."""

    leftmost: Ints
    parent: Ints
    """-1 for the root."""
    size: Ints
    leaf: NDArray[np.bool_]
    stars: list[int]
    """Key roots whose children are all leaves."""
    others: list[int]
    """Key roots with a child that is no leaf."""


def tree_distance(one: Tree, two: Tree) -> float | None:
    """The cheapest way from ``one`` to ``two``: 1 for an inserted or deleted node, and for a changed one :func:`_changes`.

    None where it would take too long (thousands of nodes in trees that are no tables).
    """
    if one == two:
        return 0.0
    if len(one.nodes) * len(two.nodes) > MAX_PAIRS:
        return None
    a, b = _shape(one), _shape(two)
    if _rows(a, b) > MAX_ROWS:
        return None
    change = _changes(one, two)
    distance = np.zeros(change.shape)
    distance[a.leaf] = b.size - 1 + _least_below(change[a.leaf], b)
    distance[:, b.leaf] = (a.size - 1 + _least_below(change[:, b.leaf].T, a)).T
    batches = _by_width(b)
    for i in sorted([*a.stars, *a.others]):
        for batch in batches:
            _forests(a, i, batch, b, distance, change)
        for j in b.others:
            _forests(a, i, [j], b, distance, change)
    return float(distance[-1, -1])


def _shape(tree: Tree) -> _Shape:
    n = len(tree.nodes)
    leftmost = np.array(tree.leftmost, np.int64)
    parent = np.full(n, -1, np.int64)
    open_: list[int] = []
    for node, first in enumerate(tree.leftmost):
        # In postorder a node's children are what is still open from its first leaf on.
        while open_ and open_[-1] >= first:
            parent[open_.pop()] = node
        open_.append(node)
    index = np.arange(n)
    leaf = leftmost == index
    # A key root is the last node for its leftmost leaf.
    roots = sorted({first: node for node, first in enumerate(tree.leftmost)}.values())
    inner = np.zeros(n, np.bool_)
    inner[parent[~leaf & (parent >= 0)]] = True
    return _Shape(
        leftmost, parent, index - leftmost + 1, leaf,
        [r for r in roots if not leaf[r] and not inner[r]], [r for r in roots if inner[r]],
    )  # fmt: skip


def _rows(a: _Shape, b: _Shape) -> int:
    """How many rows of forests are filled."""
    batches = len({*b.size[b.stars].tolist()}) + len(b.others)
    return int(a.size[[*a.stars, *a.others]].sum()) * batches


def _by_width(b: _Shape) -> list[list[int]]:
    """Stars of the same size together."""
    by: dict[int, list[int]] = {}
    for root in b.stars:
        by.setdefault(int(b.size[root]), []).append(root)
    return list(by.values())


def _least_below(costs: FloatArray, shape: _Shape) -> FloatArray:
    """For each row and node the least of the row's costs in the node's subtree, shape of ``costs``."""
    least = np.ascontiguousarray(costs.T)
    for node, parent in enumerate(shape.parent.tolist()):
        if parent >= 0:
            np.minimum(least[parent], least[node], out=least[parent])
    return least.T


def _forests(a: _Shape, i: int, batch: list[int], b: _Shape, distance: FloatArray, change: FloatArray) -> None:
    """Fill ``distance`` for the subtrees on the leftmost paths of node ``i`` and of nodes ``batch``, all of one size."""
    start, width = int(a.leftmost[i]), int(b.size[batch[0]])
    first = b.leftmost[batch][:, None]
    columns = first + np.arange(width)
    back = b.leftmost[columns] - first
    path = back == 0
    star = b.leaf[columns[0, :-1]].all()
    whole_run = slice(int(columns[0, 0]), int(columns[-1, -1]) + 1)
    contiguous = whole_run.stop - whole_run.start == columns.size
    steps = np.arange(width + 1, dtype=np.float64)
    lanes = np.arange(len(batch))[:, None]
    table = np.empty((i - start + 2, len(batch), width + 1))
    table[0] = steps
    for row, x in enumerate(range(start, i + 1), 1):
        above, here = table[row - 1], table[row]
        before = table[a.leftmost[x] - start]
        known = distance[x, whole_run].reshape(columns.shape) if contiguous else distance[x, columns]
        if star:
            joined = before[:, :-1] + known
            joined[:, -1] = before[:, 0] + known[:, -1]
        else:
            joined = before[lanes, back] + known
        whole = a.leftmost[x] == start
        if whole:
            joined[path] = (above[:, :-1] + change[x, columns])[path]
        here[:, 0] = row
        np.minimum(above[:, 1:] + 1.0, joined, out=here[:, 1:])
        # An insertion costs 1 a step to the right.
        here -= steps
        np.minimum.accumulate(here, axis=1, out=here)
        here += steps
        if whole:
            distance[x, columns[path]] = here[:, 1:][path]


def _changes(one: Tree, two: Tree) -> FloatArray:
    """The cost of changing each node of ``one`` into each of ``two``, (n, m).

    1 where tag or spans differ, else the edit distance of the contents' tokens over the longer one's length.
    """
    from rapidfuzz.distance import Levenshtein
    from rapidfuzz.process import cdist

    left, right = (_codes(tree) for tree in (one, two))
    kinds = {kind: k for k, kind in enumerate({*left.kinds, *right.kinds})}
    same = np.array([kinds[k] for k in left.kinds])[:, None] == np.array([kinds[k] for k in right.kinds])
    tokens: dict[str, str] = {}
    texts = [
        ["".join([_letter(token, tokens) for token in content]) for content in side.contents] for side in (left, right)
    ]
    lengths = [np.array([len(text) for text in side]) for side in texts]
    longest = np.maximum(lengths[0][:, None], lengths[1])
    edits = cdist(texts[0], texts[1], scorer=Levenshtein.distance, dtype=np.int32)
    cost = np.where(same, edits / np.maximum(longest, 1), 1.0)
    whole: FloatArray = cost[left.of][:, right.of]
    return whole


class _Codes(NamedTuple):
    """The different labels of a tree, and which one each node has."""

    kinds: list[tuple[str, tuple[int, int]]]
    contents: list[tuple[str, ...]]
    of: Ints


def _codes(tree: Tree) -> _Codes:
    known: dict[Label, int] = {}
    of = np.array([known.setdefault(node, len(known)) for node in tree.nodes])
    return _Codes([label[:2] for label in known], [label[2] for label in known], of)


def _letter(token: str, known: dict[str, str]) -> str:
    """A character for a token: itself, or for a tag one that Unicode keeps free."""
    if len(token) == 1:
        return token
    return known.setdefault(token, chr(0xF0000 + len(known)))
