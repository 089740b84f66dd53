"""Surface normals: the direction of the surface at each point."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.records import Part, Record, Sample, Task
from genlevel.tasktypes.answers import text_of
from genlevel.tasktypes.asked import Asked, is_secret
from genlevel.tasktypes.keys import first, resolve
from genlevel.tasktypes.media_out import only

__all__ = ["NormalEstimation"]

_CHARS: Final = 40_000_000
_NORMAL_KEYS: Final = ("normal_file", "normals_file", "normals", "normal", "point_file", "answer", "text")


class NormalEstimation(Asked):
    """The direction of the surface at each point. ``rmse`` is that of the angle in degrees, with no inside or outside.

    Example: ``{"input": {"point_file": "a.ply"}, "output": {"normals": [[0, 0, 1], [0, 1, 0]]}}``; ``normal_file`` names an
    NPY, or a table with three numbers a line.
    """

    name = "normal-estimation"
    title = "Normal estimation"
    takes = frozenset({"points", "image", "text"})
    makes = frozenset({"points", "text"})
    answer_format = "a JSON list with a vector [x, y, z] for each point, or an array of as many rows"
    writes = "normals"
    noun = "normals"
    prompt = "Estimate the normal of the surface at each point."
    form = "Answer with a JSON list of vectors [x, y, z], one for each point in the order of the file."

    def reference(self, record: Record, output: Any) -> Any:
        """Float64 (N, 3)."""
        from genlevel.tasktypes.arrays import number_array

        if is_secret(output):
            return None
        value = output
        if isinstance(output, Mapping):
            value = first(output, *_NORMAL_KEYS)
            value = next(iter(output.values())) if value is None and len(output) == 1 else value
        if isinstance(value, str):
            return _vectors(_rows(Part("points", path=resolve(record, value))))
        return _vectors(number_array(value))

    def answer(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Float64 (N, 3), as many as the reference has."""
        from genlevel.tasktypes.arrays import find_array

        if any(part.kind == "points" for part in parts):
            found = _vectors(_rows(only(parts, "points")))
        else:
            found = _vectors(find_array(text_of(parts, _CHARS)))
        if sample.reference is not None and len(found) != len(sample.reference):
            raise ValueError(f"the answer has {len(found)} normals for {len(sample.reference)} points")
        return found

    def metric(self, task: Task) -> str:
        """The angle's error, which published RMSE of normals are."""
        return "angular_error" if task.metric == "rmse" else task.metric

    def metric_options(self, task: Task) -> Mapping[str, Any]:
        """Its root mean square, with a normal and its opposite the same."""
        return {"statistic": "rmse", "sign": False} if task.metric == "rmse" else {}


def _rows(part: Part) -> Any:
    """The vectors of a file: its three columns, or of points with normals columns 4 to 6."""
    from genlevel.media import load_points

    rows = load_points(part)
    return rows[:, 3:6] if rows.shape[1] >= 6 else rows[:, :3]


def _vectors(array: Any) -> Any:
    if array is None or array.ndim != 2 or array.shape[1] != 3 or not len(array):
        raise ValueError("normals are a list of vectors [x, y, z]")
    return array
