"""The run folder: one model's answers to one set of tasks, as files that a crash cannot spoil.

``run.json`` is written whole or not at all. ``predictions/<task-id>.jsonl`` grows by one complete line a sample; the last line of
an id counts, so a failure is superseded by a later answer. Media are stored by the hash of their bytes before the line that
names them. A crash can only tear the last line, which is dropped when the folder is opened again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from genlevel.atomic import replacing
from genlevel.errors import RunError
from genlevel.records import PART_KINDS, Part, Prediction, Usage

if TYPE_CHECKING:
    from genlevel.runner.writer import RunWriter


class RunFolder:
    """A run folder, open for reading; :meth:`writer` opens it for writing."""

    def __init__(self, path: Path, meta: Mapping[str, Any]) -> None:
        self.path = path
        self.meta = dict(meta)
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
                partial.write_bytes(orjson.dumps(self.meta, option=orjson.OPT_INDENT_2) + b"\n")
        except OSError as error:
            raise RunError(f"{self.path / 'run.json'}: cannot be written ({error.strerror})") from None

    def tasks(self) -> list[str]:
        """Tasks that have stored answers."""
        return sorted(file.stem for file in (self.path / "predictions").glob("*.jsonl"))

    def lines(self, task_id: str) -> Iterator[dict[str, Any]]:
        """The complete, readable lines of a task's file, oldest first; a torn or damaged one is noted and passed over."""
        path = self.file(task_id)
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
        from genlevel.runner.writer import RunWriter

        return RunWriter(self)

    def file(self, task_id: str) -> Path:
        """Where a task's answers are.

        Raises:
            RunError: if the id cannot be the name of a file.
        """
        if not task_id or task_id.startswith(".") or "/" in task_id or "\0" in task_id:
            raise RunError(f"{self.path}: {task_id!r} is no task id")
        return self.path / "predictions" / f"{task_id}.jsonl"

    def _prediction(self, line: Mapping[str, Any]) -> Prediction:
        try:
            usage = line.get("usage") or {}
            return Prediction(
                line["id"],
                str(line.get("key", "")),
                tuple(self._part(part) for part in line.get("parts") or ()),
                str(line.get("error") or ""),
                Usage(
                    int(usage.get("input_tokens", 0)),
                    int(usage.get("output_tokens", 0)),
                    float(usage.get("cost", 0.0)),
                ),
                float(line.get("latency", 0.0)),
                int(line.get("attempts", 1)),
            )
        except (AttributeError, KeyError, OSError, OverflowError, TypeError, ValueError) as error:
            return Prediction(line["id"], error=f"the stored line cannot be read ({error!r:.300})")

    def _part(self, stored: Mapping[str, Any]) -> Part:
        kind = stored["kind"]
        if kind not in PART_KINDS:
            raise ValueError(f"unknown kind of part: {kind!r:.40}")
        if kind == "text":
            if not isinstance(stored["text"], str):
                raise ValueError("a text that is none")
            return Part("text", stored["text"])
        path = (self.path / stored["file"]).resolve()
        if not path.is_relative_to((self.path / "media").resolve()):
            raise ValueError(f"medium outside the run folder: {stored['file']!r:.200}")
        return Part(kind, path=path, media_type=str(stored.get("media_type") or ""))


def _decoded(line: bytes) -> dict[str, Any] | None:
    """A stored line's object, or None for a line that is torn or damaged."""
    if not line.endswith(b"\n"):
        return None
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) and isinstance(value.get("id"), str) else None
