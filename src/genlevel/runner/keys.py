"""The key of an answer: a hash of everything that the answer depends on."""

from __future__ import annotations

import hashlib
import os
import stat
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson

from genlevel.media import MediaError, media_type
from genlevel.media.files import read_file
from genlevel.media.limits import FILE_BYTES
from genlevel.models.base import Model
from genlevel.records import PART_KINDS, Part, PartKind, Request


def identity_of(model: Model) -> dict[str, Any]:
    """The model's identity with what the run does to its requests."""
    limit = {"image_limit": model.image_limit} if model.image_limit else {}
    return {**model.identity(), **limit}


def identity_bytes(model: Model) -> bytes:
    """The model's identity as bytes to hash."""
    return orjson.dumps(identity_of(model), option=orjson.OPT_SORT_KEYS)


def seed_of(task_id: str, sample_id: str, base: int = 0, repeat: int = 1) -> int:
    """A sample's own seed below 2**31; another ``base`` or ``repeat`` gives another one."""
    again = f"\0{repeat}" if repeat > 1 else ""
    digest = hashlib.sha256(f"{base}\0{task_id}\0{sample_id}{again}".encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:4], "big") >> 1


def has_media(request: Request) -> bool:
    """Whether computing the request's key means reading files."""
    return any(part.kind != "text" for part in request.parts)


def keyed(
    request: Request, identity: bytes, inline: int = 0, makes: frozenset[PartKind] = frozenset(PART_KINDS)
) -> tuple[Request, str]:
    """The request, with media files of up to ``inline`` bytes read into it, and its key.

    The key is a SHA-256 (hexadecimal, 32 digits) over the model's identity and the request's content: the task type, the kinds
    asked for and which of them the model ``makes``, as servers are told these, the texts, the bytes of the media, and what a
    model may take in place of texts. Ids and paths are no part of it.

    Raises:
        MediaError: if a file cannot be read.
    """
    digest = hashlib.sha256(identity)
    digest.update(f"\0{request.task_type}\0{','.join(sorted(request.makes))}\0".encode())
    if not request.makes <= makes:
        digest.update(f"of these {','.join(sorted(request.makes & makes))}\0".encode())
    parts: list[Part] = []
    for part in request.parts:
        if part.kind == "text":
            content = part.text.encode("utf-8", "surrogatepass")
        else:
            part, content = _read(part, inline)
        digest.update(f"{part.kind} {len(content)}\0".encode())
        digest.update(content)
        parts.append(part)
    more = (request.choices, request.content, request.classes, request.schema)
    if any(more):
        digest.update(orjson.dumps(more, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS))
    return (replace(request, parts=tuple(parts)) if inline else request), digest.hexdigest()[:32]


def drawn_key(key: str, seed: int) -> str:
    """The key of one draw among several: of an answer that depends on the seed."""
    return hashlib.sha256(f"{key} seed {seed}".encode()).hexdigest()[:32]


def _read(part: Part, inline: int) -> tuple[Part, bytes]:
    if part.data is not None:
        return part, hashlib.sha256(part.data).digest()
    if part.path is None:
        raise MediaError(f"{part.kind} part holds neither data nor a path")
    try:
        status = part.path.stat()
        if stat.S_ISDIR(status.st_mode):
            return part, _folder_digest(part.path)
    except (OSError, ValueError) as error:
        raise MediaError(f"{part.path}: cannot be read ({getattr(error, 'strerror', None) or error})") from None
    if status.st_size <= inline:
        data = read_file(part.path, inline)
        return Part(part.kind, data=data, media_type=media_type(part)), hashlib.sha256(data).digest()
    return part, _file_digest(part.path)


def _folder_digest(folder: Path) -> bytes:
    """A folder of frames: the names in order and the bytes of each."""
    digest = hashlib.sha256()
    for name in sorted(os.listdir(folder)):
        if not name.startswith(".") and (folder / name).is_file():
            digest.update(name.encode("utf-8", "surrogateescape") + b"\0" + _file_digest(folder / name))
    return digest.digest()


def _file_digest(path: Path) -> bytes:
    """A file's hash, without holding the file in memory."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode):
                raise MediaError(f"{path}: not a regular file")
            if status.st_size > FILE_BYTES:
                raise MediaError(f"{path}: {status.st_size} bytes; at most {FILE_BYTES} are taken")
            return hashlib.file_digest(file, "sha256").digest()
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror})") from None
