"""Bytes of a part and what kind of file they are."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from genlevel.media.errors import MediaError
from genlevel.media.limits import FILE_BYTES
from genlevel.records import Part

SUFFIXES: Final[dict[str, str]] = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".jfif": "image/jpeg",
    ".gif": "image/gif",
    ".bmp": "image/bmp",
    ".webp": "image/webp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
    ".ppm": "image/x-portable-anymap",
    ".pgm": "image/x-portable-anymap",
    ".pbm": "image/x-portable-anymap",
    ".pnm": "image/x-portable-anymap",
    ".wav": "audio/wav",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".oga": "audio/ogg",
    ".opus": "audio/ogg",
    ".mp3": "audio/mpeg",
    ".aif": "audio/aiff",
    ".aiff": "audio/aiff",
    ".mp4": "video/mp4",
    ".m4v": "video/mp4",
    ".mov": "video/quicktime",
    ".mkv": "video/x-matroska",
    ".webm": "video/webm",
    ".avi": "video/x-msvideo",
    ".ply": "model/ply",
    ".obj": "model/obj",
    ".flo": "application/x-flo",
    ".npy": "application/x-npy",
    ".npz": "application/x-npz",
    ".xyz": "text/plain",
    ".txt": "text/plain",
    ".pts": "text/plain",
    ".csv": "text/csv",
    ".json": "application/json",
}
"""Media type by lower-case suffix."""

_DEFAULTS: Final = {"text": "text/plain", "image": "image/png", "audio": "audio/wav", "video": "video/mp4"}


def name_of(part: Part) -> str:
    """What to call a part in a message: its path, or its kind."""
    return str(part.path) if part.path is not None else f"{part.kind} of {len(part.data or b'')} bytes"


def part_bytes(part: Part, limit: int = FILE_BYTES) -> bytes:
    """The bytes of a part as stored, at most ``limit`` of them; a text part gives UTF-8.

    Raises:
        MediaError: no data, no such file, not a regular file (a device or pipe could be endless), or beyond the limit.
    """
    if part.kind == "text" and part.path is None and part.data is None:
        data = part.text.encode("utf-8", "surrogatepass")
    elif part.data is not None:
        data = bytes(part.data)
    elif part.path is not None:
        data = read_file(part.path, limit)
    else:
        raise MediaError(f"{part.kind} part holds neither data nor a path")
    if len(data) > limit:
        raise MediaError(f"{name_of(part)}: {len(data)} bytes; at most {limit} are taken")
    return data


def read_file(path: Path, limit: int = FILE_BYTES, *, head: int | None = None) -> bytes:
    """A regular file's bytes, at most ``limit`` of them; with ``head`` only that many from its start.

    Raises:
        MediaError: it cannot be read, is no regular file, or is larger.
    """
    try:
        # O_NONBLOCK: opening a pipe must not wait for a writer. It does nothing to regular files.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise MediaError(f"{path}: cannot be read ({reason})") from None
    # closefd by hand: fdopen itself fails for a folder.
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise MediaError(f"{path}: not a regular file")
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            if head is not None:
                return file.read(head)
            if status.st_size > limit:
                raise MediaError(f"{path}: {status.st_size} bytes; at most {limit} are taken")
            # The file may grow between the check and the read.
            data = file.read(limit + 1)
    except OSError as error:
        raise MediaError(f"{path}: cannot be read ({error.strerror})") from None
    finally:
        os.close(descriptor)
    if len(data) > limit:
        raise MediaError(f"{path}: more than {limit} bytes")
    return data


def media_type(part: Part) -> str:
    """MIME type of a part: as given, else by the suffix, else by the first bytes, else a default for its kind."""
    if part.media_type:
        return part.media_type
    if part.path is not None:
        known = SUFFIXES.get(part.path.suffix.lower())
        if known is None and part.path.is_dir():
            return "inode/directory"
        if known is not None:
            return known
        known = sniff(_head(part.path))
        if known:
            return known
    elif part.data is not None:
        known = sniff(part.data[:64])
        if known:
            return known
    return _DEFAULTS.get(part.kind, "application/octet-stream")


def sniff(head: bytes) -> str:
    """MIME type by the first bytes (64 are enough), or '' for an unknown kind."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF":
        return {b"WEBP": "image/webp", b"WAVE": "audio/wav", b"AVI ": "video/x-msvideo"}.get(head[8:12], "")
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return "audio/aiff"
    if head[4:8] in {b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"}:
        return "video/quicktime" if head[8:12] == b"qt  " else "video/mp4"
    if len(head) > 2 and head[:1] == b"P" and head[1:2] in b"123456" and head[2:3].isspace():
        return "image/x-portable-anymap"
    if len(head) > 1 and head[0] == 0xFF and head[1] & 0xE0 == 0xE0:
        return "audio/mpeg"
    return ""


_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"BM", "image/bmp"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"fLaC", "audio/flac"),
    (b"OggS", "audio/ogg"),
    (b"ID3", "audio/mpeg"),
    (b"\x1a\x45\xdf\xa3", "video/x-matroska"),
    (b"\x00\x00\x01\xba", "video/mpeg"),
    (b"ply\n", "model/ply"),
    (b"ply\r", "model/ply"),
    (b"\x93NUMPY", "application/x-npy"),
    (b"PK\x03\x04", "application/x-npz"),
)


def _head(path: Path) -> bytes:
    try:
        if not path.is_file():
            return b""
        with path.open("rb") as file:
            return file.read(64)
    except OSError:
        return b""
