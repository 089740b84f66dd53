"""Masks as COCO writes them, from anyone: run lengths, polygons, bitmaps. All sizes are checked before anything is made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np
from hotcoco import mask as coco_mask
from numpy.typing import NDArray

from genlevel.errors import MetricError
from genlevel.metrics.evidence import Array

Bools = NDArray[np.bool_]
Bitmap = NDArray[np.bool_]
Ints = NDArray[np.int64]
Rle = dict[str, Any]

MAX_PIXELS = 1 << 26
MAX_CORNERS = 200_000
# The rasteriser walks along the outline in steps of a fifth of a pixel.
MAX_OUTLINE = 1e7
_DIGITS = 7  # of 5 bits: run lengths below 2^34
_BLOCK = 50_000  # characters decoded at a time: their arrays stay in the cache


def _size(thing: Any) -> tuple[int, int]:
    """Height and width, both at least 1 and together at most ``MAX_PIXELS``."""
    try:
        height, width = thing
        size = (int(height), int(width))
    except (TypeError, ValueError, OverflowError):
        raise MetricError(f"mask size {thing!r:.40} is not [height, width]") from None
    if not (size[0] > 0 and size[1] > 0 and size[0] * size[1] <= MAX_PIXELS):
        raise MetricError(f"mask size {size} is not within 1 to {MAX_PIXELS} pixels")
    return size


def parse_counts(text: str | bytes, limit: int) -> Ints:
    """Run lengths from COCO's compressed string; at most ``limit`` of them.

    A number is a group of characters with 5 bits each, lowest first; from the third on it is the difference to the number
    two before.
    """
    if len(text) > _DIGITS * (limit + 1):
        raise MetricError(f"mask string of {len(text)} characters is too long for {limit} runs")
    try:
        raw = text.encode("ascii") if isinstance(text, str) else bytes(text)
    except UnicodeEncodeError:
        raise MetricError("mask string has characters that are not ASCII") from None
    codes = np.frombuffer(raw, np.uint8).astype(np.int64) - 48
    if not codes.size:
        return np.zeros(0, np.int64)
    if codes.min() < 0 or codes.max() > 63 or codes[-1] & 32:
        raise MetricError("mask string is not a whole sequence of COCO's run lengths")
    last = np.flatnonzero((codes & 32) == 0)
    first = np.concatenate([np.zeros(1, np.int64), last[:-1] + 1])
    lengths = last - first + 1
    if len(last) > limit or int(lengths.max()) > _DIGITS:
        raise MetricError("mask string has more or longer runs than its size allows")
    place = np.arange(len(codes)) - np.repeat(first, lengths)
    values = np.add.reduceat((codes & 31) << (5 * place), first)
    values -= np.where(codes[last] & 16, np.int64(1) << (5 * lengths), 0)
    values[1::2] = np.cumsum(values[1::2])
    values[2::2] = np.cumsum(values[2::2])
    return values


class Runs(NamedTuple):
    """Run lengths of many masks."""

    values: Ints
    """Of all masks, one after the other."""
    start: Ints
    """Where in ``values`` those of each mask begin."""
    sound: Bools
    """Whether the string was a whole sequence of numbers; the values of another mean nothing."""


def parse_all(strings: Sequence[bytes]) -> Runs:
    """:func:`parse_counts` of many strings at once, none of them empty."""
    codes = np.frombuffer(b"".join(strings), np.uint8) - np.uint8(48)  # below 48 it wraps around and is above 63 too
    length = np.fromiter(map(len, strings), np.int64, len(strings))
    end = np.cumsum(length)
    last = codes < 32
    sound: Bools = last[end - 1]
    if codes.max() > 63:
        sound &= np.maximum.reduceat(codes, end - length) <= 63
    # Also where the last number is not whole, so that no string runs into the next.
    last[end - 1] = True
    stop = last.nonzero()[0]
    first = np.zeros_like(stop)
    first[1:] = stop[:-1] + 1
    digits = stop - first + 1
    start = np.searchsorted(first, end - length)
    most = int(digits.max())
    if most > _DIGITS:
        sound &= np.maximum.reduceat(digits, start) <= _DIGITS
    values = (codes[first] & 31).astype(np.int64)
    for place in range(1, min(most, _DIGITS)):
        longer = (digits > place).nonzero()[0]
        values[longer] |= (codes[first[longer] + place] & 31).astype(np.int64) << 5 * place
    negative = (codes[stop] & 16).nonzero()[0]
    values[negative] -= 1 << np.minimum(5 * digits[negative], 60)
    # Sums of every other number over all strings, less what came before each string and its first number. They are exact
    # also where broken strings make them wrap around.
    sums = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values[0::2], out=sums[1::2])
    np.cumsum(values[1::2], out=sums[2::2])
    begin = start.repeat(np.append(start[1:], len(values)) - start)
    runs = sums[1:] - sums[begin + 1 - (np.arange(len(values)) - begin & 1)]
    runs[start] = values[start]
    return Runs(runs, start, sound)


def _format_counts(counts: NDArray[np.int64]) -> bytes:
    """Run lengths as COCO's compressed string, the inverse of :func:`parse_counts`."""
    rest = counts.astype(np.int64).copy()
    rest[3:] -= counts[1:-2]
    out = bytearray()
    for number in rest.tolist():
        more = True
        while more:
            digit, number = number & 31, number >> 5
            more = number != (-1 if digit & 16 else 0)
            out.append((digit | 32 if more else digit) + 48)
    return bytes(out)


