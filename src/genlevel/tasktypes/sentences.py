"""A label at the end of a sentence: "This is a Honda." names a Honda, "It is not a Honda" and "a Ford or a Honda" do not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from genlevel.tasktypes.answers import bare, last_statement, normal

# What stands before a name that is being given. Anything else ("unlike a Honda", "next to the Honda") gives none.
_LINKS: Final = frozenset({
    "is", "are", "was", "were", "be", "called", "named", "labelled", "labeled", "shows", "depicts",
    "represents", "displays", "contains", "says", "reads", "class", "category", "brand", "type", "species",
})  # fmt: skip
_ARTICLES: Final = frozenset({"a", "an", "the"})
_DOUBTS: Final = frozenset({
    "not", "no", "never", "neither", "nor", "or", "either", "isn", "aren", "wasn", "weren", "doesn", "don",
    "cannot", "can", "t", "if", "unless", "maybe", "perhaps", "might", "could",
})  # fmt: skip
_LONGEST: Final = 400


def named_at_the_end(text: str, references: Sequence[str]) -> str | None:
    """The reference that the last sentence of ``text`` ends with, said plainly; None if there is none.

    A sentence with a denial, a doubt or an alternative names nothing, nor does one that goes on after the label.
    """
    statement = last_statement(text)
    if len(statement) > _LONGEST:
        return None
    words = normal(bare(statement)).split()
    if _DOUBTS & set(words):
        return None
    for reference in sorted(references, key=len, reverse=True):
        name = normal(bare(reference)).split()
        before = words[: -len(name)] if name else []
        if not before or words[-len(name) :] != name:
            continue
        while before and before[-1] in _ARTICLES:
            before.pop()
        if before and before[-1] in _LINKS:
            return reference
    return None
