"""MS COCO's JSON: boxes, instances, keypoints, captions and layouts, of COCO itself and of sets in its form."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.base import Entry, Item, Reader, need
from genlevel.datasets.public.fields import identifier, listed, mapping, number, objects, text
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.stream import elements, value
from genlevel.errors import DataError, RecordError

__all__ = ["CAPTIONS", "DETECTION", "OCHUMAN", "STUFF_LAYOUT", "TEXT_TO_IMAGE", "categories", "grouped", "image_file"]

_VAL: Final = ("val2017", "images/val2017", "images")
_TREE: Final = "annotations/{file}\nval2017/000000000139.jpg"
Grouped = dict[str, list[Any]]


def categories(path: Path) -> dict[int, str]:
    """The names of the classes by number.

    Raises:
        DataError: the file names no classes.
    """
    try:
        kinds = objects({"categories": value(path, "categories")}, "categories")
        return {int(number(kind, "id")): text(kind, "name") for kind in kinds}
    except ValueError as error:
        raise DataError(f"{path}: {error}") from None


def grouped(path: Path, keep: Callable[[Mapping[str, Any]], Any]) -> tuple[Grouped, list[RecordError]]:
    """What ``keep`` makes of each annotation, by the id of its image; and those that it cannot read.

    An image with a broken annotation holds the error among its own, so that it is not used with a label too few.
    """
    found: Grouped = defaultdict(list)
    lost: list[RecordError] = []
    for item in elements(path, "annotations"):
        if isinstance(item, RecordError):
            lost.append(item)
            continue
        at, annotation = item
        try:
            image = identifier(mapping(annotation), "image_id")
        except ValueError as error:
            lost.append(RecordError(f"{path}, annotation {at}: {error}"))
            continue
        try:
            found[image].append(keep(annotation))
        except (ValueError, TypeError, KeyError) as error:
            found[image].append(RecordError(f"annotation {at}: {error}"))
    return found, lost


def whole(kept: list[Any]) -> list[Any]:
    """The annotations of an image.

    Raises:
        RecordError: one of them could not be read.
    """
    broken = next((k for k in kept if isinstance(k, RecordError)), None)
    if broken is not None:
        raise broken
    return kept


def images(path: Path, read: Callable[[Mapping[str, Any]], Entry]) -> Iterator[Item | RecordError]:
    """The images of a file in COCO's form as items."""
    for item in elements(path, "images"):
        if isinstance(item, RecordError):
            yield item
        else:
            yield f"image {item[0]}", partial(_read, item[1], read)


def _read(value: Any, read: Callable[[Mapping[str, Any]], Entry]) -> Entry:
    return read(mapping(value))


def image_file(folder: Folder, image: Mapping[str, Any], *below: str) -> str:
    """The picture of an image."""
    return folder.media(image.get("file_name"), *below)


def label_of(names: Mapping[int, str], annotation: Mapping[str, Any]) -> str:
    name = names.get(int(number(annotation, "category_id")))
    if name is None:
        raise ValueError(f"'category_id' {annotation['category_id']!r} is none of the categories")
    return name


@dataclass(frozen=True)
class CocoDetection(Reader):
    """Boxes of all classes."""

    labels: tuple[str, ...] = ("annotations/instances_val2017.json", "instances_val2017.json")
    below: tuple[str, ...] = _VAL
    layout: str = _TREE.format(file="instances_val2017.json")

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The file of instances."""
        return (need(folder, *self.labels),)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry an image, those without an object among them."""
        names = categories(labels[0])
        boxes, lost = grouped(labels[0], partial(_box, names))
        yield from lost
        yield from images(labels[0], partial(self._entry, folder, list(names.values()), boxes))

    def _entry(self, folder: Folder, names: list[str], boxes: Grouped, image: Mapping[str, Any]) -> Entry:
        key = identifier(image, "id")
        shown = {"image_file": image_file(folder, image, *self.below), "classes": names}
        return key, {"input": shown, "output": {"boxes": whole(boxes.get(key, []))}}


