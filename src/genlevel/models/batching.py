"""How many requests a local model is given at a time: found by trying, remembered, and no request lost on the way."""

from __future__ import annotations

import gc
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Final

from genlevel.errors import GenlevelError, ModelError, RequestFailed
from genlevel.records import Reply, Request

__all__ = ["Answer", "BatchSizes", "answer_in_batches", "is_out_of_memory", "kind_of", "release", "weight_of"]

Answer = Reply | RequestFailed
_FULL: Final = (
    "out of memory",  # CUDA, ROCm, MPS
    "not enough memory",  # the CPU allocator on Windows
    "can't allocate memory",  # the CPU allocator on Linux
    "cannot allocate memory",
    "cublas_status_alloc_failed",
    "invalid buffer size",  # MPS
)
_ERROR_LENGTH: Final = 300


def is_out_of_memory(error: BaseException) -> bool:
    """Whether an error says that memory, of a GPU or of the machine, is used up. Imports no torch to tell."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    return isinstance(error, RuntimeError) and any(words in str(error).lower() for words in _FULL)


def kind_of(request: Request) -> Hashable:
    """What requests have to share to be answered together, and to need memory alike."""
    return request.task_type, tuple(sorted(part.kind for part in request.parts)), tuple(sorted(request.makes))


def weight_of(request: Request) -> int:
    """About how long a request is, to put like with like: characters of text, and bytes of media or their files."""
    weight = 0
    for part in request.parts:
        weight += len(part.text)
        if part.data is not None:
            weight += len(part.data)
        elif part.path is not None:
            try:
                weight += part.path.stat().st_size
            except OSError:
                continue
    return weight


@dataclass
class BatchSizes:
    """The batch size that works, for each kind of request.

    ``fixed`` is a size that the user gave: it is still halved when memory runs out, and never raised. Otherwise sizes begin at
    ``start`` and double after each full batch that fits, up to ``most``; once one did not fit, its half is kept: running out of
    memory again and again for a few requests more is dearer than they are worth.
    """

    start: int = 4
    most: int = 64
    fixed: int = 0
    _now: dict[Hashable, int] = field(default_factory=dict)
    _settled: set[Hashable] = field(default_factory=set)

    def size(self, kind: Hashable) -> int:
        """How many requests of this kind to try next."""
        return self._now.get(kind, self.fixed or min(self.start, self.most))

    def fitted(self, kind: Hashable, count: int) -> None:
        """A batch of ``count`` fitted: unless a larger one did not, the next may be twice as large."""
        if not self.fixed and kind not in self._settled and count >= self.size(kind):
            self._now[kind] = min(2 * count, max(self.most, 1))

    def too_large(self, kind: Hashable, count: int) -> None:
        """A batch of ``count`` (2 or more) did not fit: half of it from now on."""
        self._settled.add(kind)
        self._now[kind] = max(1, count // 2)


def answer_in_batches(
    requests: Sequence[Request],
    answer: Callable[[Sequence[Request]], Sequence[Answer]],
    sizes: BatchSizes,
    *,
    free: Callable[[], None] = lambda: None,
    kind: Callable[[Request], Hashable] = kind_of,
    weight: Callable[[Request], int] = weight_of,
) -> list[Answer]:
    """Answers to all requests in their order, asked kind by kind and the heaviest first.

    Args:
        requests: the window that is sorted; batches hold neighbours in it.
        answer: gives as many answers as it is given requests, or raises.
        sizes: what is known of sizes, and is learned here.
        free: returns cached memory after a batch did not fit.
        kind: what requests in a batch have in common.
        weight: what they are sorted by.

    Raises:
        ModelError: as ``answer`` raised it. Any other error fails one request: a batch that raises is asked again one by one.
    """
    found: list[Answer | None] = [None] * len(requests)
    groups: dict[Hashable, list[int]] = {}
    for index, request in enumerate(requests):
        groups.setdefault(kind(request), []).append(index)
    for key, members in groups.items():
        weights = {index: weight(requests[index]) for index in members}
        waiting = sorted(members, key=lambda index: -weights[index])
        while waiting:
            batch = waiting[: sizes.size(key)]
            given = _tried([requests[index] for index in batch], answer)
            if given is None:
                free()
                if len(batch) == 1:
                    given = [RequestFailed("the request alone does not fit into memory")]
                else:
                    sizes.too_large(key, len(batch))
                    continue
            elif not any(isinstance(one, RequestFailed) for one in given):
                sizes.fitted(key, len(batch))
            for index, one in zip(batch, given, strict=True):
                found[index] = one
            waiting = waiting[len(batch) :]
    return [one if one is not None else RequestFailed("was not asked") for one in found]


def _tried(requests: Sequence[Request], answer: Callable[[Sequence[Request]], Sequence[Answer]]) -> list[Answer] | None:
    """The answers; None if memory ran out."""
    failure: RequestFailed
    try:
        given = list(answer(requests))
        if len(given) == len(requests):
            return given
        failure = RequestFailed(f"the model gave {len(given)} answers to {len(requests)} requests")
    except ModelError:
        raise
    except RequestFailed as error:
        failure = error
    except GenlevelError as error:
        failure = RequestFailed(str(error))
    except Exception as error:
        if is_out_of_memory(error):
            return None
        failure = RequestFailed(f"{type(error).__name__}: {' '.join(str(error).split())[:_ERROR_LENGTH]}")
    if len(requests) == 1:
        return [failure]
    # One bad request must not fail its whole batch; one that is too large alone says so.
    alone = [_tried([request], answer) for request in requests]
    return [one[0] if one is not None else RequestFailed("the request alone does not fit into memory") for one in alone]


def release() -> None:
    """Give memory that torch has cached back to the device. Call it where no error holds tensors any more."""
    gc.collect()
    import torch

    if torch.cuda.is_available():
        torch.cuda.empty_cache()
