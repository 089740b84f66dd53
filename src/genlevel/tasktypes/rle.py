"""Masks that a model writes as text: run lengths in COCO's two forms, and polygons."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from genlevel.tasktypes.arrays import number_array
from genlevel.tasktypes.keys import first

__all__ = ["decode_mask", "decode_rle", "encode_rle", "fill_polygons"]

Mask = npt.NDArray[np.bool_]


def decode_mask(value: Any, shape: tuple[int, int]) -> Mask:
    """The mask of one object, bool (H, W), from run lengths or polygons under any usual key.

    Raises:
        ValueError: it is neither, or does not fit the size.
    """
    if isinstance(value, Mapping):
        if first(value, "counts") is not None:
            return decode_rle(value, shape)
        inner = first(value, "rle", "segmentation", "mask", "polygon", "polygons", "points")
        if inner is not None and inner is not value:
            return decode_mask(inner, shape)
        raise ValueError("a mask is {'size', 'counts'} or a polygon [[x, y], ...]")
    if isinstance(value, list):
        return fill_polygons(value, shape)
    raise ValueError("a mask is {'size', 'counts'} or a polygon [[x, y], ...]")


def decode_rle(value: Mapping[str, Any], shape: tuple[int, int]) -> Mask:
    """Run lengths in column order that begin with background: a list of numbers or COCO's compressed text."""
    size, counts = first(value, "size"), first(value, "counts")
    if size is not None and (not isinstance(size, list) or [*size] != [*shape]):
        raise ValueError(f"a mask has the size {str(size)[:40]} and not {list(shape)}, height before width")
    if isinstance(counts, str):
        runs = _compressed(counts)
    else:
        array = number_array(counts)
        if array is None or array.ndim != 1:
            raise ValueError("'counts' is a list of whole numbers or a text")
        if (np.abs(array) > 2**53).any() or (array != np.floor(array)).any():
            raise ValueError("'counts' is a list of whole numbers or a text")
        runs = array.astype(np.int64)
    pixels = shape[0] * shape[1]
    if len(runs) == 0 or (runs < 0).any() or (runs > pixels).any() or int(runs.sum()) != pixels:
        raise ValueError(f"the run lengths do not add up to {pixels} pixels")
    values = np.arange(len(runs)) % 2 == 1
    return np.repeat(values, runs).reshape(shape[1], shape[0]).T


def encode_rle(mask: npt.ArrayLike) -> dict[str, list[int]]:
    """A mask (H, W), anything above 0, as ``{"size": [H, W], "counts": [...]}`` with run lengths in plain numbers."""
    inside = np.asarray(mask) > 0
    if inside.ndim != 2 or not inside.size:
        raise ValueError(f"a mask is (height, width), not {inside.shape}")
    flat = inside.T.ravel()
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff([0, *edges.tolist(), flat.size]).tolist()
    return {"size": [int(n) for n in inside.shape], "counts": [0, *runs] if flat[0] else runs}


def _compressed(text: str) -> npt.NDArray[np.int64]:
    """COCO's text: numbers of 5 bits a character, each from the third on as the difference to the one two before."""
    runs: list[int] = []
    number = shift = 0
    for character in text:
        code = ord(character) - 48
        if not 0 <= code < 64 or shift > 60:
            raise ValueError("'counts' is no run-length text")
        number |= (code & 31) << shift
        shift += 5
        if not code & 32:
            if code & 16:
                number -= 1 << shift
            runs.append(number + (runs[-2] if len(runs) > 2 else 0))
            number = shift = 0
            if abs(runs[-1]) > 1 << 40:
                raise ValueError("'counts' is no run-length text")
    if shift:
        raise ValueError("'counts' ends within a number")
    return np.asarray(runs, np.int64)


def fill_polygons(value: list[Any], shape: tuple[int, int]) -> Mask:
    """The inside of polygons: one as [[x, y], ...] or [x, y, x, y, ...], or a list of such."""
    from genlevel.media.opencv import opencv

    array = number_array(value)
    polygons = (
        [value] if array is not None and (array.ndim == 1 or (array.ndim == 2 and array.shape[1] == 2)) else value
    )
    canvas = np.zeros(shape, np.uint8)
    for polygon in polygons:
        points = number_array(polygon)
        if (
            points is None
            or points.size < 6
            or points.size % 2
            or points.ndim > 2
            or (points.ndim == 2 and points.shape[1] != 2)
        ):
            raise ValueError("a polygon is a list of at least three points [x, y]")
        if np.abs(points).max() > 1e6:
            raise ValueError("a polygon leaves the image by far")
        opencv().fillPoly(canvas, [np.rint(points.reshape(-1, 2)).astype(np.int32)], 1)
    return canvas.astype(np.bool_)
