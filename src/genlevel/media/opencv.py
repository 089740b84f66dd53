"""OpenCV, imported when first needed, and quiet."""

from __future__ import annotations

import os
from functools import cache
from typing import Any


@cache
def opencv() -> Any:
    """The cv2 module. A broken file is a :class:`MediaError` of ours and not a line on stderr of its decoders."""
    # Read when the video backend first starts. A user who sets these gets the noise asked for.
    os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", "-8")
    import cv2

    if "OPENCV_LOG_LEVEL" not in os.environ:
        # Not by the variable: others may have imported the library before.
        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    return cv2