def _box(names: Mapping[int, str], annotation: Mapping[str, Any]) -> dict[str, Any]:
    box = listed(annotation, "bbox")
    found: dict[str, Any] = {"label": label_of(names, annotation), "box": box}
    if annotation.get("iscrowd"):
        found["iscrowd"] = 1
    if annotation.get("area") is not None:
        found["area"] = number(annotation, "area")
    return found


@dataclass(frozen=True)
class CocoCaptions(Reader):
    """Five captions an image: of Karpathy's test split where its file is there, else of val2017."""

    layout: str = _TREE.format(file="captions_val2017.json") + "\n\nor dataset_coco.json (Karpathy's split)\nval2014/"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """Karpathy's file or that of COCO."""
        return (need(folder, "dataset_coco.json", "annotations/captions_val2017.json", "captions_val2017.json"),)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry an image."""
        if labels[0].name.casefold() == "dataset_coco.json":
            yield from karpathy(labels[0], partial(self._of_split, folder))
            return
        captions, lost = grouped(labels[0], lambda annotation: text(annotation, "caption"))
        yield from lost
        yield from images(labels[0], partial(self._entry, folder, captions))

    def _entry(self, folder: Folder, captions: Grouped, image: Mapping[str, Any]) -> Entry:
        key = identifier(image, "id")
        if key not in captions:
            raise ValueError(f"image {key} has no caption")
        output = {"text": [caption.strip() for caption in whole(captions[key])]}
        return key, {"input": {"image_file": image_file(folder, image, *_VAL)}, "output": output}

    def _of_split(self, folder: Folder, image: Mapping[str, Any]) -> Entry:
        place = text(image, "filepath")
        file = folder.media(image.get("filename"), place, f"images/{place}", "images")
        said = [text(sentence, "raw").strip() for sentence in objects(image, "sentences")]
        if not said:
            raise ValueError("has no sentence")
        return identifier(image, "cocoid"), {"input": {"image_file": file}, "output": {"text": said}}


def karpathy(path: Path, read: Callable[[Mapping[str, Any]], Entry]) -> Iterator[Item | RecordError]:
    """The images of the test split in a file of Karpathy's."""
    for item in elements(path, "images"):
        if isinstance(item, RecordError):
            yield item
        elif not isinstance(item[1], Mapping) or item[1].get("split") == "test":
            yield f"image {item[0]}", partial(_read, item[1], read)


@dataclass(frozen=True)
class CocoTextToImage(CocoCaptions):
    """The first caption of an image asks for a picture; the image is what pictures are compared with."""

    layout: str = _TREE.format(file="captions_val2017.json")

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The file of captions."""
        return (need(folder, "annotations/captions_val2017.json", "captions_val2017.json"),)

    def _entry(self, folder: Folder, captions: Grouped, image: Mapping[str, Any]) -> Entry:
        key, record = super()._entry(folder, captions, image)
        return key, {"input": {"prompt": record["output"]["text"][0]}, "output": record["input"]}


@dataclass(frozen=True)
class CocoKeypoints(Reader):
    """The keypoints of persons, in the order of the file's own category."""

    labels: tuple[str, ...]
    below: tuple[str, ...] = ("images",)
    layout: str = ""

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The first of the label files."""
        return (need(folder, *self.labels),)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry an image."""
        kinds = value(labels[0], "categories")
        names = kinds[0].get("keypoints") if isinstance(kinds, list) and kinds and isinstance(kinds[0], dict) else None
        people, lost = grouped(labels[0], _person)
        yield from lost
        yield from images(labels[0], partial(self._entry, folder, names or COCO_KEYPOINTS, people))

    def _entry(self, folder: Folder, names: list[str], people: Grouped, image: Mapping[str, Any]) -> Entry:
        key = identifier(image, "id")
        shown = {"image_file": image_file(folder, image, *self.below), "keypoint_names": list(names)}
        return key, {"input": shown, "output": {"persons": whole(people.get(key, []))}}


