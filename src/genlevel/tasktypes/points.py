"""Tasks about point clouds: asked in text, labelled point by point, or answered with points."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from genlevel.errors import GenlevelError, RecordError, UnreadableAnswer
from genlevel.records import Part, PartKind, Record, Sample
from genlevel.tasktypes.answers import text_of
from genlevel.tasktypes.dense import class_lines
from genlevel.tasktypes.keys import first
from genlevel.tasktypes.media_out import MediaAnswer, only
from genlevel.tasktypes.reading import TextAnswer

__all__ = ["PointCloudClassification", "PointCloudCompletion", "PointCloudQuestionAnswering", "PointCloudSegmentation"]

_CHARS: Final = 40_000_000
_POINTS: Final = 1_000_000
_REACH: Final = 1e6


class PointCloudClassification(TextAnswer):
    """One label for a point cloud.

    Example: ``{"input": {"point_file": "a.ply", "options": ["chair", "lamp"]}, "output": {"text": "lamp"}}``.
    """

    name = "point-cloud-classification"
    title = "Point cloud classification"
    answer_format = "the label alone"
    takes = frozenset({"points", "text"})
    media = "points"
    reads = "label"
    prompt = "What do the points show?"
    form = "Answer with the label alone."


class PointCloudQuestionAnswering(TextAnswer):
    """A question about a point cloud, with a short answer.

    Example: ``{"input": {"point_file": "a.ply", "question": "What stands left?"}, "output": {"text": ["a chair", "chair"]}}``.
    """

    name = "point-cloud-question-answering"
    title = "Point cloud question answering"
    answer_format = "a short answer"
    takes = frozenset({"points", "text"})
    media = "points"
    reads = "label"
    prompt = "Answer the question about the points."
    form = "Answer briefly, with the answer alone."


class PointCloudSegmentation(MediaAnswer):
    """A label for each point, in the order of the file.

    Example: ``{"input": {"point_file": "a.ply", "classes": {"0": "seat", "1": "leg"}}, "output": {"labels": [0, 0, 1]}}``;
    ``label_file`` names an NPY file or a text file with a number a line.
    """

    name = "point-cloud-segmentation"
    title = "Point cloud segmentation"
    writes = "point labels"
    takes = frozenset({"points", "text"})
    makes = frozenset({"points", "text"})
    answer_format = "a JSON list with a label for each point, or the points with the label as fourth column"
    media = "points"
    out = "points"
    prompt = "Segment the points into their parts."
    output_keys: ClassVar[tuple[str, ...]] = ("label_file", "labels_file", "labels", "segmentation_file", "text")
    form = "Answer with a JSON list of labels, one for each point in the order of the file."
    hidden = ("classes", "categories")

    def facts(self, shown: Mapping[str, Any]) -> str:
        """The numbers of the classes."""
        return class_lines(shown)

    def inline(self, record: Record, output: Mapping[str, Any]) -> Any:
        """Labels in the record itself, int64 (N,)."""
        labels = first(output, "labels", "label", "answer", "text", "segmentation")
        if not isinstance(labels, list) or (labels and isinstance(labels[0], str)):
            return None
        try:
            return _label_array(labels)
        except ValueError as error:
            raise RecordError(f"{record.where}: {error}") from None

    def load_reference(self, record: Record, part: Part) -> tuple[Any, dict[str, Any]]:
        """Labels in a file, int64 (N,)."""
        try:
            return _label_array(_numbers(part)), {}
        except ValueError as error:
            raise RecordError(f"{record.where}: {part.path}: {error}") from None

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Labels, int64 (N,), as many as the reference has.

        Raises:
            UnreadableAnswer: no labels, other numbers, or not one for each point.
        """
        try:
            labels = self._labels(parts)
        except UnreadableAnswer:
            raise
        except (GenlevelError, ValueError) as error:
            raise UnreadableAnswer(str(error)) from None
        if sample.reference is not None and len(labels) != len(sample.reference):
            raise UnreadableAnswer(f"the answer has {len(labels)} labels for {len(sample.reference)} points")
        return labels

    def _labels(self, parts: Sequence[Part]) -> Any:
        from genlevel.media import load_points
        from genlevel.tasktypes.arrays import find_array

        if any(part.kind == "points" for part in parts):
            points = load_points(only(parts, "points"))
            if points.shape[1] < 4:
                raise UnreadableAnswer("the points have no fourth column with labels")
            return _label_array(points[:, 3])
        array = find_array(text_of(parts, _CHARS))
        if array is None:
            raise UnreadableAnswer("the answer holds no JSON list of labels")
        return _label_array(array)


