"""Tasks answered with JSON of one form: objects and tracks in space, poses, tubes, instances of points."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from genlevel.errors import GenlevelError, RecordError, UnreadableAnswer
from genlevel.records import Part, PartKind, Record, Sample
from genlevel.tasktypes.answers import text_of
from genlevel.tasktypes.base import TaskType
from genlevel.tasktypes.boxes import BoxFormat
from genlevel.tasktypes.keys import LABEL_KEYS, first, input_of, media_of, resolve
from genlevel.tasktypes.literals import find_literals
from genlevel.tasktypes.prompts import compose
from genlevel.tasktypes.video import _frame_box as frame_box

__all__ = ["PointCloudInstanceSegmentation", "PointCloudOdometry", "SpaceDetection", "SpaceTracking", "VideoGrounding"]

_CHARS: Final = 40_000_000
_MOST: Final = 100_000
_LIMIT: Final = 1e7
_LABELS: Final = ("label", "category", "class", "name", "type")
_IDS: Final = ("id", "track_id", "instance_id", "object_id")


class Structured(TaskType):
    """An answer in JSON whose form the subclass reads, the same for references and answers."""

    makes = frozenset({"text"})
    prompt: ClassVar[str] = ""
    form: ClassVar[str] = ""
    keys: ClassVar[tuple[str, ...]] = ()
    """Where in ``output``, or beside ``input``, the answer stands."""
    hidden: ClassVar[tuple[str, ...]] = ()

    def read(self, record: Record) -> Sample:
        """The reference is what :meth:`structure` makes of the output."""
        shown = input_of(record)
        media = media_of(record, shown)
        if not any(part.kind in self.takes - {"text"} for part in media):
            raise RecordError(f"{record.where}: 'input' names no {self._wanted()} file")
        text = compose(shown, self.prompt, form=self.form, hidden=(*self.hidden, *self.keys))
        reference = self._reference(record)
        return Sample(record.id, (*media, Part("text", text)), reference, (), self.extra_of(shown, reference))

    def _wanted(self) -> PartKind:
        return next(kind for kind in ("points", "video", "image", "audio", "text") if kind in self.takes)

    def extra_of(self, shown: Mapping[str, Any], reference: Any) -> dict[str, Any]:
        """What the reader of the answer needs besides the reference."""
        del shown, reference
        return {}

    def _reference(self, record: Record) -> Any:
        output = record.value.get("output")
        if output is None or output in ({}, "", []):
            output = {k: v for k in self.keys if (v := record.value.get(k)) is not None}
            if not output:
                return None
        value: Any = first(output, *self.keys, *LABEL_KEYS) if isinstance(output, Mapping) else output
        try:
            if isinstance(value, str):
                return self.stored(Part("points", path=resolve(record, value)), output)
            return self.structure(output if value is None else self.joined(value, output), record.value)
        except RecordError:
            raise
        except (GenlevelError, ValueError, RecursionError) as error:
            raise RecordError(f"{record.where}: {error}") from None

    def joined(self, value: Any, output: Any) -> Any:
        """The value with what stands beside it in ``output``."""
        del output
        return value

    def stored(self, part: Part, output: Any) -> Any:
        """The reference in a file: JSON."""
        from genlevel.media import part_bytes

        del output
        found = next(find_literals(part_bytes(part, _CHARS).decode("utf-8", "replace")), None)
        if found is None:
            raise ValueError(f"{part.path}: holds no JSON list or object")
        return self.structure(found, {})

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """The first list or object of the answer that has the form.

        Raises:
            UnreadableAnswer: there is none.
        """
        problem = "there is no JSON list or object"
        text = text_of(parts, _CHARS)
        for value in find_literals(text):
            try:
                return self.fitted(self.structure(value, {}), sample)
            except (ValueError, RecursionError, OverflowError) as error:
                problem = str(error) or "nested too deep"
                if value:
                    break
        raise UnreadableAnswer(f"the answer cannot be read: {problem}")

    def fitted(self, value: Any, sample: Sample) -> Any:
        """The answer beside its sample; a ValueError if it does not fit."""
        del sample
        return value

    @abstractmethod
    def structure(self, value: Any, entry: Mapping[str, Any]) -> Any:
        """A decoded value as the metric takes it; a ValueError if it has not the form."""


def number(value: Any) -> float:
    """A finite number below ten million, or a ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= _LIMIT or math.isnan(value):
        raise ValueError(f"{str(value)[:40]} is no number from -1e7 to 1e7")
    return float(value)


