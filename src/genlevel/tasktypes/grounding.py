"""Tasks that point at something in an image: the box that an expression means, the keypoints of each person."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.errors import GenlevelError, RecordError, UnreadableAnswer
from genlevel.records import Part, Record, Sample, Task
from genlevel.tasktypes.answers import text_of
from genlevel.tasktypes.base import TaskType
from genlevel.tasktypes.boxes import BOX_SCHEMA, BoxFormat, box_format, items_of, read_box, read_detections
from genlevel.tasktypes.keys import first, header_option, input_of, media_of, output_of
from genlevel.tasktypes.literals import find_literals
from genlevel.tasktypes.prompts import compose

__all__ = ["KeypointDetection", "VisualGrounding", "image_parts", "size_of"]

_CHARS: Final = 1_000_000
_MOST: Final = 1_000
"""Most persons of one image."""
_MOST_POINTS: Final = 1_000
"""Most keypoints of one person."""
_LIMIT: Final = 1e6
_OBJECT: Final = "object"


def image_parts(record: Record, shown: Mapping[str, Any]) -> list[Part]:
    """The media of a record that must show an image."""
    media = media_of(record, shown)
    if not any(part.kind == "image" for part in media):
        raise RecordError(f"{record.where}: 'input' names no image file")
    return media


def size_of(parts: Sequence[Part]) -> tuple[int, int]:
    """Height and width of the first image among ``parts``.

    Raises:
        ValueError: there is none, or it cannot be read.
    """
    from genlevel.media import image_size

    try:
        return image_size(next(part for part in parts if part.kind == "image"))
    except StopIteration:
        raise ValueError("there is no image whose size would be known") from None
    except GenlevelError as error:
        raise ValueError(str(error)) from None


class VisualGrounding(TaskType):
    """The box of what an expression means.

    Example: ``{"input": {"image_file": "a.png", "expression": "the left cup"}, "output": {"bbox": [67, 64, 366, 242]}}``.
    """

    name = "visual-grounding"
    title = "Visual grounding"
    writes = "boxes"
    takes = frozenset({"image", "text"})
    makes = frozenset({"text"})
    answer_format = 'JSON [x, y, width, height] in pixels, or several {"box", "score"}'

    def read(self, record: Record) -> Sample:
        """The reference is a list with one ``{"label": "object", "box": [x, y, w, h]}``, or several."""
        shown = input_of(record)
        media = image_parts(record, shown)
        form = box_format(record)
        unit = "as shares of the image's width and height" if form.relative else "in pixels"
        how = f"Answer with one box as JSON, {form.written}, {unit}."
        text = compose(shown, "Find what the expression describes in the image.")
        if "json" not in text.lower():
            text = f"{text}\n{how}"
        answer = output_of(record, ("bbox", "box", "boxes", "bboxes"))
        reference = None
        if answer is not None:
            try:
                reference = _objects(answer, form, size_of(media) if form.relative else None)
            except ValueError as error:
                raise RecordError(f"{record.where}: {error}") from None
        return Sample(record.id, (*media, Part("text", text)), reference, (), {"form": form})

    def parse(self, parts: Sequence[Part], sample: Sample) -> list[dict[str, Any]]:
        """Boxes as ``{"label": "object", "box", "score"}``; whatever label an answer gives them does not count.

        Raises:
            UnreadableAnswer: no JSON with boxes.
        """
        form: BoxFormat = sample.extra.get("form", BoxFormat())
        size = size_of(sample.input) if form.relative else None
        found = read_detections(text_of(parts, _CHARS), form, [_OBJECT], size)
        return [{**item, "label": _OBJECT} for item in found]

    def schema(self, sample: Sample) -> Mapping[str, Any] | None:
        """Four numbers."""
        del sample
        return BOX_SCHEMA

    def metric_options(self, task: Task) -> Mapping[str, Any]:
        """An expression has no class: AP is over all of them together."""
        return {"one_class": True} if self.metric(task).startswith("ap") else {}


def _objects(answer: Any, form: BoxFormat, size: tuple[int, int] | None) -> list[dict[str, Any]]:
    if isinstance(answer, str):
        answer = next(find_literals(answer), None)
    boxes = [{"label": _OBJECT, "box": read_box(box, form, size)} for _, box, _ in items_of(answer)]
    if not boxes:
        raise ValueError("the output holds no box")
    return boxes


class KeypointDetection(TaskType):
    """The keypoints of each person (or animal, or thing), in the order of the dataset, by default COCO's 17.

    Example: ``{"input": {"image_file": "a.png"}, "output": {"persons": [{"keypoints": [[10, 12, 2], [0, 0, 0]],
    "box": [5, 5, 40, 80], "area": 2000}]}}`` with ``"others": {"keypoints": ["nose", "left eye"]}`` in the header.
    """

    name = "keypoint-detection"
    title = "Keypoint detection"
    writes = "keypoints"
    takes = frozenset({"image", "text"})
    makes = frozenset({"text"})
    answer_format = 'JSON [{"keypoints": [[x, y], ...], "score": 0 to 1, if known}] in pixels, one object a person'

    def read(self, record: Record) -> Sample:
        """The reference is a list of ``{"label", "keypoints": [[x, y, visibility], ...]}``, with ``box``, ``area``, ``crowd``."""
        shown = input_of(record)
        media = image_parts(record, shown)
        names = _names(first(shown, "keypoint_names", "keypoints", "joints") or header_option(record, "keypoints"))
        hidden = ("keypoint_names", "keypoints", "joints")
        lines = [compose(shown, "Find the keypoints of all persons in the image.", hidden=hidden)]
        if names:
            lines.append(f"Keypoints, in this order: {', '.join(names)}.")
        if "json" not in lines[0].lower():
            lines.append(
                'Answer with JSON, one object a person: [{"keypoints": [[x, y], ...], "score": 0.9}], in pixels, '
                "null for a keypoint that is not there."
            )
        answer = output_of(record, ("persons", "people", "instances", "annotations", "keypoints"))
        reference = None
        if answer is not None:
            try:
                if isinstance(answer, str):
                    answer = next(find_literals(answer), None)
                reference = [_person(item, names, box_format(record), truth=True) for item in _persons(answer)]
            except (ValueError, RecursionError) as error:
                raise RecordError(f"{record.where}: {error}") from None
        count = len(names) or max((len(p["keypoints"]) for p in reference or ()), default=0)
        extra = {"names": names, "count": count}
        return Sample(record.id, (*media, Part("text", "\n".join(lines))), reference, (), extra)

    def parse(self, parts: Sequence[Part], sample: Sample) -> list[dict[str, Any]]:
        """Persons as ``{"label", "keypoints": [[x, y, visibility], ...], "score"}``; ``[]``: there is nobody.

        Raises:
            UnreadableAnswer: no JSON, or a person with another number of keypoints than asked for.
        """
        names = tuple(sample.extra.get("names", ()))
        count = int(sample.extra.get("count", 0))
        text = text_of(parts, _CHARS)
        for value in find_literals(text):
            try:
                found = [_person(item, names, BoxFormat(), truth=False) for item in _persons(value)]
                wrong = next((len(p["keypoints"]) for p in found if count and len(p["keypoints"]) != count), None)
                if wrong is not None:
                    raise ValueError(f"a person has {wrong} keypoints; {count} are asked for")
            except (ValueError, RecursionError) as error:
                raise UnreadableAnswer(f"the keypoints cannot be read: {error}") from None
            return found
        raise UnreadableAnswer("the answer holds no JSON list of persons with keypoints")

    def metric_options(self, task: Task) -> Mapping[str, Any]:
        """AP by object keypoint similarity, over all persons whatever they are called."""
        return {"kind": "keypoints", "one_class": True} if self.metric(task).startswith("ap") else {}


def _names(value: Any) -> tuple[str, ...]:
    """Names of keypoints; empty where ``value`` is no list of texts."""
    if isinstance(value, list) and 0 < len(value) <= _MOST_POINTS and all(isinstance(v, str) for v in value):
        return tuple(value)
    return ()


def _persons(value: Any) -> list[Any]:
    """One decoded value a person; a single person may stand alone."""
    if isinstance(value, Mapping):
        inner = first(value, "persons", "people", "instances", "annotations", "objects", "detections", "predictions")
        return _persons(inner) if isinstance(inner, list) else [value]
    if not isinstance(value, list) or len(value) > max(_MOST, 3 * _MOST_POINTS):
        raise ValueError("persons are a list of objects with 'keypoints'")
    if not value:
        return []
    if all(isinstance(item, Mapping) for item in value):
        if len(value) > _MOST:
            raise ValueError(f"more than {_MOST} persons")
        # A list of {"x", "y"} is one person.
        return [value] if all({"x", "y"} <= {str(k).lower() for k in item} for item in value) else value
    head = next((item for item in value if item is not None), None)
    if isinstance(head, list) and not (len(head) in (2, 3) and all(_is_number(n) for n in head)):
        return value
    return [value]


def _person(value: Any, names: tuple[str, ...], form: BoxFormat, *, truth: bool) -> dict[str, Any]:
    item = value if isinstance(value, Mapping) else {"keypoints": value}
    points = first(item, "keypoints", "points", "joints", "pose")
    found: dict[str, Any] = {"label": "person", "keypoints": _points(item if points is None else points, names)}
    score = first(item, "score", "confidence")
    if not truth:
        if score is not None and not (_is_number(score) and abs(score) <= _LIMIT):
            raise ValueError("a score is no finite number")
        found["score"] = 1.0 if score is None else float(score)
        return found
    box, area, crowd = first(item, "box", "bbox"), first(item, "area"), first(item, "iscrowd", "crowd")
    if box is not None:
        found["box"] = read_box(box, form)
    if area is not None:
        if not (_is_number(area) and 0 <= area <= _LIMIT**2):
            raise ValueError("an area is no number of pixels")
        found["area"] = float(area)
    if crowd is not None:
        found["crowd"] = bool(crowd)
    return found


def _points(value: Any, names: tuple[str, ...]) -> list[list[float]]:
    """Keypoints as [[x, y, visibility], ...]: from rows of 2 or 3, a flat list of threes, or an object by name."""
    if isinstance(value, Mapping):
        if not names:
            raise ValueError("keypoints by name need the header's 'keypoints', the names in order")
        rows: list[Any] = [first(value, name) for name in names]
        if all(row is None for row in rows):
            raise ValueError("a person is an object with 'keypoints'")
    elif isinstance(value, list) and value and all(_is_number(v) for v in value):
        step = 2 if names and len(value) == 2 * len(names) else 3
        if len(value) % step:
            raise ValueError("a flat list of keypoints holds x, y, visibility of each")
        rows = [value[i : i + step] for i in range(0, len(value), step)]
    elif isinstance(value, list):
        rows = value
    else:
        raise ValueError("keypoints are a list of [x, y]")
    if not 0 < len(rows) <= _MOST_POINTS:
        raise ValueError(f"a person has 1 to {_MOST_POINTS} keypoints")
    return [_point(row) for row in rows]


def _point(row: Any) -> list[float]:
    if isinstance(row, Mapping):
        row = [n for n in (first(row, "x"), first(row, "y"), first(row, "v", "visibility", "visible")) if n is not None]
        row = [int(n) if isinstance(n, bool) else n for n in row]
    if row is None or row == []:
        return [0.0, 0.0, 0.0]
    if not isinstance(row, list) or len(row) not in (2, 3) or not all(_is_number(n) for n in row):
        raise ValueError("a keypoint is [x, y] or [x, y, visibility]")
    if not all(abs(n) <= _LIMIT for n in row):
        raise ValueError(f"a coordinate is not finite or beyond {_LIMIT:.0f}")
    return [float(row[0]), float(row[1]), float(row[2]) if len(row) == 3 else 2.0]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
