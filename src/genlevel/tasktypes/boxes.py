"""Boxes in records and in answers, and object detection."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from genlevel.errors import GenlevelError, RecordError, UnreadableAnswer
from genlevel.records import Part, Record, Sample
from genlevel.tasktypes.answers import normal, text_of
from genlevel.tasktypes.base import TaskType
from genlevel.tasktypes.keys import first, fold_key, header_option, input_of, media_of, output_of
from genlevel.tasktypes.literals import find_literals
from genlevel.tasktypes.prompts import compose

__all__ = ["BOX_SCHEMA", "BoxFormat", "ObjectDetection", "box_format", "read_box", "read_detections"]

Layout = Literal["xywh", "xyxy", "cxcywh"]

_LIMIT: Final = 1e6
"""Largest coordinate or size in pixels."""
_MOST: Final = 10_000
"""Most boxes of one answer."""
_ANSWER_CHARS: Final = 1_000_000
# The bounds on its length are left out: OpenAI's schemas know none.
BOX_SCHEMA: Final[dict[str, Any]] = {"type": "array", "items": {"type": "number"}}
_WRITTEN: Final[dict[Layout, str]] = {
    "xywh": "[x_min, y_min, width, height]",
    "xyxy": "[x_min, y_min, x_max, y_max]",
    "cxcywh": "[x_center, y_center, width, height]",
}
_BOX_KEYS: Final = ("box", "bbox", "bbox_2d", "box_2d", "boundingbox", "bounding_box", "coordinates", "boxes", "bboxes")
_LABEL_KEYS: Final = ("label", "category", "name", "class", "category_name", "class_name", "object", "type", "text")
_SCORE_KEYS: Final = ("score", "confidence", "conf", "probability")
_CORNERS: Final = (
    (("x1", "y1", "x2", "y2"), "xyxy"),
    (("xmin", "ymin", "xmax", "ymax"), "xyxy"),
    (("left", "top", "right", "bottom"), "xyxy"),
    (("xmin", "ymin", "width", "height"), "xywh"),
    (("left", "top", "width", "height"), "xywh"),
    (("x", "y", "width", "height"), "xywh"),
    (("x", "y", "w", "h"), "xywh"),
    (("cx", "cy", "w", "h"), "cxcywh"),
    (("xcenter", "ycenter", "width", "height"), "cxcywh"),
)


@dataclass(frozen=True, slots=True)
class BoxFormat:
    """How a task writes boxes: the order of the numbers, and whether they are shares of the image's size."""

    layout: Layout = "xywh"
    relative: bool = False

    @property
    def written(self) -> str:
        """As a prompt says it."""
        return _WRITTEN[self.layout]


def box_format(record: Record) -> BoxFormat:
    """The header's ``others.bbox_format``; [x, y, width, height] in pixels without one.

    Raises:
        RecordError: a format that is not known.
    """
    value = header_option(record, "bbox_format")
    if value is None or value == "":
        return BoxFormat()
    words = fold_key(value)
    relative = any(w in words for w in ("normal", "relative", "ratio"))
    if "center" in words or "centre" in words or "cx" in words:
        return BoxFormat("cxcywh", relative)
    if "width" in words or "xywh" in words or "yw" in words:
        return BoxFormat("xywh", relative)
    if any(w in words for w in ("xmax", "x2", "xyxy", "right")):
        return BoxFormat("xyxy", relative)
    raise RecordError(
        f"{record.where}: bbox_format {str(value)[:80]!r} is not known; use (x_min, y_min, width, height)"
    )


def read_box(value: Any, form: BoxFormat, size: tuple[int, int] | None = None) -> list[float]:
    """A box as [x, y, width, height] in pixels.

    Args:
        value: four numbers in the task's order, or an object whose keys say what they are.
        form: the task's order and unit.
        size: height and width of the image, for relative boxes.

    Raises:
        ValueError: not four finite numbers below a million, or a negative size.
    """
    layout = form.layout
    if isinstance(value, Mapping):
        by_key = {fold_key(k): v for k, v in value.items()}
        for keys, named in _CORNERS:
            if all(k in by_key for k in keys):
                value, layout = [by_key[k] for k in keys], named  # type: ignore[assignment]
                break
    if isinstance(value, (list, tuple)) and len(value) == 1 and isinstance(value[0], (list, tuple)):
        value = value[0]
    if not isinstance(value, (list, tuple)) or len(value) != 4:
        raise ValueError("a box has four numbers")
    numbers = [_number(v) for v in value]
    if form.relative:
        if size is None:
            raise ValueError("relative boxes need the image's size")
        numbers = [n * side for n, side in zip(numbers, (size[1], size[0]) * 2, strict=True)]
    a, b, c, d = numbers
    if layout == "xyxy":
        a, b, c, d = a, b, c - a, d - b
    elif layout == "cxcywh":
        a, b = a - c / 2, b - d / 2
    if not all(math.isfinite(n) and abs(n) <= _LIMIT for n in (a, b, c, d)):
        raise ValueError(f"a coordinate is not finite or beyond {_LIMIT:.0f}")
    if c < 0 or d < 0:
        raise ValueError(f"a box has the size {c:g} x {d:g}; boxes are to be {form.written}")
    return [a, b, c, d]


