"""Named things that are loaded when first used: metrics, task types and models.

A registry maps a name to the dotted path of what it names, so that listing names imports nothing. Packages add their own
through an entry point group (``genlevel.metrics``, ``genlevel.task_types``, ``genlevel.models``).
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import Any

from genlevel.errors import GenlevelError

# So few names are all listed when one is unknown.
_FEW = 12


class Registry:
    """Names of one kind of thing, built in or from the entry point group."""

    def __init__(self, noun: str, group: str, builtin: Mapping[str, str]) -> None:
        self.noun = noun
        self._group = group
        self._paths = dict(builtin)
        self._loaded: dict[str, Any] = {}
        self._registered: set[str] = set()
        self._entry_points_read = False

    def register(self, name: str, thing: Any) -> None:
        """Add ``thing`` under ``name`` for this process."""
        self._loaded[name] = thing
        self._registered.add(name)

    @property
    def own(self) -> frozenset[str]:
        """Names that were registered in this process: another process does not know them, or knows something else by them."""
        return frozenset(self._registered | (self._loaded.keys() - self._paths.keys()))

    def __iter__(self) -> Iterator[str]:
        self._read_entry_points()
        return iter(sorted({*self._paths, *self._loaded}))

    def __contains__(self, name: str) -> bool:
        return name in self._loaded or name in self._paths or name in set(self)

    def load(self, name: str) -> Any:
        """The thing called ``name``; a :class:`GenlevelError` names the nearest known ones if there is none."""
        if name not in self._loaded:
            if name not in self._paths:
                self._read_entry_points()
            if name not in self._paths:
                raise GenlevelError(f"unknown {self.noun} '{name}'{self._hint(name)}")
            module, _, attribute = self._paths[name].partition(":")
            self._loaded[name] = getattr(import_module(module), attribute)
        return self._loaded[name]

    def _hint(self, name: str) -> str:
        names = list(self)
        near = difflib.get_close_matches(name, names, n=3)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        if len(names) > _FEW:
            return hint
        listed = f"there are {', '.join(names)}"
        return f"{hint} ({listed})" if near else f"; {listed}"

    def _read_entry_points(self) -> None:
        if self._entry_points_read:
            return
        self._entry_points_read = True
        for point in entry_points(group=self._group):
            self._paths.setdefault(point.name, point.value)
