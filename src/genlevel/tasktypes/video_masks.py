"""Objects in video as masks: segmentation of given, described and salient objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from genlevel.errors import RecordError, UnreadableAnswer
from genlevel.records import Part, Record, Sample, Task
from genlevel.tasktypes.answers import text_of
from genlevel.tasktypes.asked import Asked
from genlevel.tasktypes.frames import frame_stack, load_layer, named_stack, settled
from genlevel.tasktypes.keys import first
from genlevel.tasktypes.literals import find_literals
from genlevel.tasktypes.rle import decode_mask

__all__ = ["ReferringVideoObjectSegmentation", "VideoObjectSegmentation", "VideoSalientObjectDetection"]

_CHARS: Final = 40_000_000
_OBJECTS: Final = 255
_FRAMES: Final = 4096
_PIXELS: Final = 2**28
_KEYS: Final = ("mask_folder", "mask_file", "mask_file_list", "masks", "mask", "gt_dir", "video_folder", "text")
_TRUTH: Final = ("mask_folder_gt", "gt_dir", "masks")


class MaskedVideo(Asked):
    """A video whose answer is a mask for each frame: int32 (T, H, W), the object's number at each pixel, 0 for none."""

    takes = frozenset({"video", "image", "text"})
    makes = frozenset({"video", "image", "text"})
    writes = "object masks"
    noun = "masks"
    hidden = _TRUTH
    form: ClassVar[str] = (
        "Answer with an image a frame whose grey values are the objects' numbers, 0 where there is none, or with JSON: "
        '{"1": [mask, ...]}, for each object a mask a frame, {"size": [height, width], "counts": [...]} (COCO run lengths in '
        "column order, background first) or null."
    )

    def reference(self, record: Record, output: Any) -> Any:
        """The masks of the objects, from files or from run lengths in the record; None where they are secret."""
        if isinstance(output, Mapping) and output and not any(isinstance(first(output, key), str) for key in _KEYS):
            inner = first(output, "masks", "objects", "answer")
            names = inner if isinstance(inner, list) else None
            if names is None or not all(isinstance(name, str) for name in names):
                try:
                    return objects_of(inner if isinstance(inner, Mapping) else output, None)
                except ValueError as error:
                    raise RecordError(f"{record.where}: {error}") from None
        found = named_stack(record, output, _KEYS, load_layer)
        return None if found is None else whole(found)

    def answer(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Int32 (T, H, W) of the reference's size; frames after the last have no object."""
        shape = None if sample.reference is None else sample.reference.shape
        if any(part.kind in ("image", "video") for part in parts):
            maps = whole(frame_stack(parts, load_layer))
        else:
            maps = _from_text(text_of(parts, _CHARS), shape)
        return maps if shape is None else settled(maps, shape, nearest=True)


def whole(maps: Any) -> Any:
    """Label maps as int32; black and white alone become 0 and 1.

    Raises:
        UnreadableAnswer: not whole numbers from 0.
    """
    import numpy as np

    if maps.dtype.kind == "f" and ((maps != np.floor(maps)) | ~np.isfinite(maps)).any():
        raise UnreadableAnswer("a mask holds whole numbers")
    if maps.size and (maps.min() < 0 or maps.max() >= 2**31):
        raise UnreadableAnswer("an object's number is from 0 to 2147483647")
    maps = maps.astype(np.int32)
    if ((maps == 0) | (maps == 255)).all():
        maps = np.minimum(maps, 1)
    return maps


def _from_text(text: str, shape: tuple[int, ...] | None) -> Any:
    for value in find_literals(text):
        if isinstance(value, (Mapping, list)) and value:
            return objects_of(value, shape)
    raise ValueError("the answer holds no JSON masks")


def objects_of(value: Any, shape: tuple[int, ...] | None) -> Any:
    """Run lengths or polygons by object and frame as int32 (T, H, W).

    Understood are ``{object: [mask, ...]}``, ``{object: {"mask": ...}}``, ``{object: {frame: mask}}`` and, for one object, a
    list of masks; null is no mask.

    Args:
        value: the decoded value.
        shape: (T, H, W) if it is known; otherwise the masks' own size counts.

    Raises:
        ValueError: something else, or masks that do not fit.
    """
    import numpy as np

    if isinstance(value, Mapping):
        inner = first(value, "objects", "masks", "answer")
        if isinstance(inner, (Mapping, list)) and len(value) == 1:
            return objects_of(inner, shape)
    things = value if isinstance(value, Mapping) and first(value, "counts", "rle", "polygon") is None else {"1": value}
    if len(things) > _OBJECTS:
        raise ValueError(f"more than {_OBJECTS} objects")
    tracks = {_number(name, index): _by_frame(track) for index, (name, track) in enumerate(things.items(), 1)}
    count = max((frame for track in tracks.values() for frame in track), default=-1) + 1
    size = shape[1:] if shape is not None else _size(tracks)
    if not 0 < count <= _FRAMES or count * size[0] * size[1] > _PIXELS:
        raise ValueError(f"masks of {count} frames of {size[0]} x {size[1]}; 1 to {_FRAMES} frames are taken")
    if shape is not None and count > shape[0]:
        raise ValueError(f"masks for {count} frames; the video has {shape[0]}")
    maps = np.zeros((count, *size), np.int32)
    for number, track in tracks.items():
        for frame, mask in track.items():
            if mask is not None:
                maps[frame][decode_mask(mask, (size[0], size[1]))] = number
    return maps


def _number(name: str, index: int) -> int:
    digits = "".join(c for c in str(name) if c.isdecimal())
    number = int(digits) if digits and len(digits) < 10 else index
    # 0 is the background.
    return number if number > 0 else _OBJECTS + 1


def _by_frame(track: Any) -> dict[int, Any]:
    if isinstance(track, Mapping):
        inner = first(track, "mask", "masks", "segmentations", "rle", "frames")
        if inner is not None:
            return _by_frame(inner)
        if first(track, "counts", "polygon", "segmentation") is not None:
            return {0: track}
        if not all(str(key).isdecimal() and len(str(key)) < 7 for key in track):
            raise ValueError("the masks of an object are a list, one a frame, or an object by frame from 0")
        return {int(key): mask for key, mask in track.items()}
    if isinstance(track, list) and len(track) <= _FRAMES:
        return dict(enumerate(track))
    raise ValueError("the masks of an object are a list, one a frame, or an object by frame from 0")


def _size(tracks: Mapping[int, Mapping[int, Any]]) -> tuple[int, int]:
    for track in tracks.values():
        for mask in track.values():
            rle = (first(mask, "rle", "segmentation", "mask") or mask) if isinstance(mask, Mapping) else None
            size = first(rle, "size") if isinstance(rle, Mapping) else None
            if isinstance(size, list) and len(size) == 2 and all(type(n) is int and 0 < n < 65_536 for n in size):
                return size[0], size[1]
    raise ValueError("no mask has a 'size', [height, width]")


class VideoObjectSegmentation(MaskedVideo):
    """The objects that a mask shows in the first frame, in all frames. Measured as J, the mean IoU over objects and frames.

    Example: ``{"input": {"video_folder": "videos/a", "mask_file": "first/a.png"}, "output": {"1": {"mask": [{"size": [480, 854],
    "counts": "..."}, null]}}}``; or ``"output": {"mask_folder": "masks/a"}`` with a PNG of object numbers a frame.
    """

    name = "video-object-segmentation"
    title = "Video object segmentation"
    answer_format = "a PNG of object numbers for each frame, or JSON run lengths by object and frame"
    prompt = "Segment the objects in each frame of the video, with the numbers that they have in the mask of the first frame."

    def metric(self, task: Task) -> str:
        """Region similarity J, which is what mIoU means for objects in video."""
        return "region_j" if task.metric == "miou" else task.metric


class ReferringVideoObjectSegmentation(VideoObjectSegmentation):
    """The object that a text describes or that reasoning finds, in all frames. Measured as J.

    Example: ``{"input": {"video_folder": "videos/a", "prompt": "the dog that runs away"},
    "output": {"mask_folder": "masks/a"}}``.
    """

    name = "referring-video-object-segmentation"
    title = "Referring video object segmentation"
    prompt = "Segment the object in each frame of the video."


class VideoSalientObjectDetection(MaskedVideo):
    """How much each pixel of each frame belongs to what stands out (or hides): 0 to 255.

    Example: ``{"input": {"video_folder": "videos/a"}, "output": {"mask_folder": "masks/a"}}``.
    """

    name = "video-salient-object-detection"
    title = "Video salient object detection"
    answer_format = "a grey image for each frame, white where the object is"
    makes = frozenset({"video", "image", "text"})
    writes = "saliency"
    noun = "maps"
    prompt = "Mark the object that stands out in each frame of the video."
    form = "Answer with a grey image a frame, white where the object is."

    def reference(self, record: Record, output: Any) -> Any:
        """Uint8 (T, H, W), 255 where the object is."""
        import numpy as np

        found = super().reference(record, output)
        # A mask of 0 and 1 is black and white; of others what is above half is the object.
        return None if found is None else ((found == 1) | (found > 127)).astype(np.uint8) * np.uint8(255)

    def answer(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Uint8 or float (T, H, W) of the reference's size (bilinear where it has another)."""
        if not any(part.kind in ("image", "video") for part in parts):
            return super().answer(parts, sample).astype(bool).astype("uint8") * 255
        maps = frame_stack(parts, load_layer)
        if maps.max() == 1 and maps.dtype.kind in "iub":
            maps = maps.astype("uint8") * 255
        return maps if sample.reference is None else settled(maps, sample.reference.shape, nearest=False)
