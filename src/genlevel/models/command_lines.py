"""The protocol of a program that answers: one JSON object a line, for each request and for each answer."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import orjson

from genlevel.errors import RequestFailed
from genlevel.records import PART_KINDS, Part, Reply, Request, Usage

__all__ = ["answer_of", "request_line"]

_SUFFIX: Final = {"image": ".png", "audio": ".wav", "video": ".mp4"}


def request_line(request: Request, number: str, scratch: Path) -> tuple[bytes, list[Path]]:
    """A request as its line, and files made for it in ``scratch``: media that are not files are written there."""
    parts: list[dict[str, Any]] = []
    made: list[Path] = []
    for part in request.parts:
        if part.kind == "text":
            parts.append({"kind": "text", "text": _plain(part.text)})
            continue
        from genlevel.media import media_type

        path = part.path
        if path is None:
            path = scratch / f"{number}-{len(parts)}{_suffix(part)}"
            path.write_bytes(part.data or b"")
            made.append(path)
        parts.append({"kind": part.kind, "path": str(path.absolute()), "media_type": media_type(part)})
    line: dict[str, Any] = {
        "id": number,
        "task_id": request.task_id,
        "sample_id": _plain(request.sample_id),
        "task_type": request.task_type,
        "seed": request.seed,
        "makes": sorted(request.makes),
        "parts": parts,
    }
    if request.choices:
        line["choices"] = [_plain(choice) for choice in request.choices]
    if request.content:
        line["content"] = _plain(request.content)
    if request.classes:
        line["classes"] = {str(label): _plain(name) for label, name in request.classes.items()}
    return orjson.dumps(line) + b"\n", made


def _suffix(part: Part) -> str:
    from genlevel.media import media_type
    from genlevel.media.files import SUFFIXES

    kind = media_type(part)
    return next((suffix for suffix, name in SUFFIXES.items() if name == kind), _SUFFIX.get(part.kind, ".bin"))


def _plain(text: str) -> str:
    """Text that UTF-8 can hold."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def answer_of(answer: Mapping[str, Any], folder: Path) -> Reply:
    """A program's answer with all media read.

    Args:
        answer: the decoded line.
        folder: where relative paths begin: the program's working folder.

    Raises:
        RequestFailed: the program reports an error, or its answer is none.
    """
    error = answer.get("error")
    if error:
        raise RequestFailed(" ".join(str(error).split())[:1000])
    usage = _usage(answer.get("usage"))
    parts = answer.get("parts")
    if parts is None:
        text = answer.get("text")
        if not isinstance(text, str):
            raise RequestFailed("the program's answer has neither text, nor parts, nor error")
        return Reply((Part("text", text),), usage)
    if not isinstance(parts, list) or not parts:
        raise RequestFailed("the program's answer has parts that are no list, or an empty one")
    return Reply(tuple(_part(part, f"parts[{i}]", folder) for i, part in enumerate(parts)), usage)


def _part(value: Any, where: str, folder: Path) -> Part:
    kind = value.get("kind") if isinstance(value, dict) else None
    if kind not in PART_KINDS:
        raise RequestFailed(f"the program's answer has {where} whose kind is none of {', '.join(PART_KINDS)}")
    if kind == "text":
        if not isinstance(value.get("text"), str):
            raise RequestFailed(f"the program's answer has {where} of kind text without text")
        return Part("text", value["text"])
    given = value.get("media_type", "")
    path, data = value.get("path"), value.get("data")
    if isinstance(path, str) and path:
        return _file(kind, folder / path, given)
    if not isinstance(data, str):
        raise RequestFailed(f"the program's answer has {where} of kind {kind} without path or data")
    try:
        decoded = base64.b64decode(data, validate=True)
    except ValueError:
        raise RequestFailed(f"the program's answer has {where} whose data is no base64") from None
    return _read(kind, decoded, given)


def _file(kind: Any, path: Path, given: Any) -> Part:
    """A file's content, as the program may write the next answer into the same file."""
    from genlevel.media import MediaError, load_frames, media_type
    from genlevel.media.files import read_file

    try:
        if kind == "video" and path.is_dir():
            # A folder of frames would have to be copied file by file; one file holds them as well.
            return _film(load_frames(Part("video", path=path)))
        data = read_file(path)
    except MediaError as error:
        raise RequestFailed(f"the program's answer names a file that cannot be read: {error}") from None
    return _read(kind, data, given or media_type(Part(kind, path=path)))


def _film(frames: Any) -> Part:
    from genlevel.media import MediaError, encode_mp4

    try:
        return Part("video", data=encode_mp4(frames, 8), media_type="video/mp4")
    except MediaError as error:
        raise RequestFailed(
            f"the program's answer is a folder of frames that cannot be made a video: {error}"
        ) from None


def _read(kind: Any, data: bytes, given: Any) -> Part:
    from genlevel.media.files import sniff

    # What the bytes are comes before what they are called.
    return Part(kind, data=data, media_type=sniff(data[:64]) or (given if isinstance(given, str) else ""))


def _usage(value: Any) -> Usage:
    if not isinstance(value, dict):
        return Usage()
    counts = [value.get(name) for name in ("input_tokens", "output_tokens")]
    tokens = [count if isinstance(count, int) and 0 <= count < 2**53 else 0 for count in counts]
    cost = value.get("cost", 0.0)
    known = isinstance(cost, (int, float)) and math.isfinite(cost) and cost >= 0
    return Usage(tokens[0], tokens[1], float(cost) if known else 0.0)
