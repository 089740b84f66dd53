"""What all writers of answers need: strict checks of values, and JSON, NumPy and PNG files."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from genlevel.errors import AnswerError
from genlevel.records import Part, PartKind

__all__ = ["Parts", "as_json", "as_npy", "as_npz", "as_png", "items", "numbers", "pixels", "plain", "whole"]

Parts = tuple[Part, ...]


def numbers(value: Any, what: str, ndim: int | tuple[int, ...], *, last: int = 0) -> npt.NDArray[np.float64]:
    """A finite array of numbers of the given number of dimensions, and of ``last`` columns."""
    array = np.asarray(value)
    dimensions = (ndim,) if isinstance(ndim, int) else ndim
    if array.dtype.kind not in "iufb" or array.ndim not in dimensions or not array.size:
        raise AnswerError(f"{what}, not {array.dtype} {array.shape}")
    if last and array.shape[-1] != last:
        raise AnswerError(f"{what}, not {array.shape}")
    if not np.isfinite(array).all():
        raise AnswerError(f"{what}; it holds NaN or infinity")
    return array.astype(np.float64)


def whole(value: Any, what: str, ndim: int, most: int = 65_535) -> npt.NDArray[np.int64]:
    """An array of whole numbers from 0 to ``most``."""
    array = numbers(value, what, ndim)
    if (array != np.floor(array)).any() or array.min() < 0 or array.max() > most:
        raise AnswerError(f"{what}: whole numbers from 0 to {most}")
    return array.astype(np.int64)


def pixels(value: Any, ndim: int) -> npt.NDArray[np.uint8]:
    """Uint8 pixels of a picture (3 dimensions) or a film (4)."""
    array = np.asarray(value)
    if array.dtype != np.uint8 or array.ndim != ndim or array.shape[-1] != 3 or not array.size:
        shape = "(height, width, 3)" if ndim == 3 else "(frames, height, width, 3)"
        raise AnswerError(f"pixels are uint8 {shape}, not {array.dtype} {array.shape}")
    return array


def items(value: Any, keys: Mapping[str, bool | None], what: str) -> list[dict[str, Any]]:
    """A list of objects that hold these keys and no others, as plain JSON values.

    True: must be there. False: may be. None: may be, as a reference has it, and is not written.
    """
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise AnswerError(f"{what} are a list of objects")
    found = []
    for index, item in enumerate(value):
        if not isinstance(item, Mapping):
            raise AnswerError(f"{what}: item {index} is no object")
        lost = [key for key, needed in keys.items() if needed and key not in item]
        odd = [str(key) for key in item if key not in keys]
        if lost or odd:
            wrong = f"has no '{lost[0]}'" if lost else f"has '{odd[0]}', which is not known"
            raise AnswerError(f"{what}: item {index} {wrong}")
        found.append({key: plain(item[key]) for key, how in keys.items() if key in item and how is not None})
    return found


def plain(value: Any) -> Any:
    """Arrays and NumPy numbers as lists and numbers; NaN and infinity are refused."""
    if isinstance(value, (np.ndarray, np.generic)):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode("ascii")
    if isinstance(value, float) and not np.isfinite(value):
        raise AnswerError("a number is NaN or infinite")
    if value is not None and not isinstance(value, (str, int, float)):
        raise AnswerError(f"{type(value).__name__} cannot be written as JSON")
    return value


def as_json(value: Any) -> Parts:
    """A value as JSON text."""
    return (Part("text", json.dumps(value, ensure_ascii=False, allow_nan=False)),)


def as_npy(array: npt.NDArray[Any], kind: PartKind) -> Parts:
    """An array as an NPY file."""
    out = io.BytesIO()
    np.save(out, np.ascontiguousarray(array), allow_pickle=False)
    return (Part(kind, data=out.getvalue(), media_type="application/x-npy"),)


def as_npz(array: npt.NDArray[Any], kind: PartKind) -> Parts:
    """An array as an NPZ file under the name ``data``."""
    out = io.BytesIO()
    np.savez_compressed(out, data=np.ascontiguousarray(array))
    return (Part(kind, data=out.getvalue(), media_type="application/x-npz"),)


def as_png(array: npt.NDArray[Any]) -> Parts:
    """Whole numbers as a PNG."""
    from genlevel.media import encode_png

    return (Part("image", data=encode_png(array), media_type="image/png"),)