def space_object(item: Any, *, tracked: bool = False) -> dict[str, Any]:
    """One object in space with ``label``, ``box`` (7 numbers), ``score`` and, where it is tracked, ``id``."""
    if not isinstance(item, Mapping):
        raise ValueError("an object is {'label', 'box': [x, y, z, length, width, height, yaw]}")
    box, centre = (
        first(item, "box", "bbox", "box_3d", "bbox_3d"),
        first(item, "centre", "center", "location", "translation"),
    )
    size, yaw = first(item, "size", "dimensions"), first(item, "yaw", "rotation_y", "heading")
    if box is None and isinstance(centre, list) and isinstance(size, list):
        box = [*centre, *size, 0.0 if yaw is None else yaw]
    found: dict[str, Any] = {}
    if isinstance(box, list) and len(box) in (6, 7):
        numbers = [number(n) for n in box]
        if min(numbers[3:6]) < 0:
            raise ValueError("a box has a negative size")
        found["box"] = numbers if len(numbers) == 7 else [*numbers, 0.0]
    elif tracked and isinstance(centre, list) and len(centre) in (2, 3):
        found["centre"] = [number(n) for n in centre]
    else:
        raise ValueError("a box has 7 numbers [x, y, z, length, width, height, yaw]")
    label, score = first(item, *_LABELS), first(item, "score", "confidence")
    found["label"] = "object" if label is None else str(label)[:200]
    found["score"] = 1.0 if score is None else number(score)
    if tracked:
        name = first(item, *_IDS)
        if name is None:
            raise ValueError("a tracked object has no 'id'")
        found["id"] = str(name)[:200]
    return found


class SpaceDetection(Structured):
    """The turned boxes of objects in space.

    Example: ``{"input": {"point_file": "a.ply", "prompt": "Detect the cars."},
    "output": {"boxes": [{"label": "car", "box": [10, 2, 0, 4, 1.8, 1.5, 0.1]}]}}``.
    """

    name = "3d-object-detection"
    title = "3D object detection"
    takes = frozenset({"points", "image", "text"})
    answer_format = 'JSON [{"label", "box": [x, y, z, length, width, height, yaw], "score"}] with the box\'s centre'
    prompt = "Detect all objects."
    form = (
        'Answer with JSON: [{"label": "...", "box": [x, y, z, length, width, height, yaw], "score": 0 to 1}], the centre first, '
        "in the unit of the points."
    )
    keys = ("boxes", "bbox", "objects", "annotations", "detections")

    def structure(self, value: Any, entry: Mapping[str, Any]) -> Any:
        """A list of objects; ``{label: [box, ...]}`` is understood too."""
        if isinstance(value, Mapping):
            inner = first(value, *self.keys)
            if isinstance(inner, (list, Mapping)) and first(value, *_LABELS) is None:
                return self.structure(inner, entry)
            if first(value, "box", "bbox", "centre", "center") is not None:
                value = [value]
            else:
                value = [
                    {"label": label, "box": box}
                    for label, boxes in value.items()
                    if isinstance(boxes, list)
                    for box in (boxes if boxes and isinstance(boxes[0], list) else [boxes])
                ] or [None]
        if not isinstance(value, list) or len(value) > _MOST:
            raise ValueError("objects are a JSON list")
        return [space_object(item) for item in value]


class SpaceTracking(Structured):
    """Objects in space followed through a sequence: those of each frame, with the same ``id`` in all frames.

    Example: ``{"input": {"point_file_list": ["0.ply", "1.ply"]}, "output": {"frames": [[{"id": 1, "label": "car",
    "box": [10, 2, 0, 4, 2, 1.5, 0]}], []]}}``.
    """

    name = "3d-object-tracking"
    title = "3D object tracking"
    takes = frozenset({"points", "video", "image", "text"})
    answer_format = (
        'JSON [[{"id", "label", "box": [x, y, z, length, width, height, yaw], "score"}]], a list for each frame'
    )
    prompt = "Follow all objects through the sequence."
    form = (
        'Answer with JSON, a list for each frame: [[{"id": 1, "label": "...", "box": [x, y, z, length, width, height, yaw]}]], '
        "the centre first; an object has the same id in all frames."
    )
    keys = ("frames", "tracks", "objects", "annotations")

    def structure(self, value: Any, entry: Mapping[str, Any]) -> Any:
        """A list of frames; ``{frame: [...]}`` with numbers from 0 is understood too."""
        if isinstance(value, Mapping):
            inner = first(value, *self.keys)
            if isinstance(inner, (list, Mapping)):
                return self.structure(inner, entry)
            if not value or not all(str(key).isdecimal() and len(str(key)) < 6 for key in value):
                raise ValueError("frames are a list of lists")
            numbered = {int(key): frame for key, frame in value.items()}
            value = [numbered.get(frame, []) for frame in range(max(numbered) + 1)]
        if not isinstance(value, list) or not 0 < len(value) <= _MOST:
            raise ValueError("frames are a list of lists, one a frame")
        frames = [first(frame, "objects", "boxes") if isinstance(frame, Mapping) else frame for frame in value]
        if not all(isinstance(frame, list) for frame in frames):
            raise ValueError("frames are a list of lists, one a frame")
        return [[space_object(item, tracked=True) for item in frame] for frame in frames]

    def fitted(self, value: Any, sample: Sample) -> Any:
        """As many frames as the reference; those after the last are empty."""
        if sample.reference is None:
            return value
        if len(value) > len(sample.reference):
            raise ValueError(f"{len(value)} frames; {len(sample.reference)} are asked for")
        return value + [[] for _ in range(len(sample.reference) - len(value))]


