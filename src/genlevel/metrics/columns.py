"""Samples as whole columns: many small answers read at one go, and passes over large arrays piece by piece."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from types import NoneType
from typing import Any

import numpy as np

from genlevel.metrics.evidence import FloatArray, Ragged

# Items of a piece: what is made of it on the way stays in the cache and is not fetched from the system anew each time, and
# BLAS does not wake its threads for it, which takes longer than the work.
PIECE = 1 << 13


def plain_numbers(things: Sequence[Any]) -> FloatArray | None:
    """Plain numbers, one a sample, as float64 (n,) with NaN for None; None where one of them is anything else."""
    if not isinstance(things, np.ndarray) and len(things) and not isinstance(things[0], float | int | np.number | None):
        return None  # before a large thing is copied
    try:
        array = np.asarray(things)
        if array.dtype == np.object_ and {*map(type, things)} <= {float, int, NoneType}:
            array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    return array.astype(np.float64, copy=False) if array.ndim == 1 and array.dtype.kind in "biuf" else None


def plain_rows(things: Sequence[Any], width: int) -> FloatArray | None:
    """Lists of ``width`` numbers, one a sample, as float64 (n, width) with NaN for None; None where one is anything else."""
    if isinstance(things, np.ndarray):
        return things.astype(np.float64) if things.shape[1:] == (width,) and things.dtype.kind in "biuf" else None
    kinds = {*map(type, things)}
    if NoneType in kinds:
        nothing = (np.nan,) * width
        things = [nothing if thing is None else thing for thing in things]
        kinds.discard(NoneType)
    if not kinds <= {list, tuple} or not {*map(len, things)} <= {width}:
        return None
    try:
        # From one flat run of numbers, which is twice as fast as from rows.
        flat = np.fromiter(chain.from_iterable(things), np.float64, width * len(things))
    except (TypeError, ValueError, OverflowError):
        return None
    return flat.reshape(len(things), width)


def plain_lists(things: Sequence[Any]) -> Ragged | None:
    """Lists of any number of numbers, one a sample, as float64, empty for None; None where one is anything else."""
    kinds = {*map(type, things)}
    if NoneType in kinds:
        things = [() if thing is None else thing for thing in things]
        kinds.discard(NoneType)
    if not kinds <= {list, tuple}:
        return None
    offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(np.fromiter(map(len, things), np.int64, len(things)))])
    try:
        return Ragged(np.fromiter(chain.from_iterable(things), np.float64, int(offsets[-1])), offsets)
    except (TypeError, ValueError, OverflowError):
        return None


def pieces(items: int) -> Iterator[slice]:
    """Slices of at most ``PIECE`` that cover 0 to ``items`` in order."""
    return (slice(start, start + PIECE) for start in range(0, items, PIECE))
