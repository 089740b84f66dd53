"""Tasks answered with a vector or number for each pixel or point: optical flow, video depth, surface normals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.errors import GenlevelError, RecordError, UnreadableAnswer
from genlevel.records import Part, Record, Sample, Task
from genlevel.tasktypes.answers import text_of
from genlevel.tasktypes.base import TaskType
from genlevel.tasktypes.frames import frame_stack, load_layer, named_stack, settled
from genlevel.tasktypes.keys import first, header_option, input_of, media_of, resolve
from genlevel.tasktypes.media_out import only
from genlevel.tasktypes.prompts import compose

__all__ = ["NormalEstimation", "OpticalFlowEstimation", "VideoDepthEstimation"]

_CHARS: Final = 40_000_000
_FIELDS: Final = 4096
_PIXELS: Final = 64_000_000
_FLO: Final = b"PIEH"
_FLOW_KEYS: Final = ("flow_file", "flow", "flow_folder", "flow_file_list", "answer", "text")
_NORMAL_KEYS: Final = ("normal_file", "normals_file", "normals", "normal", "point_file", "answer", "text")


class VideoDepthEstimation(TaskType):
    """The distance of each pixel of each frame, up to a factor and a shift that are fitted for each video.

    Example: ``{"input": {"video_folder": "videos/a"}, "output": {"depth_file": "depth/a.npz"}}`` with an array (T, H, W) called
    ``disparity`` or ``depth``, or ``depth_folder`` with a 16-bit PNG a frame. ``others.depth_scale`` is the unit, and depths
    beyond 80 do not count.
    """

    name = "video-depth-estimation"
    title = "Video depth estimation"
    takes = frozenset({"video", "image", "text"})
    makes = frozenset({"video", "image"})
    answer_format = "an NPZ or NPY array (frames, height, width), or a 16-bit grey PNG for each frame"

    def read(self, record: Record) -> Sample:
        """The reference is float64 (T, H, W), 0 or NaN where unknown."""
        shown = input_of(record)
        media = media_of(record, shown)
        if not media and isinstance(shown.get("input"), str):
            media = [Part("video", path=resolve(record, shown.pop("input")))]
        if not any(part.kind in ("video", "image") for part in media):
            raise RecordError(f"{record.where}: 'input' names no video file")
        text = compose(shown, "Estimate the depth of each pixel in each frame of the video.")
        scale = header_option(record, "depth_scale")
        if scale is not None and (type(scale) not in (int, float) or not 0 < scale < 1e12):
            raise RecordError(f"{record.where}: depth_scale is {scale!r}; it must be a positive number")
        keys = (
            "depth_file",
            "depth_folder",
            "depth_file_list",
            "depth",
            "disparity_file",
            "npz_file",
            "gt_dir",
            "text",
        )
        found = named_stack(record, record.value.get("output"), keys, load_layer)
        factor = 1.0 if scale is None else float(scale)
        reference = None if found is None else found.astype("float64") * factor
        return Sample(record.id, (*media, Part("text", text)), reference, (), {"scale": factor})

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Float64 (T, H, W), of the reference's height and width (bilinear where it has another).

        Raises:
            UnreadableAnswer: no depth, another number of frames, or values that are not finite.
        """
        import numpy as np

        if not any(part.kind in ("image", "video") for part in parts):
            only(parts, "video")
        try:
            maps = frame_stack(parts, load_layer).astype(np.float64) * float(sample.extra.get("scale", 1.0))
        except UnreadableAnswer:
            raise
        except (GenlevelError, OSError) as error:
            raise UnreadableAnswer(f"the depth cannot be read: {error}") from None
        if not np.isfinite(maps).all():
            raise UnreadableAnswer("depth must be finite")
        if sample.reference is None:
            return maps
        if len(maps) != len(sample.reference):
            raise UnreadableAnswer(f"the answer has {len(maps)} frames; {len(sample.reference)} are asked for")
        return settled(maps, sample.reference.shape, nearest=False)

    def metric_options(self, task: Task) -> Mapping[str, Any]:
        """A factor and a shift are fitted, and depths up to 80 count, as these benchmarks do."""
        depth = {"abs_rel", "sq_rel", "rms", "rms_log", "delta1", "delta2", "delta3"}
        return {"align": "scale_shift", "high": 80.0} if task.metric in depth else {}


