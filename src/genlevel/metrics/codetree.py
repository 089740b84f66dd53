"""What two pieces of Python code can share beside their words: subtrees of syntax, and definitions and uses of variables."""

from __future__ import annotations

import ast
import textwrap
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache

# A variable, how it got its value, and from which variables; variables are numbered in order of appearance.
Flow = tuple[int, str, tuple[int, ...]]

_MAX_CHARACTERS = 200_000
_SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)


@dataclass(frozen=True)
class CodeTree:
    """A piece of code, read."""

    subtrees: tuple[str, ...]
    """The shape of each node that has children: types of nodes, without names and values."""
    flows: tuple[Flow, ...]

    @cached_property
    def subtree_set(self) -> frozenset[str]:
        """The different shapes."""
        return frozenset(self.subtrees)


@lru_cache(4096)
def parse(code: str) -> CodeTree:
    """The subtrees and data flow of ``code``, of its readable blocks if it is not readable as a whole.

    A block is what stands from one line without indentation to the next. Code of more than 200,000 characters is cut.
    """
    trees = [tree for tree in _modules(textwrap.dedent(code[:_MAX_CHARACTERS])) if tree.body]
    subtrees: list[str] = []
    names: list[tuple[str, str, tuple[str, ...]]] = []
    known: set[str] = set()
    for tree in trees:
        _drop_docstrings(tree)
        try:
            found: list[str] = []
            _shape(tree, found)
            flows = list(_flows(tree, known))
        except RecursionError:
            continue  # an expression that is nested thousands deep
        subtrees += found
        names += flows
    return CodeTree(tuple(subtrees), _numbered(names))


def _modules(code: str) -> list[ast.Module]:
    whole = _try_parse(code)
    if whole is not None:
        return [whole]
    blocks: list[list[str]] = []
    for line in code.splitlines():
        if not blocks or (
            line[:1].strip() and not line.startswith((")", "]", "}", "else", "elif", "except", "finally"))
        ):
            blocks.append([])
        blocks[-1].append(line)
    return [tree for tree in (_try_parse("\n".join(block)) for block in blocks) if tree is not None]


def _try_parse(code: str) -> ast.Module | None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of escapes and comparisons in the model's code
        try:
            return ast.parse(code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return None


def _drop_docstrings(tree: ast.Module) -> None:
    for node in ast.walk(tree):
        if isinstance(node, _SCOPES) and ast.get_docstring(node, clean=False) is not None:
            node.body = node.body[1:] or [ast.Pass()]


def _shape(node: ast.AST, found: list[str]) -> str:
    children = [_shape(child, found) for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr_context)]
    if not children:
        return type(node).__name__
    shape = f"({type(node).__name__} {' '.join(children)})"
    found.append(shape)
    return shape


def _names(node: ast.AST | None) -> tuple[str, ...]:
    """The variables in an expression, each once, in order."""
    if node is None:
        return ()
    return tuple(dict.fromkeys(name.id for name in ast.walk(node) if isinstance(name, ast.Name)))


def _bindings(node: ast.AST) -> list[tuple[ast.AST, ast.AST | None]]:
    """Targets of ``node`` with the expression that each gets its value from."""
    match node:
        case ast.Assign():
            pairs: list[tuple[ast.AST, ast.AST | None]] = []
            for target in node.targets:
                pairs += _unpack(target, node.value)
            return pairs
        case ast.AnnAssign() | ast.NamedExpr():
            return [(node.target, node.value)]
        case ast.AugAssign():
            return [(node.target, ast.Tuple([node.target, node.value], ast.Load()))]
        case ast.For() | ast.AsyncFor() | ast.comprehension():
            return [(node.target, node.iter)]
        case ast.withitem() if node.optional_vars is not None:
            return [(node.optional_vars, node.context_expr)]
    return []


def _unpack(target: ast.AST, value: ast.AST) -> Iterable[tuple[ast.AST, ast.AST]]:
    several = (ast.Tuple, ast.List)
    if isinstance(target, several) and isinstance(value, several) and len(target.elts) == len(value.elts):
        return zip(target.elts, value.elts, strict=True)
    return [(target, value)]


def _flows(node: ast.AST, known: set[str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Uses and definitions in the order in which they are written, values before what they are given to."""
    if isinstance(node, ast.arg):
        known.add(node.arg)
        yield node.arg, "comesFrom", ()
    elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
        yield node.id, "comesFrom", (node.id,) if node.id in known else ()
    bound = _bindings(node)
    for child in sorted(
        ast.iter_child_nodes(node), key=lambda child: isinstance(child, ast.expr) and _is_target(child)
    ):
        if isinstance(node, ast.For | ast.AsyncFor) and child is node.body[0]:
            yield from _define(bound, known)
            bound = []
        yield from _flows(child, known)
    yield from _define(bound, known)


def _define(bound: list[tuple[ast.AST, ast.AST | None]], known: set[str]) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    for target, value in bound:
        for name in _names(target):
            known.add(name)
            yield name, "computedFrom", _names(value)


def _is_target(node: ast.expr) -> bool:
    return isinstance(getattr(node, "ctx", None), ast.Store)


def _numbered(flows: list[tuple[str, str, tuple[str, ...]]]) -> tuple[Flow, ...]:
    numbers: dict[str, int] = {}
    numbered = []
    for name, how, sources in flows:
        origin = tuple(numbers.setdefault(source, len(numbers)) for source in sources)
        numbered.append((numbers.setdefault(name, len(numbers)), how, origin))
    return tuple(numbered)
