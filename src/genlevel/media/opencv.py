"""OpenCV, imported when first needed, and quiet."""

from __future__ import annotations

import os
from functools import cache
from typing import Any


@cache
def opencv() -> Any:
    """The cv2 module. A broken file is a :class:`MediaError` of ours and not a line on stderr of its decoders."""
    # Both are read when the library and its video backend first start. A user who sets them gets the noise asked for.
    os.environ.setdefault("OPENCV_LOG_LEVEL", "OFF")
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    import cv2

    return cv2
