"""Segmentation: PASCAL VOC 2012, Cityscapes and ADE20K as they are published or as their usual scripts prepare them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.base import Entry, Item, Reader, need
from genlevel.datasets.public.coco import Grouped, categories, grouped, images, label_of, whole
from genlevel.datasets.public.fields import identifier, lines, mapping, objects, text
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.maps import channels, ids, run_lengths
from genlevel.datasets.public.stream import elements
from genlevel.errors import DataError, RecordError

__all__ = ["ADE20K_INSTANCES", "ADE20K_PANOPTIC", "CITYSCAPES_INSTANCES", "CITYSCAPES_PANOPTIC", "VOC"]

_VOC_CLASSES: Final = (
    *("background", "aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow"),
    *("diningtable", "dog", "horse", "motorbike", "person", "pottedplant", "sheep", "sofa", "train", "tvmonitor"),
)


@dataclass(frozen=True)
class Voc(Reader):
    """Pictures of the validation list with palette PNGs: the index is the class, 255 (the outline) does not count."""

    layout: str = (
        "ImageSets/Segmentation/val.txt\nJPEGImages/2007_000033.jpg\nSegmentationClass/2007_000033.png\n\n"
        "(VOCdevkit/VOC2012 as unpacked)"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The list of the validation split, and the folder of maps."""
        maps = need(folder, "SegmentationClass")
        return need(folder, "ImageSets/Segmentation/val.txt"), maps

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a line of the list."""
        for at, name in lines(labels[0]):
            yield f"line {at}", partial(self._entry, folder, name)

    def _entry(self, folder: Folder, name: str) -> Entry:
        shown = {
            "image_file": folder.media(f"{name}.jpg", "JPEGImages"),
            "classes": {str(i): label for i, label in enumerate(_VOC_CLASSES)},
        }
        return name, {"input": shown, "output": {"mask_file": folder.media(f"{name}.png", "SegmentationClass")}}


_CITY_THINGS: Final = {
    24: "person",
    25: "rider",
    26: "car",
    27: "truck",
    28: "bus",
    31: "train",
    32: "motorcycle",
    33: "bicycle",
}
_CITY_CLASSES: Final = {
    7: "road",
    8: "sidewalk",
    11: "building",
    12: "wall",
    13: "fence",
    17: "pole",
    19: "traffic light",
    20: "traffic sign",
    21: "vegetation",
    22: "terrain",
    23: "sky",
    **_CITY_THINGS,
}
_STEP: Final = 1000
"""Cityscapes writes 1000 x class + number for an object, and the class alone for areas and groups."""


@dataclass(frozen=True)
class Cityscapes(Reader):
    """The fine labels of the validation cities, from ``*_gtFine_instanceIds.png``.

    For instances the eight classes that have them; a group of objects that nobody told apart is a crowd. For panoptic maps
    the 19 classes that are evaluated; all else is no segment.
    """

    panoptic: bool = False
    layout: str = (
        "leftImg8bit/val/frankfurt/frankfurt_000000_000294_leftImg8bit.png\n"
        "gtFine/val/frankfurt/frankfurt_000000_000294_gtFine_instanceIds.png"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The folder of the labels."""
        need(folder, "leftImg8bit/val")
        return (need(folder, "gtFine/val"),)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a picture, city by city."""
        for place, name in city_pictures(folder):
            yield place, partial(self._entry, folder, place, name)

    def _entry(self, folder: Folder, place: str, name: str) -> Entry:
        city = place.rsplit("/", 2)[-2]
        file = folder.media(f"{city}/{name}_gtFine_instanceIds.png", "gtFine/val")
        known = _CITY_CLASSES if self.panoptic else _CITY_THINGS
        numbers = ids(folder.path / file)
        found = []
        for each in _present(numbers):
            label = each // _STEP if each >= _STEP else each
            if label in known:
                crowd = {"iscrowd": 1} if label in _CITY_THINGS and each < _STEP else {}
                found.append({"label": known[label], "segmentation": run_lengths(numbers == each), **crowd})
        shown = {"image_file": place, "classes": {str(k): v for k, v in known.items()}}
        return name, {"input": shown, "output": {"segments" if self.panoptic else "instances": found}}


def city_pictures(folder: Folder) -> Iterator[tuple[str, str]]:
    """Each picture of the validation cities, with what its files' names begin with."""
    for city in folder.folders("leftImg8bit/val"):
        for file in folder.files(city, [".png"]):
            yield file, file.rpartition("/")[2].removesuffix(".png").removesuffix("_leftImg8bit")


def _present(numbers: Any) -> list[int]:
    import numpy as np

    return [int(n) for n in np.unique(numbers)]


