"""Numbers in bulk: lists in text, NumPy files."""

from __future__ import annotations

import io
import zipfile
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from genlevel.media import MediaError, part_bytes
from genlevel.records import Part
from genlevel.tasktypes.literals import find_literals

__all__ = ["find_array", "load_array", "number_array"]

Array = npt.NDArray[np.float64]

_DIMENSIONS: Final = 8
_VALUES: Final = 5_000_000
_NPZ_BYTES: Final = 512 * 2**20
_NPZ_KEYS: Final = ("depth", "disparity", "arr_0", "labels", "points", "data")


def number_array(value: Any) -> Array | None:
    """A number or nested lists of numbers as a float64 array; None if it is anything else, ragged or not finite."""
    if isinstance(value, bool) or not isinstance(value, (int, float, list, tuple)):
        return None
    try:
        array = np.asarray(value, dtype=object)
        if array.ndim > _DIMENSIONS or array.size > _VALUES or any(type(v) not in (int, float) for v in array.flat):
            return None
        numbers = array.astype(np.float64)
    except (ValueError, TypeError, OverflowError, RecursionError):
        return None
    return numbers if np.isfinite(numbers).all() else None


def find_array(text: str) -> Array | None:
    """The largest list of numbers in a text, also as the value of an object's key; None if there is none."""
    best: Array | None = None
    for value in find_literals(text):
        for candidate in (value, *(value.values() if isinstance(value, dict) else ())):
            array = number_array(candidate)
            if array is not None and array.ndim and (best is None or array.size > best.size):
                best = array
    return best


def load_array(part: Part) -> npt.NDArray[Any]:
    """The array of an NPY file, or of an NPZ file's usual key or only array; pickles are refused.

    Raises:
        MediaError: neither, several arrays, or beyond the limits.
    """
    from genlevel.media.points import read_npy

    data = part_bytes(part)
    name = str(part.path or part.kind)
    if data[:2] != b"PK":
        return read_npy(io.BytesIO(data), name)
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            key = next((k for k in _NPZ_KEYS if k in names), next(iter(names)) if len(names) == 1 else None)
            if key is None:
                raise MediaError(f"{name}: holds {len(names)} arrays and none is called {' or '.join(_NPZ_KEYS[:2])}")
            if names[key].file_size > _NPZ_BYTES:
                raise MediaError(f"{name}: '{key}' has {names[key].file_size} bytes; at most {_NPZ_BYTES} are taken")
            with archive.open(names[key]) as file:
                return read_npy(io.BytesIO(file.read(_NPZ_BYTES + 1)), name)
    except (zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise MediaError(f"{name}: the NPZ file is broken ({error})") from None
