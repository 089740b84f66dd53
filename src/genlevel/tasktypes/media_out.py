"""What all task types with a medium as the answer have in common."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from genlevel.errors import GenlevelError, RecordError, UnreadableAnswer
from genlevel.records import Part, PartKind, Record, Sample
from genlevel.tasktypes.base import TaskType
from genlevel.tasktypes.keys import first, input_of, media_of, names_media, resolve
from genlevel.tasktypes.prompts import compose, is_placeholder

__all__ = ["MediaAnswer", "only"]


def only(parts: Sequence[Part], kind: PartKind) -> Part:
    """The part of a kind that an answer holds; of several the last, which is the finished one.

    Raises:
        UnreadableAnswer: there is none.
    """
    found = [part for part in parts if part.kind == kind]
    if not found:
        kinds = ", ".join(sorted({part.kind for part in parts})) or "nothing"
        raise UnreadableAnswer(f"the answer must hold a part of kind '{kind}' and holds {kinds}")
    return found[-1]


class MediaAnswer(TaskType):
    """A task whose answer is a medium that is compared with one in a file.

    Subclasses say what input they need, under which keys ``output`` names the reference, and how it is loaded.
    """

    takes: ClassVar[frozenset[PartKind]] = frozenset({"text"})
    media: ClassVar[PartKind | None] = None
    """The kind of medium without which a record cannot be asked; None where text is enough."""
    out: ClassVar[PartKind] = "image"
    prompt: ClassVar[str] = ""
    form: ClassVar[str] = ""
    output_keys: ClassVar[tuple[str, ...]] = ("image_file",)
    hidden: ClassVar[tuple[str, ...]] = ()
    asks: ClassVar[frozenset[str]] = frozenset()
    """Metrics whose reference is a text: one in ``output``, or else what the record asks for."""
    free: ClassVar[frozenset[str]] = frozenset()
    """Metrics that look at no reference; such a task is scorable without ``output``."""
    wishes: ClassVar[tuple[str, ...]] = ("caption", "description", "text", "prompt", "question")
    """Where the text for ``asks`` stands, in ``output`` first and then in ``input``."""

    def read(self, record: Record) -> Sample:
        """The record as a sample whose reference is decoded; None where it is secret."""
        shown = input_of(record)
        parts = media_of(record, shown)
        if self.media is not None and not any(part.kind in (self.media, "image") for part in parts):
            raise RecordError(f"{record.where}: 'input' names no {self.media} file")
        text = compose(shown, self.prompt, facts=self.facts(shown), form=self.form, hidden=self.hidden)
        if text:
            parts.append(Part("text", text))
        if not parts:
            raise RecordError(f"{record.where}: 'input' has neither a prompt nor media")
        asked = self.measured in self.asks | self.free
        reference, extra = (self.wish(record, shown), {}) if asked else self._reference(record)
        return Sample(record.id, tuple(parts), reference, (), {**self.extra_of(shown), **extra}, self.content_of(shown))

    def content_of(self, shown: Mapping[str, Any]) -> str:
        """The words that the answer is made from: the input's first text among ``wishes``, which come before the prompt."""
        for key in (*self.wishes, "prompt", "instruction", "question"):
            value = first(shown, key)
            if isinstance(value, str) and not is_placeholder(value) and not names_media(key, value):
                return value.strip()
        return ""

    def needs(self) -> frozenset[PartKind]:
        """None where text may be enough."""
        return frozenset() if self.media is None else super().needs()

    def wish(self, record: Record, shown: Mapping[str, Any]) -> Any:
        """The text that an answer is compared with; '' where a metric needs none and there is none.

        Raises:
            RecordError: the metric needs a text and there is none.
        """
        output = record.value.get("output")
        places: list[Any] = [output if isinstance(output, Mapping) else {"text": output}, shown]
        for place in places:
            for key in self.wishes:
                value = first(place, key)
                found = [v for v in (value if isinstance(value, list) else [value]) if isinstance(v, str) and v.strip()]
                if found and not names_media(key, value):
                    return found if len(found) > 1 else found[0]
        if self.measured in self.free:
            return ""
        raise RecordError(f"{record.where}: has no text to compare with; expected '{self.wishes[0]}'")

    def facts(self, shown: Mapping[str, Any]) -> str:
        """What the prompt must say besides the record's own words."""
        del shown
        return ""

    def extra_of(self, shown: Mapping[str, Any]) -> dict[str, Any]:
        """What the reader of the answer needs to know of the input."""
        del shown
        return {}

    def _reference(self, record: Record) -> tuple[Any, dict[str, Any]]:
        output = record.value.get("output")
        if output is None or output == {} or output == "":
            return None, {}
        name = output
        if isinstance(output, Mapping):
            inline = self.inline(record, output)
            if inline is not None:
                return inline, {}
            name = first(output, *self.output_keys)
            if name is None and len(output) == 1:
                name = next(iter(output.values()))
        if isinstance(name, list) and len(name) == 1:
            name = name[0]
        if not isinstance(name, str):
            raise RecordError(f"{record.where}: 'output' names no {self.out} file; expected '{self.output_keys[0]}'")
        try:
            return self.load_reference(record, Part(self.out, path=resolve(record, name)))
        except RecordError:
            raise
        except GenlevelError as error:
            raise RecordError(f"{record.where}: {error}") from None

    def inline(self, record: Record, output: Mapping[str, Any]) -> Any:
        """The reference where the record itself holds it; None where it names a file."""
        del record, output
        return None

    @abstractmethod
    def load_reference(self, record: Record, part: Part) -> tuple[Any, dict[str, Any]]:
        """The reference in a file, and what goes into the sample's ``extra``."""
