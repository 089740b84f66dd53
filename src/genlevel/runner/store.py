"""The run folder: one model's answers to one set of tasks, as files that a crash cannot spoil.

``run.json`` is written whole or not at all. ``predictions/<task-id>.jsonl`` grows by one complete line a sample; the last line of
an id counts, so a failure is superseded by a later answer. Media are stored by the hash of their bytes before the line that
names them. A crash can only tear the last line, which is dropped when the folder is opened again.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import mimetypes
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from genlevel.errors import RunError
from genlevel.records import Part, Prediction, Usage

_SUFFIXES = {
    "image/jpeg": ".jpg",
    "image/png": ".png",
    "audio/wav": ".wav",
    "audio/x-wav": ".wav",
    "audio/mpeg": ".mp3",
    "video/mp4": ".mp4",
    "application/x-npz": ".npz",
    "model/ply": ".ply",
}


class RunFolder:
    """A run folder, open for reading; :meth:`writer` opens it for writing."""

    def __init__(self, path: Path, meta: Mapping[str, Any]) -> None:
        self.path = path
        self.meta = dict(meta)

    @classmethod
    def open(cls, path: Path) -> RunFolder:
        """An existing run.

        Raises:
            RunError: if the folder has no readable ``run.json``.
        """
        try:
            meta = orjson.loads((path / "run.json").read_bytes())
        except (FileNotFoundError, NotADirectoryError):
            raise RunError(f"{path}: is no run folder (it has no run.json)") from None
        except (OSError, orjson.JSONDecodeError) as error:
            raise RunError(f"{path / 'run.json'}: cannot be read ({error})") from None
        if not isinstance(meta, dict):
            raise RunError(f"{path / 'run.json'}: is not a JSON object")
        return cls(path, meta)

    @classmethod
    def create(cls, path: Path, meta: Mapping[str, Any]) -> RunFolder:
        """A new run in an empty or missing folder."""
        try:
            (path / "predictions").mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RunError(f"{path}: cannot be made ({error.strerror})") from None
        folder = cls(path, meta)
        folder.write_meta()
        return folder

    def write_meta(self, **changes: Any) -> None:
        """Update ``run.json``, whole or not at all."""
        self.meta.update(changes)
        partial = self.path / ".run.json.part"
        try:
            partial.write_bytes(orjson.dumps(self.meta, option=orjson.OPT_INDENT_2) + b"\n")
            os.replace(partial, self.path / "run.json")
        except OSError as error:
            raise RunError(f"{self.path / 'run.json'}: cannot be written ({error.strerror})") from None

    def tasks(self) -> list[str]:
        """Tasks that have stored answers."""
        return sorted(file.stem for file in (self.path / "predictions").glob("*.jsonl"))

    def lines(self, task_id: str) -> Iterator[dict[str, Any]]:
        """The complete, readable lines of a task's file, oldest first; a torn or damaged line is passed over."""
        try:
            file = self._file(task_id).open("rb")
        except FileNotFoundError:
            return
        with file:
            for line in file:
                if not line.endswith(b"\n"):
                    return
                try:
                    value = orjson.loads(line)
                except orjson.JSONDecodeError:
                    continue
                if isinstance(value, dict) and isinstance(value.get("id"), str):
                    yield value

    def predictions(self, task_id: str) -> Iterator[Prediction]:
        """The stored answers of a task; of several lines for one id the last counts. Media have absolute paths."""
        last: dict[str, dict[str, Any]] = {}
        for line in self.lines(task_id):
            last[line["id"]] = line
        for line in last.values():
            yield self._prediction(line)

    def answered(self, task_id: str) -> dict[str, str]:
        """Sample id to key, for the samples whose stored answer is no failure."""
        done: dict[str, str] = {}
        for line in self.lines(task_id):
            if line.get("error"):
                done.pop(line["id"], None)
            else:
                done[line["id"]] = str(line.get("key", ""))
        return done

    def writer(self) -> RunWriter:
        """Open the folder for writing; only one process may."""
        return RunWriter(self)

    def _file(self, task_id: str) -> Path:
        return self.path / "predictions" / f"{task_id}.jsonl"

    def _prediction(self, line: Mapping[str, Any]) -> Prediction:
        try:
            usage = line.get("usage") or {}
            return Prediction(
                line["id"],
                str(line.get("key", "")),
                tuple(self._part(part) for part in line.get("parts") or ()),
                str(line.get("error") or ""),
                Usage(int(usage.get("input_tokens", 0)), int(usage.get("output_tokens", 0))),
                float(line.get("latency", 0.0)),
                int(line.get("attempts", 1)),
            )
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            return Prediction(line["id"], error=f"the stored line cannot be read ({error!r})")

    def _part(self, stored: Mapping[str, Any]) -> Part:
        if stored["kind"] == "text":
            return Part("text", stored["text"])
        path = (self.path / stored["file"]).resolve()
        if not path.is_relative_to((self.path / "media").resolve()):
            raise ValueError(f"medium outside the run folder: {stored['file']}")
        return Part(stored["kind"], path=path, media_type=stored.get("media_type", ""))


