"""Tolerant access to a record: keys in any spelling, inputs beside or inside ``input``, media by name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from genlevel.errors import GenlevelError, RecordError
from genlevel.records import Part, PartKind, Record

__all__ = [
    "LABEL_KEYS",
    "first",
    "fold_key",
    "header_option",
    "header_type",
    "input_of",
    "media_of",
    "names_media",
    "output_of",
    "texts",
]

LABEL_KEYS: Final = (
    "text",
    "prediction",
    "answer",
    "answers",
    "category",
    "label",
    "labels",
    "output",
    "response",
    "reference",
    "target",
    "class",
    "intent_label",
    "caption",
    "ground_truth",
    "gt",
    "value",
)
"""Where the right answer is found in ``output``, in this order."""

_MEDIA_KEY: Final = re.compile(
    r"(image|img|picture|photo|audio|sound|speech|wav|video|clip|point|points|pointcloud|cloud|pc|mask|sketch|frame|frames)s?"
    r"(file|files|path|paths|filelist|list|folder|dir|cloud|cloudfile|clouds|name|names|1|2)?"
)
_KINDS: Final[dict[str, PartKind]] = {
    **dict.fromkeys(("image", "img", "picture", "photo", "mask", "sketch", "frame", "frames"), "image"),
    **dict.fromkeys(("audio", "sound", "speech", "wav"), "audio"),
    **dict.fromkeys(("video", "clip"), "video"),
    **dict.fromkeys(("point", "points", "pointcloud", "cloud", "pc"), "points"),
}
_IMAGE_SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".gif", ".tif", ".tiff", ".ppm", ".pgm"})
_ITEM_KEYS: Final = frozenset({"id", "input", "output", "data", "type", "task"})
_SUFFIX: Final = re.compile(r"\.\w{2,5}\s*\Z")
_DEPTH: Final = 32
_MAX_MEDIA: Final = 4096
_MISSING: Final = object()


def fold_key(key: Any) -> str:
    """A key with only its letters and digits, in lower case.

    >>> fold_key("Standard English") == fold_key("standard_english")
    True
    """
    return "".join(c for c in str(key).casefold() if c.isalnum())


def first(mapping: Mapping[str, Any], *keys: str) -> Any:
    """The value under the first of ``keys`` that the mapping has in any spelling and that is not None; else None."""
    for key in keys:
        if mapping.get(key) is not None:
            return mapping[key]
    folded = {fold_key(k): v for k, v in mapping.items() if v is not None}
    return next((folded[f] for f in map(fold_key, keys) if f in folded), None)


def input_of(record: Record) -> dict[str, Any]:
    """What a record shows: ``input`` and, where a task keeps its inputs beside it, those keys too.

    An ``input`` that is a text or a list stands under the key ``input``.

    Raises:
        RecordError: there is nothing to show.
    """
    value = record.value.get("input")
    beside = {k: v for k, v in record.value.items() if fold_key(k) not in _ITEM_KEYS and v is not None}
    if isinstance(value, Mapping):
        shown = {**beside, **{str(k): v for k, v in value.items() if v is not None}}
    else:
        shown = beside if value is None else {**beside, "input": value}
    if not shown:
        raise RecordError(f"{record.where}: has no input")
    _check_depth([shown], record.where)
    return shown


def _check_depth(value: Any, where: str) -> None:
    """Raise a :class:`RecordError` for a value nested so deeply that reading it could use up the stack."""
    level = [value]
    for _ in range(_DEPTH):
        inner = (v.values() if isinstance(v, Mapping) else v for v in level)
        level = [child for items in inner for child in items if isinstance(child, (list, dict))]
        if not level:
            return
    raise RecordError(f"{where}: is nested more than {_DEPTH} deep")


def output_of(record: Record, keys: Sequence[str] = (), beside: Sequence[str] = ()) -> Any:
    """The right answer of a record, or None where it is secret (no output, or an empty one).

    Args:
        record: the record.
        keys: the task's own keys, looked for before :data:`LABEL_KEYS`; a dotted one leads into an object.
        beside: keys under which the answer may stand beside ``input`` where there is no ``output``.

    Raises:
        RecordError: there are several keys and none is known.
    """
    output = record.value.get("output")
    if output is None or output == {} or output == []:
        for key in beside:
            found = _dotted(record.value, key)
            if found is not None:
                return found
        return None
    _check_depth([output], record.where)
    if not isinstance(output, Mapping):
        return output
    for key in (*keys, *LABEL_KEYS):
        found = _dotted(output, key)
        if found is not None:
            return found
    values = [v for v in output.values() if v is not None]
    if len(values) > 1:
        raise RecordError(
            f"{record.where}: none of the keys of 'output' is known ({', '.join(map(str, output))[:200]})"
        )
    return values[0] if values else None


def _dotted(mapping: Mapping[str, Any], key: str) -> Any:
    value: Any = mapping
    for step in key.split("."):
        value = first(value, step) if isinstance(value, Mapping) else None
    return value


def texts(value: Any, where: str) -> list[str]:
    """A text, a number or a list of them as texts.

    Raises:
        RecordError: something else, or an empty list.
    """
    items = value if isinstance(value, (list, tuple)) else [value]
    found = []
    for item in items:
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, bool):
            found.append("yes" if item else "no")
        elif isinstance(item, (int, float)):
            found.append(format_number(item))
        else:
            raise RecordError(f"{where}: the output holds {type(item).__name__} where a text is expected")
    if not found:
        raise RecordError(f"{where}: the output is an empty list")
    return found


def format_number(value: float) -> str:
    """A number as people write it: whole ones without a point."""
    return str(int(value)) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else str(value)


def header_type(record: Record) -> str:
    """The header's ``type`` in lower case with single spaces; '' without one."""
    value = record.value.get("type", record.header.get("type"))
    return " ".join(value.replace("_", " ").casefold().split()) if isinstance(value, str) else ""


