"""Tasks answered with a shape, as points or as a mesh, and motions of the body."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Final

from genlevel.errors import GenlevelError, RecordError, UnreadableAnswer
from genlevel.records import Part, Record, Sample, Task
from genlevel.tasktypes.answers import text_of
from genlevel.tasktypes.keys import first, input_of, media_of, resolve
from genlevel.tasktypes.media_out import MediaAnswer, only
from genlevel.tasktypes.mesh import load_shape, surface_points
from genlevel.tasktypes.points import PointCloudCompletion
from genlevel.tasktypes.reading import TextAnswer

__all__ = ["ImageTo3d", "MotionCaptioning", "PointCloudToMesh", "TextTo3d", "TextToMotion"]

_CHARS: Final = 40_000_000
_FRAMES: Final = 100_000
_WIDTH: Final = 4096
_MOTIONS: Final = ("motion_file", "motion_path", "motion", "joint_file", "npy_file")


class ShapeAnswer(PointCloudCompletion):
    """A shape: points, or a mesh as PLY or OBJ, of whose surface points are taken where points are compared."""

    takes = frozenset({"points", "image", "text"})
    makes = frozenset({"points", "text"})
    answer_format = "points or a mesh (PLY or OBJ), or a JSON list of [x, y, z]"
    form = ""
    output_keys: ClassVar[tuple[str, ...]] = (
        "mesh_file", "point_file", "points_file", "pointcloud_file", "mesh", "model_file", "points", "file", "text",
    )  # fmt: skip
    asks = frozenset({"rendered_clip_score", "clip_score"})
    wishes = ("caption", "description", "text", "prompt")

    def metric(self, task: Task) -> str:
        """CLIPScore is that of pictures of the shape."""
        return "rendered_clip_score" if task.metric == "clip_score" else task.metric

    def load_reference(self, record: Record, part: Part) -> tuple[Any, dict[str, Any]]:
        """Float64 (M, 3), points of the file or of its mesh's surface."""
        return surface_points(load_shape(part)), {}

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Points (N, 3), or for pictures points with their colours or a mesh (vertices, faces).

        Raises:
            UnreadableAnswer: no shape, or coordinates that are not finite or beyond a million.
        """
        if not any(part.kind == "points" for part in parts):
            return super().parse(parts, sample)
        try:
            shape = load_shape(only(parts, "points"))
            return shape if self.measured in self.asks else surface_points(shape)
        except (GenlevelError, ValueError) as error:
            raise UnreadableAnswer(f"the shape cannot be read: {error}") from None


class PointCloudToMesh(ShapeAnswer):
    """The surface of an object or scene from its points.

    Example: ``{"input": {"point_file": "a.ply"}, "output": {"mesh_file": "mesh/a.ply"}}``.
    """

    name = "point-cloud-to-mesh"
    title = "Point cloud to mesh"
    media = "points"
    prompt = "Make a mesh of the surface that the points lie on."


class TextTo3d(ShapeAnswer):
    """A shape from a description. CLIP compares pictures of it with the text.

    Example: ``{"input": {"prompt": "A wooden chair."}, "output": {"text": "A wooden chair."}}``; the output may be left out.
    """

    name = "text-to-3d"
    title = "Text to 3D"
    takes = frozenset({"text"})
    media = None
    prompt = ""


class ImageTo3d(ShapeAnswer):
    """A shape from a picture, or from colours and depth. CLIP compares pictures of it with the given one.

    Example: ``{"input": {"image_file": "a.png", "depth_file": "depth/a.png"}, "output": {"point_file": "a.ply"}}``.
    """

    name = "image-to-3d"
    title = "Image to 3D"
    takes = frozenset({"image", "text"})
    media = "image"
    prompt = "Make the shape that the image shows."

    def wish(self, record: Record, shown: Mapping[str, Any]) -> Any:
        """The input's first picture, uint8 (H, W, 3)."""
        from genlevel.media import load_image

        try:
            return load_image(next(part for part in media_of(record, shown) if part.kind == "image"))
        except GenlevelError as error:
            raise RecordError(f"{record.where}: {error}") from None

    def read(self, record: Record) -> Sample:
        """The depth, where there is one, comes after the image."""
        sample = super().read(record)
        depth = first(input_of(record), "depth_file", "depth")
        if not isinstance(depth, str):
            return sample
        parts = (*sample.input[:-1], Part("image", path=resolve(record, depth)), sample.input[-1])
        return replace(sample, input=parts)

    hidden = ("depth_file", "depth")

    def metric_options(self, task: Task) -> Mapping[str, Any]:
        """Pictures are compared with the picture."""
        return {"against": "image"} if task.metric == "clip_score" else {}


