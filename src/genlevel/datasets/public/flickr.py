"""Flickr30k: images and their captions, by Karpathy's split."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.base import Entry, Item, Reader, need
from genlevel.datasets.public.fields import mapping, text
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.stream import elements
from genlevel.errors import RecordError

__all__ = ["FLICKR30K"]

_IMAGES: Final = ("flickr30k-images", "flickr30k_images", "Images", "images", "")


@dataclass(frozen=True)
class Flickr30k(Reader):
    """Each caption of the test split asks for its image among all images of the split."""

    layout: str = "dataset_flickr30k.json (Karpathy's split)\nflickr30k-images/1000092795.jpg"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The file of the split."""
        return (need(folder, "dataset_flickr30k.json"),)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a caption; images that are not there are errors of their captions."""
        test: list[tuple[int, Mapping[str, Any]]] = []
        for item in elements(labels[0], "images"):
            if isinstance(item, RecordError):
                yield item
            elif not isinstance(item[1], Mapping):
                yield RecordError(f"{labels[0]}, image {item[0]}: is no object")
            elif item[1].get("split") == "test":
                test.append((item[0], item[1]))
        files: dict[int, str] = {}
        for at, image in test:
            try:
                files[at] = folder.media(image.get("filename"), *_IMAGES)
            except RecordError:
                continue
        gallery = list(files.values())
        for at, image in test:
            said = image.get("sentences")
            for number, sentence in enumerate(said if isinstance(said, list) and said else [None]):
                yield f"image {at}, sentence {number}", partial(self._entry, folder, image, sentence, number, gallery)

    def _entry(self, folder: Folder, image: Mapping[str, Any], sentence: Any, number: int, gallery: list[str]) -> Entry:
        file = folder.media(image.get("filename"), *_IMAGES)
        caption = text(mapping(sentence), "raw").strip()
        key = f"{text(image, 'filename').rpartition('.')[0]}-{number}"
        return key, {"input": {"caption": caption, "candidates": gallery}, "output": {"answer": gallery.index(file)}}


FLICKR30K: Final = Flickr30k()
