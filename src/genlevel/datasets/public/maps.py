"""Maps of labels in pictures: decoded ids, and an object's pixels as run lengths."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from genlevel.errors import GenlevelError
from genlevel.records import Part

__all__ = ["channels", "ids", "run_lengths"]


def ids(path: Path) -> Any:
    """Integers (H, W) as stored.

    Raises:
        ValueError: the file is no map of whole numbers.
    """
    from genlevel.media import load_mask

    try:
        return load_mask(Part("image", path=path))
    except GenlevelError as error:
        raise ValueError(str(error)) from None


def channels(path: Path) -> Any:
    """Uint8 (H, W, 3), red first.

    Raises:
        ValueError: the file is no picture.
    """
    from genlevel.media import load_image

    try:
        return load_image(Part("image", path=path))
    except GenlevelError as error:
        raise ValueError(str(error)) from None


def run_lengths(mask: Any) -> dict[str, Any]:
    """A mask, bool (H, W), as COCO's uncompressed run lengths: column by column, beginning with background."""
    import numpy as np

    flat = mask.T.ravel()
    edges = np.flatnonzero(flat[1:] != flat[:-1]) + 1
    runs = np.diff(np.concatenate(([0], edges, [flat.size]))).tolist()
    return {"size": [int(n) for n in mask.shape], "counts": [0, *runs] if flat[0] else runs}
