"""Sets of labels in text: entities, relations, tuples, several classes of one sample."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

from genlevel.tasktypes.answers import final_answers
from genlevel.tasktypes.literals import LiteralError, fenced, parse_literal

__all__ = ["ITEM_LIMIT", "read_set", "split_labels"]

ITEM_LIMIT: Final = 10_000
"""Most labels of one answer; what comes after them is not read."""
_EMPTY: Final = frozenset(
    {"", "none", "null", "n/a", "no entities", "no relations", "nothing", "[]", "{}", "empty", "no labels"}
)
_BULLET: Final = re.compile(r"\A\s*(?:[-*•–]\s+|\(?\d{1,4}[.)]\s+)")
_RELATION: Final = re.compile(
    r"\(? ?([^()=>\n]{1,300}) ?\(([^()]{0,60})\) ?=> ?([^()=>\n]{1,100}) ?=> ?([^()=>\n]{1,300}) ?\(([^()]{0,60})\)"
)
_LEAD: Final = re.compile(r"\A[^\n,;()\[\]{}:]{0,80}:\s*(?=\S)")
_OPEN: Final = "([{"
_SHUT: Final = ")]}"


def read_set(text: str, *, splits: bool = True) -> list[str]:
    """The labels that an answer gives, each once, in order; an answer of "none" or "[]" gives none.

    Read are a JSON list (or an object of lists by type, each label as "type: label"), ``<p>`` between labels, one label a
    line with or without bullets, semicolons, and commas outside brackets. Of relations written as
    ``(a (type) => relation => b (type))`` each is a label, however they are separated.

    Args:
        text: the answer, without reasoning.
        splits: whether labels of a JSON list are split at commas too, as those of a reference written as "a, b" were.
    """
    for block in (*reversed(fenced(text)), text):
        try:
            value = parse_literal(block.strip())
        except LiteralError:
            continue
        if isinstance(value, (list, dict)):
            labels = list(_flat(value))
            return _unique(part for label in labels for part in (split_labels(label) if splits else _clean([label])))
    fences = fenced(text)
    body = fences[-1] if fences else text
    marked = final_answers(body)
    if marked and "=>" not in body:
        body = body[body.rindex(marked[0]) :]
    elif "=>" not in body:
        body = _LEAD.sub("", body, count=1) if "\n" not in body.strip() else _without_lead_line(body)
    return _unique(split_labels(body))


def _without_lead_line(text: str) -> str:
    """Without a first line such as "Here are the entities:"."""
    head, _, rest = text.strip().partition("\n")
    return rest if head.rstrip().rstrip("*_").endswith(":") and rest.strip() else text


def split_labels(text: str) -> list[str]:
    """The labels in a text that separates them by ``<p>``, lines, semicolons or commas outside brackets.

    >>> split_labels("(food, great), (service, slow)"), split_labels("a<p>b, c")
    (['(food, great)', '(service, slow)'], ['a', 'b, c'])
    """
    if text.strip().strip(".").casefold() in _EMPTY:
        return []
    if "<p>" in text:
        return _clean(text.split("<p>"))
    if "=>" in text:
        relations = _relations(text)
        if relations is not None:
            return relations
    pieces = [_BULLET.sub("", line) for line in text.splitlines()]
    mark = ";" if any(";" in piece for piece in pieces) else ","
    return _clean(part for piece in pieces for part in _outside(piece, mark))


def _relations(text: str) -> list[str] | None:
    """Relations in one spelling, or None if the text holds others that are not understood."""
    squeezed = "\n".join(" ".join(line.split()) for line in text.splitlines())
    found = _RELATION.findall(squeezed)
    if len(found) * 2 != squeezed.count("=>"):
        return None
    return [
        f"({a.strip()} ({a_type.strip()}) => {relation.strip()} => {b.strip()} ({b_type.strip()}))".casefold()
        for a, a_type, relation, b, b_type in ((m[0].lstrip(" ,;"), *m[1:]) for m in found)
    ]


def _outside(text: str, mark: str) -> list[str]:
    """The text split at marks outside brackets; at all marks where the brackets do not fit."""
    parts, depth, start = [], 0, 0
    for i, c in enumerate(text):
        if c in _OPEN:
            depth += 1
        elif c in _SHUT:
            depth -= 1
            if depth < 0:
                return text.split(mark)
        elif c == mark and depth == 0 and not _inside_number(text, i):
            parts.append(text[start:i])
            start = i + 1
    return text.split(mark) if depth else [*parts, text[start:]]


def _inside_number(text: str, i: int) -> bool:
    return (
        text[i] == "," and text[i - 1 : i].isdigit() and text[i + 1 : i + 4].isdigit() and len(text[i + 1 : i + 4]) == 3
    )


def _flat(value: Any, prefix: str = "") -> Iterable[str]:
    """Labels of a decoded value: texts and numbers; an object's under its keys; a list inside a list is a tuple."""
    if isinstance(value, dict):
        scalars = [v for v in value.values() if not isinstance(v, (list, dict))]
        if value and len(scalars) == len(value) and prefix == "[":
            yield "(" + ", ".join(map(str, scalars)) + ")" if len(scalars) > 1 else str(scalars[0])
            return
        for key, item in value.items():
            items = item if isinstance(item, list) else [item]
            for each in items:
                if not isinstance(each, (list, dict)):
                    yield f"{key}: {each}"
                else:
                    yield from _flat(each, "[")
    elif isinstance(value, list):
        if prefix == "[" and all(not isinstance(item, (list, dict)) for item in value):
            yield "(" + ", ".join(map(str, value)) + ")"
            return
        for item in value:
            yield from _flat(item, "[") if isinstance(item, (list, dict)) else [str(item)]
    elif value is not None:
        yield str(value)


def _clean(labels: Iterable[str]) -> list[str]:
    return [clean for label in labels if (clean := " ".join(label.strip(" \t\r\n\"'`*.").split()).casefold())]


def _unique(labels: Iterable[str]) -> list[str]:
    seen: dict[str, None] = {}
    for label in labels:
        if len(seen) >= ITEM_LIMIT:
            break
        seen.setdefault(label)
    return list(seen)
