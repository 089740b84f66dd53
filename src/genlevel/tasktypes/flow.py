"""Optical flow: how far each pixel moves from one frame to the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.records import Part, Record, Sample
from genlevel.tasktypes.answers import text_of
from genlevel.tasktypes.asked import Asked, is_secret
from genlevel.tasktypes.keys import first, resolve

__all__ = ["OpticalFlowEstimation", "read_flow"]

_CHARS: Final = 40_000_000
_FIELDS: Final = 4096
_PIXELS: Final = 64_000_000
_FLO: Final = b"PIEH"
_FLOW_KEYS: Final = ("flow_file", "flow", "flow_folder", "flow_file_list", "answer", "text")


class OpticalFlowEstimation(Asked):
    """How far each pixel moves from one frame to the next, in pixels to the right and down.

    Example: ``{"input": {"image_file_list": ["a0.png", "a1.png"]}, "output": {"flow_file": "flow/a.flo"}}``: Middlebury FLO, NPY
    or NPZ (H, W, 2), or KITTI's 16-bit PNG; a list of files, or (T, H, W, 2), for a video.
    """

    name = "optical-flow-estimation"
    title = "Optical flow estimation"
    takes = frozenset({"video", "image", "text"})
    makes = frozenset({"image", "text"})
    answer_format = "a FLO, NPY or NPZ file (height, width, 2) or KITTI's 16-bit PNG, one for each pair of frames"
    writes = "flow"
    noun = "flow"
    prompt = "Estimate the optical flow from each frame to the next."
    form = "Answer with the flow in pixels, (height, width, 2): to the right and down."

    def reference(self, record: Record, output: Any) -> Any:
        """``{"flow": (H, W, 2) or (T, H, W, 2), "valid": mask}``."""
        import numpy as np

        from genlevel.media.video import natural_key

        if is_secret(output):
            return None
        names = output
        if isinstance(output, Mapping):
            names = first(output, *_FLOW_KEYS) or (next(iter(output.values())) if len(output) == 1 else None)
        names = names if isinstance(names, list) else [names]
        if not names or len(names) > _FIELDS or not all(isinstance(name, str) for name in names):
            raise ValueError("'output' names no flow file; expected 'flow_file'")
        paths = [resolve(record, name) for name in names]
        if len(paths) == 1 and paths[0].is_dir():
            paths = sorted((p for p in paths[0].iterdir() if not p.name.startswith(".")), key=natural_key)
        fields = [read_flow(Part("image", path=path)) for path in paths[:_FIELDS]]
        if len({flow.shape for flow, _ in fields}) != 1:
            raise ValueError("the flow fields have different sizes, or there are none")
        if len(fields) == 1:
            return {"flow": fields[0][0], "valid": fields[0][1]}
        return {"flow": np.stack([f for f, _ in fields]), "valid": np.stack([v for _, v in fields])}

    def answer(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Float64 (H, W, 2) or (T, H, W, 2) of the reference's size."""
        import numpy as np

        from genlevel.tasktypes.arrays import find_array

        images = [part for part in parts if part.kind in ("image", "video")]
        wanted = None if sample.reference is None else sample.reference["flow"].shape
        if images:
            fields = [read_flow(part)[0] for part in images[-_FIELDS:]]
            last = fields[-1]
            flow = np.stack(fields) if len(fields) > 1 and len({f.shape for f in fields}) == 1 else last
        else:
            flow = find_array(text_of(parts, _CHARS))
        if flow is None or flow.ndim not in (3, 4) or flow.shape[-1] != 2:
            raise ValueError("a flow is an array (height, width, 2)")
        if wanted is not None and flow.ndim == 4 and len(wanted) == 3:
            flow = flow[-1]
        if wanted is not None and flow.ndim == 3 and len(wanted) == 4 and wanted[0] == 1:
            flow = flow[None]
        if wanted is not None and flow.shape != wanted:
            raise ValueError(f"the flow has the shape {flow.shape}; {wanted} is asked for")
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
