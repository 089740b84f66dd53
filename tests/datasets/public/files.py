"""Small files for datasets made by code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np


def write_json(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")


def write_text(path: Path, *lines: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def pixels(name: str, height: int = 24, width: int = 32) -> np.ndarray:
    """A picture of its own for each name."""
    seed = sum(i * ord(c) for i, c in enumerate(name, 1))
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def save(path: Path, array: np.ndarray) -> None:
    """A picture in the format of its suffix; RGB or grey."""
    path.parent.mkdir(parents=True, exist_ok=True)
    data = array[:, :, ::-1] if array.ndim == 3 else array
    suffix = {".jpeg": ".jpg"}.get(path.suffix.lower(), path.suffix.lower())
    good, encoded = cv2.imencode(suffix, np.ascontiguousarray(data))
    assert good
    path.write_bytes(encoded.tobytes())


def photo(path: Path, height: int = 24, width: int = 32) -> np.ndarray:
    """Write a picture of its own and give its pixels as they were before any JPEG."""
    # Files of the same name in other folders are other pictures.
    array = pixels("/".join(path.parts[-4:]), height, width)
    save(path, array)
    return array


def palette_png(path: Path, indices: np.ndarray) -> None:
    """A PNG with a palette, as PASCAL VOC has it."""
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(indices.astype(np.uint8), mode="P")
    image.putpalette([v for i in range(256) for v in ((i * 37) % 256, (i * 91) % 256, (i * 151) % 256)])
    image.save(path)
