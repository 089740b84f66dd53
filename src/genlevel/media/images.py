"""Images and masks: bytes to arrays and back."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from genlevel.media.errors import MediaError
from genlevel.media.files import name_of, part_bytes, read_file
from genlevel.media.headers import Header, read_header
from genlevel.media.limits import IMAGE_PIXELS
from genlevel.media.opencv import opencv
from genlevel.media.points import read_npy
from genlevel.records import Part

Image = npt.NDArray[np.uint8]
Mask = npt.NDArray[Any]

_HEAD: Final = 64 * 1024
_PNG_START: Final = b"\x89PNG\r\n\x1a\n"


def image_size(part: Part) -> tuple[int, int]:
    """Height and width of an image in pixels, as stored, from its header alone.

    Raises:
        MediaError: not an image, or beyond the limits.
    """
    name = name_of(part)
    data = part.data if part.data is not None else read_file(part.path, head=_HEAD) if part.path is not None else b""
    try:
        header = read_header(data)
    except MediaError:
        # The size may lie behind a long preview or, in a TIFF, at the end.
        try:
            header = read_header(part_bytes(part))
        except MediaError as error:
            raise MediaError(f"{name}: {str(error).removeprefix(f'{name}: ')}") from None
    if header.width * header.height > IMAGE_PIXELS:
        raise MediaError(f"{name}: {header.width} x {header.height} pixels; at most {IMAGE_PIXELS} are taken")
    return header.height, header.width


def load_image(part: Part, *, max_pixels: int = IMAGE_PIXELS) -> Image:
    """An image as people see it: uint8, shape (H, W, 3), RGB.

    Grey is repeated over the channels, 16-bit values are scaled to 8, a transparent image is laid on white, the first frame
    of an animation is taken, and a JPEG is turned upright as its EXIF orientation says.

    Raises:
        MediaError: not an image, truncated, or beyond the limits.
    """
    name, data, header = _open(part, max_pixels)
    cv = opencv()
    # Only for JPEG does OpenCV's colour mode do all that is wanted (orientation, CMYK); it would drop an alpha channel.
    flag = cv.IMREAD_COLOR if header.kind == "image/jpeg" else cv.IMREAD_UNCHANGED
    pixels = to_uint8(_decode(data, flag, name, max_pixels), name)
    if pixels.ndim == 2:
        return np.repeat(pixels[:, :, None], 3, axis=2)
    if pixels.shape[2] == 4:
        return _on_white(pixels)
    return np.ascontiguousarray(pixels[:, :, ::-1])


def load_mask(part: Part, *, max_pixels: int = IMAGE_PIXELS) -> Mask:
    """A label or depth map: uint8 or uint16 of shape (H, W), values as stored.

    A palette PNG gives its indices, a grey image its values (16-bit kept, 1-, 2- and 4-bit unscaled, alpha ignored), three
    equal channels give one of them; an NPY file gives its integers. EXIF orientation is ignored.

    Raises:
        MediaError: not an image, truncated, coloured, or beyond the limits.
    """
    if part_is_npy(part):
        return _npy_mask(part, max_pixels)
    name, data, header = _open(part, max_pixels)
    divisor = 1
    if header.kind == "image/png":
        data, divisor = _png_as_stored(data)
    cv = opencv()
    pixels = _decode(data, cv.IMREAD_UNCHANGED, name, max_pixels)
    if pixels.dtype not in (np.uint8, np.uint16):
        raise MediaError(f"{name}: a mask holds whole numbers, not {pixels.dtype}")
    if pixels.ndim == 3:
        first = pixels[:, :, 0]
        if any((pixels[:, :, i] != first).any() for i in (1, 2)):
            raise MediaError(f"{name}: a coloured image is no mask; store labels as grey values or palette indices")
        pixels = first
    return np.ascontiguousarray(pixels // divisor if divisor > 1 else pixels)


def encode_png(array: npt.NDArray[Any]) -> bytes:
    """A PNG of a uint8 or uint16 array, (H, W) grey, (H, W, 3) RGB or (H, W, 4) RGBA; bool becomes 0 and 1.

    Raises:
        MediaError: another shape or type, or no pixels.
    """
    pixels = np.asarray(array)
    if pixels.dtype == np.bool_:
        pixels = pixels.astype(np.uint8)
    if pixels.dtype not in (np.uint8, np.uint16) or not (
        pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] in (3, 4))
    ):
        raise MediaError(
            f"an image is uint8 or uint16 of (H, W), (H, W, 3) or (H, W, 4), not {pixels.dtype} {pixels.shape}"
        )
    if pixels.size == 0 or pixels.shape[0] * pixels.shape[1] > IMAGE_PIXELS:
        raise MediaError(f"an image of shape {pixels.shape} cannot be written; it needs 1 to {IMAGE_PIXELS} pixels")
    if pixels.ndim == 3:
        pixels = pixels[:, :, [2, 1, 0, 3][: pixels.shape[2]]]
    good, data = opencv().imencode(".png", np.ascontiguousarray(pixels))
    if not good:
        raise MediaError(f"an image of shape {pixels.shape} could not be written as PNG")
    return bytes(data)


def to_uint8(pixels: npt.NDArray[Any], name: str) -> Image:
    """Pixels of a decoded image as 8-bit: 16-bit scaled by 255 / 65535 and rounded."""
    if pixels.dtype == np.uint8:
        return pixels
    if pixels.dtype == np.uint16:
        return ((pixels.astype(np.uint32) * 255 + 32767) // 65535).astype(np.uint8)
    raise MediaError(f"{name}: images of {pixels.dtype} values are not taken; use 8 or 16 bits")


def part_is_npy(part: Part) -> bool:
    """Whether a part holds a NumPy array rather than a picture."""
    if part.data is not None:
        return part.data[:6] == b"\x93NUMPY"
    return part.path is not None and part.path.suffix.lower() == ".npy"


def _open(part: Part, max_pixels: int) -> tuple[str, bytes, Header]:
    name, data = name_of(part), part_bytes(part)
    try:
        header = read_header(data)
        if header.kind == "image/png":
            data = _checked_png(data)
    except MediaError as error:
        raise MediaError(f"{name}: {error}") from None
    if header.width * header.height > max_pixels:
        raise MediaError(f"{name}: {header.width} x {header.height} pixels; at most {max_pixels} are taken")
    if header.kind == "image/jpeg" and b"\xff\xd9" not in data:
        raise MediaError(f"{name}: the JPEG is truncated (no end marker)")
    return name, data, header


def _decode(data: bytes, flag: int, name: str, max_pixels: int) -> npt.NDArray[Any]:
    cv = opencv()
    try:
        pixels = cv.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv.error:
        pixels = None
    except MemoryError:
        raise MediaError(f"{name}: not enough memory to decode the image") from None
    if pixels is None or pixels.size == 0 or pixels.shape[0] * pixels.shape[1] > max_pixels:
        raise MediaError(f"{name}: the image is truncated or broken")
    if pixels.ndim == 3 and pixels.shape[2] in (1, 2):
        pixels = pixels[:, :, 0]
    return np.asarray(pixels)


def _on_white(pixels: Image) -> Image:
    alpha = pixels[:, :, 3:].astype(np.uint32)
    colour = pixels[:, :, 2::-1].astype(np.uint32)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and content of each chunk of a PNG, checksums checked: a decoder would complain on stderr instead."""
    at = len(_PNG_START)
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        end = at + 8 + size
        if end + 4 > len(data):
            break
        if zlib.crc32(data[at + 4 : end]) != int.from_bytes(data[end : end + 4], "big"):
            raise MediaError(f"the PNG is damaged (checksum of its {data[at + 4 : at + 8]!r} chunk)")
        yield data[at + 4 : at + 8], data[at + 8 : end]
        if data[at + 4 : at + 8] == b"IEND":
            return
        at = end + 4
    raise MediaError("the PNG is truncated")


