"""What a sentence names, found in the time and space of a video."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from genlevel.tasktypes.boxes import BoxFormat
from genlevel.tasktypes.keys import first
from genlevel.tasktypes.structured import Structured
from genlevel.tasktypes.video import frame_box

__all__ = ["VideoGrounding"]

_MOST: Final = 100_000


class VideoGrounding(Structured):
    """What a sentence names, found in time and space: a box for each frame in which it is.

    Example: ``{"input": {"video_path": "a.mp4", "caption": "A dog runs."}, "output": {"start": 12, "boxes": [[1, 2, 8, 9]]}}``,
    or ``trajectory`` as a list from ``tube_start_frame`` or as ``{frame: {"bbox": [...]}}``, beside the input too.
    """

    name = "video-grounding"
    title = "Video grounding"
    writes = "tube"
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
