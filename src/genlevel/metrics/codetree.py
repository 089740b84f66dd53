"""The concrete tree of a piece of Python code, as tree-sitter reads it; code with errors has one too."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from genlevel.errors import NotScorable

# With this grammar the library reads the same trees from 0.22.3 to 0.24; later ones recover from errors in other ways.
_PARSER = {"tree-sitter": ("0.22", "0.23", "0.24"), "tree-sitter-python": ("0.21",)}
# tree-sitter writes an S-expression by a function that calls itself: of a tree of 100,000 levels it ends the process.
_LEVELS_WRITTEN = 500
# Code is parsed within milliseconds; a text made for it keeps the recovery from errors busy for minutes.
_SECONDS = 1.0
_INSTALL = "pip install 'genlevel[code]'"


class Node:
    """A node of the tree with its place in the text: lines from 0, columns in bytes of UTF-8.

    Args:
        node: tree-sitter's.
        cursor: at the node, from the root of the tree.
        above: its parent.

    Comments and the like, which may stand between any two children, have a kind of their own in their parent's S-expression.
    In the list of children of a node that the grammar calls by another name they have that name too, in 0.22 of the library;
    the package counts subtrees by such lists.
    """

    __slots__ = (
        *("_named", "_node", "_renamed", "_shown", "children", "end"),
        *("expression", "field", "kind", "levels", "start", "written"),
    )

    def __init__(self, node: Any, cursor: Any, above: Node | None) -> None:
        in_place = cursor.node if node.is_extra else node
        borrows = above is not None and above._renamed and node.is_extra
        self._node = node
        self._shown: str = in_place.type
        self.kind: str = above.kind if above and borrows else in_place.type
        self._renamed: bool = borrows or in_place.type != in_place.grammar_name
        self._named: tuple[bool, bool] = (
            above._named[0] if above and borrows else in_place.is_named,
            in_place.is_named,
        )
        self.field: str | None = cursor.field_name
        """What the node is to its parent, by the grammar's word."""
        self.start: tuple[int, int] = node.start_point
        self.end: tuple[int, int] = node.end_point
        self.children: list[Node] = []
        self.levels = 1
        """How deep the tree below is, with the node."""
        self.expression = f"({self.kind})"
        """The S-expression of the node, digested if it has children: kinds of nodes, without names and values."""
        self.written = f"({self._shown})" if in_place.is_named else ""
        """What stands for the node in its parent's expression; nothing for tokens such as ``if`` and ``(``."""

    def child(self, field: str) -> Node | None:
        """The first child that is ``field`` to this node."""
        return next((child for child in self.children if child.field == field), None)

    def close(self) -> None:
        """Set the expressions when all children are there; there is at least one."""
        node, self._node = self._node, None
        self.levels += max([child.levels for child in self.children])
        inner = " ".join([f"{c.field}:{c.written}" if c.field else c.written for c in self.children if c.written])
        named, named_in_place = self._named
        # With errors there may be missing tokens, which are in no list of children but in the expression.
        text = str(node) if node.has_error and self.levels <= _LEVELS_WRITTEN else ""
        if named and node.is_extra:
            text = re.sub(r"\(\w+", f"({self.kind}", text, count=1)
        if not any(mark in text for mark in ("(ERROR", "(MISSING", "(UNEXPECTED")):
            text = f"({self.kind} {inner}" if named else f'"{self.kind} {inner}'
        self.expression = _digest(text)
        if not named_in_place:
            self.written = inner
        else:
            self.written = self.expression if named and self._shown == self.kind else _digest(f"({self._shown} {inner}")


def read_tree(code: str) -> Node:
    """The root of the tree of ``code``, in memory that grows with its length.

    Text on which the parser spends more than a second is not code: its tree is that of an error and nothing else.

    Raises:
        NotScorable: where the parser is missing, or is one whose trees are others.
    """
    grammar = language()
    import tree_sitter

    parser: Any = tree_sitter.Parser(grammar, timeout_micros=int(_SECONDS * 1e6))
    try:
        tree = parser.parse(code.encode("utf-8", "replace"))
    except ValueError:  # out of time
        tree = tree_sitter.Parser(grammar).parse(b"$")
    return _read(tree.root_node)


def subtrees(root: Node) -> Iterator[str]:
    """The expressions of ``root`` and of each node with children."""
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node.expression
        waiting += [child for child in node.children if child.children]


def lacking_parser() -> str:
    """Which parser is missing, in one line; '' where the right one is installed."""
    for package, wanted in _PARSER.items():
        try:
            found = version(package)
        except PackageNotFoundError:
            return f"needs {package}: {_INSTALL}"
        if not found.startswith(tuple(f"{one}." for one in wanted)):
            return (
                f"needs {package} {' or '.join(wanted)}, as later ones give other trees, and found {found}: {_INSTALL}"
            )
    return ""


@lru_cache(1)
def language() -> Any:
    """tree-sitter's Python.

    Raises:
        NotScorable: where it is missing or another version.
    """
    if lacking := lacking_parser():
        raise NotScorable(f"metric 'codebleu' {lacking}")
    import tree_sitter
    import tree_sitter_python

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of 0.24: this grammar gives its address as a number
        return tree_sitter.Language(tree_sitter_python.language())


def _read(root: Any) -> Node:
    """The tree below ``root``. Nothing here calls itself: code may be nested at will."""
    cursor = root.walk()
    path, rests = [Node(root, cursor, None)], [iter(root.children)]
    while True:
        above = path[-1]
        for child in rests[-1]:
            if above.children:
                cursor.goto_next_sibling()
            else:
                cursor.goto_first_child()
            node = Node(child, cursor, above)
            above.children.append(node)
            if child.child_count:
                path.append(node)
                rests.append(iter(child.children))
                break
        else:
            if above.children:
                cursor.goto_parent()
                above.close()
            path.pop()
            rests.pop()
            if not path:
                return above


def _digest(text: str) -> str:
    return "#" + blake2b(text.encode(), digest_size=16).hexdigest()
