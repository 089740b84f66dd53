"""One model on many replicas: pieces of work are dealt to whichever is free, and what a lost replica held is dealt again.

The run stays what it is: the driver reads, deals and stores, so that every answer is stored once, whatever becomes of a replica.
What a replica is and where it runs is the business of a :class:`Cluster` (see ``ray.py``).
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any

from genlevel.datasets.base import Dataset
from genlevel.errors import ModelError, RequestFailed
from genlevel.models.base import Model
from genlevel.records import Reply, Request, Task

_COMES_BACK = 8
_FIRST_WAIT, _LONGEST_WAIT = 0.1, 30.0

Replies = Sequence[Reply | RequestFailed]


class ReplicaLost(Exception):
    """A replica ended or cannot be reached; what it held has no answer."""


class Replica(ABC):
    """A place that holds the model and answers pieces of work."""

    @abstractmethod
    async def ready(self) -> None:
        """Return when it takes work.

        Raises:
            ModelError: the model cannot be loaded there.
            ReplicaLost: it ended before.
        """

    @abstractmethod
    async def answer(self, requests: Sequence[Request]) -> Replies:
        """Answer a piece.

        Raises:
            ModelError: no request can work.
            ReplicaLost: it ended meanwhile. It may be asked again: it takes work when it is back, if it comes back.
        """


class Cluster(ABC):
    """Where replicas run."""

    @abstractmethod
    async def open(self, datasets: Sequence[Dataset]) -> Sequence[Replica]:
        """Start the replicas.

        Raises:
            ModelError: it cannot be reached, or has no room for them.
        """

    @abstractmethod
    async def close(self) -> None:
        """End the replicas."""


class ReplicatedModel(Model):
    """A model whose requests are answered by replicas of it.

    Args:
        model: the model as the driver knows it; it is never started here.
        cluster: where the replicas run.
        replicas: how many there will be.
        piece: requests in a piece of work; 0 for the model's batch.
        ahead: pieces that a replica has at a time, so that it never waits for the driver.
        tries: how often a piece is dealt again when its replica is lost, before its samples are taken for the cause.
    """

    def __init__(
        self, model: Model, cluster: Cluster, *, replicas: int, piece: int = 0, ahead: int = 2, tries: int = 3
    ) -> None:
        self._model, self._cluster, self._ahead, self._tries = model, cluster, ahead, tries
        self.name, self.takes, self.makes, self.dispatcher = model.name, model.takes, model.makes, model.dispatcher
        self.inline, self.image_limit, self.seeded = model.inline, model.image_limit, model.seeded
        self.cacheable, self.task_types = model.cacheable, model.task_types
        self.batch_size = piece or model.window or model.batch_size
        if not piece and self.batch_size == 1:
            # Of a model that answers one at a time, each replica has as many in flight as it likes.
            self.batch_size = max(1, min(16, model.concurrency))
        self.concurrency = replicas * ahead
        self._free: asyncio.Queue[Replica | ModelError] = asyncio.Queue()
        self._places = replicas * ahead
        self._coming: set[asyncio.Task[None]] = set()
        self._answered = False
        self.lost = 0
        """How many pieces were dealt again because their replica was lost."""

    def identity(self) -> Mapping[str, Any]:
        """That of the model: where it runs changes no answer, so that a run may go on elsewhere."""
        return self._model.identity()

    def asked(self, task: Task) -> Model | None:
        """Itself; or, as the model does, the one among several that the task is for."""
        found = self._model.asked(task)
        return self if found is self._model else found

    def cannot(self, dataset: Dataset) -> str:
        """As the model."""
        return self._model.cannot(dataset)

    async def start(self, datasets: Sequence[Dataset]) -> None:
        """Start the replicas, and return as soon as one takes work."""
        for replica in await self._cluster.open(datasets):
            for _ in range(self._ahead):
                self._expect(replica)
        first = await self._free.get()
        self._free.put_nowait(first)
        if isinstance(first, ModelError):
            raise first

    def _expect(self, replica: Replica) -> None:
        """Have a replica among the free ones as soon as it takes work."""
        task = asyncio.create_task(self._wait(replica))
        self._coming.add(task)
        task.add_done_callback(self._coming.discard)

    async def _wait(self, replica: Replica) -> None:
        error = ModelError("")
        for attempt in range(_COMES_BACK):
            try:
                await replica.ready()
            except ReplicaLost as loss:
                error = ModelError(f"model '{self.name}': all replicas are lost; the last one: {loss}")
            except ModelError as failure:
                error = failure
                break
            else:
                self._free.put_nowait(replica)
                return
            await asyncio.sleep(min(_LONGEST_WAIT, _FIRST_WAIT * 2.0**attempt))
        # The others may do: only when none is left does the run end.
        self._places -= 1
        if self._places == 0:
            self._free.put_nowait(error)

    async def generate(self, request: Request) -> Reply:
        """One request as a piece of its own."""
        (reply,) = await self.generate_many([request])
        if isinstance(reply, RequestFailed):
            raise reply
        return reply

    async def generate_many(self, requests: Sequence[Request]) -> Replies:
        """A piece of work, dealt to the first free replica; again to another when that one is lost.

        Raises:
            RequestFailed: every replica that had it was lost; the run then asks its requests one by one.
        """
        for _ in range(self._tries):
            replica = await self._free.get()
            if isinstance(replica, ModelError):
                self._free.put_nowait(replica)
                raise replica
            try:
                replies = await replica.answer(requests)
            except ReplicaLost as loss:
                self.lost += 1
                reason = str(loss)
                self._expect(replica)
            except ModelError as error:
                self._free.put_nowait(replica)
                # A replica that has just come back does not know that others were answered: to it a server that is down was
                # never there, and a request that is refused is a key that is.
                failure = error.instead if self._answered else None
                if failure is None:
                    raise
                if not failure.fault and len(requests) > 1:
                    raise failure from None  # one of them was refused; which of them, they show alone
                return [failure for _ in requests]
            except BaseException:
                self._free.put_nowait(replica)
                raise
            else:
                self._free.put_nowait(replica)
                self._answered = self._answered or any(isinstance(reply, Reply) for reply in replies)
                return replies
        raise RequestFailed(f"{self._tries} replicas were lost while they answered ({reason})", self._tries)

    async def close(self) -> None:
        """End the replicas."""
        coming = list(self._coming)
        for task in coming:
            task.cancel()
        await asyncio.gather(*coming, return_exceptions=True)
        await self._cluster.close()
