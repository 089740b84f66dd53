"""Progress of a run: an overall bar and one line for each finished task on a terminal; only the lines elsewhere."""

from __future__ import annotations

import sys
import time
from types import TracebackType

from genlevel.redact import redacted
from genlevel.runner import Counts, Watcher


class Lines(Watcher):
    """One plain line for each finished task, on stderr."""

    def __enter__(self) -> Lines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def finished(self, task_id: str, counts: Counts) -> None:
        """Print the task's counts."""
        self._print(line(task_id, counts))

    def note(self, line: str) -> None:
        """Print the line."""
        self._print(redacted(line))

    def _print(self, text: str) -> None:
        sys.stderr.write(text + "\n")


class Bar(Lines):
    """A bar over all samples with rate, failures and time left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )

        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("[red]{task.fields[failures]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            refresh_per_second=5,
        )
        self._bar = self._progress.add_task("answering", total=None, rate="", failures="")
        self._done = self._failed = 0
        self._start = time.monotonic()
        self._shown = 0.0

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._show(time.monotonic())
        self._progress.stop()

    def total(self, samples: int) -> None:
        """Set the bar's length."""
        self._progress.update(self._bar, total=samples)

    def task(self, task_id: str, samples_done_before: int) -> None:
        """Count what was stored before."""
        self._progress.advance(self._bar, samples_done_before)

    def sample(self, task_id: str, failed: bool) -> None:
        """Advance the bar; drawn a few times a second however fast the samples come."""
        self._done += 1
        self._failed += failed
        now = time.monotonic()
        if now - self._shown > 0.2:
            self._show(now)

    def _show(self, now: float) -> None:
        ahead = self._done - getattr(self, "_drawn", 0)
        self._drawn = self._done
        rate = self._done / max(now - self._start, 1e-9)
        failures = f"{self._failed} failed" if self._failed else ""
        self._progress.update(self._bar, advance=ahead, rate=f"{rate:.1f}/s", failures=failures)
        self._shown = now

    def _print(self, text: str) -> None:
        self._progress.console.print(text, highlight=False, markup=False)


def line(task_id: str, counts: Counts) -> str:
    """A finished task in one line."""
    parts = [f"{counts.answered} answered"]
    if counts.failed:
        parts.append(f"{counts.failed} failed")
    if counts.stored_before:
        parts.append(f"{counts.stored_before} stored before")
    return f"{task_id}: {', '.join(parts)}"


def watcher(quiet: bool) -> Lines | None:
    """The display that fits: none, a bar on a terminal, lines elsewhere."""
    if quiet:
        return None
    return Bar() if sys.stderr.isatty() else Lines()