def _chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


_PNG_KEPT: Final = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})


def _checked_png(data: bytes) -> bytes:
    """The PNG with only the chunks that make its pixels.

    Colour profiles, times and texts are dropped (decoders warn of odd ones), and so are the later frames of an animation.
    """
    kept = [_chunk(name, content) for name, content in _chunks(data) if name in _PNG_KEPT]
    return _PNG_START + b"".join(kept)


def _png_as_stored(data: bytes) -> tuple[bytes, int]:
    """The PNG as one whose decoded grey values, divided by the number given, are its stored values.

    A palette image becomes a grey one with the same pixels, for its labels are the indices. Decoders stretch 1-, 2- and
    4-bit grey to 0..255, which the divisor takes back.
    """
    out, divisor = [], 1
    for name, content in _chunks(data):
        kept = content
        if name == b"IHDR":
            depth, colour = content[8], content[9]
            if colour == 3:
                kept = content[:9] + b"\x00" + content[10:]
            if colour in (0, 3) and depth in (1, 2, 4):
                divisor = 255 // (2**depth - 1)
        if name in {b"IHDR", b"IDAT", b"IEND"}:
            out.append(_chunk(name, kept))
    return _PNG_START + b"".join(out), divisor


def _npy_mask(part: Part, max_pixels: int) -> Mask:
    name = name_of(part)
    array = read_npy(io.BytesIO(part_bytes(part)), name)
    if array.ndim != 2 or array.dtype.kind not in "iub" or not 0 < array.size <= max_pixels:
        raise MediaError(f"{name}: a mask is a 2-d array of whole numbers, not {array.dtype} {array.shape}")
    return array.astype(np.uint8) if array.dtype == np.bool_ else array