def _person(annotation: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {"keypoints": listed(annotation, "keypoints"), "box": listed(annotation, "bbox")}
    if annotation.get("area") is not None:
        found["area"] = number(annotation, "area")
    # A person whose points nobody marked is passed over, as COCO's own evaluation does.
    if annotation.get("iscrowd") or annotation.get("num_keypoints") == 0:
        found["iscrowd"] = 1
    return found


COCO_KEYPOINTS: Final = [
    *("nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow"),
    *("right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle"),
    "right_ankle",
]


@dataclass(frozen=True)
class StuffLayout(Reader):
    """Boxes of things and stuff ask for a picture."""

    layout: str = "annotations/instances_val2017.json\nannotations/stuff_val2017.json\nval2017/000000000139.jpg"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The files of things and of stuff."""
        stuff = need(folder, "annotations/stuff_val2017.json", "stuff_val2017.json")
        return stuff, need(folder, "annotations/instances_val2017.json", "instances_val2017.json")

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry an image of three to eight objects."""
        boxes: Grouped = defaultdict(list)
        for path in labels:
            found, lost = grouped(path, partial(_box, categories(path)))
            yield from lost
            for key, kept in found.items():
                boxes[key] += kept
        for item in elements(labels[1], "images"):
            if isinstance(item, RecordError):
                yield item
                continue
            # What cannot be read is an entry too, so that it is counted.
            chosen = _chosen(item[1], boxes)
            if chosen is None or MOST_OBJECTS >= len(chosen) >= LEAST_OBJECTS:
                yield f"image {item[0]}", partial(self._entry, folder, chosen, boxes, item[1])

    def _entry(self, folder: Folder, chosen: list[Any] | None, boxes: Grouped, image: Any) -> Entry:
        key = identifier(mapping(image), "id")
        whole(boxes.get(key, []))
        if chosen is None:
            raise ValueError("its size or one of its boxes cannot be read")
        width, height = number(image, "width"), number(image, "height")
        picture = {"image_file": image_file(folder, image, *_VAL)}
        return key, {"input": {"prompt": layout_prompt(chosen, width, height)}, "output": picture}


LEAST_OBJECTS: Final = 3
MOST_OBJECTS: Final = 8
LEAST_SHARE: Final = 0.02
"""An object counts from this share of the image on."""


def _chosen(image: Any, boxes: Grouped) -> list[Any] | None:
    """The objects of an image that are large enough; None where something cannot be read."""
    try:
        area = number(image, "width") * number(image, "height")
        found = whole(boxes.get(identifier(image, "id"), []))
        return [b for b in found if _is_large(b, area)]
    except (ValueError, RecordError, TypeError, IndexError, AttributeError):
        return None


def _is_large(box: Mapping[str, Any], area: float) -> bool:
    # COCO-Stuff calls "other" what is none of its classes.
    return bool("iscrowd" not in box and box["label"] != "other" and box["box"][2] * box["box"][3] > LEAST_SHARE * area)


def layout_prompt(boxes: list[Any], width: float, height: float) -> str:
    """A layout in words: each box a line, as [x, y, width, height] in pixels."""
    lines = [f"{b['label']} [{', '.join(f'{float(n):.0f}' for n in b['box'])}]" for b in boxes]
    head = f"Make a photo of {width:.0f} x {height:.0f} pixels with these objects, each with its box [x, y, width, height]:"
    return "\n".join([head, *lines])


DETECTION: Final = CocoDetection()
CAPTIONS: Final = CocoCaptions()
TEXT_TO_IMAGE: Final = CocoTextToImage()
STUFF_LAYOUT: Final = StuffLayout()
OCHUMAN: Final = CocoKeypoints(
    ("ochuman_coco_format_test_range_0.00_1.00.json", "ochuman_coco_format_val_range_0.00_1.00.json"),
    layout="ochuman_coco_format_test_range_0.00_1.00.json\nimages/000001.jpg",
)
