"""The SPEC that names a model: ``kind:name?option=value&option=value``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from genlevel.errors import ModelError


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
    kind, colon, rest = text.partition(":")
    if not colon or not kind:
        raise ModelError(f"model '{text}' is no SPEC of the form kind:name?option=value (see 'genlevel models')")
    name, _, query = rest.partition("?")
    options: dict[str, str] = {}
    for pair in query.split("&") if query else []:
        key, equals, value = pair.partition("=")
        if not equals or not key:
            raise ModelError(f"model '{kind}:{name}': option '{pair}' is not of the form option=value")
        if key in options:
            raise ModelError(f"model '{kind}:{name}': option '{key}' is given twice")
        options[unquote(key)] = unquote(value)
    return Spec(kind.strip().lower(), unquote(name), options)
