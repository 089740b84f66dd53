"""Writing a run folder: media first, then one complete line, so that a crash at any point loses no finished answer."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from pathlib import Path

import orjson

from genlevel.errors import RunError
from genlevel.records import Prediction, Usage
from genlevel.redact import redactor
from genlevel.runner.media import MediaStore, storable
from genlevel.runner.store import RunFolder

# Far below the usual limit of open files.
_FILES_OPEN = 128


class RunWriter:
    """Appends answers. Use as a context manager: it holds the folder's lock. Safe to call from several threads.

    Raises:
        RunError: if another process writes to the folder, or it cannot be written (the disk is full, say).
        MediaError: if an answer holds a medium that cannot be read; nothing is stored then.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._media = MediaStore(folder.path)
        self._files: dict[tuple[str, int], int] = {}
        self._guard = threading.Lock()
        self._broken = ""
        self._redact = redactor()
        self.notes: list[str] = []
        """One line for each torn line that was dropped."""

    def __enter__(self) -> RunWriter:
        try:
            self._lock = os.open(self._folder.path / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise RunError(f"{self._folder.path}: cannot be written ({error.strerror})") from None
        try:
            # The system lets go of the lock when its process ends, however it ends.
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise RunError(
                f"{self._folder.path}: another process is writing to this run; wait for it or use another --out"
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        with self._guard:
            for descriptor in self._files.values():
                # Against a loss of power; a killed process loses nothing without it.
                with contextlib.suppress(OSError):
                    os.fsync(descriptor)
                os.close(descriptor)
            self._files.clear()
            self._broken = "the run is closed"
        os.close(self._lock)

    def append(self, task_id: str, prediction: Prediction, repeat: int = 1) -> None:
        """Store one answer: its media first, then one complete line in one write."""
        line = orjson.dumps(
            {
                "id": prediction.id,
                "key": prediction.key,
                "parts": [self._media.stored(part) for part in prediction.parts],
                "usage": usage_line(prediction.usage),
                "latency": round(prediction.latency, 4),
                "attempts": prediction.attempts,
                "error": storable(prediction.error),
            },
            option=orjson.OPT_APPEND_NEWLINE,
        )
        line = self._redact(line)
        with self._guard:
            if self._broken:
                raise RunError(self._broken)
            try:
                descriptor = self._descriptor(task_id, repeat)
                written = os.write(descriptor, line)
                while written < len(line):  # a signal or a nearly full disk; the next write says which
                    written += os.write(descriptor, line[written:])
            except OSError as error:
                # Nothing may follow a half-written line: it would be lost with it.
                path = self._folder.file(task_id, repeat)
                self._broken = f"{path}: cannot be written ({error.strerror}); what was stored before is safe"
                raise RunError(self._broken) from None

    def _descriptor(self, task_id: str, repeat: int) -> int:
        descriptor = self._files.get((task_id, repeat))
        if descriptor is None:
            path = self._folder.file(task_id, repeat)
            if len(self._files) >= _FILES_OPEN:
                os.close(self._files.pop(next(iter(self._files))))
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)
            self._files[task_id, repeat] = descriptor
            self._drop_torn_line(descriptor, path)
        return descriptor

    def _drop_torn_line(self, descriptor: int, path: Path) -> None:
        """Cut off what follows the last newline: a line that a crash left half-written."""
        size = end = os.fstat(descriptor).st_size
        while end > 0:
            start = max(0, end - 65536)
            newline = os.pread(descriptor, end - start, start).rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end < size:
            os.ftruncate(descriptor, end)
            self.notes.append(f"{path.name}: dropped a torn last line of {size - end} bytes")


def usage_line(usage: Usage) -> dict[str, float]:
    """A usage as it is stored."""
    counts: dict[str, float] = {"input_tokens": usage.input_tokens, "output_tokens": usage.output_tokens}
    return {**counts, "cost": usage.cost} if usage.cost else counts
