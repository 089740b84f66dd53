"""TextOCR: words in photos, one a sample, cut out along its box."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.base import Entry, Item, Reader, need
from genlevel.datasets.public.fields import identifier, listed, mapping, number, text
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.stream import members
from genlevel.errors import RecordError
from genlevel.records import Part

__all__ = ["TEXTOCR"]

_ILLEGIBLE: Final = "."


@dataclass(frozen=True)
class TextOcr(Reader):
    """Legible words of the validation split, as a recogniser of words is given them."""

    layout: str = "TextOCR_0.1_val.json\ntrain_images/a4ea732cd3d5948a.jpg (of TextVQA's train_val_images.zip)"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The words of the validation split."""
        return (need(folder, "TextOCR_0.1_val.json"),)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry a word, picture by picture."""
        words: dict[str, list[tuple[str, Any]]] = defaultdict(list)
        for item in members(labels[0], "anns"):
            if isinstance(item, RecordError):
                yield item
                continue
            key, word = item
            if not isinstance(word, Mapping) or word.get("utf8_string") != _ILLEGIBLE:
                image = word.get("image_id") if isinstance(word, Mapping) else None
                kept = {k: word.get(k) for k in ("utf8_string", "bbox")} if isinstance(word, Mapping) else word
                words[str(image)].append((key, kept))
        for item in members(labels[0], "imgs"):
            if isinstance(item, RecordError):
                yield item
                continue
            key, image = item
            opened = _Picture(folder, image)
            for word_key, word in words.pop(key, ()):
                yield f"word {word_key}", partial(_entry, word_key, word, opened)
        for image, kept in words.items():
            for word_key, _ in kept:
                yield RecordError(f"{labels[0]}, word {word_key}: its image {image!r:.60} is not among 'imgs'")


class _Picture:
    """A picture that is decoded when its first word is read, and not again for the others."""

    def __init__(self, folder: Folder, image: Any) -> None:
        self._folder, self._image = folder, image
        self._pixels: Any = None

    def cut(self, box: list[Any]) -> Part:
        """The pixels of a box [x, y, width, height], within the picture.

        Raises:
            ValueError: the box lies outside, or the picture cannot be decoded.
        """
        import math

        from genlevel.media import encode_png, load_image

        if self._pixels is None:
            name = text(mapping(self._image), "file_name")
            file = self._folder.stale(name, "train_images", "train_val_images/train_images", "train")
            self._pixels = load_image(Part("image", path=self._folder.path / file))
        if len(box) != 4:
            raise ValueError("'bbox' has not four numbers")
        x, y, width, height = (number({"bbox": n}, "bbox") for n in box)
        rows, columns = self._pixels.shape[:2]
        left, top = max(0, math.floor(x)), max(0, math.floor(y))
        right, bottom = min(columns, math.ceil(x + width)), min(rows, math.ceil(y + height))
        if right <= left or bottom <= top:
            raise ValueError(f"the box {[x, y, width, height]} lies outside the picture of {columns} x {rows} pixels")
        return Part("image", data=encode_png(self._pixels[top:bottom, left:right]), media_type="image/png")


def _entry(key: str, word: Any, picture: _Picture) -> Entry:
    said = text(mapping(word), "utf8_string")
    shown = {"image_file": picture.cut(listed(word, "bbox")), "prompt": "Read the word in the image."}
    return identifier({"id": key}, "id"), {"input": shown, "output": {"text": said}}


TEXTOCR: Final = TextOcr()
