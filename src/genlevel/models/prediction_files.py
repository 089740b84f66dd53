"""Predictions as files: what a system of one's own gives, a specialist's arrays say, for ``predictions:DIR``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from genlevel import tasktypes
from genlevel.atomic import replacing
from genlevel.errors import AnswerError, DataError, GenlevelError
from genlevel.media import media_type
from genlevel.media.files import SUFFIXES
from genlevel.records import Part, Task

__all__ = ["write_answer", "write_predictions"]

_PLAIN: Final = re.compile(r"\w[\w.-]{0,99}", re.ASCII)


def write_answer(task_type: str, value: Any, form: str = "") -> tuple[Part, ...]:
    """A value as an answer to a task of this type: the parts that its reader reads back as that value.

    Args:
        task_type: its name.
        value: as the type's metric takes it, e.g. int (H, W) for ``image-segmentation``; docs/tasktypes.md has a table.
        form: ``json``, ``png``, ``npz`` and the like, one of the structure's forms; '' for its usual one.

    Raises:
        AnswerError: the value has not the shape, type or range that is written.
    """
    kind: tasktypes.TaskType = tasktypes.get(task_type)
    return kind.write(value, form)


def write_predictions(folder: Path | str, task: Task, answers: Mapping[str, Any], form: str = "") -> Path:
    """Answers to a task as a prediction file with its media, for ``predictions:DIR`` and ``score --predictions DIR``.

    Args:
        folder: where the file ``<task id>.json`` and the folder ``<task id>`` of media are put.
        task: of a catalog.
        answers: by sample id; a value as for :func:`write_answer`, a text, a :class:`Part` or a sequence of parts.
        form: as for :func:`write_answer`.

    Returns:
        The file.

    Raises:
        AnswerError: naming the sample, where an answer cannot be written.
        DataError: the folder cannot be written.
    """
    folder, entries = Path(folder), []
    try:
        for sample_id, value in answers.items():
            try:
                parts = _parts(task, value, form)
                stored = _stored(folder, f"{task.id}/{_safe(sample_id)}", parts)
            except GenlevelError as error:
                raise AnswerError(f"{task.id}: the answer to sample '{sample_id}' {error}") from None
            entries.append({"id": sample_id, "prediction": stored})
        path = folder / f"{task.id}.json"
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            partial.write_bytes(orjson.dumps({"task": task.id, "data": entries}, option=orjson.OPT_APPEND_NEWLINE))
    except OSError as error:
        raise DataError(f"{folder}: cannot be written ({error.strerror})") from None
    return path


def _parts(task: Task, value: Any, form: str) -> tuple[Part, ...]:
    if isinstance(value, Part):
        return (value,)
    if isinstance(value, Sequence) and not isinstance(value, str) and value and all(isinstance(v, Part) for v in value):
        return tuple(value)
    if isinstance(value, str):
        return (Part("text", value),)
    return tasktypes.for_task(task).write(value, form)


def _stored(folder: Path, name: str, parts: Sequence[Part]) -> Any:
    """The answer's text, the name of its file or of its folder of frames, or a list of such where there are both."""
    media = [part for part in parts if part.kind != "text"]
    texts = [part.text for part in parts if part.kind == "text"]
    found = ["\n".join(texts)] if texts else []
    if len(media) == 1:
        found.insert(0, _write(folder, name, media[0]))
    elif media:
        for index, part in enumerate(media):
            _write(folder, f"{name}/{index:06d}", part)
        found.insert(0, name)
    if not found:
        raise AnswerError("holds nothing")
    return found[0] if len(found) == 1 else found


def _write(folder: Path, name: str, part: Part) -> str:
    from genlevel.media import part_bytes

    kind = media_type(part)
    suffix = next((suffix for suffix, known in SUFFIXES.items() if known == kind), ".bin")
    path = folder / f"{name}{suffix}"
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as partial:
        partial.write_bytes(part_bytes(part))
    return f"{name}{suffix}"


def _safe(sample_id: str) -> str:
    """A sample's id as a file's name: as it is, or its hash."""
    return sample_id if _PLAIN.fullmatch(sample_id) else hashlib.sha256(sample_id.encode()).hexdigest()[:24]
