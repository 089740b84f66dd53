"""Pictures that a text asks for: MultiModal CelebA-HQ, ImageNet and CUB-200-2011."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

from genlevel.datasets.public.base import Entry, Item, Reader, need
from genlevel.datasets.public.fields import lines, table
from genlevel.datasets.public.folder import Folder
from genlevel.errors import DataError, RecordError

__all__ = ["CUB", "IMAGENET", "MM_CELEBA_HQ"]

_CELEBA_TRAIN: Final = 24_000


def _first_line(path: Path) -> str:
    found = lines(path)
    if not found:
        raise ValueError(f"{path.name} holds no caption")
    return found[0][1]


@dataclass(frozen=True)
class MmCelebaHq(Reader):
    """Faces, each with ten captions of which the first is asked.

    The test pictures are those of ``test_filenames.txt`` (one name a line), else those from 24000 on.
    """

    layout: str = (
        "text/celeba-caption/24000.txt\nimage/images/24000.jpg\ntest_filenames.txt (if you have it: the names in "
        "test/filenames.pickle, one a line)"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The folder of captions, and the list of test pictures if there is one."""
        captions = need(folder, "text/celeba-caption", "celeba-caption")
        test = folder.path_of("test_filenames.txt", "test/filenames.txt")
        return (captions, *((test,) if test is not None else ()))

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a caption file of the test pictures."""
        place = labels[0].relative_to(folder.path).as_posix()
        listed = {name for _, name in lines(labels[1])} if len(labels) > 1 else None
        for file in folder.files(place, [".txt"]):
            name = file.rpartition("/")[2].removesuffix(".txt")
            if name in listed if listed is not None else name.isdecimal() and int(name) >= _CELEBA_TRAIN:
                yield file, partial(self._entry, folder, name, file)

    @staticmethod
    def _entry(folder: Folder, name: str, file: str) -> Entry:
        picture = folder.media(f"{name}.jpg", "image/images", "images", "CelebA-HQ-img")
        return name, {"input": {"prompt": _first_line(folder.path / file)}, "output": {"image_file": picture}}


@dataclass(frozen=True)
class ImageNet(Reader):
    """Validation pictures of 1000 classes; the first name of the class is asked."""

    layout: str = (
        "LOC_synset_mapping.txt\nLOC_val_solution.csv\nILSVRC/Data/CLS-LOC/val/ILSVRC2012_val_00000001.JPEG\n\n"
        "or LOC_synset_mapping.txt\nval/n01440764/ILSVRC2012_val_00000293.JPEG"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The classes' names, and the classes of the pictures or the folders that tell them."""
        names = need(folder, "LOC_synset_mapping.txt", "synset_words.txt")
        answers = folder.path_of("LOC_val_solution.csv")
        if answers is not None:
            return names, answers
        place = self._place(folder)
        if not any(inner.rpartition("/")[2].startswith("n") for inner in folder.folders(place)):
            raise DataError(f"has no LOC_val_solution.csv and no folders of classes in {place}")
        return names, folder.path / place

    @staticmethod
    def _place(folder: Folder) -> str:
        found = folder.find("ILSVRC/Data/CLS-LOC/val", "Data/CLS-LOC/val", "val")
        if found is None:
            raise DataError("has no val")
        return found

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a picture."""
        names: dict[str, str] = {}
        for row in table(labels[0], 2):
            if isinstance(row, RecordError):
                yield row
            else:
                names[row[1][0]] = row[1][1].split(",")[0].strip()
        place = self._place(folder)
        if labels[1].is_dir():
            for inner in folder.folders(place):
                for file in folder.files(inner):
                    yield file, partial(self._entry, names, inner.rpartition("/")[2], file)
            return
        for at, line in lines(labels[1])[1:]:
            yield f"line {at}", partial(self._solved, folder, place, names, line)

    def _solved(self, folder: Folder, place: str, names: Mapping[str, str], line: str) -> Entry:
        cells = next(csv.reader([line]))
        if len(cells) != 2 or not cells[1].split():
            raise ValueError(f"{line!r:.60} is no 'ImageId,PredictionString'")
        return self._entry(names, cells[1].split()[0], folder.media(f"{cells[0]}.JPEG", place))

    @staticmethod
    def _entry(names: Mapping[str, str], synset: str, file: str) -> Entry:
        if synset not in names:
            raise ValueError(f"the class {synset!r:.40} has no name")
        key = file.rpartition("/")[2].rpartition(".")[0]
        return key, {"input": {"prompt": f"A photo of a {names[synset]}."}, "output": {"image_file": file}}


@dataclass(frozen=True)
class Cub(Reader):
    """Birds; the first caption of each test picture is asked.

    Test pictures are those of the classes in ``testclasses.txt`` (of the captions' archive) where that is there, as papers on
    text to image have it; else those that ``train_test_split.txt`` marks with 0.
    """

    layout: str = (
        "CUB_200_2011/images.txt\nCUB_200_2011/train_test_split.txt\n"
        "CUB_200_2011/images/001.Black_footed_Albatross/Black_Footed_Albatross_0046_18.jpg\n"
        "cvpr2016_cub/text_c10/001.Black_footed_Albatross/Black_Footed_Albatross_0046_18.txt\n"
        "cvpr2016_cub/testclasses.txt (if you have it)"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The list of pictures, their split, the folder of captions, and the list of test classes if there is one."""
        captions = need(folder, *_CAPTIONS)
        found = need(folder, "CUB_200_2011/images.txt", "images.txt")
        split = need(folder, "CUB_200_2011/train_test_split.txt", "train_test_split.txt")
        classes = folder.path_of("cvpr2016_cub/testclasses.txt", "testclasses.txt")
        return (found, split, captions, *((classes,) if classes is not None else ()))

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a test picture."""
        classes = {line for _, line in lines(labels[3])} if len(labels) > 3 else None
        test = set()
        for row in table(labels[1], 2):
            if isinstance(row, RecordError):
                yield row
            elif row[1][1] == "0":
                test.add(row[1][0])
        for row in table(labels[0], 2):
            if isinstance(row, RecordError):
                yield row
                continue
            at, (number, name) = row
            if name.split("/")[0] in classes if classes is not None else number in test:
                yield f"line {at}", partial(self._entry, folder, name)

    @staticmethod
    def _entry(folder: Folder, name: str) -> Entry:
        picture = folder.media(name, "CUB_200_2011/images", "images")
        stem = name.rpartition(".")[0]
        caption = folder.media(f"{stem}.txt", *_CAPTIONS)
        return stem, {"input": {"prompt": _first_line(folder.path / caption)}, "output": {"image_file": picture}}


_CAPTIONS: Final = ("cvpr2016_cub/text_c10", "text_c10", "text")

MM_CELEBA_HQ: Final = MmCelebaHq()
IMAGENET: Final = ImageNet()
CUB: Final = Cub()
