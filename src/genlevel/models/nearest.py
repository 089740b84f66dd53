"""``nearest:`` answers as the most similar training example was answered.

One mechanism for all tasks and modalities: each part of a request becomes a vector (a small picture, a spectrum, histograms of
distances, hashed pieces of words), and the answer is the one that belongs to the nearest training request of the same task:
its text, or the medium itself. A task without a ``train`` folder is not asked. No options.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genlevel import tasktypes
from genlevel.datasets.base import Dataset
from genlevel.datasets.paths import resolve_media
from genlevel.errors import GenlevelError, ModelError, RecordError, RequestFailed
from genlevel.media.video import natural_key
from genlevel.models.base import Model
from genlevel.models.features import Vector, vectors
from genlevel.models.spec import Spec
from genlevel.records import PART_KINDS, Part, Record, Reply, Request, Sample
from genlevel.tasktypes import TaskType

# Raised whenever the same training examples could give another answer; part of the model's identity.
_VERSION = 2
# Structures of answers that an output holds as text.
_IN_WORDS = frozenset({"text", "number", "numbers"})


@dataclass(frozen=True)
class _Memory:
    """A task's training examples: vectors by place of the part, and the answers in the same order."""

    blocks: tuple[NDArray[np.float64], ...]
    scales: tuple[float, ...]
    answers: tuple[tuple[Part, ...], ...]

    def nearest(self, query: Sequence[Vector]) -> int:
        """The example at the least distance: squared distances of the parts, each in units of its mean, added up."""
        total = np.zeros(len(self.answers))
        for block, scale, vector in zip(self.blocks, self.scales, query, strict=False):
            if scale > 0.0 and block.shape[1] == len(vector):
                total += np.sum((block - vector) ** 2, axis=1) / scale
        return int(np.argmin(total))


class NearestModel(Model):
    """The nearest-neighbour generalist."""

    name = "nearest"
    takes = frozenset(PART_KINDS)
    makes = frozenset(PART_KINDS)
    concurrency = 2
    cacheable = False
    bound = "it learns from a data folder's training examples; try it there: genlevel run --model nearest: --data DIR --limit 5"

    def __init__(self) -> None:
        self._datasets: dict[str, Dataset] = {}
        self._memories: dict[str, _Memory] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    def identity(self) -> Mapping[str, Any]:
        """Its version; the training examples are part of the data."""
        return {"kind": "nearest", "version": _VERSION}

    def cannot(self, dataset: Dataset) -> str:
        """A task from which nothing can be learnt."""
        return "" if dataset.train is not None else "needs training examples (a folder 'train' beside the annotation)"

    async def start(self, datasets: Sequence[Dataset]) -> None:
        """Remember where the training examples are; they are read when a task is first asked."""
        self._datasets = {d.task.id: d for d in datasets}
        self._memories, self._locks = {}, {}

    async def generate(self, request: Request) -> Reply:
        """The answer of the nearest training example."""
        lock = self._locks.setdefault(request.task_id, asyncio.Lock())
        async with lock:
            if request.task_id not in self._memories:
                self._memories[request.task_id] = await asyncio.to_thread(self._memorise, request.task_id)
        memory = self._memories[request.task_id]
        return Reply(memory.answers[await asyncio.to_thread(_nearest, memory, request)])

    def _memorise(self, task_id: str) -> _Memory:
        dataset = self._datasets.get(task_id)
        examples = list(_examples(dataset)) if dataset is not None else []
        if not examples:
            return _Memory((), (), ())
        width = min(len(found) for found, _ in examples)
        blocks = tuple(np.stack([found[i] for found, _ in examples]) for i in range(width))
        # The mean squared distance of a random pair is twice the variance; a part that never changes says nothing.
        scales = tuple(float(2.0 * block.var(axis=0).sum()) for block in blocks)
        kept = tuple(scale if scale > 1e-12 else 0.0 for scale in scales)
        return _Memory(blocks, kept, tuple(answer for _, answer in examples))


def _nearest(memory: _Memory, request: Request) -> int:
    if not memory.answers:
        raise RequestFailed(f"{request.task_id} has no training examples that can be read", 0)
    return memory.nearest(vectors(request.parts))


def _examples(dataset: Dataset) -> list[tuple[list[Vector], tuple[Part, ...]]]:
    """The readable training examples as vectors and answers."""
    kind = tasktypes.for_task(dataset.task)
    found = []
    for record in dataset.records("train"):
        if isinstance(record, RecordError):
            continue
        try:
            sample = kind.read(record)
            request = kind.ask(sample, dataset.task)
            found.append((vectors(request.parts), answer_of(record, sample, kind)))
        except GenlevelError:
            continue  # one bad example is no reason to answer nothing
    return found


def answer_of(record: Record, sample: Sample, kind: TaskType) -> tuple[Part, ...]:
    """A record's own right answer as a model would give it.

    The medium that the output names, if the task is answered with one (a folder's files one after the other); else the
    output's text as it stands; anything else (boxes, masks, lists of numbers) as the task type writes the reference.

    Raises:
        GenlevelError: the output has no such answer.
    """
    output = record.value.get("output")
    values = list(output.values()) if isinstance(output, Mapping) else [output]
    media = kind.makes - {"text"}
    for value in values:
        names = value if isinstance(value, list) else [value]
        if media and names and all(isinstance(name, str) for name in names):
            try:
                paths = [path for name in names for path in _files(resolve_media(record.folder, name))]
            except GenlevelError:
                continue
            several = "image" if len(paths) > 1 and {"image", "video"} & media else min(media)
            return tuple(Part(several, path=path) for path in paths)
    for value in values:
        if isinstance(value, list) and sample.extra.get("reading") != "set":  # several wordings
            value = next((text for text in value if isinstance(text, str)), None)
        if (kind.writes in _IN_WORDS or "audio" in media) and isinstance(value, (str, int, float)):
            return (Part("text", str(value)),)
    return kind.write(sample.reference)


def _files(path: Path) -> list[Path]:
    """A file, or the files of a folder in the order of their frames."""
    return sorted((p for p in path.iterdir() if p.is_file()), key=natural_key) if path.is_dir() else [path]


def from_spec(spec: Spec) -> NearestModel:
    """The model of a SPEC."""
    spec.check(())
    if spec.name:
        raise ModelError(f"model '{spec}': there is only one, 'nearest:'")
    return NearestModel()
