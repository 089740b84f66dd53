"""Scoring beside the run: a task is scored, in a process of its own, as soon as its last sample is stored."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from types import TracebackType

from genlevel.datasets.base import Dataset
from genlevel.errors import GenlevelError
from genlevel.runner import Counts, Watcher
from genlevel.scoring.pool import POOL_FROM, cores, own_names, start_worker, threads, unless_network
from genlevel.scoring.run import RunSource, Settings, work_of
from genlevel.scoring.task import ScoredTask

# Asking comes first: scoring takes what it leaves of the processor.
_NICENESS = 10


class Beside(Watcher):
    """Watches a run and scores what is finished. Use as a context manager, and give the run this watcher.

    It changes no number: a task is scored by the same function, from the same files, as after the run. What it did not get to,
    cannot do (a task type that this process alone knows) or had better not (a metric with a network, which would take memory
    from a model on the same GPU) is left to be scored afterwards.
    """

    def __init__(self, datasets: Sequence[Dataset], folder: Path, settings: Settings, inner: Watcher | None) -> None:
        self._datasets = {d.task.id: d for d in datasets if not own_names(d.task)}
        self._work = work_of(RunSource(folder), settings)
        self._inner = inner or Watcher()
        self._workers = min(settings.jobs or max(1, cores() - 1), len(self._datasets))
        self._worth = len(datasets) >= POOL_FROM and self._workers > 0
        self._collected = False
        self._futures: dict[str, Future[Future[ScoredTask | None]]] = {}

    def __enter__(self) -> Beside:
        self._pool = ProcessPoolExecutor(self._workers or 1, get_context("spawn"), start_worker, (_NICENESS,))
        # Starting processes takes some milliseconds each, which the run's event loop is not to wait for.
        self._starter = ThreadPoolExecutor(1, thread_name_prefix="beside")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._starter.shutdown(wait=False, cancel_futures=True)
        workers = list((self._pool._processes or {}).values())
        self._pool.shutdown(wait=False, cancel_futures=True)
        if not self._collected:
            # Nobody wants the scores that are still being made, and the program would wait for them before it ends.
            for worker in workers:
                worker.kill()

    def task(self, task_id: str, samples_done_before: int) -> None:
        """Pass it on."""
        self._inner.task(task_id, samples_done_before)

    def sample(self, task_id: str, failed: bool) -> None:
        """Pass it on."""
        self._inner.sample(task_id, failed)

    def total(self, samples: int) -> None:
        """Pass it on."""
        self._inner.total(samples)

    def note(self, line: str) -> None:
        """Pass it on."""
        self._inner.note(line)

    def finished(self, task_id: str, counts: Counts) -> None:
        """Have the task scored, and pass it on."""
        self._inner.finished(task_id, counts)
        if self._worth and task_id in self._datasets:
            self._futures[task_id] = self._starter.submit(self._submit, self._datasets[task_id])

    def scored(self) -> dict[str, ScoredTask]:
        """The tasks that were scored beside the run, by id; waits for those that have begun."""
        done: dict[str, ScoredTask] = {}
        for task_id, future in self._futures.items():
            # What went wrong here goes wrong again, or not, when it is scored afterwards, and is told there.
            with suppress(BrokenProcessPool, GenlevelError):
                if (task := future.result().result()) is not None:
                    done[task_id] = task
        self._collected = True
        return done

    def _submit(self, dataset: Dataset) -> Future[ScoredTask | None]:
        with threads(max(1, cores() // self._workers)):
            return self._pool.submit(unless_network, self._work, dataset)
