"""Values for each pixel of each frame: label maps, saliency and depth, as one array of all frames."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from genlevel.errors import GenlevelError, RecordError, UnreadableAnswer
from genlevel.records import Part, Record
from genlevel.tasktypes.keys import first, resolve

__all__ = ["frame_stack", "load_layer", "named_stack", "settled"]

_SUFFIXES: Final = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".webp", ".tif", ".tiff", ".pgm", ".npy", ".npz"})
_ARRAYS: Final = frozenset({"application/x-npy", "application/x-npz"})
_FRAMES: Final = 4096
_VALUES: Final = 2**28
Loader = Callable[[Part], Any]


def load_layer(part: Part) -> Any:
    """The map in a grey or palette image, or the array of an NPY or NPZ file.

    Raises:
        MediaError: it can be read as neither.
    """
    from genlevel.media import load_mask, media_type
    from genlevel.tasktypes.arrays import load_array

    return load_array(part) if media_type(part) in _ARRAYS else load_mask(part)


def frame_stack(parts: Sequence[Part], load: Loader) -> Any:
    """The maps of all frames, (T, H, W), in order.

    Understood are a folder with a file a frame, one image part a frame, an NPY or NPZ array (T, H, W), and a video file,
    whose grey values count.

    Args:
        parts: of kind image or video.
        load: gives the map (H, W) of one frame, or the array (T, H, W) of a file that holds all.

    Raises:
        GenlevelError: something cannot be decoded, sizes differ, or there is too much.
    """
    import numpy as np

    from genlevel.media.video import natural_key

    videos = [part for part in parts if part.kind == "video"]
    if videos:
        part = videos[-1]
        if part.path is None or not part.path.is_dir():
            return _array_or_video(part, load)
        names = [p for p in part.path.iterdir() if p.suffix.lower() in _SUFFIXES and not p.name.startswith(".")]
        parts = [Part("image", path=path) for path in sorted(names, key=natural_key)]
    else:
        parts = [part for part in parts if part.kind == "image"]
    if not 0 < len(parts) <= _FRAMES:
        raise UnreadableAnswer(f"the answer has {len(parts)} frames; 1 to {_FRAMES} are taken")
    start = load(parts[0])
    if len(parts) == 1:
        return _checked(start if start.ndim == 3 else start[None])
    if start.ndim != 2 or start.size * len(parts) > _VALUES:
        raise UnreadableAnswer(f"{len(parts)} frames of shape {start.shape} are no video, or too large")
    maps = [start, *(load(part) for part in parts[1:])]
    if any(each.shape != start.shape for each in maps):
        raise UnreadableAnswer("the frames have different sizes")
    return np.stack(maps)


def _array_or_video(part: Part, load: Loader) -> Any:
    from genlevel.media import load_frames, media_type

    if media_type(part) in _ARRAYS:
        return _checked(load(Part("image", data=part.data, path=part.path, media_type=part.media_type)))
    return load_frames(part)[..., 0]


def _checked(array: Any) -> Any:
    if array.ndim == 2:
        array = array[None]
    if array.ndim != 3 or not 0 < array.size <= _VALUES or len(array) > _FRAMES or array.dtype.kind not in "biuf":
        raise UnreadableAnswer(f"frames are an array of numbers (T, H, W), not {array.dtype} {array.shape}")
    return array


def named_stack(record: Record, output: Any, keys: Sequence[str], load: Loader) -> Any:
    """The maps that ``output`` names under one of ``keys``: a file, a folder, or a list of files; None where it is secret.

    Raises:
        RecordError: nothing is named, or it cannot be read.
    """
    if output is None or output in ({}, "", []):
        return None
    names = output
    if isinstance(output, Mapping):
        names = first(output, *keys)
        if names is None and len(output) == 1:
            names = next(iter(output.values()))
    names = names if isinstance(names, list) else [names]
    if not names or len(names) > _FRAMES or not all(isinstance(name, str) for name in names):
        raise RecordError(f"{record.where}: 'output' names no file or folder; expected '{keys[0]}'")
    paths: list[Path] = [resolve(record, name) for name in names]
    try:
        if len(paths) == 1 and (paths[0].is_dir() or paths[0].suffix.lower() not in _SUFFIXES):
            return frame_stack([Part("video", path=paths[0])], load)
        return frame_stack([Part("image", path=path) for path in paths], load)
    except (GenlevelError, OSError) as error:
        raise RecordError(f"{record.where}: {error}") from None


def settled(maps: Any, shape: tuple[int, ...], *, nearest: bool) -> Any:
    """Maps (t, h, w) as (T, H, W): resized, and frames after the last are empty.

    Raises:
        UnreadableAnswer: more frames than the reference has.
    """
    import numpy as np

    from genlevel.media.opencv import opencv

    if len(maps) > shape[0]:
        raise UnreadableAnswer(f"the answer has {len(maps)} frames; {shape[0]} are asked for")
    cv = opencv()
    if maps.shape[1:] != tuple(shape[1:]):
        size, how = (shape[2], shape[1]), cv.INTER_NEAREST if nearest else cv.INTER_LINEAR
        plain = maps.astype(np.float32 if not nearest else np.float64)
        maps = np.stack([cv.resize(each, size, interpolation=how) for each in plain]).astype(maps.dtype)
    if len(maps) < shape[0]:
        maps = np.concatenate([maps, np.zeros((shape[0] - len(maps), *maps.shape[1:]), maps.dtype)])
    return maps
