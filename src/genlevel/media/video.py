"""Video: a file or a folder of frames to one array, and back to MP4."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from genlevel.media.errors import MediaError
from genlevel.media.files import SUFFIXES, name_of, part_bytes, sniff
from genlevel.media.images import Image, load_image
from genlevel.media.limits import FILE_BYTES, FRAMES, IMAGE_PIXELS, VIDEO_BYTES
from genlevel.media.opencv import opencv
from genlevel.records import Part

# A container that can name other files (a playlist, say) must never reach the decoder.
_CONTAINERS: Final = {
    "video/mp4": ".mp4",
    "video/quicktime": ".mov",
    "video/x-matroska": ".mkv",
    "video/x-msvideo": ".avi",
    "video/mpeg": ".mpg",
    "image/gif": ".gif",
}


def load_frames(part: Part, limit: int = FRAMES) -> Image:
    """All frames of a video: uint8, shape (T, H, W, 3), RGB.

    A file is MP4, QuickTime, Matroska, WebM, AVI, MPEG or GIF; a folder holds one image a frame, in the order of the numbers
    in their names.

    Raises:
        MediaError: not a video, no frames, frames of unequal size, more than ``limit`` frames, or beyond the limits.
    """
    if part.path is not None and part.path.is_dir():
        return _from_folder(part.path, limit)
    name = name_of(part)
    if part.path is not None:
        head = _head(part.path, name)
        return _from_file(part.path, name, head, limit)
    data = part_bytes(part)
    head = data[:64]
    with tempfile.TemporaryDirectory(prefix="genlevel-") as folder:
        path = Path(folder) / ("video" + _CONTAINERS.get(sniff(head), ".bin"))
        path.write_bytes(data)
        return _from_file(path, name, head, limit)


def encode_mp4(frames: npt.ArrayLike, fps: float) -> bytes:
    """An MP4 (MPEG-4 part 2, lossy) of frames, uint8 (T, H, W, 3) RGB with even H and W.

    Raises:
        MediaError: another shape or type, an odd size, no frames, or a rate outside 0.01..1000 frames a second.
    """
    array = np.asarray(frames)
    if array.dtype != np.uint8 or array.ndim != 4 or array.shape[3] != 3 or array.size == 0:
        raise MediaError(f"a video is uint8 of shape (T, H, W, 3), not {array.dtype} {array.shape}")
    if array.shape[1] * array.shape[2] > IMAGE_PIXELS or len(array) > FRAMES:
        raise MediaError(f"a video of shape {array.shape} is too large to write")
    if array.shape[1] % 2 or array.shape[2] % 2:
        # The encoder would cut the last row or column off in silence.
        raise MediaError(f"an MP4 needs an even height and width, not {array.shape[1]} x {array.shape[2]}")
    if not 0.01 <= fps <= 1000:
        raise MediaError(f"a video's rate is 0.01 to 1000 frames a second, not {fps}")
    cv = opencv()
    with tempfile.TemporaryDirectory(prefix="genlevel-") as folder:
        path = Path(folder) / "video.mp4"
        size = (array.shape[2], array.shape[1])
        writer = cv.VideoWriter(str(path), cv.CAP_FFMPEG, cv.VideoWriter_fourcc(*"mp4v"), float(fps), size)
        try:
            if not writer.isOpened():
                raise MediaError(f"OpenCV cannot write a video of {size[0]} x {size[1]} pixels")
            for frame in array:
                writer.write(np.ascontiguousarray(frame[:, :, ::-1]))
        finally:
            writer.release()
        return path.read_bytes()


def _head(path: Path, name: str) -> bytes:
    try:
        if not path.is_file():
            raise MediaError(f"{name}: no such file, or not a regular one")
        if path.stat().st_size > FILE_BYTES:
            raise MediaError(f"{name}: {path.stat().st_size} bytes; at most {FILE_BYTES} are taken")
        with path.open("rb") as file:
            return file.read(64)
    except OSError as error:
        raise MediaError(f"{name}: cannot be read ({error.strerror})") from None


def _from_file(path: Path, name: str, head: bytes, limit: int) -> Image:
    if not head:
        raise MediaError(f"{name}: the file is empty")
    if sniff(head) not in _CONTAINERS:
        raise MediaError(f"{name}: not a video that can be read (MP4, QuickTime, Matroska, WebM, AVI, MPEG or GIF)")
    cv = opencv()
    # An absolute path: FFmpeg takes "concat:..." and the like for a protocol.
    try:
        capture = cv.VideoCapture(str(path.resolve()), cv.CAP_FFMPEG)
    except cv.error:
        raise MediaError(f"{name}: the video is truncated or broken") from None
    try:
        if not capture.isOpened():
            raise MediaError(f"{name}: the video is truncated or broken")
        width, height = capture.get(cv.CAP_PROP_FRAME_WIDTH), capture.get(cv.CAP_PROP_FRAME_HEIGHT)
        if not 0 < width * height <= IMAGE_PIXELS:
            raise MediaError(f"{name}: frames of {width:g} x {height:g} pixels; at most {IMAGE_PIXELS} are taken")
        frames = _Frames(name, limit)
        while True:
            try:
                good, frame = capture.read()
            except cv.error:
                raise MediaError(f"{name}: frame {len(frames.taken)} is broken") from None
            if not good:
                break
            frames.add(frame[:, :, ::-1])
    finally:
        capture.release()
    return frames.stack()


def _from_folder(folder: Path, limit: int) -> Image:
    try:
        paths = [p for p in folder.iterdir() if SUFFIXES.get(p.suffix.lower(), "").startswith("image/")]
    except OSError as error:
        raise MediaError(f"{folder}: cannot be read ({error.strerror})") from None
    if len(paths) > limit:
        raise MediaError(f"{folder}: {len(paths)} frames; at most {limit} are taken")
    frames = _Frames(str(folder), limit)
    for path in sorted((p for p in paths if not p.name.startswith(".")), key=natural_key):
        frames.add(load_image(Part("image", path=path)))
    return frames.stack()


def natural_key(path: Path) -> list[tuple[str, int]]:
    """Sorts ``frame2`` before ``frame10``; names with numbers of one width sort as text does."""
    parts = re.split(r"(\d{1,300})", path.name)
    return [
        *((text, int(number)) for text, number in zip(parts[::2], [*parts[1::2], "-1"], strict=True)),
        (path.name, 0),
    ]


class _Frames:
    """Frames as they come, within the limits."""

    def __init__(self, name: str, limit: int) -> None:
        self.name, self.limit = name, limit
        self.taken: list[Image] = []
        self.bytes = 0

    def add(self, frame: Image) -> None:
        if len(self.taken) >= self.limit:
            raise MediaError(f"{self.name}: more than {self.limit} frames")
        if self.taken and frame.shape != self.taken[0].shape:
            raise MediaError(f"{self.name}: frame {len(self.taken)} is {frame.shape}, the first {self.taken[0].shape}")
        self.bytes += frame.nbytes
        if self.bytes > VIDEO_BYTES:
            raise MediaError(f"{self.name}: more than {VIDEO_BYTES} bytes of frames")
        self.taken.append(np.ascontiguousarray(frame))

    def stack(self) -> Image:
        if not self.taken:
            raise MediaError(f"{self.name}: the video has no frames that can be read")
        return np.stack(self.taken)