def _number(value: Any) -> float:
    if isinstance(value, str) and len(value) <= 40:
        try:
            return float(value.strip().removesuffix("px"))
        except ValueError:
            raise ValueError(f"'{value}' is no number") from None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError("a box has four numbers")
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _is_box(value: Any) -> bool:
    return (
        isinstance(value, (list, tuple))
        and len(value) == 4
        and not any(isinstance(v, (list, tuple, dict)) for v in value)
    )


def items_of(value: Any) -> list[tuple[Any, Any, Any]]:
    """Label, box and score of each detection in a decoded value; label and score may be None.

    Understood are ``[{"label", "box", "score"}]``, ``{label: [box, ...]}``, ``[{label: box}]``, ``[[label, box]]``, a list of
    boxes, a single box, and any of these under one key such as ``detections``.

    Raises:
        ValueError: something else.
    """
    if _is_box(value):
        return [(None, value, None)]
    if isinstance(value, Mapping):
        return _of_mapping(value)
    if isinstance(value, (list, tuple)):
        if len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], (list, tuple)):
            return [(value[0], box, None) for box in _boxes(value[1])]
        if len(value) == 5 and _is_box(value[:4]) and _is_real(value[4]) and not isinstance(value[0], str):
            return [
                (
                    value[4] if isinstance(value[4], str) else None,
                    value[:4],
                    None if isinstance(value[4], str) else value[4],
                )
            ]
        found = []
        for item in value:
            if not isinstance(item, (list, tuple, Mapping)):
                raise ValueError("a detection is an object with 'label' and 'box'")
            found += items_of(item)
            if len(found) > _MOST:
                raise ValueError(f"more than {_MOST} boxes")
        return found
    raise ValueError("detections are a list or an object")


def _is_real(value: Any) -> bool:
    return isinstance(value, (int, float, str)) and not isinstance(value, bool)


def _of_mapping(value: Mapping[str, Any]) -> list[tuple[Any, Any, Any]]:
    label, score = first(value, *_LABEL_KEYS), first(value, *_SCORE_KEYS)
    box = first(value, *_BOX_KEYS)
    if box is not None and not isinstance(label, (list, tuple, Mapping)):
        if isinstance(box, (list, tuple)) and not _is_box(box) and any(isinstance(b, Mapping) for b in box):
            return items_of(box)
        return [(label, each, score) for each in (_boxes(box) if isinstance(box, (list, tuple)) else [box])]
    folded = {fold_key(k) for k in value}
    if any(folded.issuperset(keys) for keys, _ in _CORNERS):
        return [(label, value, score)]
    found = []
    wrapper = len(value) == 1 and fold_key(next(iter(value))) in {
        "detections",
        "objects",
        "results",
        "annotations",
        "predictions",
        "answer",
    }
    for key, content in value.items():
        if not isinstance(content, (list, tuple, Mapping)):
            raise ValueError(f"'{key[:40]}' holds no boxes")
        if wrapper:
            return items_of(content)
        boxes = _boxes(content) if isinstance(content, (list, tuple)) else [content]
        for each in boxes:
            if isinstance(each, Mapping) and first(each, *_BOX_KEYS) is not None:
                found += [(own if own is not None else key, box, s) for own, box, s in _of_mapping(each)]
            else:
                found.append((key, each, None))
    return found


def _boxes(value: Sequence[Any]) -> list[Any]:
    """The boxes in a list of boxes or a single box."""
    return [value] if _is_box(value) else list(value)


def read_detections(
    text: str, form: BoxFormat, labels: Sequence[str], size: tuple[int, int] | None
) -> list[dict[str, Any]]:
    """The detections in an answer, as ``{"label", "box": [x, y, w, h], "score"}``.

    A label equal to a known one but for case, spacing and punctuation becomes that one. Where the task knows a single label,
    boxes without a label have it. An empty list is an answer: nothing is there.

    Raises:
        UnreadableAnswer: no JSON, a box that is none, or boxes without a label.
    """
    problem = "the answer holds no JSON list or object of boxes"
    known = {normal(label): label for label in labels}
    for value in find_literals(text):
        try:
            found = []
            for label, box, score in items_of(value):
                if label is None and len(known) != 1:
                    raise ValueError("a box has no label")
                name = next(iter(known.values())) if label is None else known.get(normal(str(label)), str(label)[:200])
                rank = 1.0 if score is None else _number(score)
                if not math.isfinite(rank):
                    raise ValueError("a score is not finite")
                found.append({"label": name, "box": read_box(box, form, size), "score": rank})
            return found
        except (ValueError, RecursionError) as error:
            problem = str(error) or "nested too deep"
            if value:
                break
    raise UnreadableAnswer(f"the boxes cannot be read: {problem}")


