"""What a task type is: how a kind of task is read, asked and answered."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from copy import copy
from typing import TYPE_CHECKING, Any, ClassVar, Final, Self

from genlevel.records import Part, PartKind, Record, Request, Sample, Task

if TYPE_CHECKING:
    from genlevel.metrics.base import Metric

_PLACE: Final = re.compile(r"\{\{([ \t]{0,4}[^\W\d]\w{0,40}[ \t]{0,4})\}\}|\{prompt\}")


class TaskType(ABC):
    """One kind of task, named as the field names it. Instances hold no state but ``measured`` and ``template``.

    ``metric_options`` lets a task type fix options of the catalog's metric (e.g. a tokeniser).
    """

    name: ClassVar[str]
    title: ClassVar[str]
    takes: ClassVar[frozenset[PartKind]]
    makes: ClassVar[frozenset[PartKind]]
    answer_format: ClassVar[str]
    """What a model has to give, in one sentence, for the docs and the default prompt."""

    writes: ClassVar[str] = "text"
    """The structure of an answer, as :mod:`genlevel.tasktypes.writers` names it."""

    measured: str = ""
    """The metric that answers and references are read for, as its input may have several forms; '' where none is known."""

    template: str = ""
    """A text to ask with in place of the sample's own; ``{prompt}`` in it stands for that, ``{{word}}`` for ``{word}``. ''
    asks as the type does."""

    @abstractmethod
    def read(self, record: Record) -> Sample:
        """A dataset's entry as a sample.

        Raises:
            RecordError: naming ``record.where`` and what is wrong with the entry.
        """

    def ask(self, sample: Sample, task: Task) -> Request:
        """What a model is asked for this sample: by default the sample's input as it stands, or under the template."""
        labels = sample.extra.get("labels")
        choices = sample.choices or (labels if isinstance(labels, tuple) else ())
        classes = sample.extra.get("classes", {})
        return Request(
            task.id,
            sample.id,
            self.name,
            _under(self.template, sample.input) if self.template else sample.input,
            self.makes,
            choices=choices,
            content=sample.content,
            classes=classes,
            schema=self.schema(sample),
        )

    def schema(self, sample: Sample) -> Mapping[str, Any] | None:
        """A JSON Schema that every well-formed answer to the sample keeps to; None for free text and media."""
        del sample
        return None

    def needs(self) -> frozenset[PartKind]:
        """Kinds of part that every sample holds, so that nothing need be read to know it: the only medium that it takes."""
        media = self.takes - {"text"}
        return media if len(media) == 1 else frozenset()

    @abstractmethod
    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """A model's output as the metric's answer.

        Raises:
            UnreadableAnswer: in one line, why. The sample then counts as wrong.
        """

    def write(self, value: Any, form: str = "") -> tuple[Part, ...]:
        """A value as the metric takes it, as parts that :meth:`parse` reads back as that value.

        Args:
            value: an answer or a reference of the task type.
            form: one of the structure's forms (:func:`genlevel.tasktypes.writers.forms_of`); '' for its usual one.

        Raises:
            AnswerError: the value does not have the shape, type or range that the form asks for.
        """
        from genlevel.tasktypes.writers import write_structure

        structure = self.writes
        if structure == "text" and isinstance(value, list):
            structure = "labels"
        elif structure == "sound" and isinstance(value, str) and "text" in self.makes:
            structure = "text"  # the words of a speech
        return write_structure(structure, value, form)

    def metric_options(self, task: Task) -> Mapping[str, Any]:
        """Options for the task's metric."""
        return {}

    def metric(self, task: Task) -> str:
        """The name of the metric that measures the task: the catalog's, or the form of it that fits the answers."""
        return task.metric

    def scoring_needs(self, metric: Metric) -> tuple[str, ...]:
        """What scoring the answers needs beside the core install, e.g. ``weights: ...`` or ``judge``; the metric's by default."""
        return metric.needs

    def lacks(self, metric: Metric) -> str:
        """What of that is not on this machine, in one line; '' where nothing is."""
        return metric.lacks()

    def for_metric(self, name: str) -> Self:
        """This task type as it reads records and answers for the metric called ``name``."""
        kind = copy(self)
        kind.measured = name
        return kind

    def with_template(self, template: str) -> Self:
        """This task type as it asks with ``template``."""
        kind = copy(self)
        kind.template = template
        return kind


def _under(template: str, parts: tuple[Part, ...]) -> tuple[Part, ...]:
    """The parts with one text, the template, in the place of the last; other texts go into it too."""
    prompt = "\n".join(part.text for part in parts if part.kind == "text")
    texts = [index for index, part in enumerate(parts) if part.kind == "text"]
    text = Part("text", _PLACE.sub(lambda found: f"{{{found[1]}}}" if found[1] else prompt, template))
    if not texts:
        return (*parts, text)
    return tuple(text if i == texts[-1] else part for i, part in enumerate(parts) if i == texts[-1] or i not in texts)