@dataclass(frozen=True)
class AdeInstances(Reader):
    """Objects of 100 classes: from ``ade20k_instance_val.json``, or from the published pictures.

    In these red is the class, green the number of the object; the classes' names stand in ``ade20k_instance_imgCatIds.json``.
    """

    layout: str = (
        "ade20k_instance_val.json (as Mask2Former's script makes it)\nimages/validation/ADE_val_00000001.jpg\n\n"
        "or annotations_instance/validation/ADE_val_00000001.png\nade20k_instance_imgCatIds.json\nimages/validation/"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The JSON file, or the classes' names and the folder of pictures."""
        made = folder.path_of("ade20k_instance_val.json")
        if made is not None:
            return (made,)
        maps = folder.path_of("annotations_instance/validation")
        names = folder.path_of(
            "ade20k_instance_imgCatIds.json", "imgCatIds.json", "annotations_instance/imgCatIds.json"
        )
        if maps is None or names is None:
            raise DataError(
                "has no ade20k_instance_val.json and no annotations_instance/validation with ade20k_instance_imgCatIds.json"
            )
        return names, maps

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a picture."""
        names = categories(labels[0])
        if len(labels) == 1:
            masks, lost = grouped(labels[0], partial(_mask, names))
            yield from lost
            yield from images(labels[0], partial(self._of_json, folder, names, masks))
            return
        place = "annotations_instance/validation"
        for file in folder.files(place, [".png"]):
            yield file, partial(self._of_map, folder, names, file)

    def _of_json(self, folder: Folder, names: Mapping[int, str], masks: Grouped, image: Mapping[str, Any]) -> Entry:
        key = identifier(image, "id")
        return key, self._asked(folder, text(image, "file_name"), names, whole(masks.get(key, [])))

    def _of_map(self, folder: Folder, names: Mapping[int, str], file: str) -> Entry:
        pixels = channels(folder.path / file)
        found = []
        for each in _present(pixels[:, :, 1]):
            if each == 0:
                continue
            mask = pixels[:, :, 1] == each
            classes = _present(pixels[:, :, 0][mask])
            if len(classes) != 1 or classes[0] not in names:
                raise ValueError(f"object {each} has the classes {classes[:4]}, which are not one known class")
            found.append({"label": names[classes[0]], "segmentation": run_lengths(mask)})
        key = file.rpartition("/")[2].rpartition(".")[0]
        return key, self._asked(folder, f"{key}.jpg", names, found)

    @staticmethod
    def _asked(folder: Folder, name: str, names: Mapping[int, str], found: list[Any]) -> dict[str, Any]:
        file = folder.media(name, "images/validation")
        shown = {"image_file": file, "classes": {str(k): v for k, v in names.items()}}
        return {"input": shown, "output": {"instances": found}}


def _mask(names: Mapping[int, str], annotation: Mapping[str, Any]) -> dict[str, Any]:
    label = label_of(names, annotation)
    crowd = {"iscrowd": 1} if annotation.get("iscrowd") else {}
    return {"label": label, "segmentation": annotation.get("segmentation"), **crowd}


@dataclass(frozen=True)
class CocoPanoptic(Reader):
    """COCO's panoptic form: a JSON file of segments, and PNGs whose colours are the segments' ids."""

    name: str = "ade20k_panoptic_val"
    pictures: str = "images/validation"
    layout: str = (
        "ade20k_panoptic_val.json (as Mask2Former's script makes it)\nade20k_panoptic_val/ADE_val_00000001.png\n"
        "images/validation/ADE_val_00000001.jpg"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The JSON file, and the folder of maps."""
        maps = need(folder, self.name)
        return need(folder, f"{self.name}.json"), maps

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a picture."""
        names = categories(labels[0])
        if not names:
            raise DataError(f"{labels[0]}: has no 'categories'")
        files = {}
        for item in elements(labels[0], "images"):
            if isinstance(item, RecordError):
                yield item
            elif isinstance(item[1], Mapping):
                files[str(item[1].get("id"))] = item[1].get("file_name")
        for item in elements(labels[0], "annotations"):
            if isinstance(item, RecordError):
                yield item
            else:
                yield f"annotation {item[0]}", partial(self._entry, folder, names, files, item[1])

    def _entry(self, folder: Folder, names: Mapping[int, str], files: Mapping[Any, Any], annotation: Any) -> Entry:
        key = identifier(mapping(annotation), "image_id")
        segments = [
            {"id": s.get("id"), "label": label_of(names, s), "iscrowd": int(bool(s.get("iscrowd")))}
            for s in objects(annotation, "segments_info")
        ]
        shown = {
            "image_file": folder.media(files.get(key), self.pictures),
            "classes": {str(k): v for k, v in names.items()},
        }
        output = {"mask_file": folder.media(annotation.get("file_name"), self.name), "segments": segments}
        return key, {"input": shown, "output": output}


VOC: Final = Voc()
CITYSCAPES_INSTANCES: Final = Cityscapes()
CITYSCAPES_PANOPTIC: Final = Cityscapes(panoptic=True)
ADE20K_INSTANCES: Final = AdeInstances()
ADE20K_PANOPTIC: Final = CocoPanoptic()
