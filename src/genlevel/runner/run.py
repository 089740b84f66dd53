"""The run itself: requests flow from the data through one pool of requests in flight into the run folder."""

from __future__ import annotations

import asyncio
import resource
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from genlevel._version import __version__
from genlevel.errors import GenlevelError
from genlevel.models.base import Model
from genlevel.runner.cache import AnswerCache
from genlevel.runner.engine import Engine
from genlevel.runner.ledger import Counts, Watcher
from genlevel.runner.loop import run_detached
from genlevel.runner.plan import Plan, Settings
from genlevel.runner.store import RunFolder

__all__ = ["Counts", "RunSummary", "Watcher", "run"]

_META_EVERY = 5.0
_MOST_IN_FLIGHT = 1024
_FILES_BESIDE = 512
_PROBLEMS_KEPT = 1000
_PROBLEMS_OF_A_TASK = 100


@dataclass
class RunSummary:
    """What a run did: counts by task, and one line for each thing that a person should know.

    ``problems`` holds the first thousand of ``problem_count``; ``notes`` are no faults.
    """

    tasks: dict[str, Counts] = field(default_factory=dict)
    unsupported: dict[str, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    problem_count: int = 0
    notes: list[str] = field(default_factory=list)
    seconds: float = 0.0
    interrupted: bool = False
    stopped: str = ""
    """Why the run ended before all was asked: a budget is used up, the server is gone, or no request can work."""
    cost: float = 0.0
    """US dollars, as the model reports them."""

    @property
    def total(self) -> Counts:
        """The counts over all tasks."""
        total = Counts()
        for counts in self.tasks.values():
            for name in vars(total):
                setattr(total, name, getattr(total, name) + getattr(counts, name))
        return total

    def note(self, line: str) -> None:
        """Add a problem."""
        self.problem_count += 1
        if len(self.problems) < _PROBLEMS_KEPT:
            self.problems.append(line)


class _Record(Watcher):
    """Passes everything on, and keeps ``run.json`` up to date with what is finished and what is wrong with its data."""

    def __init__(self, folder: RunFolder, watcher: Watcher, summary: RunSummary) -> None:
        self._folder, self._watcher, self._summary = folder, watcher, summary
        self._tasks: dict[str, dict[str, Any]] = folder.meta["tasks"]
        self._problems: dict[str, list[str]] = {}
        self._counts: Counter[str] = Counter()
        self._written = time.monotonic()

    def task(self, task_id: str, samples_done_before: int) -> None:
        self._problems[task_id], self._counts[task_id] = [], 0
        self._watcher.task(task_id, samples_done_before)

    def sample(self, task_id: str, failed: bool) -> None:
        self._watcher.sample(task_id, failed)

    def total(self, samples: int) -> None:
        self._watcher.total(samples)

    def finished(self, task_id: str, counts: Counts) -> None:
        # "complete" lets a resumed run pass over the task without reading its data.
        complete = counts.samples if not counts.failed else None
        task = self._tasks.setdefault(task_id, {})
        task.update(complete=complete, samples=counts.samples, failed=counts.failed)
        count = self._counts[task_id]
        task.update({"problems": self._problems[task_id], "problem_count": count} if count else {})
        if time.monotonic() - self._written > _META_EVERY:
            self._folder.write_meta(tasks=self._tasks)
            self._written = time.monotonic()
        self._watcher.finished(task_id, counts)

    def passed(self, task_id: str) -> None:
        # What was wrong with the data is so still.
        task = self._tasks[task_id]
        lines = task.get("problems", [])
        for line in lines:
            self.problem(task_id, line)
        more = task.get("problem_count", 0) - len(lines)
        self._counts[task_id] += more
        self._summary.problem_count += more
        self._watcher.passed(task_id)

    def problem(self, task_id: str, line: str) -> None:
        self._counts[task_id] += 1
        if self._counts[task_id] <= _PROBLEMS_OF_A_TASK:
            self._problems[task_id].append(line)
        self._summary.note(line)
        self._watcher.problem(task_id, line)

    def note(self, line: str) -> None:
        self._watcher.note(line)

    def complete(self, task_id: str) -> int | None:
        """How many samples the task has, if all of them had been answered when it was last read."""
        samples = self._tasks.get(task_id, {}).get("complete")
        return samples if isinstance(samples, int) else None


def run(
    model: Model,
    plan: Plan,
    folder: RunFolder,
    settings: Settings | None = None,
    *,
    watcher: Watcher | None = None,
) -> RunSummary:
    """Ask the model everything that has no stored answer yet.

    Failures of single samples are stored and counted; they are asked again when the run is resumed. On Ctrl-C no new request
    is sent, those in flight get ``settings.grace`` seconds to finish, and everything answered so far is stored. That a budget or
    a server that is gone ended the run early is no error: ``stopped`` says so.

    Raises:
        ModelError: when no request can work.
        RunError: when the folder cannot be written, or another process writes to it.
        KeyboardInterrupt: after a clean stop.
    """
    started = time.monotonic()
    settings = settings or Settings()
    summary = RunSummary(unsupported=dict(plan.unsupported))
    if settings.adaptive and model.concurrency > 1:
        model.concurrency = max(_MOST_IN_FLIGHT, model.concurrency)
    elif settings.concurrency:
        model.concurrency = settings.concurrency
    if settings.cache and not model.cacheable:
        summary.notes.append(f"--cache: not used: {model.name} learns from the data folder's training examples")
    with folder.writer() as writer, _cache(settings.cache if model.cacheable else None, summary) as cache:
        record = _Record(folder, watcher or Watcher(), summary)
        engine = Engine(model, settings, folder, writer, record, record.complete, cache)
        summary.tasks = engine.ledger.counts
        through = False
        _allow_files(2 * model.concurrency + _FILES_BESIDE)
        try:
            run_detached(engine.all(plan.datasets), model.concurrency + 4, engine.stop)
            through = True
        except asyncio.CancelledError:
            if not engine.stopping:
                raise
        except GenlevelError as error:
            engine.reason = f"stopped: {error}"
            raise
        finally:
            summary.notes += writer.notes
            summary.seconds = time.monotonic() - started
            summary.stopped, summary.cost = engine.reason, engine.limits.cost
            summary.interrupted = engine.stopping and not engine.reason
            folder.write_meta(tasks=folder.meta["tasks"], **_closing(summary, through))
    if summary.interrupted:
        raise KeyboardInterrupt
    return summary


@contextmanager
def _cache(folder: Path | None, summary: RunSummary) -> Iterator[AnswerCache | None]:
    if folder is None:
        yield None
        return
    with AnswerCache(folder) as cache:
        yield cache
    summary.notes += cache.notes


def _allow_files(wanted: int) -> None:
    """Each request in flight holds a connection; where only a few files may be open, a process may still ask for more."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        with suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def _closing(summary: RunSummary, through: bool) -> dict[str, Any]:
    total, whole = summary.total, through and not (summary.interrupted or summary.stopped)
    return {
        "end": datetime.now(UTC).isoformat(timespec="seconds") if whole else None,
        "summary": {
            "asked": total.asked,
            "answered": total.answered,
            "failed": total.failed,
            "stored_before": total.stored_before,
            "cached": total.cached,
            "cost": round(summary.cost, 6),
            "seconds": round(summary.seconds, 2),
            "genlevel": __version__,
        },
        "stopped": summary.stopped,
        "notes": summary.notes,
        "problems": summary.problems,
        "problem_count": summary.problem_count,
    }
