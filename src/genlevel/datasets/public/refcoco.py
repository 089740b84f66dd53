"""RefCOCO, RefCOCO+ and RefCOCOg in JSON or Parquet; the published ``refs(*).p`` is a pickle and is never read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.public.base import Entry, Item, Reader
from genlevel.datasets.public.coco import grouped
from genlevel.datasets.public.fields import identifier, listed, mapping, number, text
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.parquet import picture, rows, shards
from genlevel.datasets.public.stream import elements
from genlevel.errors import DataError, RecordError

__all__ = ["REFCOCO"]

_REFS: Final = ("refs.json", "refs(unc).json", "refs(umd).json", "refs(google).json")
_IMAGES: Final = ("train2014", "images/train2014", "images/mscoco/images/train2014", "images")
_SPLIT: Final = "val"


@dataclass(frozen=True)
class RefCoco(Reader):
    """Expressions of the validation split, each with the box of what it means.

    Three forms: the ``refs`` file as JSON beside ``instances.json``; JSON in COCO's form with a ``caption`` an image, as MDETR
    prepares it; Parquet with ``image``, ``answer`` (the expressions) and ``bbox``, as the hub has it.
    """

    layout: str = (
        "refs(unc).json (refs(umd).json for RefCOCOg)\ninstances.json\ntrain2014/COCO_train2014_000000581857.jpg\n\n"
        "or finetune_refcoco_val.json (MDETR's form)\ntrain2014/\n\nor data/val-00000-of-00004.parquet"
    )

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The refs and the instances, or one JSON of MDETR's, or the shards of Parquet."""
        refs, instances = folder.path_of(*_REFS), folder.path_of("instances.json")
        if refs is not None and instances is not None:
            return refs, instances
        for path in folder.files("", [".json"]):
            name = path.casefold()
            if name.startswith(("finetune_refcoco", "final_refcoco")) and name.endswith("_val.json"):
                return (folder.path / path,)
        found = shards(folder, _SPLIT)
        if found:
            return found
        pickled = next((p for p in folder.files("", [".p", ".pkl", ".pickle"])), None)
        if pickled is not None:
            raise DataError(f"{pickled} is a pickle, which is not read; put refs.json or a copy in Parquet beside it")
        raise DataError("has no refs.json with instances.json, no finetune_refcoco*_val.json and no val*.parquet")

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """One entry an expression."""
        if labels[0].suffix.casefold() == ".parquet":
            yield from self._of_parquet(labels)
        elif len(labels) == 2:
            yield from self._of_refs(folder, *labels)
        else:
            yield from self._of_captions(folder, labels[0])

    def _of_refs(self, folder: Folder, refs: Path, instances: Path) -> Iterator[Item | RecordError]:
        boxes: dict[str, Any] = {}
        names: dict[str, Any] = {}
        for item in elements(instances, "annotations"):
            if isinstance(item, RecordError):
                yield item
            elif isinstance(item[1], Mapping):
                boxes[str(item[1].get("id"))] = item[1].get("bbox")
        for item in elements(instances, "images"):
            if not isinstance(item, RecordError) and isinstance(item[1], Mapping):
                names[str(item[1].get("id"))] = item[1].get("file_name")
        for item in elements(refs):
            if isinstance(item, RecordError):
                yield item
                continue
            at, ref = item
            if isinstance(ref, Mapping) and ref.get("split", _SPLIT) != _SPLIT:
                continue
            said = ref.get("sentences") if isinstance(ref, Mapping) else None
            if not isinstance(said, list) or not said:
                yield RecordError(f"{refs}, reference {at}: has no 'sentences'")
                continue
            for number_of, sentence in enumerate(said):
                place = f"reference {at}, sentence {number_of}"
                yield place, partial(self._ref, folder, ref, sentence, boxes, names)

    def _ref(
        self, folder: Folder, ref: Any, sentence: Any, boxes: Mapping[str, Any], names: Mapping[str, Any]
    ) -> Entry:
        said = mapping(sentence)
        box = boxes.get(str(ref.get("ann_id")))
        if box is None:
            raise ValueError(f"'ann_id' {ref.get('ann_id')!r} is none of instances.json")
        # The file name in refs is that of a cut-out ("..._16.jpg"); the image's own stands in instances.json.
        file = folder.media(names.get(str(ref.get("image_id"))), *_IMAGES)
        key = identifier(said, "sent_id")
        return key, _asked(file, text(said, "raw" if said.get("raw") else "sent"), box)

    def _of_captions(self, folder: Folder, path: Path) -> Iterator[Item | RecordError]:
        boxes, lost = grouped(path, lambda annotation: listed(annotation, "bbox"))
        yield from lost
        for item in elements(path, "images"):
            if isinstance(item, RecordError):
                yield item
            else:
                yield f"image {item[0]}", partial(self._caption, folder, item[1], boxes)

    def _caption(self, folder: Folder, image: Any, boxes: Mapping[str, list[Any]]) -> Entry:
        key = identifier(mapping(image), "id")
        found = boxes.get(key, [])
        if len(found) != 1:
            raise ValueError(f"the expression has {len(found)} boxes and not one")
        if isinstance(found[0], RecordError):
            raise found[0]
        return key, _asked(folder.media(image.get("file_name"), *_IMAGES), text(image, "caption"), found[0])

    def _of_parquet(self, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        at = 0
        for path in labels:
            for row in rows(path, ("question_id", "image", "answer", "bbox")):
                said = row.get("answer")
                for number_of, sentence in enumerate(said if isinstance(said, list) and said else [None]):
                    yield f"{path.name}, row {at}", partial(_of_row, at, number_of, row, sentence)
                at += 1


def _of_row(at: int, number_of: int, row: Mapping[str, Any], sentence: Any) -> Entry:
    said = text({"answer": sentence}, "answer")
    return f"{at}-{number_of}", _asked(picture(row, "image"), said, listed(row, "bbox"))


def _asked(file: Any, expression: str, box: Any) -> dict[str, Any]:
    checked = [number({"box": n}, "box") for n in box] if isinstance(box, list) else box
    return {"input": {"image_file": file, "expression": expression.strip()}, "output": {"bbox": checked}}


REFCOCO: Final = RefCoco()
