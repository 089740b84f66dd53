"""What became of each task's samples, and who is told."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Counts:
    """What became of a task's answers: ``samples`` that its data ask for, ``stored_before`` of them answered by an earlier run.

    Where each sample is asked several times, each time counts. ``cached`` of the ``answered`` came from the cache.
    """

    samples: int = 0
    asked: int = 0
    answered: int = 0
    failed: int = 0
    stored_before: int = 0
    cached: int = 0


class Watcher:
    """Told what happens, for a progress display; does nothing itself."""

    def task(self, task_id: str, samples_done_before: int) -> None:
        """The samples of this task are now being read."""

    def sample(self, task_id: str, failed: bool) -> None:
        """A sample has been stored."""

    def total(self, samples: int) -> None:
        """About how many samples the whole run has; told again when it is known better."""

    def finished(self, task_id: str, counts: Counts) -> None:
        """All samples of this task are stored."""

    def passed(self, task_id: str) -> None:
        """All samples of this task were stored before, and its data are not read again."""

    def problem(self, task_id: str, line: str) -> None:
        """Something in this task's data cannot be used."""

    def note(self, line: str) -> None:
        """Something that a person who watches should know: the run pauses, or goes on."""


class Ledger:
    """Counts by task; tells the watcher when a task is finished."""

    def __init__(self, watcher: Watcher) -> None:
        self.counts: dict[str, Counts] = {}
        self._watcher = watcher
        self._open: dict[str, int] = {}
        self._read: set[str] = set()

    def begin(self, task_id: str, stored_before: int) -> Counts:
        """A task's samples are now being read."""
        counts = self.counts[task_id] = Counts(stored_before=stored_before)
        self._open[task_id] = 0
        self._watcher.task(task_id, stored_before)
        return counts

    def ask(self, task_id: str) -> None:
        """One more answer is wanted."""
        self.counts[task_id].asked += 1
        self._open[task_id] += 1

    def store(self, task_id: str, *, failed: bool, cached: bool) -> None:
        """It has been stored."""
        counts = self.counts[task_id]
        counts.failed += failed
        counts.answered += not failed
        counts.cached += cached
        self._open[task_id] -= 1
        self._watcher.sample(task_id, failed)
        self._close_if_finished(task_id)

    def read(self, task_id: str) -> None:
        """All samples of the task have been read."""
        self._read.add(task_id)
        self._close_if_finished(task_id)

    def _close_if_finished(self, task_id: str) -> None:
        if task_id in self._read and self._open[task_id] == 0:
            self._watcher.finished(task_id, self.counts[task_id])
