"""Tasks that are asked with media and a prompt, and answered with something that is read in one step."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from genlevel.errors import GenlevelError, RecordError, UnreadableAnswer
from genlevel.records import Part, PartKind, Record, Sample
from genlevel.tasktypes.base import TaskType
from genlevel.tasktypes.keys import input_of, media_of
from genlevel.tasktypes.prompts import compose

__all__ = ["Asked"]


class Asked(TaskType):
    """A task whose input is media of a kind that it takes, and a prompt; subclasses read the reference and the answer."""

    prompt: ClassVar[str] = ""
    form: ClassVar[str] = ""
    hidden: ClassVar[tuple[str, ...]] = ()
    noun: ClassVar[str] = "answer"
    """What cannot be read, in the words of an error."""

    def read(self, record: Record) -> Sample:
        """The record as a sample whose reference is :meth:`reference`."""
        shown = input_of(record)
        media = self.media_parts(record, shown)
        if not any(part.kind in self.takes - {"text"} for part in media):
            raise RecordError(f"{record.where}: 'input' names no {self._wanted()} file")
        text = compose(shown, self.prompt, form=self.form, hidden=self.unseen())
        try:
            reference = self.reference(record, record.value.get("output"))
        except RecordError:
            raise
        except (GenlevelError, ValueError, OSError, RecursionError) as error:
            raise RecordError(f"{record.where}: {error}") from None
        extra = self.extra_of(record, shown, reference)
        return Sample(record.id, (*media, Part("text", text)), reference, (), extra)

    def unseen(self) -> tuple[str, ...]:
        """The keys of the input that a model does not see."""
        return self.hidden

    def _wanted(self) -> PartKind:
        return next(kind for kind in ("points", "video", "image", "audio", "text") if kind in self.takes)

    def media_parts(self, record: Record, shown: dict[str, Any]) -> list[Part]:
        """The media of the input."""
        return media_of(record, shown)

    def extra_of(self, record: Record, shown: Mapping[str, Any], reference: Any) -> dict[str, Any]:
        """What the reader of the answer needs besides the reference."""
        del record, shown, reference
        return {}

    @abstractmethod
    def reference(self, record: Record, output: Any) -> Any:
        """What a right answer is, as the metric takes it; None where it is secret.

        Raises:
            ValueError: the output holds none; any other error of a user is passed on too.
        """

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """What :meth:`answer` makes of the parts.

        Raises:
            UnreadableAnswer: it cannot be read, or does not fit the sample.
        """
        try:
            return self.answer(parts, sample)
        except UnreadableAnswer:
            raise
        except (GenlevelError, ValueError, OSError, OverflowError, RecursionError) as error:
            raise UnreadableAnswer(f"the {self.noun} cannot be read: {str(error) or 'nested too deep'}") from None

    @abstractmethod
    def answer(self, parts: Sequence[Part], sample: Sample) -> Any:
        """The answer as the metric takes it.

        Raises:
            ValueError: it cannot be read, or does not fit the sample; any other error of a user is passed on too.
        """


def is_secret(output: Any) -> bool:
    """Whether a record has no output."""
    return output is None or output in ({}, "", [])