class RunWriter:
    """Appends answers. Use as a context manager: it holds the folder's lock.

    Raises:
        RunError: if another process writes to the folder, or the disk is full.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._files: dict[str, int] = {}
        self.notes: list[str] = []
        """One line for each torn line that was dropped."""

    def __enter__(self) -> RunWriter:
        self._lock = os.open(self._folder.path / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._lock)
            raise RunError(
                f"{self._folder.path}: another process is writing to this run; wait for it or use another --out"
            ) from None
        return self

    def __exit__(self, *_: object) -> None:
        for descriptor in self._files.values():
            os.close(descriptor)
        self._files.clear()
        os.close(self._lock)

    def append(self, task_id: str, prediction: Prediction) -> None:
        """Store one answer: its media first, then one complete line in one write."""
        line = orjson.dumps(
            {
                "id": prediction.id,
                "key": prediction.key,
                "parts": [self._stored(part) for part in prediction.parts],
                "usage": {
                    "input_tokens": prediction.usage.input_tokens,
                    "output_tokens": prediction.usage.output_tokens,
                },
                "latency": round(prediction.latency, 4),
                "attempts": prediction.attempts,
                "error": prediction.error.encode("utf-8", "replace").decode(),
            }
        )
        try:
            _write_all(self._descriptor(task_id), line + b"\n")
        except OSError as error:
            raise RunError(f"{self._folder._file(task_id)}: cannot be written ({error.strerror})") from None

    def _descriptor(self, task_id: str) -> int:
        descriptor = self._files.get(task_id)
        if descriptor is None:
            if len(self._files) >= 128:  # far below the usual limit of open files
                _, oldest = self._files.popitem()
                os.close(oldest)
            path = self._folder._file(task_id)
            path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o644)
            self._drop_torn_line(descriptor, path)
            self._files[task_id] = descriptor
        return descriptor

    def _drop_torn_line(self, descriptor: int, path: Path) -> None:
        """Cut off what follows the last newline: a line that a crash left half-written."""
        size = end = os.fstat(descriptor).st_size
        while end > 0:
            start = max(0, end - 65536)
            block = os.pread(descriptor, end - start, start)
            newline = block.rfind(b"\n")
            if newline >= 0:
                end = start + newline + 1
                break
            end = start
        if end < size:
            os.ftruncate(descriptor, end)
            self.notes.append(f"{path.name}: dropped a torn last line of {size - end} bytes")

    def _stored(self, part: Part) -> dict[str, Any]:
        if part.kind == "text":
            # A lone surrogate is no text that can be stored; it becomes a question mark.
            return {"kind": "text", "text": part.text.encode("utf-8", "replace").decode()}
        data = part.data if part.data is not None else part.path.read_bytes() if part.path else b""
        kind = part.media_type or (mimetypes.guess_type(part.path.name)[0] if part.path else None) or ""
        suffix = (
            part.path.suffix.lower() if part.path else _SUFFIXES.get(kind) or mimetypes.guess_extension(kind) or ".bin"
        )
        digest = hashlib.sha256(data).hexdigest()
        name = f"media/{digest[:2]}/{digest}{suffix}"
        path = self._folder.path / name
        if not path.exists():
            partial = path.with_name(f".{path.name}.part")
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                partial.write_bytes(data)
                os.replace(partial, path)
            except OSError as error:
                with contextlib.suppress(OSError):
                    partial.unlink()
                raise RunError(f"{path}: cannot be written ({error.strerror})") from None
        return {"kind": part.kind, "file": name, "media_type": kind}


def _write_all(descriptor: int, data: bytes) -> None:
    """One write call; the rest, if the system took less (a full disk, a huge line), in further ones."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
