"""Asking the model: a reply for each request or the failure in its place, whatever the model does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from genlevel.errors import Fault, GenlevelError, ModelError, RequestFailed, RunError
from genlevel.models.base import Model
from genlevel.models.usage import paid, total
from genlevel.records import Reply, Request, Usage

_ERROR_LENGTH = 1000
UNPAID: Final = Usage()
"""What most failures cost."""


@dataclass(frozen=True, slots=True)
class Failure:
    """What stands in the place of an answer: one line, whose fault it was, and what it cost all the same."""

    error: str
    attempts: int = 1
    fault: Fault = ""
    usage: Usage = UNPAID


async def ask(model: Model, requests: Sequence[Request]) -> list[Reply | Failure]:
    """A reply for each request, or the failure in its place.

    Raises:
        ModelError, RunError: which end the run.
    """
    try:
        return await _generate(model, requests)
    except (ModelError, RunError):
        raise
    except RequestFailed as error:
        failure = _failure(error)
    except GenlevelError as error:
        failure = Failure(line(error))
    except Exception as error:
        failure = Failure(f"{type(error).__name__}: {line(error)}")
    if len(requests) == 1:
        return [failure]
    # One bad sample must not fail its whole batch, nor one bad batch its whole window.
    size = model.batch_size if 1 < model.batch_size < len(requests) else 1
    pieces = [requests[at : at + size] for at in range(0, len(requests), size)]
    replies = [reply for piece in pieces for reply in await ask(model, piece)]
    if failure.usage != UNPAID:
        # What the batch cost in vain is counted with the first of its requests.
        replies[0] = replace(replies[0], usage=total((failure.usage, replies[0].usage)))
    return replies


async def _generate(model: Model, requests: Sequence[Request]) -> list[Reply | Failure]:
    for request in requests:
        lacking = {part.kind for part in request.parts} - model.takes
        if lacking:
            raise RequestFailed(f"the model takes no {' or '.join(sorted(lacking))}", 0)
    if model.image_limit and any(part.kind == "image" for request in requests for part in request.parts):
        requests = await asyncio.to_thread(lambda: [_reduced(request, model.image_limit) for request in requests])
    if len(requests) == 1:
        return [_checked(await model.generate(requests[0]))]
    replies = await model.generate_many(requests)
    if len(replies) != len(requests):
        reason = f"the model gave {len(replies)} answers to {len(requests)} requests"
        raise RequestFailed(reason, usage=paid(replies))
    return [_checked(reply) for reply in replies]


def _reduced(request: Request, longest: int) -> Request:
    from genlevel.media import reduced

    return replace(request, parts=tuple(reduced(p, longest) if p.kind == "image" else p for p in request.parts))


def _checked(reply: Reply | RequestFailed) -> Reply | Failure:
    if isinstance(reply, RequestFailed):
        return _failure(reply)
    if not isinstance(reply, Reply):
        return Failure("the model gave no answer")
    return reply if reply.parts else Failure("the model gave no answer", reply.attempts, usage=reply.usage)


def _failure(error: RequestFailed) -> Failure:
    return Failure(line(error), error.attempts, error.fault, error.usage or UNPAID)


def line(error: BaseException) -> str:
    """An error's message as one line of bounded length."""
    return " ".join(str(error).split())[:_ERROR_LENGTH]