class TextToMotion(MediaAnswer):
    """A motion of the body from a description: a row of numbers for each frame.

    Example: ``{"input": {"prompt": "A person waves."}, "output": {"motion_file": "motions/a.npy"}}`` with an array (frames,
    features) or (frames, joints, 3).
    """

    name = "text-to-motion"
    title = "Text to motion"
    writes = "motion"
    takes = frozenset({"text"})
    makes = frozenset({"points", "text"})
    out = "points"
    answer_format = "an NPY array (frames, features) or (frames, joints, 3), or JSON lists of the same"
    output_keys = (*_MOTIONS, "file", "text")

    def metric(self, task: Task) -> str:
        """FID is that of motions."""
        return "motion_fid" if task.metric == "fid" else task.metric

    def inline(self, record: Record, output: Mapping[str, Any]) -> Any:
        """A motion in the record itself, float64 (T, D)."""
        from genlevel.tasktypes.arrays import number_array

        value = first(output, "motion", "joints", "answer")
        if not isinstance(value, list):
            return None
        try:
            return _motion(number_array(value))
        except ValueError as error:
            raise RecordError(f"{record.where}: {error}") from None

    def load_reference(self, record: Record, part: Part) -> tuple[Any, dict[str, Any]]:
        """Float64 (T, D)."""
        from genlevel.tasktypes.arrays import load_array

        try:
            return _motion(load_array(part)), {}
        except ValueError as error:
            raise RecordError(f"{record.where}: {part.path}: {error}") from None

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Float64 (T, D); D as the reference has it.

        Raises:
            UnreadableAnswer: no motion, or one of another width.
        """
        from genlevel.tasktypes.arrays import find_array, load_array

        try:
            if any(part.kind == "points" for part in parts):
                motion = _motion(load_array(only(parts, "points")))
            else:
                motion = _motion(find_array(text_of(parts, _CHARS)))
        except UnreadableAnswer:
            raise
        except (GenlevelError, ValueError) as error:
            raise UnreadableAnswer(f"the motion cannot be read: {error}") from None
        if sample.reference is not None and motion.shape[1] != sample.reference.shape[1]:
            raise UnreadableAnswer(f"a frame has {motion.shape[1]} numbers; {sample.reference.shape[1]} are asked for")
        return motion


def _motion(array: Any) -> Any:
    import numpy as np

    if array is None or array.ndim not in (2, 3) or not array.size or array.dtype.kind not in "iuf":
        raise ValueError("a motion is an array (frames, features) or (frames, joints, 3)")
    rows = np.ascontiguousarray(array.reshape(len(array), -1), dtype=np.float64)
    if len(rows) > _FRAMES or rows.shape[1] > _WIDTH or not np.isfinite(rows).all():
        raise ValueError(f"a motion has at most {_FRAMES} frames of {_WIDTH} finite numbers")
    return rows


class MotionCaptioning(TextAnswer):
    """A description of a motion of the body.

    Example: ``{"input": {"motion_file": "motions/a.npy"}, "output": {"text": ["A person waves.", "Someone waves."]}}``.
    """

    name = "motion-captioning"
    title = "Motion captioning"
    answer_format = "the description alone"
    takes = frozenset({"points", "video", "image", "text"})
    prompt = "Describe the motion in one sentence."
    form = "Answer with the description alone."
    hidden = _MOTIONS

    def media_parts(self, record: Record, shown: Mapping[str, Any]) -> list[Part]:
        """The motion's file, or the video of it."""
        parts = media_of(record, shown)
        name = first(shown, *_MOTIONS)
        if isinstance(name, str):
            parts.insert(0, Part("points", path=resolve(record, name)))
        if not parts:
            raise RecordError(f"{record.where}: 'input' names no motion file")
        return parts
