"""``specialist:TASK-ID``: the classical algorithm that sets the bar of one task of the starter set.

It answers that task and no other; ``composite:starter`` joins all of them. Needs ``pip install 'genlevel[demo]'``. No options.
"""

from __future__ import annotations

import asyncio
import importlib.metadata
from collections.abc import Mapping, Sequence
from typing import Any

from genlevel import tasktypes
from genlevel.datasets.base import Dataset
from genlevel.errors import GenlevelError, ModelError, RecordError, RequestFailed
from genlevel.models.base import Model
from genlevel.models.spec import Spec
from genlevel.records import PART_KINDS, PartKind, Reply, Request
from genlevel.starter.specialists import Example, Specialist, specialist

# Raised whenever the same request could get another answer.
_VERSION = 1


class SpecialistModel(Model):
    """One starter task's specialist; learns from the task's training examples when it is first asked."""

    takes = frozenset(PART_KINDS)
    cacheable = False

    def __init__(self, task_id: str, makes: frozenset[PartKind] = frozenset(PART_KINDS)) -> None:
        self._specialist: Specialist = specialist(task_id)
        self._task_id = task_id
        self._dataset: Dataset | None = None
        self._fitted = False
        self._lock = asyncio.Lock()
        self.name, self.makes = f"specialist:{task_id}", makes
        self.bound = (
            "it learns from a data folder's training examples; try it there: "
            f"genlevel run --model {self.name} --data DIR --tasks {task_id} --limit 5"
        )

    def identity(self) -> Mapping[str, Any]:
        """Its task and version, and the versions of the libraries that it rests on."""
        libraries = {name: importlib.metadata.version(name) for name in ("scikit-image", "scikit-learn", "scipy")}
        return {"kind": "specialist", "task": self._task_id, "version": _VERSION, **libraries}

    def cannot(self, dataset: Dataset) -> str:
        """Any task but its own."""
        return "" if dataset.task.id == self._task_id else f"is for {self._task_id}"

    async def start(self, datasets: Sequence[Dataset]) -> None:
        """Note where the training examples are."""
        self._dataset = next((d for d in datasets if d.task.id == self._task_id), None)
        self._fitted = False

    async def generate(self, request: Request) -> Reply:
        """Answer a request of its own task."""
        if request.task_id != self._task_id:
            raise RequestFailed(f"{self.name} does not do {request.task_id}", 0)
        async with self._lock:
            if not self._fitted:
                await asyncio.to_thread(self._fit)
                self._fitted = True
        try:
            return Reply((await asyncio.to_thread(self._specialist.answer, request),))
        except GenlevelError:
            raise
        except Exception as error:
            raise RequestFailed(f"{self.name}: {type(error).__name__}: {error}") from error

    def _fit(self) -> None:
        if self._dataset is not None:
            self._specialist = fitted(self._dataset)


def fitted(dataset: Dataset) -> Specialist:
    """The task's specialist, taught with the task's training examples.

    Raises:
        ModelError: if it does not exist or cannot learn from the examples.
    """
    made, examples = specialist(dataset.task.id), read_examples(dataset)
    try:
        made.fit(examples)
    except Exception as error:
        raise ModelError(
            f"the specialist of {dataset.task.id} cannot learn from its {len(examples)} training examples "
            f"({type(error).__name__}: {error}); make the starter set again with 'genlevel data starter'"
        ) from error
    return made


def read_examples(dataset: Dataset) -> list[Example]:
    """A task's readable training examples."""
    kind = tasktypes.for_task(dataset.task)
    found = []
    for record in dataset.records("train"):
        if not isinstance(record, RecordError):
            sample = kind.read(record)
            found.append(Example(kind.ask(sample, dataset.task), sample.reference))
    return found


def from_spec(spec: Spec) -> SpecialistModel:
    """The model of a SPEC."""
    spec.check(())
    if not spec.name:
        raise ModelError("model 'specialist:' names no task, as in specialist:image.comprehension.disc-counting")
    return SpecialistModel(spec.name)