def run_lengths(rle: Mapping[str, Any]) -> tuple[tuple[int, int], NDArray[np.int64]]:
    """(height, width) and run lengths, column by column and beginning with background, whose sum is height x width.

    Args:
        rle: ``{"size": [height, width], "counts": str | bytes | list[int]}``.

    Raises:
        MetricError: for anything else, in one line.
    """
    size = _size(rle.get("size"))
    pixels = size[0] * size[1]
    counts = rle.get("counts")
    if isinstance(counts, (str, bytes)):
        runs = parse_counts(counts, pixels + 2)
    elif isinstance(counts, Sequence) and len(counts) <= pixels + 2:
        try:
            runs = np.array(counts, np.int64).reshape(len(counts))
        except (TypeError, ValueError, OverflowError):
            raise MetricError("mask counts are not whole numbers") from None
    else:
        raise MetricError("mask has no 'counts' of a string or a list that fits its size")
    if (len(runs) and (runs.min() < 0 or runs.max() > pixels)) or int(runs.sum()) != pixels:
        raise MetricError(f"mask counts do not add up to {size[0]} x {size[1]} pixels")
    return size, runs


def decode(rle: Mapping[str, Any]) -> Bitmap:
    """The bitmap (height, width) of run lengths; errors as :func:`run_lengths`."""
    (height, width), runs = run_lengths(rle)
    flat = np.repeat(np.arange(len(runs)) % 2 == 1, runs)
    return flat.reshape(width, height).T


def encode(bitmap: Array) -> Rle:
    """Compressed run lengths of a bitmap (height, width)."""
    rle: Rle = coco_mask.encode(np.asfortranarray(bitmap != 0, dtype=np.uint8))
    return rle


def from_polygons(polygons: Any, size: Any) -> Rle:
    """Compressed run lengths of the union of polygons ``[[x0, y0, x1, y1, ...], ...]`` in an image of ``size``.

    Corners may lie outside the image by no more than its size. A polygon has at least three corners.
    """
    height, width = _size(size)
    if not isinstance(polygons, Sequence) or isinstance(polygons, (str, bytes)) or not polygons:
        raise MetricError("mask polygons are not a list of lists of numbers")
    checked: list[list[float]] = []
    corners, outline = 0, 0.0
    for polygon in polygons:
        if not isinstance(polygon, (Sequence, np.ndarray)) or isinstance(polygon, (str, bytes)):
            raise MetricError("mask polygons are not a list of lists of numbers")
        if len(polygon) > 2 * MAX_CORNERS or len(polygons) > MAX_CORNERS:
            raise MetricError(f"mask polygons have more than {MAX_CORNERS} corners")
        try:
            flat = np.array(polygon, np.float64).ravel()
        except (TypeError, ValueError):
            raise MetricError("mask polygons are not a list of lists of numbers") from None
        corners += len(flat) // 2
        if len(flat) < 6 or len(flat) % 2 or corners > MAX_CORNERS:
            raise MetricError(f"a mask polygon needs 3 corners or more, of x and y each, {MAX_CORNERS} in all at most")
        xy = flat.reshape(-1, 2)
        near = (xy >= (-width, -height)) & (xy <= (2 * width, 2 * height))
        if not bool(near.all()):
            raise MetricError("a mask polygon has a corner that is far outside the image or not finite")
        outline += float(np.abs(xy - np.roll(xy, 1, axis=0)).max(axis=1).sum())
        if outline > MAX_OUTLINE:
            raise MetricError("mask polygons have too long an outline")
        checked.append(flat.tolist())
    rle: Rle = coco_mask.merge(coco_mask.frPyObjects(checked, height, width))
    return rle


