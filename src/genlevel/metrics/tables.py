"""TEDS: how alike two HTML tables are as trees."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any, ClassVar

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.base import Metric, as_weights, weighted_mean
from genlevel.metrics.evidence import Evidence, FloatArray
from genlevel.metrics.text import text_pairs
from genlevel.metrics.treedistance import Tree, tree_distance

_VOID = frozenset(
    {"br", "img", "hr", "input", "col", "wbr", "meta", "link", "area", "base", "embed", "source", "track"}
)
# What an opening tag closes, if it is open inside the table.
_CLOSES = {
    "td": ("td", "th"), "th": ("td", "th"), "tr": ("td", "th", "tr"),
    "thead": ("td", "th", "tr", "thead", "tbody", "tfoot"), "tbody": ("td", "th", "tr", "thead", "tbody", "tfoot"),
    "tfoot": ("td", "th", "tr", "thead", "tbody", "tfoot"),
}  # fmt: skip
_MAX_CHARACTERS = 1_000_000
_MAX_NODES = 20_000
_MAX_DEPTH = 200
_COMMENT_END = re.compile(r"--\s*>")
_MAX_SPAN = 1000


@dataclass
class _Node:
    tag: str
    spans: tuple[int, int] = (1, 1)
    children: list[_Node] = field(default_factory=list)
    content: list[str] = field(default_factory=list)


class _TooManyNodes(Exception):
    pass


class _TableReader(HTMLParser):
    """Builds the tree of the first table; inside a cell, tags and characters become the cell's content."""

    def __init__(self, cells: frozenset[str], most: int) -> None:
        super().__init__(convert_charrefs=True)
        self._left = most
        self.table: _Node | None = None
        self._open: list[_Node] = []
        self._inner: list[str] = []  # tags open inside the cell
        self._cells = cells
        self._done = False

    @property
    def _cell(self) -> _Node | None:
        return self._open[-1] if self._open and self._open[-1].tag in self._cells else None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._done or (self.table is None and tag != "table"):
            return
        if self.table is not None and "table" not in self._inner:
            self._close(_CLOSES.get(tag, ()))
        cell = self._cell
        if cell is not None:
            cell.content.append(f"<{tag}>")
            if tag in _VOID:
                cell.content.append(f"</{tag}>")
            else:
                self._inner.append(tag)
            return
        self._left -= 1
        if self._left < 0:
            raise _TooManyNodes
        given = dict(attrs)
        tag = "td" if tag in self._cells else tag
        spans = (_span(given.get("colspan")), _span(given.get("rowspan"))) if tag == "td" else (1, 1)
        node = _Node(tag, spans)
        if self._open:
            self._open[-1].children.append(node)
        else:
            self.table = node
        if tag not in _VOID and len(self._open) < _MAX_DEPTH:
            self._open.append(node)

    def handle_endtag(self, tag: str) -> None:
        cell = self._cell
        if cell is not None and tag in self._inner:
            while self._inner:
                inner = self._inner.pop()
                cell.content.append(f"</{inner}>")
                if inner == tag:
                    return
        tag = "td" if tag in self._cells else tag
        for depth in range(len(self._open) - 1, -1, -1):
            if self._open[depth].tag == tag:
                self._leave(depth)
                return

    def handle_data(self, data: str) -> None:
        cell = self._cell
        if cell is not None:
            cell.content.extend(data)

    def _close(self, tags: tuple[str, ...]) -> None:
        tags = tuple("td" if tag in self._cells else tag for tag in tags)
        while self._open and self._open[-1].tag in tags:
            self._leave(len(self._open) - 1)

    def _leave(self, depth: int) -> None:
        cell = self._cell
        if cell is not None:
            cell.content.extend(f"</{tag}>" for tag in reversed(self._inner))
            self._inner = []
        del self._open[depth:]
        self._done = not self._open


def _span(value: str | None) -> int:
    text = (value or "").strip()
    return min(int(text), _MAX_SPAN) if text.isascii() and text.isdigit() and len(text) < 9 else 1