class PointCloudOdometry(Structured):
    """Where the sensor is at each frame, from the frames' points: poses in the first frame's coordinates.

    Example: ``{"input": {"point_file_list": ["0.ply", "1.ply"]}, "output": {"poses": [[1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0],
    [1, 0, 0, 2, 0, 1, 0, 0, 0, 0, 1, 0]]}}``: 3 x 4 matrices row by row, as KITTI's ``pose_file`` has them.
    """

    name = "point-cloud-odometry"
    title = "Point cloud odometry"
    takes = frozenset({"points", "video", "image", "text"})
    makes = frozenset({"text", "points"})
    answer_format = "a JSON list of poses, 12 numbers each (a 3 x 4 matrix row by row), one for each frame"
    prompt = "Estimate the pose of the sensor at each frame, relative to the first."
    form = "Answer with a JSON list of poses, one for each frame: 12 numbers, a 3 x 4 matrix row by row."
    keys = ("poses", "pose_file", "trajectory", "pose")

    def structure(self, value: Any, entry: Mapping[str, Any]) -> Any:
        """Float64 (T, 4, 4)."""
        from genlevel.metrics.pose import read_poses
        from genlevel.tasktypes.arrays import number_array

        value = (first(value, *self.keys) or []) if isinstance(value, Mapping) else value
        array = number_array(value)
        poses = None if array is None or array.ndim not in (2, 3) or not array.size else read_poses(array)
        if poses is None:
            raise ValueError("poses are a list of 12 numbers each (a rotation and a place), or of 3 (a place)")
        return poses

    def stored(self, part: Part, output: Any) -> Any:
        """Poses in a table of 12 numbers a line, or in an NPY file."""
        from genlevel.media import load_points

        return self.structure(load_points(part).tolist(), {})

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Float64 (T, 4, 4), as many as the reference has."""
        files = [part for part in parts if part.kind == "points"]
        if not files:
            return super().parse(parts, sample)
        try:
            return self.fitted(self.stored(files[-1], None), sample)
        except (GenlevelError, ValueError) as error:
            raise UnreadableAnswer(f"the poses cannot be read: {error}") from None

    def fitted(self, value: Any, sample: Sample) -> Any:
        """As many poses as the reference."""
        if sample.reference is not None and len(value) != len(sample.reference):
            raise ValueError(f"{len(value)} poses; {len(sample.reference)} are asked for")
        return value


class PointCloudInstanceSegmentation(Structured):
    """Each object of a scene as the points that belong to it.

    Example: ``{"input": {"point_file": "a.ply"}, "output": {"instances": [{"label": "chair", "points": [0, 1, 5]}]}}``;
    or ``"output": {"instances": [1, 1, 0, 2], "labels": ["chair", "chair", "", "lamp"]}``, a number for each point, 0 for none.
    """

    name = "point-cloud-instance-segmentation"
    title = "Point cloud instance segmentation"
    takes = frozenset({"points", "text"})
    answer_format = 'JSON [{"label", "points": [indices from 0], "score"}]'
    prompt = "Find the objects of the scene and the points of each."
    form = 'Answer with JSON: [{"label": "...", "points": [indices of its points, from 0], "score": 0 to 1}].'
    keys = ("instances", "objects", "instance_labels")

    def joined(self, value: Any, output: Any) -> Any:
        """Numbers by point with the labels beside them."""
        return output if isinstance(value, list) and value and type(value[0]) is int else value

    def structure(self, value: Any, entry: Mapping[str, Any]) -> Any:
        """A list of ``{"label", "points", "score"}``."""
        labels = None
        if isinstance(value, Mapping):
            labels = first(value, "labels", "semantic_labels", "classes")
            inner = first(value, *self.keys)
            value = [value] if inner is None and first(value, "points", "indices") is not None else inner
        if not isinstance(value, list):
            raise ValueError("instances are a JSON list")
        if value and all(type(n) is int for n in value):
            return _by_point(value, labels)
        if len(value) > _MOST:
            raise ValueError(f"more than {_MOST} instances")
        return [_instance(item) for item in value]


def _by_point(numbers: list[int], labels: Any) -> list[dict[str, Any]]:
    if labels is not None and (not isinstance(labels, list) or len(labels) != len(numbers)):
        raise ValueError("there is not one label for each point")
    members: dict[int, list[int]] = {}
    for point, name in enumerate(numbers):
        if name > 0:
            members.setdefault(name, []).append(point)
    return [
        {"label": "object" if labels is None else str(labels[points[0]]), "points": points, "score": 1.0}
        for points in members.values()
    ]


def _instance(item: Any) -> dict[str, Any]:
    points = first(item, "points", "indices", "point_indices") if isinstance(item, Mapping) else None
    if not isinstance(points, list) or not all(type(n) is int and 0 <= n < 2**31 for n in points):
        raise ValueError("an instance is {'label', 'points': [indices from 0]}")
    label, score = first(item, *_LABELS), first(item, "score", "confidence")
    return {
        "label": "object" if label is None else str(label)[:200],
        "points": points,
        "score": 1.0 if score is None else number(score),
    }


class VideoGrounding(Structured):
    """What a sentence names, found in time and space: a box for each frame in which it is.

    Example: ``{"input": {"video_path": "a.mp4", "caption": "A dog runs."}, "output": {"start": 12, "boxes": [[1, 2, 8, 9]]}}``,
    or ``trajectory`` as a list from ``tube_start_frame`` or as ``{frame: {"bbox": [...]}}``, beside the input too.
    """

    name = "video-grounding"
    title = "Video grounding"
    takes = frozenset({"video", "image", "text"})
    answer_format = 'JSON {"start": first frame, "boxes": [[x, y, width, height], ...]} in pixels, or {frame: box}'
    prompt = "Find what the sentence names: in which frames of the video it is, and where."
    form = (
        'Answer with JSON: {"start": number of the first frame, from 0, "boxes": [[x, y, width, height], ...]}, a box in pixels '
        "for each frame from there on."
    )
    keys = ("trajectory", "tube", "boxes")
    hidden = ("tube_start_frame", "tube_end_frame", "start", "end")

    def joined(self, value: Any, output: Any) -> Any:
        """Boxes with the frame at which they start."""
        start = first(output, "start", "tube_start_frame", "start_frame") if isinstance(output, Mapping) else None
        return value if start is None else {"start": start, "boxes": value}

    def structure(self, value: Any, entry: Mapping[str, Any]) -> Any:
        """Boxes by frame, ``{frame: [x, y, width, height]}``."""
        start: Any = None
        if isinstance(value, Mapping):
            start = first(value, "start", "tube_start_frame", "start_frame")
            inner = first(value, *self.keys, "answer", "frames")
            value = value if inner is None else inner
        if start is None and isinstance(value, list):
            start = first(entry, "tube_start_frame")
            count = first(entry, "frame_count")
            if count == len(value):
                start = 0  # a box for each frame of the whole video
        if type(start) not in (int, type(None)) or not 0 <= (start or 0) < _MOST:
            raise ValueError(f"the first frame is {str(start)[:40]}")
        if isinstance(value, Mapping) and not all(str(key).isdecimal() and len(str(key)) < 8 for key in value):
            raise ValueError("a tube is {'start', 'boxes'} or {frame: [x, y, width, height]}")
        if not isinstance(value, (list, Mapping)) or not 0 < len(value) <= _MOST:
            raise ValueError("a tube is {'start', 'boxes'} or {frame: [x, y, width, height]}")
        if isinstance(value, Mapping):
            pairs = [(int(key), box) for key, box in value.items()]
        else:
            frames = [first(item, "frame", "frame_id") if isinstance(item, Mapping) else None for item in value]
            known = all(type(frame) is int for frame in frames)
            pairs = list(zip(frames, value, strict=True)) if known else list(enumerate(value, start or 0))  # type: ignore[arg-type]
        last = first(entry, "tube_end_frame")
        begin = first(entry, "tube_start_frame")
        if type(begin) is int and type(last) is int and last > begin:
            pairs = [(frame, box) for frame, box in pairs if begin <= frame < last] or pairs
        tube = {frame: frame_box(box, BoxFormat()) for frame, box in pairs}
        found = {frame: box for frame, box in tube.items() if not math.isnan(box[0])}
        if not found:
            raise ValueError("there is no box")
        return found