def read(thing: Any, size: Any = None) -> Rle:
    """Any form of a mask as checked compressed run lengths.

    Args:
        thing: run lengths ``{"size", "counts"}``, polygons (with ``size``), or a bitmap (height, width).
        size: [height, width], for polygons.

    Raises:
        MetricError: in one line, if it is none of these.
    """
    if isinstance(thing, Mapping):
        (height, width), runs = run_lengths(thing)
        counts = thing.get("counts")
        if isinstance(counts, str):
            counts = counts.encode("ascii")
        return {"size": [height, width], "counts": counts if isinstance(counts, bytes) else _format_counts(runs)}
    if isinstance(thing, np.ndarray):
        if thing.ndim != 2 or thing.dtype.kind not in "biuf":
            raise MetricError(
                f"mask array has shape {thing.shape} and type {thing.dtype}; it must be numbers (height, width)"
            )
        _size(thing.shape)
        return encode(thing)
    return from_polygons(thing, size)


def read_all(things: Sequence[Any], sizes: Sequence[Any]) -> list[Rle | None]:
    """:func:`read` of each, None where it is no mask; compressed strings are checked many at a time."""
    found: list[Rle | None] = [None] * len(things)
    strings: list[bytes] = []
    shapes: list[tuple[int, int]] = []
    rows: list[int] = []
    for row, thing in enumerate(things):
        try:
            counts = thing.get("counts") if type(thing) is dict else None
            if not isinstance(counts, (str, bytes)) or not counts:
                found[row] = read(thing, sizes[row])
                continue
            height, width = _size(thing.get("size"))
            if len(counts) <= _DIGITS * (height * width + 3):
                strings.append(counts.encode("ascii") if isinstance(counts, str) else counts)
                shapes.append((height, width))
                rows.append(row)
        except (MetricError, UnicodeEncodeError):
            continue
    for part in _blocks(strings):
        sound = _whole(strings[part], shapes[part])
        for row, counts, shape, good in zip(rows[part], strings[part], shapes[part], sound.tolist(), strict=True):
            found[row] = {"size": [*shape], "counts": counts} if good else None
    return found


def _blocks(strings: Sequence[bytes]) -> list[slice]:
    """What is decoded at a time: neighbours that end in the same block of characters."""
    ends = np.cumsum(np.fromiter(map(len, strings), np.int64, len(strings)))
    cuts = np.flatnonzero(np.diff(ends // _BLOCK, prepend=0)).tolist()
    return [slice(low, high) for low, high in pairwise([0, *cuts, len(strings)]) if low < high]


def _whole(strings: Sequence[bytes], shapes: Sequence[tuple[int, int]]) -> Bools:
    """Whether each string is run lengths that fill its shape, as :func:`run_lengths` says."""
    runs = parse_all(strings)
    pixels = np.array(shapes, np.int64).prod(axis=1)
    count = np.diff(runs.start, append=len(runs.values))
    least, most, total = (f.reduceat(runs.values, runs.start) for f in (np.minimum, np.maximum, np.add))
    fits: Bools = runs.sound & (count <= pixels + 2) & (least >= 0) & (most <= pixels)
    fits &= total == pixels
    return fits


def area(rle: Rle) -> int:
    """Pixels of a mask from :func:`read`."""
    return int(coco_mask.area([rle])[0])
