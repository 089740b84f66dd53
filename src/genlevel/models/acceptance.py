"""Whether a server has let this run in: a refusal before its first answer may be meant for one request or for all."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

import orjson

__all__ = ["Acceptance", "judges_content"]

_OF_CONTENT: Final = (
    "content_policy",
    "content_filter",
    "moderation",
    "responsibleai",
    "safety",
    "flagged",
    "inspection",
)
"""Words in the codes by which servers say that it is what a request holds that they refuse."""


class Acceptance:
    """What is known: ``given`` from the first answer on. Until then each try on its way may bring it."""

    def __init__(self) -> None:
        self.given = False
        self._trying: set[object] = set()
        self._changed = asyncio.Event()

    def begin(self) -> object:
        """A try is on its way; :meth:`end` takes what this gives."""
        if self.given:
            return None
        turn = object()
        self._trying.add(turn)
        return turn

    def end(self, turn: object) -> None:
        """A try came back, with whatever."""
        if turn is not None:
            self._trying.discard(turn)
            self._changed.set()

    async def came(self) -> bool:
        """Whether there was an answer; before one, it waits for those tries that are on their way now."""
        await asyncio.sleep(0)  # a quick refusal may be here before those that were to start with it have
        earlier = set(self._trying)
        while not self.given and earlier & self._trying:
            self._changed.clear()
            await self._changed.wait()
        return self.given


def judges_content(data: bytes) -> bool:
    """Whether a server's error says that it refuses what the request holds, and not who asks."""
    try:
        error = orjson.loads(data)["error"]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        return False
    if not isinstance(error, Mapping):
        return False
    inner, more = error.get("innererror"), error.get("metadata")
    codes = [error.get("code"), error.get("type"), inner.get("code") if isinstance(inner, Mapping) else None]
    said = " ".join(str(code).lower() for code in codes)
    flagged = isinstance(more, Mapping) and bool(more.keys() & {"flagged_input", "reasons"})
    return flagged or any(word in said for word in _OF_CONTENT)
