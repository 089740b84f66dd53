"""Tasks answered with JSON of one form, the same for references and answers."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from genlevel.records import Part, Record, Sample
from genlevel.tasktypes.answers import text_of
from genlevel.tasktypes.asked import Asked, is_secret
from genlevel.tasktypes.keys import LABEL_KEYS, first, resolve
from genlevel.tasktypes.literals import find_literals

__all__ = ["Structured", "number"]

_CHARS: Final = 40_000_000
_LIMIT: Final = 1e7


class Structured(Asked):
    """An answer in JSON whose form the subclass reads, the same for references and answers.

    What stands under ``keys`` is not shown: in some datasets the answer lies in or beside the input.
    """

    makes = frozenset({"text"})
    keys: ClassVar[tuple[str, ...]] = ()
    """Where in ``output``, or beside ``input``, the answer stands."""

    def unseen(self) -> tuple[str, ...]:
        """The answer's own keys too."""
        return (*self.hidden, *self.keys)

    def reference(self, record: Record, output: Any) -> Any:
        """What :meth:`structure` makes of the output."""
        if is_secret(output):
            output = {k: v for k in self.keys if (v := record.value.get(k)) is not None}
            if not output:
                return None
        value: Any = first(output, *self.keys, *LABEL_KEYS) if isinstance(output, Mapping) else output
        if isinstance(value, str):
            return self.stored(Part("points", path=resolve(record, value)), output)
        return self.structure(output if value is None else self.joined(value, output), record.value)

    def joined(self, value: Any, output: Any) -> Any:
        """The value with what stands beside it in ``output``."""
        del output
        return value

    def stored(self, part: Part, output: Any) -> Any:
        """The reference in a file: JSON."""
        from genlevel.media import part_bytes

        del output
        found = next(find_literals(part_bytes(part, _CHARS).decode("utf-8", "replace")), None)
        if found is None:
            raise ValueError(f"{part.path}: holds no JSON list or object")
        return self.structure(found, {})

    def answer(self, parts: Sequence[Part], sample: Sample) -> Any:
        """The first list or object of the answer that has the form."""
        problem = "there is no JSON list or object"
        for value in find_literals(text_of(parts, _CHARS)):
            try:
                return self.fitted(self.structure(value, {}), sample)
            except (ValueError, RecursionError, OverflowError) as error:
                problem = str(error) or "nested too deep"
                if value:
                    break
        raise ValueError(problem)

    def fitted(self, value: Any, sample: Sample) -> Any:
        """The answer beside its sample; a ValueError if it does not fit."""
        del sample
        return value

    @abstractmethod
    def structure(self, value: Any, entry: Mapping[str, Any]) -> Any:
        """A decoded value as the metric takes it; a ValueError if it has not the form."""


def number(value: Any) -> float:
    """A finite number below ten million, or a ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= _LIMIT or math.isnan(value):
        raise ValueError(f"{str(value)[:40]} is no number from -1e7 to 1e7")
    return float(value)
