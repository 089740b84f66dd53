"""The SPEC that names a model: ``kind:name?option=value&option=value``."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import unquote

from genlevel.errors import ModelError
from genlevel.records import PART_KINDS, PartKind


@dataclass(frozen=True, slots=True)
class Spec:
    """A parsed SPEC. ``options`` are strings; the kind of model says what they mean."""

    kind: str
    name: str
    options: Mapping[str, str] = field(default_factory=dict)

    def text(self, option: str, default: str) -> str:
        """An option as text."""
        return self.options.get(option, default)

    def number(self, option: str, default: float, *, low: float = 0.0, high: float = 1e9) -> float:
        """An option as a number in [low, high].

        Raises:
            ModelError: naming the option.
        """
        given = self.options.get(option)
        if given is None:
            return default
        try:
            value = float(given)
        except ValueError:
            raise ModelError(f"model '{self}': option {option}={given} is not a number") from None
        if not low <= value <= high:
            raise ModelError(f"model '{self}': option {option}={given} is not between {low:g} and {high:g}")
        return value

    def integer(self, option: str, default: int, *, low: int = 0, high: int = 10**9) -> int:
        """An option as a whole number in [low, high].

        Raises:
            ModelError: naming the option.
        """
        value = self.number(option, default, low=low, high=high)
        if value != int(value):
            raise ModelError(f"model '{self}': option {option}={self.options[option]} is not a whole number")
        # Not by way of float, which holds no large whole numbers exactly.
        text = self.options.get(option, "").strip().lstrip("+")
        return int(text) if text.isascii() and text.isdigit() else int(value)

    def flag(self, option: str) -> bool:
        """An option that is on (``1``, ``true``, ``yes``) or off (``0``, ``false``, ``no``, not given).

        Raises:
            ModelError: naming the option.
        """
        given = self.options.get(option, "0").lower()
        if given not in {"1", "true", "yes", "0", "false", "no"}:
            raise ModelError(f"model '{self}': option {option}={given} is neither 1 nor 0")
        return given in {"1", "true", "yes"}

    def one_of(self, option: str, known: tuple[str, ...], default: str | None = None) -> str:
        """An option that is one of a few words; by default the first of them, or ``default``, which need not be among them.

        Raises:
            ModelError: naming the option.
        """
        usual = known[0] if default is None else default
        given = self.text(option, usual)
        if given != usual and given not in known:
            raise ModelError(f"model '{self}': option {option}={given} is none of {', '.join(dict.fromkeys(known))}")
        return given

    def kinds(self, option: str, default: frozenset[PartKind]) -> frozenset[PartKind]:
        """An option as kinds of part with commas between, e.g. ``text,image``.

        Raises:
            ModelError: naming the option.
        """
        if option not in self.options:
            return default
        kinds = {kind.strip() for kind in self.options[option].split(",")}
        for kind in sorted(kinds):
            if kind not in PART_KINDS:
                raise ModelError(f"model '{self}': {option}={kind} is no kind of part ({', '.join(PART_KINDS)})")
        return frozenset(cast("set[PartKind]", kinds))

    def task_types(self, default: frozenset[str] | None = None) -> frozenset[str] | None:
        """The option ``types``: types of task with commas between, or ``all``, which is None.

        Raises:
            ModelError: naming what is no type of task.
        """
        given = self.options.get("types")
        if given is None:
            return default
        if given == "all":
            return None
        from genlevel.tasktypes import TASK_TYPES

        names = frozenset(name.strip() for name in given.split(","))
        if "all" in names:
            raise ModelError(f"model '{self}': types={given}: 'all' stands alone, or leave it out to name types")
        for name in sorted(names):
            if name not in TASK_TYPES:
                near = difflib.get_close_matches(name, list(TASK_TYPES), n=1)
                hint = f"; did you mean {near[0]}?" if near else " (see 'genlevel tasks --coverage')"
                raise ModelError(f"model '{self}': types={name} is no type of task{hint}")
        return names

    def check(self, known: tuple[str, ...]) -> None:
        """Raise a ModelError if there is an option that is not ``known``."""
        for option in self.options:
            if option not in known:
                raise ModelError(f"model '{self}': unknown option '{option}' (known: {', '.join(known) or 'none'})")

    def __str__(self) -> str:
        return f"{self.kind}:{self.name}"


def parse(text: str) -> Spec:
    """Read a SPEC.

    The name ends at the first ``?``; options are separated by ``&``. A ``?``, ``&`` or ``%`` inside a name or value is written
    as in a URL (``%3F``, ``%26``, ``%25``).

    >>> parse("openai:gpt-4o?base_url=http://localhost:8000/v1&temperature=0").options["base_url"]
    'http://localhost:8000/v1'

    Raises:
        ModelError: if the text is no SPEC.
    """
    kind, colon, rest = text.strip().partition(":")
    if not colon or not kind.strip():
        form = f"kind:name?option=value, as in openai:{text.strip() or 'NAME'}"
        raise ModelError(f"model '{text}' is no SPEC of the form {form} (see 'genlevel models')")
    name, _, query = rest.partition("?")
    options: dict[str, str] = {}
    for pair in query.split("&") if query else []:
        key, equals, value = pair.partition("=")
        key = unquote(key)
        if not equals or not key:
            raise ModelError(f"model '{kind}:{name}': option '{pair}' is not of the form option=value")
        if key in options:
            raise ModelError(f"model '{kind}:{name}': option '{key}' is given twice")
        options[key] = unquote(value)
    return Spec(kind.strip().lower(), unquote(name), options)