class ObjectDetection(TaskType):
    """The boxes of all objects of the classes asked for.

    Example: ``{"input": {"image_file": "a.png", "prompt": "Detect the bird."},
    "output": {"text": {"bird": [[67, 64, 366, 242]]}}}``
    with ``"others": {"bbox_format": "(x_min, y_min, width, height)"}`` in the header.
    """

    name = "object-detection"
    title = "Object detection"
    writes = "boxes"
    takes = frozenset({"image", "text"})
    makes = frozenset({"text"})
    answer_format = 'JSON [{"label": ..., "box": [x, y, width, height], "score": 0 to 1, if known}] in pixels'

    def read(self, record: Record) -> Sample:
        """The reference is a list of ``{"label", "box": [x, y, w, h]}``, with ``crowd`` and ``area`` where they are given."""
        shown = input_of(record)
        media = media_of(record, shown)
        if not any(part.kind == "image" for part in media):
            raise RecordError(f"{record.where}: 'input' names no image file")
        form = box_format(record)
        unit = "as shares of the image's width and height" if form.relative else "in pixels"
        how = f'Answer with JSON: [{{"label": "...", "box": {form.written}}}], {unit}.'
        prompt = compose(shown, "Detect all objects in the image.", hidden=("classes",))
        classes = first(shown, "classes", "categories", "labels")
        names = (
            [str(c) for c in (classes.values() if isinstance(classes, Mapping) else classes)]
            if isinstance(classes, (list, Mapping))
            else []
        )
        if names:
            prompt = f"{prompt}\nClasses: {', '.join(names)}."
        if "json" not in prompt.lower():
            prompt = f"{prompt}\n{how}"
        answer = output_of(record, ("bbox", "boxes", "bboxes"))
        reference = None
        if answer is not None:
            try:
                size = self._size(media) if form.relative else None
                reference = _references(answer, form, size)
            except ValueError as error:
                raise RecordError(f"{record.where}: {error}") from None
        return Sample(record.id, (*media, Part("text", prompt)), reference, (), {"form": form, "labels": tuple(names)})

    def parse(self, parts: Sequence[Part], sample: Sample) -> list[dict[str, Any]]:
        """Detections with pixel boxes [x, y, w, h]."""
        form: BoxFormat = sample.extra.get("form", BoxFormat())
        labels = list(
            dict.fromkeys([r["label"] for r in sample.reference or ()] + list(sample.extra.get("labels", ())))
        )
        size = self._size(sample.input) if form.relative else None
        return read_detections(text_of(parts, _ANSWER_CHARS), form, labels, size)

    def schema(self, sample: Sample) -> Mapping[str, Any] | None:
        """A list of labels and boxes of four numbers."""
        labels = sample.extra.get("labels")
        label = {"type": "string", **({"enum": list(dict.fromkeys(labels))} if labels else {})}
        fields = {"label": label, "box": BOX_SCHEMA}
        item = {"type": "object", "properties": fields, "required": list(fields), "additionalProperties": False}
        return {"type": "array", "items": item}

    def _size(self, parts: Sequence[Part]) -> tuple[int, int]:
        from genlevel.media import image_size

        try:
            return image_size(next(part for part in parts if part.kind == "image"))
        except GenlevelError as error:
            raise ValueError(str(error)) from None


def _references(answer: Any, form: BoxFormat, size: tuple[int, int] | None) -> list[dict[str, Any]]:
    if isinstance(answer, str):
        answer = next(find_literals(answer), None)
        if answer is None:
            raise ValueError("the output holds no boxes")
    found: list[dict[str, Any]] = []
    for label, box, _ in items_of(answer):
        found.append({"label": "object" if label is None else str(label), "box": read_box(box, form, size)})
    flat = answer if isinstance(answer, list) else []
    if len(flat) == len(found) and all(isinstance(item, Mapping) for item in flat):
        for reference, item in zip(found, flat, strict=True):
            crowd, area = first(item, "iscrowd", "crowd"), first(item, "area")
            if crowd is not None:
                reference["crowd"] = bool(crowd)
            if area is not None:
                reference["area"] = _number(area)
    return found
