"""The nouns that every room shares: frozen, typed, no behaviour.

The way through the house is: catalog, dataset, task type, model, run folder, metric, task score, level. A record is made
in one room and read in the rooms to its right; nothing here imports from any room.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Modality = Literal["image", "video", "audio", "3d", "language"]
Paradigm = Literal["comprehension", "generation", "language"]
Direction = Literal["higher", "lower"]
Scale = Literal["percent", "fraction", "raw"]
PartKind = Literal["text", "image", "video", "audio", "points"]

MODALITIES: tuple[Modality, ...] = ("image", "video", "audio", "3d", "language")
PARADIGMS: tuple[Paradigm, ...] = ("comprehension", "generation", "language")
PART_KINDS: tuple[PartKind, ...] = ("text", "image", "video", "audio", "points")


@dataclass(frozen=True, slots=True)
class Task:
    """One row of a catalog: one dataset with one primary metric in one edition.

    ``sota`` is the specialist's score in the printed unit, which ``scale`` names: ``percent`` (0-100), ``fraction`` (0-1)
    or ``raw`` (the metric's own unit). ``None`` means that no specialist's score is known.
    """

    id: str
    edition: str
    modality: Modality
    paradigm: Paradigm
    name: str
    task_type: str
    metric: str
    direction: Direction
    scale: Scale
    sota: float | None = None
    skill: str = ""
    skill_code: str = ""
    short_name: str = ""
    dataset: str = ""
    metric_as_printed: str = ""
    specialist: str = ""
    notes: str = ""


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of a sample's input or of an answer: text, or a medium as bytes or as a file.

    Exactly one of ``text`` (for kind ``text``), ``data`` and ``path`` is set. ``media_type`` is a MIME type such as
    ``image/png``; for a medium with ``path`` it may be empty, and then the file's suffix says it. A video may be a folder
    of frames, whose names sort in time order.
    """

    kind: PartKind
    text: str = ""
    data: bytes | None = None
    path: Path | None = None
    media_type: str = ""


@dataclass(frozen=True, slots=True)
class Record:
    """One entry of a dataset as found, before a task type has read it.

    ``value`` is the whole decoded entry (with ``id``, ``input``, ``output``, ...). ``where`` names its file and index for
    messages, and ``folder`` is the task's folder, outside which no media path may lead.
    """

    id: str
    value: Mapping[str, Any]
    folder: Path
    where: str
    header: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sample:
    """One instance of a task, read: what is shown to the model and what a right answer is.

    ``reference`` has the shape that the task's metric documents; it is ``None`` where labels are secret. ``choices`` holds
    the options of a closed question, in order. ``content`` is what a generator works from: the caption to draw, the text to
    read aloud, without the words that ask for it; empty where there is none. A model never sees ``reference``.
    """

    id: str
    input: tuple[Part, ...]
    reference: Any = None
    choices: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict)
    content: str = ""


@dataclass(frozen=True, slots=True)
class Request:
    """What a model is asked: the parts in order, and the kinds of part that the answer may hold.

    ``choices`` (of a task that finds objects: their names) and ``content`` are the sample's: what a model that knows no
    instructions (a classifier, a speech synthesiser, a diffusion pipeline) is given in place of the texts among ``parts``.
    ``classes`` names the numbers that a map of labels holds. ``schema`` is a JSON Schema that every well-formed answer keeps
    to; None where an answer is free text or a medium. ``seed`` is a number below 2**31 of this sample's own, the same in
    every run with the same settings: a model that draws at random starts from it.
    """

    task_id: str
    sample_id: str
    task_type: str
    parts: tuple[Part, ...]
    makes: frozenset[PartKind] = frozenset({"text"})
    seed: int = 0
    choices: tuple[str, ...] = ()
    content: str = ""
    classes: Mapping[int, str] = field(default_factory=dict)
    schema: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Usage:
    """What an answer cost, as the model reports it; 0 where it does not say. ``cost`` is in US dollars."""

    input_tokens: int = 0
    output_tokens: int = 0
    cost: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What a model gave for one request, in how many attempts."""

    parts: tuple[Part, ...]
    usage: Usage = Usage()
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class Prediction:
    """A model's answer to one sample, as stored: output parts, or the error that stands in their place.

    ``error`` is empty for an answer and one line for a failure. ``latency`` is in seconds, ``attempts`` counts requests.
    """

    id: str
    key: str = ""
    parts: tuple[Part, ...] = ()
    error: str = ""
    usage: Usage = Usage()
    latency: float = 0.0
    attempts: int = 1


@dataclass(frozen=True, slots=True)
class TaskScore:
    """One model on one task. ``value`` is in the catalog's printed unit; ``None`` where nothing could be scored.

    ``samples`` = ``answered`` + ``failed`` + ``missing``; ``unreadable`` counts those among ``answered`` whose answer could
    not be read and that count as wrong. ``low`` and ``high`` bound the 95 % bootstrap interval of ``value``. ``coverage`` is
    the share of samples that count towards ``value``; it scales sigma where the metric has no worst value.

    Where each sample was asked ``repeats`` times, ``value`` is the mean over the times, ``spread`` their standard deviation (of
    a sample of them, in the unit of ``value``), and the counts are of answers.
    """

    task_id: str
    model: str
    metric: str
    value: float | None
    samples: int = 0
    answered: int = 0
    failed: int = 0
    missing: int = 0
    unreadable: int = 0
    coverage: float = 1.0
    low: float | None = None
    high: float | None = None
    note: str = ""
    repeats: int = 1
    spread: float | None = None