class OpticalFlowEstimation(TaskType):
    """How far each pixel moves from one frame to the next, in pixels to the right and down.

    Example: ``{"input": {"image_file_list": ["a0.png", "a1.png"]}, "output": {"flow_file": "flow/a.flo"}}``: Middlebury FLO, NPY
    or NPZ (H, W, 2), or KITTI's 16-bit PNG; a list of files, or (T, H, W, 2), for a video.
    """

    name = "optical-flow-estimation"
    title = "Optical flow estimation"
    takes = frozenset({"video", "image", "text"})
    makes = frozenset({"image", "text"})
    answer_format = "a FLO, NPY or NPZ file (height, width, 2) or KITTI's 16-bit PNG, one for each pair of frames"

    def read(self, record: Record) -> Sample:
        """The reference is ``{"flow": (H, W, 2) or (T, H, W, 2), "valid": mask}``."""
        shown = input_of(record)
        media = media_of(record, shown)
        if not any(part.kind in ("video", "image") for part in media):
            raise RecordError(f"{record.where}: 'input' names no video file")
        text = compose(
            shown,
            "Estimate the optical flow from each frame to the next.",
            form="Answer with the flow in pixels, (height, width, 2): to the right and down.",
        )
        return Sample(record.id, (*media, Part("text", text)), self._reference(record))

    def _reference(self, record: Record) -> Any:
        import numpy as np

        from genlevel.media.video import natural_key

        output = record.value.get("output")
        if output is None or output in ({}, "", []):
            return None
        names = output
        if isinstance(output, Mapping):
            names = first(output, *_FLOW_KEYS) or (next(iter(output.values())) if len(output) == 1 else None)
        names = names if isinstance(names, list) else [names]
        if not names or len(names) > _FIELDS or not all(isinstance(name, str) for name in names):
            raise RecordError(f"{record.where}: 'output' names no flow file; expected 'flow_file'")
        paths = [resolve(record, name) for name in names]
        try:
            if len(paths) == 1 and paths[0].is_dir():
                paths = sorted((p for p in paths[0].iterdir() if not p.name.startswith(".")), key=natural_key)
            fields = [read_flow(Part("image", path=path)) for path in paths[:_FIELDS]]
            if len({flow.shape for flow, _ in fields}) != 1:
                raise RecordError(f"{record.where}: the flow fields have different sizes, or there are none")
        except (GenlevelError, OSError) as error:
            raise RecordError(f"{record.where}: {error}") from None
        if len(fields) == 1:
            return {"flow": fields[0][0], "valid": fields[0][1]}
        return {"flow": np.stack([f for f, _ in fields]), "valid": np.stack([v for _, v in fields])}

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Float64 (H, W, 2) or (T, H, W, 2) of the reference's size.

        Raises:
            UnreadableAnswer: no flow, or one of another size.
        """
        import numpy as np

        from genlevel.tasktypes.arrays import find_array

        images = [part for part in parts if part.kind in ("image", "video")]
        wanted = None if sample.reference is None else sample.reference["flow"].shape
        try:
            if images:
                fields = [read_flow(part)[0] for part in images[-_FIELDS:]]
                last = fields[-1]
                flow = np.stack(fields) if len(fields) > 1 and len({f.shape for f in fields}) == 1 else last
            else:
                flow = find_array(text_of(parts, _CHARS))
        except UnreadableAnswer:
            raise
        except GenlevelError as error:
            raise UnreadableAnswer(f"the flow cannot be read: {error}") from None
        if flow is None or flow.ndim not in (3, 4) or flow.shape[-1] != 2:
            raise UnreadableAnswer("a flow is an array (height, width, 2)")
        if wanted is not None and flow.ndim == 4 and len(wanted) == 3:
            flow = flow[-1]
        if wanted is not None and flow.ndim == 3 and len(wanted) == 4 and wanted[0] == 1:
            flow = flow[None]
        if wanted is not None and flow.shape != wanted:
            raise UnreadableAnswer(f"the flow has the shape {flow.shape}; {wanted} is asked for")
        return flow


def read_flow(part: Part) -> tuple[Any, Any]:
    """A flow field, float64 (H, W, 2) or (T, H, W, 2), and where it is known, bool of the same shape without the last axis.

    Raises:
        MediaError: not FLO, NPY, NPZ or a 16-bit colour PNG.
    """
    import numpy as np

    from genlevel.media import MediaError, media_type, part_bytes
    from genlevel.tasktypes.arrays import load_array

    data = part_bytes(part)
    name = str(part.path or "the flow")
    if data[:4] == _FLO:
        width, height = (int(n) for n in np.frombuffer(data[4:12].ljust(8, b"\0"), "<i4"))
        if not (0 < width < 2**20 and 0 < height < 2**20) or 12 + 8 * width * height > len(data):
            raise MediaError(f"{name}: the FLO file is truncated (its header says {width} x {height})")
        flow = np.frombuffer(data, "<f4", 2 * width * height, 12).reshape(height, width, 2)
    elif media_type(part) in {"application/x-npy", "application/x-npz"}:
        flow = load_array(part)
        if flow.ndim in (3, 4) and flow.shape[-1] != 2 and flow.shape[-3] == 2:
            flow = np.moveaxis(flow, -3, -1)
    else:
        return _kitti(part, data, name)
    if flow.ndim not in (3, 4) or flow.shape[-1] != 2 or flow.dtype.kind not in "iuf" or not flow.size:
        raise MediaError(f"{name}: a flow is an array (height, width, 2), not {flow.dtype} {flow.shape}")
    flow = flow.astype(np.float64)
    known = np.isfinite(flow).all(-1)
    known &= np.abs(np.where(known[..., None], flow, 0.0)).max(-1) <= 1e9
    return np.where(known[..., None], flow, 0.0), known


def _kitti(part: Part, data: bytes, name: str) -> tuple[Any, Any]:
    import numpy as np

    from genlevel.media import MediaError, image_size
    from genlevel.media.opencv import opencv

    height, width = image_size(part)
    if height * width > _PIXELS:
        raise MediaError(f"{name}: {width} x {height} pixels are too many")
    cv = opencv()
    try:
        image = cv.imdecode(np.frombuffer(data, np.uint8), cv.IMREAD_UNCHANGED)
    except cv.error:
        image = None
    if image is None or image.dtype != np.uint16 or image.ndim != 3 or image.shape[2] != 3:
        raise MediaError(f"{name}: a flow is FLO, NPY, NPZ or a 16-bit colour PNG")
    # OpenCV gives blue, green, red: known, down, right.
    flow = (image[:, :, [2, 1]].astype(np.float64) - 2**15) / 64.0
    return flow, image[:, :, 0] > 0


class NormalEstimation(TaskType):
    """The direction of the surface at each point. ``rmse`` is that of the angle in degrees, with no inside or outside.

    Example: ``{"input": {"point_file": "a.ply"}, "output": {"normals": [[0, 0, 1], [0, 1, 0]]}}``; ``normal_file`` names an
    NPY, or a table with three numbers a line.
    """

    name = "normal-estimation"
    title = "Normal estimation"
    takes = frozenset({"points", "image", "text"})
    makes = frozenset({"points", "text"})
    answer_format = "a JSON list with a vector [x, y, z] for each point, or an array of as many rows"

    def read(self, record: Record) -> Sample:
        """The reference is float64 (N, 3)."""
        shown = input_of(record)
        media = media_of(record, shown)
        if not any(part.kind in ("points", "image") for part in media):
            raise RecordError(f"{record.where}: 'input' names no point file")
        text = compose(
            shown,
            "Estimate the normal of the surface at each point.",
            form="Answer with a JSON list of vectors [x, y, z], one for each point in the order of the file.",
        )
        return Sample(record.id, (*media, Part("text", text)), self._reference(record))

    def _reference(self, record: Record) -> Any:
        from genlevel.tasktypes.arrays import number_array

        output = record.value.get("output")
        if output is None or output in ({}, "", []):
            return None
        value = output
        if isinstance(output, Mapping):
            value = first(output, *_NORMAL_KEYS)
            value = next(iter(output.values())) if value is None and len(output) == 1 else value
        if isinstance(value, str):
            try:
                return _vectors(_rows(Part("points", path=resolve(record, value))))
            except RecordError:
                raise
            except (GenlevelError, ValueError) as error:
                raise RecordError(f"{record.where}: {error}") from None
        try:
            return _vectors(number_array(value))
        except ValueError as error:
            raise RecordError(f"{record.where}: {error}") from None

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Float64 (N, 3), as many as the reference has.

        Raises:
            UnreadableAnswer: no vectors, or not one for each point.
        """
        from genlevel.tasktypes.arrays import find_array

        try:
            if any(part.kind == "points" for part in parts):
                found = _vectors(_rows(only(parts, "points")))
            else:
                found = _vectors(find_array(text_of(parts, _CHARS)))
        except UnreadableAnswer:
            raise
        except (GenlevelError, ValueError) as error:
            raise UnreadableAnswer(f"the normals cannot be read: {error}") from None
        if sample.reference is not None and len(found) != len(sample.reference):
            raise UnreadableAnswer(f"the answer has {len(found)} normals for {len(sample.reference)} points")
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
