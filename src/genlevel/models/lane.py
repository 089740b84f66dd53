"""The way to one model among several: its kinds of part, image size, concurrency and batches hold for what it is given."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from genlevel.errors import ModelError, RequestFailed, RunError
from genlevel.models.base import Model
from genlevel.models.usage import paid, total
from genlevel.records import Reply, Request, Usage

# A part of a batch waits so long for one more request.
_FILL_SECONDS: Final = 0.2

_Waiting = tuple[Request, "asyncio.Future[Reply]"]


class Lane:
    """The way to one model: at most ``concurrency`` calls at a time, each with a batch if the model takes batches.

    Args:
        model: the model.
        in_flight: how many requests there can be at once; a call does not wait for more.
    """

    def __init__(self, model: Model, in_flight: int) -> None:
        self._model, self._in_flight = model, in_flight
        self._queue: deque[_Waiting] = deque()
        self._more = asyncio.Event()
        self._gathering = False
        self._workers: set[asyncio.Task[None]] = set()

    async def answer(self, request: Request) -> Reply:
        """Answer one request, with others if there are some.

        Raises:
            RequestFailed, ModelError: as the model's ``generate``; a request of kinds that the model has not is not asked.
        """
        model = self._model
        lacking = {part.kind for part in request.parts} - model.takes
        if lacking:
            raise RequestFailed(f"{model.name} takes no {' or '.join(sorted(lacking))}", 0)
        if not request.makes & model.makes:
            raise RequestFailed(f"{model.name} makes no {' or '.join(sorted(request.makes))}", 0)
        if model.image_limit and any(part.kind == "image" for part in request.parts):
            request = await asyncio.to_thread(_reduced, request, model.image_limit)
        future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
        self._queue.append((request, future))
        self._more.set()
        self._call()
        return await future

    async def close(self) -> None:
        """Drop what has not been asked."""
        workers = list(self._workers)
        for worker in workers:
            worker.cancel()
        await asyncio.gather(*workers, return_exceptions=True)

    def _call(self) -> None:
        """Have one more worker, where there is something for it to do."""
        if self._queue and not self._gathering and len(self._workers) < max(1, self._model.concurrency):
            self._gathering = True
            self._workers.add(asyncio.create_task(self._work()))

    async def _work(self) -> None:
        task = asyncio.current_task()
        assert task is not None, "a worker is a task"
        try:
            while True:
                try:
                    batch = await self._batch()
                finally:
                    self._gathering = False
                self._call()
                if batch:
                    await self._settle(batch)
                if self._gathering or not self._queue:
                    return
                self._gathering = True
        finally:
            # Not by a callback: what comes between the end and the callback would find no worker and start none.
            self._workers.discard(task)

    async def _batch(self) -> list[_Waiting]:
        """The next requests to ask together, without those that nobody waits for any more."""
        most = max(1, min(self._in_flight, max(self._model.window, self._model.batch_size)))
        while len(self._queue) < most:
            self._more.clear()
            try:
                await asyncio.wait_for(self._more.wait(), _FILL_SECONDS)
            except TimeoutError:
                break
        taken = [self._queue.popleft() for _ in range(min(most, len(self._queue)))]
        return [(request, future) for request, future in taken if not future.done()]

    async def _settle(self, batch: Sequence[_Waiting]) -> None:
        try:
            answers = await self._ask([request for request, _ in batch])
        except asyncio.CancelledError:
            for _, future in batch:
                future.cancel()
            raise
        except Exception as error:  # which ends the run
            answers = [error] * len(batch)
        for (_, future), answer in zip(batch, answers, strict=True):
            if future.done():
                continue
            if isinstance(answer, Exception):
                future.set_exception(answer)
            else:
                future.set_result(answer)

    async def _ask(self, requests: Sequence[Request]) -> Sequence[Reply | Exception]:
        """A reply for each request, or the error in its place."""
        model = self._model
        try:
            if len(requests) == 1:
                return [await model.generate(requests[0])]
            replies = await model.generate_many(requests)
            if len(replies) != len(requests):
                reason = f"{model.name} gave {len(replies)} answers to {len(requests)} requests"
                raise RequestFailed(reason, usage=paid(replies))
            return replies
        except (ModelError, RunError):
            raise
        except Exception as error:
            if len(requests) == 1:
                return [error]
            spent = error.usage if isinstance(error, RequestFailed) else None
        # One bad sample must not fail its whole batch, nor one bad batch its whole window.
        size = model.batch_size if 1 < model.batch_size < len(requests) else 1
        pieces = [requests[at : at + size] for at in range(0, len(requests), size)]
        answers = [answer for piece in pieces for answer in await self._ask(piece)]
        return answers if spent is None else [_charged(answers[0], spent), *answers[1:]]


def _charged(answer: Reply | Exception, spent: Usage) -> Reply | Exception:
    """An answer that what its batch cost in vain is counted with."""
    if isinstance(answer, Reply):
        return replace(answer, usage=total((spent, answer.usage)))
    failure = answer if isinstance(answer, RequestFailed) else RequestFailed(f"{type(answer).__name__}: {answer}")
    failure.usage = total((spent, failure.usage))
    return failure


def _reduced(request: Request, longest: int) -> Request:
    from genlevel.media import reduced

    return replace(request, parts=tuple(reduced(p, longest) if p.kind == "image" else p for p in request.parts))
