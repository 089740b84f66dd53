"""The data flow of Python code as CodeBLEU defines it: from which variables each variable has its value."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from itertools import chain
from typing import NamedTuple

from genlevel.metrics.codetree import Node

# A variable, how it got its value, and from which variables; variables are numbered in order of appearance.
Flow = tuple[int, str, tuple[int, ...]]
# The tokens that may have given each variable its value.
_States = dict[str, list[int]]
_Walk = Generator[tuple[Node, _States], _States, _States]

_FROM, _COMPUTED = "comesFrom", "computedFrom"
_TEXTS = frozenset({"string", "string_literal", "character_literal"})
# The package's walk is a function that calls itself, and gives up where Python does, at a thousand calls.
_LEVELS = 990
# The body of a loop is walked twice, so that n loops, one in another, take 2**n walks.
_STEPS = 1_000_000


class _Use(NamedTuple):
    """The token number ``place`` names ``variable``, whose value is from ``names``, tokens number ``origins``."""

    variable: str
    place: int
    how: str
    names: list[str]
    origins: list[int]


class _NoFlow(Exception):
    """The walk needs a part that is not there, or takes too long; the code then has no data flow at all."""


def data_flow(root: Node, code: str) -> tuple[Flow, ...]:
    """The data flow of ``code``, whose tree is ``root``; none where an error stands in the way or the nesting is too deep.

    The walk is the one of the package codebleu 0.7.0, but for one choice. Where a variable has its value from several walks
    over a loop, the package takes the sources in the order of a Python set of strings, which is another one in each process.
    Here they stand in the order in which they were found, as they would in a set whose strings all have the same hash.
    """
    if root.levels > _LEVELS:
        return ()
    try:
        uses = _Walker(root, code).uses(root)
    except _NoFlow:
        return ()
    linked = {use.place for use in uses if use.origins}.union(*(use.origins for use in uses))
    merged: dict[int, _Use] = {}
    for use in uses:
        if use.place in linked:
            first = merged.get(use.place)
            merged[use.place] = _joined(first, use) if first else use
    return _numbered(merged.values())


class _Walker:
    """Goes through a tree and notes the uses of variables."""

    def __init__(self, root: Node, code: str) -> None:
        lines = code.split("\n")
        self.tokens: dict[tuple[tuple[int, int], tuple[int, int]], tuple[int, str]] = {
            (leaf.start, leaf.end): (place, _text(lines, leaf)) for place, leaf in enumerate(_leaves(root))
        }
        self.found: list[_Use] = []
        self.steps = 0

    def uses(self, root: Node) -> list[_Use]:
        """All uses in the order of their tokens. A stack of generators takes the place of a function that calls itself."""
        waiting: list[_Walk] = [self._walk(root, {})]
        states: _States | None = None
        while waiting:
            try:
                node, before = waiting[-1].send(states)  # type: ignore[arg-type] # None starts a generator
            except StopIteration as end:
                states = end.value
                waiting.pop()
            else:
                waiting.append(self._walk(node, before))
                states = None
        return sorted(self.found, key=lambda use: use.place)

    def _count(self, steps: int) -> None:
        self.steps += steps
        if self.steps > _STEPS:
            raise _NoFlow

    def _token(self, leaf: Node) -> tuple[int, str]:
        token = self.tokens.get((leaf.start, leaf.end))
        if (
            token is None
        ):  # a part of a text, such as its quote: it stands left or right of an assignment with as many parts
            raise _NoFlow
        return token

    def _walk(self, node: Node, states: _States) -> _Walk:
        """Notes the uses below ``node``; ``states``, which may be changed, become those after it."""
        self._count(1)
        if _is_leaf(node):
            return self._leaf(node, states)
        match node.kind:
            case "default_parameter":
                return (yield from self._default(node, states))
            case "for_in_clause":
                return (yield from self._assign([node.child("left")], node.children[-1:], states))
            case "assignment" | "augmented_assignment":
                if node.child("right") is None:
                    return states
                return (yield from self._assign(*_sides(node), states))
            case "if_statement":
                return (yield from self._if(node, states))
            case "for_statement" | "while_statement":
                return (yield from self._loop(node, states))
        first = [child for child in node.children if child.kind == "for_in_clause"]
        rest = [child for child in node.children if child.kind != "for_in_clause"]
        return (yield from self._all(first + rest, states))

    def _all(self, nodes: Iterable[Node], states: _States) -> _Walk:
        for node in nodes:
            states = self._leaf(node, states) if _is_leaf(node) else (yield node, states)
        return states

    def _leaf(self, node: Node, states: _States) -> _States:
        self._count(1)
        place, name = self._token(node)
        if name == node.kind:
            return states
        known = states.get(name)
        if known is None:
            self.found.append(_Use(name, place, _FROM, [], []))
            if node.kind == "identifier":
                states[name] = [place]
        else:
            self._count(len(known))
            self.found.append(_Use(name, place, _FROM, [name], known))
        return states

    def _variables(self, node: Node | None) -> list[tuple[int, str]]:
        """The tokens of ``node`` that are more than a word or sign of the language."""
        if node is None:
            raise _NoFlow
        tokens = [(leaf.kind, *self._token(leaf)) for leaf in _leaves(node)]
        self._count(len(tokens))
        return [(place, name) for kind, place, name in tokens if kind != name]

    def _default(self, node: Node, states: _States) -> _Walk:
        value = node.child("value")
        names = self._variables(node.child("name"))
        sources: list[tuple[list[str], list[int]]] = [([], [])]
        if value is not None:
            sources = [([source], [origin]) for origin, source in self._variables(value)]
            states = yield value, states
        for place, name in names:
            self._count(len(sources))
            self.found += [_Use(name, place, _FROM, *source) for source in sources]
            states[name] = [place]
        return states

    def _assign(self, left: list[Node | None], right: list[Node], states: _States) -> _Walk:
        states = yield from self._all(right, states)
        for target, value in zip(left, right, strict=False):
            sources = self._variables(value)
            origins, names = [place for place, _ in sources], [name for _, name in sources]
            for place, name in self._variables(target):
                self._count(1 + len(names))
                self.found.append(_Use(name, place, _COMPUTED, names, origins))
                states[name] = [place]
        return states

    def _if(self, node: Node, states: _States) -> _Walk:
        self._count(len(states) // 16)  # copying is cheap
        current, ends = dict(states), []
        for child in node.children:
            if child.kind in ("elif_clause", "else_clause"):
                self._count(len(states) // 16)
                ends.append((yield child, dict(states)))
            else:
                current = yield child, current
        ends.append(current)
        if not any("else" in child.kind for child in node.children):
            ends.append(states)
        merged: dict[str, set[int]] = {}
        for end in ends:
            self._count(len(end))
            for name, places in end.items():
                self._count(len(places) - 1)
                merged.setdefault(name, set()).update(places)
        return {name: sorted(places) for name, places in merged.items()}

    def _loop(self, node: Node, states: _States) -> _Walk:
        begin = len(self.found)
        for _ in range(2):
            if node.kind == "while_statement":
                states = yield from self._all(node.children, states)
                continue
            states = yield from self._assign(*_sides(node), states)
            if node.children[-1].kind == "block":
                states = yield node.children[-1], states
        merged: dict[tuple[str, int, str], _Use] = {}
        for use in self.found[begin:]:
            self._count(1 + len(use.names) + len(use.origins))
            key = use[:3]
            merged[key] = _joined(merged[key], use) if key in merged else use
        self.found[begin:] = merged.values()
        return states


def _is_leaf(node: Node) -> bool:
    return (not node.children or node.kind in _TEXTS) and node.kind != "comment"


def _leaves(node: Node) -> Iterator[Node]:
    waiting = [node]
    while waiting:
        node = waiting.pop()
        if _is_leaf(node):
            yield node
        else:
            waiting += reversed(node.children)


def _text(lines: list[str], leaf: Node) -> str:
    """The text of a token. Columns count bytes but are taken for characters: so does the package, and so its numbers come out."""
    (first, start), (last, end) = leaf.start, leaf.end
    if first == last:
        return lines[first][start:end]
    return "".join(chain([lines[first][start:]], lines[first + 1 : last], [lines[last][:end]]))


def _sides(node: Node) -> tuple[list[Node | None], list[Node]]:
    """What stands left and right: the parts of both, if there are as many, else both as a whole."""
    left, right = node.child("left"), node.child("right")
    if left is None or right is None:
        raise _NoFlow
    lefts, rights = ([part for part in side.children if part.kind != ","] for side in (left, right))
    if len(lefts) != len(rights) or not lefts:
        return [left], [right]
    return list(lefts), rights


def _joined(one: _Use, other: _Use) -> _Use:
    names = list(dict.fromkeys(one.names + other.names))
    return one._replace(names=names, origins=sorted({*one.origins, *other.origins}))


def _numbered(uses: Iterable[_Use]) -> tuple[Flow, ...]:
    numbers: dict[str, int] = {}
    flows = []
    for use in uses:
        origin = tuple(numbers.setdefault(name, len(numbers)) for name in use.names)
        flows.append((numbers.setdefault(use.variable, len(numbers)), use.how, origin))
    return tuple(flows)
