"""Counting: the dots of FSC147 and the boxes of CARPK."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.base import Entry, Item, Reader, need
from genlevel.datasets.public.fields import lines, listed, mapping
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.stream import members, value
from genlevel.errors import DataError, RecordError

__all__ = ["CARPK", "FSC147"]

_MOST: Final = 100_000
_LIMIT: Final = 1e6


@dataclass(frozen=True)
class Fsc147(Reader):
    """Pictures of many things of one class, with a dot on each."""

    layout: str = (
        "annotation_FSC147_384.json\nTrain_Test_Val_FSC_147.json\nImageClasses_FSC147.txt\nimages_384_VarV2/2.jpg"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The dots, the split and the classes."""
        names = ("annotation_FSC147_384.json", "Train_Test_Val_FSC_147.json", "ImageClasses_FSC147.txt")
        return tuple(need(folder, name) for name in names)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a picture of the test split, in its order."""
        test = value(labels[1], "test")
        if not isinstance(test, list) or not all(isinstance(name, str) for name in test):
            raise DataError(f"{labels[1]}: has no list 'test' of pictures")
        wanted, dots = set(test), {}
        for item in members(labels[0]):
            if isinstance(item, RecordError):
                yield item
            elif item[0] in wanted:
                dots[item[0]] = item[1]
        classes = dict(line.partition("\t")[::2] for _, line in lines(labels[2]))
        for name in test:
            yield f"picture {name}", partial(self._entry, folder, name, dots, classes)

    def _entry(self, folder: Folder, name: str, dots: Mapping[str, Any], classes: Mapping[str, str]) -> Entry:
        if name not in dots:
            raise ValueError("the picture has no annotation")
        points = listed(mapping(dots[name]), "points")
        if len(points) > _MOST:
            raise ValueError(f"{len(points)} dots; at most {_MOST} are taken")
        for point in points:
            _check(point, 2)
        things = classes.get(name, "").strip()
        if not things:
            raise ValueError("the picture has no class")
        shown = {"image_file": folder.media(name, "images_384_VarV2"), "prompt": f"How many {things} are in the image?"}
        return name, {"input": shown, "output": {"count": len(points)}}


def _check(numbers: Any, count: int) -> None:
    good = isinstance(numbers, list) and len(numbers) == count
    if not good or not all(isinstance(n, (int, float)) and abs(n) <= _LIMIT for n in numbers):
        raise ValueError(f"{numbers!r:.60} are not {count} numbers")


@dataclass(frozen=True)
class Carpk(Reader):
    """Car parks from above; a text file a picture, with a line ``x1 y1 x2 y2 class`` a car."""

    layout: str = "data/ImageSets/test.txt\ndata/Annotations/20161225_TPZ_00001.txt\ndata/Images/20161225_TPZ_00001.png"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The list of the test split, and the folder of boxes."""
        boxes = need(folder, "data/Annotations", "Annotations")
        return need(folder, "data/ImageSets/test.txt", "ImageSets/test.txt"), boxes

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a picture."""
        for at, name in lines(labels[0]):
            yield f"line {at}", partial(self._entry, folder, name)

    def _entry(self, folder: Folder, name: str) -> Entry:
        boxes = folder.path / folder.media(f"{name}.txt", "data/Annotations", "Annotations")
        count = 0
        for at, line in lines(boxes):
            try:
                numbers = [float(cell) for cell in line.split()[:4]]
                _check(numbers, 4)
            except ValueError:
                raise ValueError(f"{boxes.name}, line {at}: {line!r:.60} is no box 'x1 y1 x2 y2 class'") from None
            if numbers[2] < numbers[0] or numbers[3] < numbers[1]:
                raise ValueError(f"{boxes.name}, line {at}: the box ends before it begins")
            count += 1
            if count > _MOST:
                raise ValueError(f"{boxes.name}: more than {_MOST} boxes")
        images = ("data/Images", "Images")
        try:
            file = folder.media(f"{name}.png", *images)
        except RecordError:
            file = folder.media(f"{name}.jpg", *images)
        shown = {"image_file": file, "prompt": "How many cars are in the image?"}
        return name, {"input": shown, "output": {"count": count}}


FSC147: Final = Fsc147()
CARPK: Final = Carpk()
