"""Tasks scored on all cores."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager, suppress
from multiprocessing import get_context, parent_process
from multiprocessing.connection import wait
from typing import NamedTuple

from genlevel import metrics, tasktypes
from genlevel.counts import many
from genlevel.datasets.base import Dataset
from genlevel.errors import GenlevelError, RunError
from genlevel.metrics import METRICS
from genlevel.records import Task
from genlevel.scoring.task import ScoredTask

# Below this many tasks, starting worker processes costs more than it saves.
POOL_FROM = 8
# Read by OpenBLAS, OpenMP, MKL and OpenCV when they are loaded.
_THREADS = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENCV_FOR_THREADS_NUM")


class Scored(NamedTuple):
    """The scored tasks, in the order of the datasets, and lines on how they were scored."""

    tasks: list[ScoredTask]
    notes: list[str]


def score_each(work: Callable[[Dataset], ScoredTask], datasets: Sequence[Dataset], jobs: int) -> Scored:
    """Score every dataset.

    Worker processes import what they need by name, so a task whose type or metric was registered in this process only is
    scored in this process, with a note. So is one whose metric holds a network: each worker would hold its weights, and a part
    of the GPU where there is one.

    Args:
        work: scores one dataset; must be picklable.
        datasets: the tasks.
        jobs: number of worker processes, 0 for one on each core that this process may use.

    Raises:
        RunError: if a worker process was killed.
    """
    workers = min(jobs or cores(), len(datasets))
    if workers <= 1 or len(datasets) < POOL_FROM:
        return Scored([work(d) for d in datasets], [])
    own = {i: names for i, d in enumerate(datasets) if (names := own_names(d.task))}
    pooled = sorted((i for i in range(len(datasets)) if i not in own), key=lambda i: _order(datasets[i]))
    scored: dict[int, ScoredTask] = {}
    # spawn: the caller may have threads and an event loop, which a fork would copy in an unknown state.
    with ProcessPoolExecutor(workers, get_context("spawn"), start_worker) as pool:
        try:
            with threads(max(1, cores() // workers)):
                futures = {i: pool.submit(unless_network, work, datasets[i]) for i in pooled}
            scored.update((i, work(datasets[i])) for i in own)
            scored.update((i, future.result() or work(datasets[i])) for i, future in futures.items())
        except BrokenProcessPool:
            raise RunError(
                "a worker process was killed, maybe because memory ran out; score again with fewer (--jobs 1)"
            ) from None
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return Scored([scored[i] for i in range(len(datasets))], _notes(own))


def start_worker(niceness: int = 0) -> None:
    """What a worker process does first: leave Ctrl-C to the process that started it, and end when that one is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if niceness:
        with suppress(OSError):
            os.nice(niceness)
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def _end_with(sentinel: int) -> None:
    """A killed process cannot tell its workers, and they would wait for ever for more to do."""
    wait([sentinel])
    os._exit(1)


def _notes(own: dict[int, frozenset[str]]) -> list[str]:
    """One line for each name that kept tasks out of the worker processes."""
    names = sorted({name for names in own.values() for name in names})
    return [
        f"{many(kept, 'task')} {'was' if kept == 1 else 'were'} scored without worker processes, since '{name}' is "
        "registered in this process only; an entry point makes it known to all"
        for name in names
        for kept in [sum(name in names for names in own.values())]
    ]


def own_names(task: Task) -> frozenset[str]:
    """The task's names that a worker process would not know, or would take for something else."""
    measured = {task.metric}
    with suppress(GenlevelError):  # a type that nobody knows, which the score will say
        measured.add(tasktypes.get(task.task_type).metric(task))
    return frozenset((tasktypes.TASK_TYPES.own & {task.task_type}) | (METRICS.own & measured))


def unless_network(work: Callable[[Dataset], ScoredTask], dataset: Dataset) -> ScoredTask | None:
    """The scored task; None where its metric holds a network, which is for one process alone.

    For workers: to tell, the metric has to be imported, which would take more than a second for all of an edition.
    """
    try:
        metric = metrics.get(tasktypes.get(dataset.task.task_type).metric(dataset.task))
    except GenlevelError:  # a type or metric that nobody knows, which the score will say
        return work(dataset)
    return None if metric.files else work(dataset)


def _order(dataset: Dataset) -> tuple[bool, int]:
    """Long tasks first, so that none is left to run alone at the end: those with media to decode, then large files."""
    try:
        media = bool(tasktypes.get(dataset.task.task_type).makes - {"text"})
    except GenlevelError:
        media = False
    try:
        size = dataset.annotation.stat().st_size
    except OSError:
        size = 0
    return (not media, -size)


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def threads(each: int) -> Iterator[None]:
    """Processes started meanwhile use so many threads in a matrix product, unless the environment already says how many.

    Libraries start a thread on every core in every worker, and these spend a good part of the time waiting for each other.
    They look at the environment once, when they are loaded, so it has to be there when a worker starts.
    """
    added = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, str(each)))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)
