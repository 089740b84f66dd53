"""The run folder: one model's answers to one set of tasks, as files that a crash cannot spoil.

``run.json`` is written whole or not at all. ``predictions/<task-id>.jsonl`` grows by one complete line a sample; the last line of
an id counts, so a failure is superseded by a later answer. Where samples are asked several times, the answers of the second
time are in ``repeats/2/<task-id>.jsonl``, and so on. Media are stored by the hash of their bytes before the line that
names them. A crash can only tear the last line, which is dropped when the folder is opened again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from genlevel.atomic import replacing
from genlevel.errors import RunError
from genlevel.records import Prediction, Usage
from genlevel.redact import redactor
from genlevel.runner.media import MediaStore

if TYPE_CHECKING:
    from genlevel.runner.writer import RunWriter


class RunFolder:
    """A run folder, open for reading; :meth:`writer` opens it for writing."""

    def __init__(self, path: Path, meta: Mapping[str, Any]) -> None:
        self.path = path
        self.meta = dict(meta)
        self._media = MediaStore(path)
        self.unchanged = False
        """Whether it is gone on with under the conditions that it was made under, so that its answers need no second look."""
        self.notes: list[str] = []
        """One line for each stored line that could not be read."""

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
        try:
            with replacing(self.path / "run.json") as partial:
                partial.write_bytes(redactor()(orjson.dumps(self.meta, option=orjson.OPT_INDENT_2)) + b"\n")
        except OSError as error:
            raise RunError(f"{self.path / 'run.json'}: cannot be written ({error.strerror})") from None

    def tasks(self) -> list[str]:
        """Tasks that have stored answers."""
        return sorted(file.stem for file in (self.path / "predictions").glob("*.jsonl"))

    def lines(self, task_id: str, repeat: int = 1) -> Iterator[dict[str, Any]]:
        """The complete, readable lines of a task's file, oldest first; a torn or damaged one is noted and passed over."""
        path = self.file(task_id, repeat)
        try:
            with path.open("rb") as file:
                for number, line in enumerate(file, 1):
                    value = _decoded(line)
                    if value is None:
                        self.notes.append(f"{path}, line {number}: a torn or damaged line, dropped")
                    else:
                        yield value
        except FileNotFoundError:
            return
        except OSError as error:
            raise RunError(f"{path}: cannot be read ({error.strerror})") from None

    def predictions(self, task_id: str, repeat: int = 1) -> Iterator[Prediction]:
        """The stored answers of a task; of several lines for one id the last counts. Media have absolute paths."""
        last: dict[str, dict[str, Any]] = {}
        for line in self.lines(task_id, repeat):
            last[line["id"]] = line
        for line in last.values():
            yield self._prediction(line)

    def answered(self, task_id: str, repeat: int = 1) -> dict[str, str]:
        """Sample id to key, for the samples whose stored answer is no failure."""
        done: dict[str, str] = {}
        for line in self.lines(task_id, repeat):
            if line.get("error"):
                done.pop(line["id"], None)
            else:
                done[line["id"]] = str(line.get("key", ""))
        return done

    def has_answers(self) -> bool:
        """Whether any stored line is no failure."""
        return any(not line.get("error") for task_id in self.tasks() for line in self.lines(task_id))

    def writer(self) -> RunWriter:
        """Open the folder for writing; only one process may."""
        from genlevel.runner.writer import RunWriter

        return RunWriter(self)

    def file(self, task_id: str, repeat: int = 1) -> Path:
        """Where a task's answers are: those of the first time that it was asked, or of a further one.

        Raises:
            RunError: if the id cannot be the name of a file.
        """
        if not task_id or task_id.startswith(".") or "/" in task_id or "\0" in task_id:
            raise RunError(f"{self.path}: {task_id!r} is no task id")
        folder = self.path / "predictions" if repeat == 1 else self.path / "repeats" / str(repeat)
        return folder / f"{task_id}.jsonl"

    def _prediction(self, line: Mapping[str, Any]) -> Prediction:
        try:
            return Prediction(
                line["id"],
                str(line.get("key", "")),
                tuple(self._media.part(part) for part in line.get("parts") or ()),
                str(line.get("error") or ""),
                usage_of(line.get("usage")),
                float(line.get("latency", 0.0)),
                int(line.get("attempts", 1)),
            )
        except (AttributeError, KeyError, OSError, OverflowError, TypeError, ValueError) as error:
            return Prediction(line["id"], error=f"the stored line cannot be read ({error!r:.300})")


def _decoded(line: bytes) -> dict[str, Any] | None:
    """A stored line's object, or None for a line that is torn or damaged."""
    if not line.endswith(b"\n"):
        return None
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("id"), str) else None


def usage_of(stored: Any) -> Usage:
    """A usage as stored."""
    usage = stored or {}
    return Usage(int(usage.get("input_tokens", 0)), int(usage.get("output_tokens", 0)), float(usage.get("cost", 0.0)))