def header_option(record: Record, name: str) -> Any:
    """An option of the task from ``others`` of the header, or from the header itself; None without one."""
    others = record.header.get("others")
    found = first(others, name) if isinstance(others, Mapping) else None
    return first(record.header, name) if found is None else found


def names_media(key: str, value: Any) -> bool:
    """Whether an entry of ``input`` names media: by its key, and by a value that is media or looks like file names."""
    match = _MEDIA_KEY.fullmatch(fold_key(key))
    if match is None:
        return False
    names = value if isinstance(value, list) else [value]
    if names and all(isinstance(name, Part) for name in names):
        return True
    if not names or not all(isinstance(name, str) and name.strip() and "\n" not in name for name in names):
        return False  # e.g. "points": [[0, 0, 1], ...] or "speech": "Good morning,\n..."
    return match.group(2) is not None or all(_SUFFIX.search(name) for name in names)


def media_of(record: Record, values: Mapping[str, Any], *, keys: Iterable[str] | None = None) -> list[Part]:
    """The media that ``values`` name, in its order, as parts with paths in the task's folder.

    Args:
        record: for its folder and for messages.
        values: the record's input or output.
        keys: only these; by default all keys that name media.

    Raises:
        RecordError: a file is not there, or is not named by a text.
    """
    wanted = None if keys is None else {fold_key(k) for k in keys}
    parts: list[Part] = []
    for key, value in values.items():
        match = _MEDIA_KEY.fullmatch(fold_key(key))
        if match is None or not names_media(key, value) or (wanted is not None and fold_key(key) not in wanted):
            continue
        names = value if isinstance(value, list) else [value]
        if len(names) > _MAX_MEDIA:
            raise RecordError(f"{record.where}: '{key}' names {len(names)} files; at most {_MAX_MEDIA} are taken")
        if isinstance(names[0], Part):  # made by the dataset's reader
            parts += names
            continue
        parts += _parts(_KINDS[match.group(1)], [resolve(record, name) for name in names])
    return parts


def resolve(record: Record, name: Any) -> Path:
    """The file that a record names.

    Raises:
        MissingMedia: with the record's place, if it is not in the task's folder.
    """
    from genlevel.datasets.paths import MissingMedia, resolve_media

    try:
        return resolve_media(record.folder, name)
    except MissingMedia as error:
        raise MissingMedia(f"{record.where}: {error}") from None
    except GenlevelError as error:
        raise RecordError(f"{record.where}: {error}") from None


def _parts(kind: PartKind, paths: list[Path]) -> list[Part]:
    if kind == "video" and paths and all(p.suffix.lower() in _IMAGE_SUFFIXES for p in paths):
        # Frames: the folder is the video if they are all that it holds, and single images otherwise.
        folder = paths[0].parent
        if {p for p in folder.iterdir() if p.suffix.lower() in _IMAGE_SUFFIXES} == set(paths):
            return [Part("video", path=folder)]
        return [Part("image", path=path) for path in paths]
    return [Part(kind, path=path) for path in paths]
