"""What a model is: something that answers requests."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from genlevel.datasets.base import Dataset
from genlevel.errors import RequestFailed
from genlevel.records import PART_KINDS, PartKind, Reply, Request, Task


class Model(ABC):
    """Anything that answers a request.

    ``takes`` and ``makes`` are the kinds of part that it can be given and can give; a task that needs others is not asked and
    scores 0. ``dispatcher`` marks a system that routes work to separate specialists. ``concurrency`` is how many requests it
    likes to have in flight unless the user says otherwise.
    """

    name: str
    takes: frozenset[PartKind] = frozenset(PART_KINDS)
    makes: frozenset[PartKind] = frozenset({"text"})
    task_types: frozenset[str] | None = None
    """The types of task that a specialist can do: others are not asked either. None for what can be asked anything."""
    dispatcher: bool = False
    concurrency: int = 1
    batch_size: int = 1
    """How many requests it likes to be given at a time. May change during a run (after running out of memory, say)."""
    window: int = 0
    """How many requests :meth:`generate_many` is given at a time, where that is more than a batch (0: a batch): a model that
    sorts a window by length and cuts it into batches itself wastes less. All of a window's answers are stored at its end."""
    inline: int = 0
    """Media files of up to this many bytes reach the model as data, read beforehand and off the event loop."""
    image_limit: int = 0
    """Images whose longest side has more pixels than this reach the model reduced to it; 0 for no limit. The limit counts as
    a part of the identity, without being named there."""
    seeded: bool = True
    """Whether an answer may depend on ``request.seed``, which is then a part of the answer's key."""

    cacheable: bool = True
    """Whether identity and request say all that an answer depends on, so that another run may take it over. Not so for what
    learns from the data folder's training examples."""

    bound: str = ""
    """Why it answers nothing but the samples of a data folder, and what to do instead of checking it; '' where it can be asked
    anything."""

    @abstractmethod
    def identity(self) -> Mapping[str, Any]:
        """What its answers depend on, as plain JSON values: stored with the run and hashed into each answer's key.

        Never holds a secret.
        """

    def parts(self) -> Mapping[str, Model]:
        """The models that it is made of, by a name for each, where it only passes requests on; none for a model of its own."""
        return {}

    def asked(self, task: Task) -> Model | None:
        """The model that gets the task's requests: itself, or the one among several that it sends them to; None for none."""
        return self

    def cannot(self, dataset: Dataset) -> str:
        """Why it cannot do a task of kinds of part that it takes and makes, in words that follow its name; '' where it may."""
        if self.task_types is None or dataset.task.task_type in self.task_types:
            return ""
        return f"is for {', '.join(sorted(self.task_types))}"

    async def start(self, datasets: Sequence[Dataset]) -> None:  # noqa: B027 - most models need no preparation
        """Called once before the first request, with the datasets of the run."""

    @abstractmethod
    async def generate(self, request: Request) -> Reply:
        """Answer one request.

        Raises:
            RequestFailed: after the model's own retries; stored as the sample's error.
            ModelError: when no request can work (wrong key, unknown model); ends the run.
        """

    async def generate_many(self, requests: Sequence[Request]) -> Sequence[Reply | RequestFailed]:
        """Answer up to ``window`` or ``batch_size`` requests, in order; a failure stands in the place of its reply.

        What it raises fails no sample yet: the requests are asked again in batches and then alone, but for a ModelError, which
        ends the run. The ``usage`` of a RequestFailed counts all the same: the batch was paid for.
        """
        return [await self.generate(request) for request in requests]

    async def close(self) -> None:  # noqa: B027 - most models hold nothing open
        """Called once at the end, also after an error."""


class BatchModel(Model):
    """A model that answers several requests at a time, in its own thread: local checkpoints and plain functions."""

    @abstractmethod
    def generate_batch(self, requests: Sequence[Request]) -> list[Reply]:
        """Answer all requests, in order."""

    async def generate(self, request: Request) -> Reply:
        """Answer one request off the event loop."""
        return (await asyncio.to_thread(self.generate_batch, [request]))[0]

    async def generate_many(self, requests: Sequence[Request]) -> Sequence[Reply | RequestFailed]:
        """Answer all requests off the event loop."""
        return await asyncio.to_thread(self.generate_batch, requests)
