"""Width and height from an image's header, before anything is decoded.

A decoder allocates what the header promises, so the promise is checked first. A kind of file that is not read here is not
decoded at all.
"""

from __future__ import annotations

import re
import struct
from typing import NamedTuple

from genlevel.media.errors import MediaError
from genlevel.media.files import sniff


class Header(NamedTuple):
    """What an image file says of itself: media type, pixels across and down."""

    kind: str
    width: int
    height: int


def read_header(data: bytes) -> Header:
    """Kind and size of an image.

    Raises:
        MediaError: empty, of no known image kind, or too short or broken for a size.
    """
    if not data:
        raise MediaError("the file is empty")
    kind = sniff(data[:64])
    reader = _READERS.get(kind)
    if reader is None:
        raise MediaError(f"not an image that can be read ({_looks_like(data, kind)})")
    try:
        width, height = reader(data)
    except (struct.error, IndexError, ValueError):
        raise MediaError(f"the {kind} header is truncated or broken") from None
    if width <= 0 or height <= 0:
        raise MediaError(f"the {kind} header says {width} x {height} pixels")
    return Header(kind, width, height)


def _looks_like(data: bytes, kind: str) -> str:
    if kind:
        return f"it is {kind}"
    try:
        # A multi-byte character may be cut at the end of the slice.
        text = data[:64].decode("utf-8", "strict" if len(data) <= 64 else "ignore")
    except UnicodeDecodeError:
        return "unknown kind of file"
    return (
        "it is text" if text.strip() and all(c.isprintable() or c.isspace() for c in text) else "unknown kind of file"
    )


def _png(data: bytes) -> tuple[int, int]:
    if data[12:16] != b"IHDR":
        raise ValueError
    width, height = struct.unpack_from(">II", data, 16)
    return width, height


def _gif(data: bytes) -> tuple[int, int]:
    width, height = struct.unpack_from("<HH", data, 6)
    return width, height


def _bmp(data: bytes) -> tuple[int, int]:
    (size,) = struct.unpack_from("<I", data, 14)
    if size == 12:
        width, height = struct.unpack_from("<HH", data, 18)
    else:
        width, height = struct.unpack_from("<ii", data, 18)
    return width, abs(height)  # a negative height means top-down rows


def _jpeg(data: bytes) -> tuple[int, int]:
    at = 2
    while True:
        if data[at] != 0xFF:
            raise ValueError
        while data[at] == 0xFF:  # fill bytes are allowed before a marker
            at += 1
        marker = data[at]
        at += 1
        if marker in _JPEG_ALONE:
            continue
        (length,) = struct.unpack_from(">H", data, at)
        if marker in _JPEG_FRAME:
            height, width = struct.unpack_from(">HH", data, at + 3)
            return width, height
        if length < 2 or marker in {0xD9, 0xDA}:
            raise ValueError
        at += length


_JPEG_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_JPEG_FRAME = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _webp(data: bytes) -> tuple[int, int]:
    chunk = data[12:16]
    if chunk == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if chunk == b"VP8L":
        (bits,) = struct.unpack_from("<I", data, 21)
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if chunk == b"VP8 ":
        width, height = struct.unpack_from("<HH", data, 26)
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError


def _tiff(data: bytes) -> tuple[int, int]:
    order = "<" if data[:2] == b"II" else ">"
    (at,) = struct.unpack_from(order + "I", data, 4)
    (entries,) = struct.unpack_from(order + "H", data, at)
    found: dict[int, int] = {}
    for i in range(entries):
        tag, kind, count = struct.unpack_from(order + "HHI", data, at + 2 + 12 * i)
        if tag in {256, 257} and kind in {3, 4} and count == 1:
            (found[tag],) = struct.unpack_from(order + ("H" if kind == 3 else "I"), data, at + 10 + 12 * i)
    if len(found) != 2:
        raise ValueError
    return found[256], found[257]


_PNM = re.compile(rb"P[1-6]\s+(?:#[^\n]*\n\s*)*(\d{1,9})\s+(?:#[^\n]*\n\s*)*(\d{1,9})\s")


def _pnm(data: bytes) -> tuple[int, int]:
    found = _PNM.match(data[:4096])
    if found is None:
        raise ValueError
    return int(found[1]), int(found[2])


_READERS = {
    "image/png": _png,
    "image/jpeg": _jpeg,
    "image/gif": _gif,
    "image/bmp": _bmp,
    "image/webp": _webp,
    "image/tiff": _tiff,
    "image/x-portable-anymap": _pnm,
}
