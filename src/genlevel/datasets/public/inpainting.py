"""Inpainting: whole pictures of Places2, CelebA-HQ and FFHQ, and the holes that are cut into them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.base import Entry, Item, Reader
from genlevel.datasets.public.fields import lines
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.maps import channels, ids
from genlevel.errors import DataError, RecordError
from genlevel.records import Part

__all__ = ["CELEBA_HQ", "FFHQ", "PLACES2", "hole"]

_MASKS: Final = "masks"
_STROKES: Final = 6
_SHARES: Final = (0.1, 0.6)
"""A hole that is made covers between these shares of the picture."""
_FFHQ_TEST: Final = 60_000
_TEST_PART: Final = "2"


@dataclass(frozen=True)
class Inpainting(Reader):
    """Pictures from which a part is missing.

    A folder ``masks`` with a file of the picture's name (any picture format, not 0 where the hole is) says which part;
    without it strokes and rectangles are drawn, always the same for the same name. The hole is grey in what a model sees.
    """

    places: tuple[str, ...]
    layout: str = ""
    chosen: Callable[[Folder], set[str] | None] | None = None
    """The names (without suffix) of the pictures that count; None for all."""

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The folder of the pictures, and that of the masks if there is one."""
        found = next((p for p in self.places if folder.find(p) is not None and self._files(folder, p)), None)
        if found is None:
            raise DataError(f"has no pictures in {' or '.join(self.places)}")
        masks = folder.path_of(_MASKS)
        return (folder.path_of(found) or folder.path, *((masks,) if masks is not None else ()))

    @staticmethod
    def _files(folder: Folder, place: str) -> list[str]:
        return [*folder.files(place), *(f for inner in folder.folders(place) for f in folder.files(inner))]

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a picture."""
        place = labels[0].relative_to(folder.path).as_posix()
        chosen = self.chosen(folder) if self.chosen is not None else None
        masks = {_stem(file): file for file in folder.files(_MASKS)} if len(labels) > 1 else None
        for file in self._files(folder, place):
            if chosen is None or _stem(file) in chosen:
                yield file, partial(self._entry, folder, masks, file)

    @staticmethod
    def _entry(folder: Folder, masks: dict[str, str] | None, file: str) -> Entry:
        from genlevel.media import encode_png

        name = _stem(file)
        image = channels(folder.path / file)
        if masks is None:
            missing = hole(name, image.shape[:2])
        elif name not in masks:
            raise ValueError(f"there is no mask for it in {_MASKS}")
        else:
            missing = ids(folder.path / masks[name]) > 0
        if missing.shape != image.shape[:2] or not missing.any() or missing.all():
            raise ValueError(
                f"the mask of {missing.shape[1]} x {missing.shape[0]} pixels, {missing.sum()} of them in the hole, does not fit"
            )
        cut = image.copy()
        cut[missing] = 128
        shown = {
            "image_file": Part("image", data=encode_png(cut), media_type="image/png"),
            "mask_file": Part("image", data=encode_png(missing.astype("uint8") * 255), media_type="image/png"),
            "prompt": "Fill the hole in the first image; the second image is white where the hole is.",
        }
        return name, {"input": shown, "output": {"image_file": file}}


def hole(name: str, size: tuple[int, int]) -> Any:
    """A hole for a picture of that name: bool (height, width), of strokes and rectangles, the same at every call."""
    import numpy as np

    from genlevel.media.opencv import opencv

    height, width = size
    draw = np.random.default_rng(zlib.crc32(name.encode("utf-8", "replace")))
    for _ in range(100):
        canvas = np.zeros(size, np.uint8)
        for _ in range(int(draw.integers(1, _STROKES + 1))):
            points = draw.integers(0, (width, height), (int(draw.integers(2, 6)), 2)).astype(np.int32)
            thick = max(1, int(min(size) * draw.uniform(0.05, 0.2)))
            if draw.random() < 0.5:
                opencv().polylines(canvas, [points], isClosed=False, color=1, thickness=thick)
            else:
                opencv().rectangle(canvas, points[0].tolist(), points[1].tolist(), 1, -1)
        if _SHARES[0] <= canvas.mean() <= _SHARES[1]:
            return canvas.astype(bool)
    canvas = np.zeros(size, bool)
    canvas[height // 4 : max(height // 4 + 1, 3 * height // 4), : max(1, width // 2)] = True
    return canvas


def _stem(file: str) -> str:
    return file.rpartition("/")[2].rpartition(".")[0]


def _celeba_test(folder: Folder) -> set[str] | None:
    """The test pictures by CelebA's own split, where the two tables that tell are there."""
    mapping = folder.path_of("CelebA-HQ-to-CelebA-mapping.txt")
    parts = folder.path_of("list_eval_partition.txt", "Eval/list_eval_partition.txt")
    if mapping is None or parts is None:
        return None
    test = {line.split()[0] for _, line in lines(parts) if line.split()[1:] == [_TEST_PART]}
    chosen = set()
    for at, line in lines(mapping)[1:]:
        cells = line.split()
        if len(cells) != 3:
            raise DataError(f"{mapping}, line {at}: has {len(cells)} cells and not 3")
        if cells[2] in test:
            chosen.add(cells[0])
    return chosen


def _ffhq_test(folder: Folder) -> set[str] | None:
    """The pictures from 60000 on, which the set's own table calls validation."""
    del folder
    return {f"{number:05d}" for number in range(_FFHQ_TEST, _FFHQ_TEST + 10_000)}


PLACES2: Final = Inpainting(
    ("val_256", "val_large", "val"),
    "val_256/Places365_val_00000001.jpg\nmasks/Places365_val_00000001.png (if you have them)",
)
CELEBA_HQ: Final = Inpainting(
    ("CelebA-HQ-img", "data256x256", "images"),
    "CelebA-HQ-img/0.jpg\nCelebA-HQ-to-CelebA-mapping.txt\nlist_eval_partition.txt (of CelebA; with it only the test pictures "
    "count)\nmasks/0.png (if you have them)",
    _celeba_test,
)
FFHQ: Final = Inpainting(
    ("images1024x1024", "images256x256", "thumbnails128x128"),
    "images1024x1024/60000/60000.png\nmasks/60000.png (if you have them)",
    _ffhq_test,
)
