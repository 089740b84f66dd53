"""Visual Genome: boxes of named objects that ask for a picture."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.base import Entry, Item, Reader, need
from genlevel.datasets.public.coco import LEAST_OBJECTS, layout_prompt
from genlevel.datasets.public.fields import identifier, mapping, number, objects, text
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.stream import elements, value
from genlevel.errors import DataError, RecordError

__all__ = ["VISUAL_GENOME"]

_MOST: Final = 30
"""Layouts name this many objects at most, the largest first."""
_LEAST_SIDE: Final = 32
"""Smaller objects, in pixels, are left out, as layout-to-image papers do."""


@dataclass(frozen=True)
class VisualGenome(Reader):
    """The named boxes of an image ask for a picture; images of three objects and more."""

    layout: str = (
        "objects.json\nimage_data.json\nVG_100K/2.jpg\nVG_100K_2/1.jpg\n"
        "vg_splits.json (if you have it: the ids of 'test' count alone)"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The objects, the sizes of the images, and the split if there is one."""
        split = folder.path_of("vg_splits.json")
        found = need(folder, "objects.json"), need(folder, "image_data.json")
        return (*found, *((split,) if split is not None else ()))

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry an image with enough objects."""
        sizes: dict[str, tuple[Any, Any]] = {}
        for item in elements(labels[1]):
            if isinstance(item, RecordError):
                yield item
            elif isinstance(item[1], Mapping):
                # The oldest release calls it "id".
                key = item[1].get("image_id", item[1].get("id"))
                sizes[str(key)] = item[1].get("width"), item[1].get("height")
        test = value(labels[2], "test") if len(labels) > 2 else None
        if test is not None and not isinstance(test, list):
            raise DataError(f"{labels[2]}: 'test' is no list")
        chosen = {str(i) for i in test} if test is not None else None
        for item in elements(labels[0]):
            if isinstance(item, RecordError):
                yield item
                continue
            image = item[1]
            key = str(image.get("image_id", image.get("id"))) if isinstance(image, Mapping) else ""
            if isinstance(image, Mapping) and chosen is not None and key not in chosen:
                continue
            if not isinstance(image, Mapping) or _may_count(image):
                yield f"image {item[0]}", partial(self._entry, folder, image, sizes)

    @staticmethod
    def _entry(folder: Folder, image: Any, sizes: Mapping[str, tuple[Any, Any]]) -> Entry:
        key = identifier(mapping(image), "image_id" if "image_id" in image else "id")
        if key not in sizes:
            raise ValueError(f"image {key} is not in image_data.json")
        width, height = (number({"size": n}, "size") for n in sizes[key])
        boxes = [_box(item) for item in objects(image, "objects")]
        large = [b for b in boxes if min(b["box"][2:]) >= _LEAST_SIDE]
        large.sort(key=lambda b: -b["box"][2] * b["box"][3])
        file = folder.media(f"{key}.jpg", "VG_100K", "VG_100K_2", "images", "images2")
        prompt = layout_prompt(large[:_MOST], width, height)
        return key, {"input": {"prompt": prompt}, "output": {"image_file": file}}


def _may_count(image: Mapping[str, Any]) -> bool:
    """Whether an image has enough large objects, or something that cannot be read."""
    try:
        boxes = [_box(item) for item in objects(image, "objects")]
    except ValueError:
        return True
    return len([b for b in boxes if min(b["box"][2:]) >= _LEAST_SIDE]) >= LEAST_OBJECTS


def _box(item: Mapping[str, Any]) -> dict[str, Any]:
    # Releases differ: "names", a list, or "name".
    names = item.get("names")
    name = names[0] if isinstance(names, list) and names else item.get("name")
    return {"label": text({"name": name}, "name"), "box": [number(item, k) for k in "xywh"]}


VISUAL_GENOME: Final = VisualGenome()
