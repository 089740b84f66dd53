"""Depth of images and of videos: a number for each pixel, as a file or as rows of numbers in text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.errors import RecordError
from genlevel.records import Part, Record, Sample, Task
from genlevel.tasktypes.answers import text_of
from genlevel.tasktypes.asked import Asked, is_secret
from genlevel.tasktypes.frames import frame_stack, load_layer, named_stack, settled
from genlevel.tasktypes.keys import header_option, resolve
from genlevel.tasktypes.media_out import only

__all__ = ["DepthEstimation", "VideoDepthEstimation"]

_CHARS: Final = 40_000_000
_FILES: Final = (
    "depth_file",
    "depth_folder",
    "depth_file_list",
    "depth",
    "disparity_file",
    "npz_file",
    "gt_dir",
    "image_file",
    "text",
)
_BENCHMARKED: Final = frozenset({"abs_rel", "sq_rel", "rms", "rms_log", "delta1", "delta2", "delta3"})


def depth_scale(record: Record) -> float:
    """The header's ``others.depth_scale``, by which stored depths are multiplied; 1 without one.

    Raises:
        RecordError: no positive number.
    """
    scale = header_option(record, "depth_scale")
    if scale is None:
        return 1.0
    if type(scale) not in (int, float) or not 0 < scale < 1e12:
        raise RecordError(f"{record.where}: depth_scale is {scale!r}; it must be a positive number")
    return float(scale)


class _Depth(Asked):
    """What the depth of an image and of a video have in common."""

    noun = "depth"

    def extra_of(self, record: Record, shown: Mapping[str, Any], reference: Any) -> dict[str, Any]:
        """The unit."""
        del shown, reference
        return {"scale": depth_scale(record)}

    def reference(self, record: Record, output: Any) -> Any:
        """Float64 (T, H, W), or of an image (H, W)."""
        if is_secret(output):
            return None
        return self.maps(named_stack(record, output, _FILES, load_layer)) * depth_scale(record)

    def answer(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Float64 of the reference's size; a smaller or larger one is brought to it (bilinear)."""
        from genlevel.tasktypes.arrays import find_array

        if any(part.kind in ("image", "video") for part in parts):
            found = frame_stack(self.given(parts), load_layer)
        elif "text" in {part.kind for part in parts}:
            found = find_array(text_of(parts, _CHARS))
            if found is None:
                raise ValueError("the answer holds neither a depth file nor rows of numbers")
        else:
            only(parts, "image")
        maps = self.maps(found) * float(sample.extra.get("scale", 1.0))
        return maps if sample.reference is None else self.fitted(maps, sample.reference.shape)

    def given(self, parts: Sequence[Part]) -> Sequence[Part]:
        """The parts that count."""
        return parts

    def maps(self, found: Any) -> Any:
        """Finite float64 of the right number of dimensions, or a ValueError."""
        raise NotImplementedError

    def fitted(self, maps: Any, shape: tuple[int, ...]) -> Any:
        """The maps in the reference's size, or a ValueError."""
        raise NotImplementedError


def _finite(array: Any) -> Any:
    import numpy as np

    if array.dtype.kind not in "iuf" or not array.size or not np.isfinite(array).all():
        raise ValueError("depth is finite numbers")
    return array.astype(np.float64)


class DepthEstimation(_Depth):
    """The distance of each pixel, in the unit of the task's files times ``others.depth_scale`` (1 without one).

    Example: ``{"input": {"image_file": "a.png"}, "output": {"depth_file": "depth/a.png"}}`` with a 16-bit PNG, an NPY
    or an NPZ file (array ``depth`` or ``disparity``).
    """

    name = "depth-estimation"
    title = "Depth estimation"
    takes = frozenset({"image", "text"})
    makes = frozenset({"image", "text"})
    answer_format = "a 16-bit grey PNG, NPY or NPZ in the unit of the references, or JSON rows of numbers of any size"
    writes = "depth"
    prompt = "Estimate the depth of each pixel."
    form = "Answer with a depth map, or with JSON, a list of rows of numbers: a coarse grid over the image will do."

    def given(self, parts: Sequence[Part]) -> Sequence[Part]:
        """The last image alone."""
        return [only(parts, "image")]

    def maps(self, found: Any) -> Any:
        """Float64 (H, W)."""
        if found.ndim == 3 and 1 in found.shape:
            found = found.squeeze(found.shape.index(1))
        if found.ndim != 2:
            raise ValueError(f"a depth map is (height, width), not {found.shape}")
        return _finite(found)

    def fitted(self, maps: Any, shape: tuple[int, ...]) -> Any:
        """Bilinear where the size is another."""
        from genlevel.media.opencv import opencv

        if maps.shape == shape:
            return maps
        return opencv().resize(maps, (shape[1], shape[0]), interpolation=opencv().INTER_LINEAR)


class VideoDepthEstimation(_Depth):
    """The distance of each pixel of each frame, up to a factor and a shift that are fitted for each video.

    Example: ``{"input": {"video_folder": "videos/a"}, "output": {"depth_file": "depth/a.npz"}}`` with an array (T, H, W) called
    ``disparity`` or ``depth``, or ``depth_folder`` with a 16-bit PNG a frame. ``others.depth_scale`` is the unit, and depths
    beyond 80 do not count.
    """

    name = "video-depth-estimation"
    title = "Video depth estimation"
    takes = frozenset({"video", "image", "text"})
    makes = frozenset({"video", "image", "text"})
    answer_format = (
        "an NPZ or NPY array (frames, height, width), a 16-bit grey PNG for each frame, or JSON, for each frame rows of numbers "
        "of any size"
    )
    writes = "depths"
    prompt = "Estimate the depth of each pixel in each frame of the video."
    form = "Answer with a depth map a frame, or with JSON, for each frame a list of rows of numbers: a coarse grid will do."

    def media_parts(self, record: Record, shown: dict[str, Any]) -> list[Part]:
        """The media, which may stand under ``input`` itself."""
        media = super().media_parts(record, shown)
        if not media and isinstance(shown.get("input"), str):
            media = [Part("video", path=resolve(record, shown.pop("input")))]
        return media

    def reference(self, record: Record, output: Any) -> Any:
        """Float64 (T, H, W), 0 or NaN where unknown."""
        if is_secret(output):
            return None
        return named_stack(record, output, _FILES, load_layer).astype("float64") * depth_scale(record)

    def maps(self, found: Any) -> Any:
        """Float64 (T, H, W)."""
        if found.ndim != 3:
            raise ValueError(f"the depth of a video is (frames, height, width), not {found.shape}")
        return _finite(found)

    def fitted(self, maps: Any, shape: tuple[int, ...]) -> Any:
        """As many frames as the reference."""
        if len(maps) != shape[0]:
            raise ValueError(f"the answer has {len(maps)} frames; {shape[0]} are asked for")
        return settled(maps, shape, nearest=False)

    def metric_options(self, task: Task) -> Mapping[str, Any]:
        """A factor and a shift are fitted, and depths up to 80 count, as these benchmarks do."""
        return {"align": "scale_shift", "high": 80.0} if task.metric in _BENCHMARKED else {}