def _label_array(values: Any) -> Any:
    """Whole numbers from 0 as int64 (N,).

    Raises:
        ValueError: something else.
    """
    import numpy as np

    from genlevel.tasktypes.arrays import number_array

    array = values if isinstance(values, np.ndarray) else number_array(values)
    if array is None or array.ndim != 1 or array.size == 0:
        raise ValueError("labels are a list of whole numbers, one a point")
    if not ((array >= 0) & (array < 2**31)).all() or (array != np.floor(array)).any():
        raise ValueError("labels are whole numbers from 0")
    return array.astype(np.int64)


def _numbers(part: Part) -> Any:
    """The numbers of an NPY or NPZ file, or of a text file with one a line."""
    from genlevel.media import part_bytes
    from genlevel.tasktypes.arrays import load_array, number_array

    data = part_bytes(part)
    if data[:6] == b"\x93NUMPY" or data[:2] == b"PK":
        array = load_array(part)
        return array.reshape(-1) if array.ndim == 2 and 1 in array.shape else array
    if len(data) > _CHARS:
        raise ValueError(f"{len(data)} bytes of labels; at most {_CHARS} are taken")
    words = data.decode("ascii", "replace").replace(",", " ").split()
    return number_array([float(word) for word in words])


class PointCloudCompletion(MediaAnswer):
    """The whole shape of which a part is given.

    Example: ``{"input": {"point_file": "partial/a.ply"}, "output": {"point_file": "whole/a.ply"}}``.
    """

    name = "point-cloud-completion"
    title = "Point cloud completion"
    writes = "shape"
    takes = frozenset({"points", "text"})
    makes = frozenset({"points", "text"})
    answer_format = "points, or a JSON list of [x, y, z]"
    media: ClassVar[PartKind | None] = "points"
    out = "points"
    prompt = "The points are a part of a shape. Give points of the whole shape."
    form = "Answer with points, or with a JSON list of [x, y, z]."
    output_keys: ClassVar[tuple[str, ...]] = ("point_file", "points_file", "pointcloud_file", "points", "file", "text")

    def inline(self, record: Record, output: Mapping[str, Any]) -> Any:
        """Points in the record itself, float64 (M, 3)."""
        points = first(output, "points", "answer", "text")
        if not isinstance(points, list) or (points and isinstance(points[0], str)):
            return None
        from genlevel.tasktypes.arrays import number_array

        array = number_array(points)
        try:
            return _xyz(array)
        except ValueError as error:
            raise RecordError(f"{record.where}: {error}") from None

    def load_reference(self, record: Record, part: Part) -> tuple[Any, dict[str, Any]]:
        """Float64 (M, 3)."""
        from genlevel.media import load_points

        try:
            return _xyz(load_points(part)), {}
        except ValueError as error:
            raise RecordError(f"{record.where}: {part.path}: {error}") from None

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Float64 (N, 3), N of the answer's own.

        Raises:
            UnreadableAnswer: no points, or coordinates that are not finite or beyond a million.
        """
        from genlevel.media import load_points
        from genlevel.tasktypes.arrays import find_array

        try:
            if any(part.kind == "points" for part in parts):
                return _xyz(load_points(only(parts, "points")))
            return _xyz(find_array(text_of(parts, _CHARS)))
        except UnreadableAnswer:
            raise
        except (GenlevelError, ValueError) as error:
            raise UnreadableAnswer(str(error)) from None


def _xyz(array: Any) -> Any:
    """The first three columns of points.

    Raises:
        ValueError: not (N, 3 or more), no points, or too far out.
    """
    import numpy as np

    if array is None or array.ndim != 2 or array.shape[1] < 3 or not 0 < len(array) <= _POINTS:
        raise ValueError(f"points are a list of 1 to {_POINTS} [x, y, z]")
    points = np.ascontiguousarray(array[:, :3], dtype=np.float64)
    if not (np.abs(points) <= _REACH).all():
        raise ValueError("a coordinate is not finite or beyond a million")
    return points