def _closed(html: str) -> str:
    """``html`` without comments and with no tag that never ends.

    The parser would look for the end of each again from every place: the square of the text's length.
    """
    pieces, at = [], 0
    while (start := html.find("<!--", at)) >= 0:
        pieces.append(html[at:start])
        end = _COMMENT_END.search(html, start + 4)
        at = end.end() if end else len(html)
    html = "".join([*pieces, html[at:]]).replace("<![", "<!")
    last = html.rfind(">") + 1
    return html[:last] + html[last:].replace("<", "&lt;")


def read_table(html: str, *, header_cells: bool, most: int = _MAX_NODES) -> _Node | None:
    """The tree of the first ``<table>`` in ``html``; ``None`` if there is none, or it has more than ``most`` nodes."""
    reader = _TableReader(frozenset({"td", "th"} if header_cells else {"td"}), most)
    try:
        reader.feed(_closed(html[:_MAX_CHARACTERS]))
        reader.close()
    except _TooManyNodes:
        return None
    while reader._open:
        reader._leave(len(reader._open) - 1)
    return reader.table


def _postorder(root: _Node, *, structure_only: bool) -> Tree:
    nodes: list[tuple[str, tuple[int, int], tuple[str, ...]]] = []
    leftmost: list[int] = []

    def visit(node: _Node) -> int:
        first = -1
        for child in node.children:
            left = visit(child)
            first = left if first < 0 else first
        first = len(nodes) if first < 0 else first
        nodes.append((node.tag, node.spans, () if structure_only else tuple(node.content)))
        leftmost.append(first)
        return first

    visit(root)
    return Tree(nodes, leftmost)


@dataclass(frozen=True)
class Teds(Metric):
    """Tree-edit-distance-based similarity of HTML tables: 1 - edits/nodes of the larger tree, mean over samples.

    Inserting and deleting a node costs 1; changing one costs 1 if tag, colspan or rowspan differ, and for cells else the
    normalised edit distance of their contents, in which a character or a tag is one token.

    ``header_cells`` (default True) reads ``th`` as ``td``; with False, ``th`` is a node without content, as in PubTabNet's
    script. An answer without a table scores 0, and so does one with more than ``limit`` nodes, or one of thousands of nodes
    that is no table in shape, whose comparison would take minutes; no table scores less.
    """

    header_cells: bool = True
    limit: int = 4000

    structure_only: ClassVar[bool] = False
    name = "teds"
    title = "TEDS"
    definition = "mean of 1 - tree edit distance/nodes of the larger table, with cell contents"
    source = "Zhong et al. 2020, PubTabNet; table-recognition-metric 0.0.6"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a text with an HTML table; reference: the same"

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``distance`` (float64) and ``nodes`` of the larger tree (int32)."""
        table = np.ones((len(answers), 2))
        for row, (answer, golds) in enumerate(text_pairs(answers, references)):
            wanted = self._tree(golds[0], _MAX_NODES)
            if wanted is None:
                raise MetricError(
                    f"sample {row} (from 0): the reference holds no <table>, or one of more than {_MAX_NODES} nodes"
                )
            given = None if answer is None else self._tree(answer, self.limit)
            distance = tree_distance(given, wanted) if given else None
            if given is not None and distance is not None:
                table[row] = distance, max(len(given.nodes), len(wanted.nodes))
        return Evidence(distance=table[:, 0], nodes=table[:, 1].astype(np.int32))

    def _tree(self, html: str, most: int) -> Tree | None:
        root = read_table(html, header_cells=self.header_cells, most=most)
        return None if root is None else _postorder(root, structure_only=self.structure_only)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean of the samples' similarities."""
        # A deep tree against a wide one can cost more edits than either has nodes.
        similarity = np.maximum(1.0 - evidence["distance"] / np.maximum(evidence["nodes"], 1), 0.0)
        return weighted_mean(similarity, as_weights(evidence, weights), empty=0.0)


@dataclass(frozen=True)
class TedsStruct(Teds):
    """TEDS of the structure alone: contents of cells do not count. Options as in :class:`Teds`."""

    structure_only: ClassVar[bool] = True
    name = "teds_struct"
    title = "TEDS-Struct"
    definition = "mean of 1 - tree edit distance/nodes of the larger table, without cell contents"
