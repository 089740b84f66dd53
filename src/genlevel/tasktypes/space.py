"""Tasks about objects in space: boxes, tracks, the points of each object, and where the sensor is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.records import Part, Sample
from genlevel.tasktypes.keys import first
from genlevel.tasktypes.structured import Structured, number

__all__ = ["PointCloudInstanceSegmentation", "PointCloudOdometry", "SpaceDetection", "SpaceTracking"]

_MOST: Final = 100_000
_LABELS: Final = ("label", "category", "class", "name", "type")
_IDS: Final = ("id", "track_id", "instance_id", "object_id")


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
    writes = "space boxes"
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
    writes = "space tracks"
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
    writes = "poses"
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

    def answer(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Float64 (T, 4, 4), as many as the reference has."""
        files = [part for part in parts if part.kind == "points"]
        return self.fitted(self.stored(files[-1], None), sample) if files else super().answer(parts, sample)

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
    writes = "point instances"
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
