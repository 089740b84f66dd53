"""Writers of answers about images, of pictures, films, sounds, depth and flow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from genlevel.errors import AnswerError
from genlevel.records import Part
from genlevel.tasktypes.write_checks import Parts, as_json, as_npy, as_png, items, numbers, pixels, plain, whole

_SOUND: Final = 2


# Text


def write_text(value: Any) -> Parts:
    """A text that is not empty."""
    if not isinstance(value, str) or not value.strip():
        raise AnswerError("the answer is a text that is not empty")
    return (Part("text", value),)


def write_number(value: Any) -> Parts:
    """One finite number in digits."""
    number = float(numbers(value, "the answer is one number", 0))
    return (Part("text", repr(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)),)


def number_list(value: Any) -> Parts:
    """A number or a list of numbers."""
    return as_json(numbers(value, "the answer is a number or a list of numbers", (0, 1)).tolist())


def write_labels(value: Any) -> Parts:
    """A set of labels as a list."""
    if not isinstance(value, (list, tuple)) or not all(isinstance(v, str) and v.strip() for v in value):
        raise AnswerError("labels are a list of texts")
    return as_json(list(value))


def write_ranking(value: Any) -> Parts:
    """Positions from 0, written from 1 as people count."""
    order = whole(value, "a ranking is a list of positions from 0, the best first", 1).tolist()
    if len(set(order)) < len(order):
        raise AnswerError("a ranking names each position once")
    # Readers count from 1, as people do.
    return as_json([n + 1 for n in order])


# Boxes, points and relations in an image

_LABELLED: Final = {"label": True, "score": False, "crowd": None}
_PERSON: Final = {"keypoints": True, "score": False, "label": None, "box": None, "area": None, "crowd": None}
BOXED: Final = {"label": True, "box": True, "score": False, "crowd": None, "area": None}


def box_of(value: Any) -> list[float]:
    """A checked box [x, y, width, height]."""
    box = numbers(value, "a box is [x, y, width, height]", 1, last=4)
    if box[2:].min() < 0:
        raise AnswerError("a box has a negative size")
    found: list[float] = box.tolist()
    return found


def boxes(value: Any) -> Parts:
    """``{label, box, score}``, one an object."""
    return as_json([{**item, "box": box_of(item["box"])} for item in items(value, BOXED, "boxes")])


def keypoints(value: Any) -> Parts:
    """``{keypoints, score}``, one a person."""
    people = items(
        value, {"label": False, "keypoints": True, "score": False, "box": None, "area": None, "crowd": None}, "persons"
    )
    for person in people:
        points = numbers(person["keypoints"], "keypoints are (count, 2) or (count, 3)", 2)
        if points.shape[1] not in (2, 3):
            raise AnswerError(f"keypoints are (count, 2) or (count, 3), not {points.shape}")
        person["keypoints"] = points.tolist()
    return as_json(people)


def triplets(value: Any) -> Parts:
    """``{subject, predicate, object}`` with boxes and scores where they are known."""
    boxed = {"subject_box": False, "object_box": False}
    keys = {"subject": True, "predicate": True, "object": True, **boxed, "score": False}
    found = items(value, keys, "relations")
    for item in found:
        item.update({key: box_of(item[key]) for key in boxed if key in item})
    return as_json(found)


# Masks and maps of an image


def rle_of(value: Any) -> dict[str, Any]:
    """A mask as COCO's run lengths: an array (H, W), or run lengths as they are."""
    from genlevel.tasktypes.rle import decode_rle, encode_rle

    if not isinstance(value, Mapping):
        return encode_rle(numbers(value, "a mask is (height, width)", 2))
    runs: dict[str, Any] = plain({"size": value["size"], "counts": value["counts"]})
    decode_rle(runs, (int(runs["size"][0]), int(runs["size"][1])))
    return runs


def masks(value: Any) -> Parts:
    """``{label, mask, score}``; a mask is an array or run lengths."""
    if not isinstance(value, Sequence) or isinstance(value, str) or not all(isinstance(v, Mapping) for v in value):
        raise AnswerError("masks are a list of objects {label, mask, score}")
    lost = next((i for i, item in enumerate(value) if "mask" not in item), None)
    if lost is not None:
        raise AnswerError(f"masks: item {lost} has no 'mask'")
    others = items([{k: v for k, v in item.items() if k != "mask"} for item in value], _LABELLED, "masks")
    return as_json([{**other, "rle": rle_of(item["mask"])} for other, item in zip(others, value, strict=True)])


def panoptic(value: Any) -> Parts:
    """``{map, segments}`` as one mask a segment."""
    ids = whole(value["map"], "a map of segments is (height, width)", 2, 2**31 - 1)
    segments = items(value["segments"], {"id": True, "label": True, "crowd": None}, "segments")
    return as_json([{"label": s["label"], "rle": rle_of(ids == s["id"])} for s in segments])


def label_map_png(value: Any) -> Parts:
    """A label map as a grey PNG of 8 or 16 bits."""
    labels = whole(value, "a label map is (height, width)", 2)
    return as_png(labels.astype(np.uint8 if labels.max() < 256 else np.uint16))


def label_map_json(value: Any) -> Parts:
    """A label map as one mask a label; 0 is what none covers."""
    labels = whole(value, "a label map is (height, width)", 2, 2**31 - 1)
    return as_json([{"label": int(n), "rle": rle_of(labels == n)} for n in np.unique(labels) if n])


def share_map(value: Any) -> npt.NDArray[np.float64]:
    """A checked map of shares from 0 to 1."""
    shares = numbers(value, "a matte is (height, width)", 2)
    if shares.min() < 0 or shares.max() > 1:
        raise AnswerError("a matte goes from 0 to 1")
    return shares


def matte_png(value: Any) -> Parts:
    """A matte as a grey PNG of 16 bits, exact to 1 / 131070."""
    levels = np.rint(share_map(value) * 65_535).astype(np.uint16)
    return as_png(levels)


def write_scores(value: Any) -> Parts:
    """A map of scores as NPY, or one score as text."""
    if np.ndim(value) == 0:
        return write_number(value)
    return as_npy(numbers(value, "scores are (height, width) or one number", 2), "image")


# Depth and flow


def depth_of(value: Any) -> npt.NDArray[np.float64]:
    """A checked depth map."""
    depth = numbers(value, "a depth map is (height, width)", 2)
    if depth.min() < 0:
        raise AnswerError("a depth is not negative")
    return depth


def depths_of(value: Any) -> npt.NDArray[np.float64]:
    """Checked depth maps of a video."""
    depth = numbers(value, "depth maps are (frames, height, width)", 3)
    if depth.min() < 0:
        raise AnswerError("a depth is not negative")
    return depth


def field_of(value: Any) -> npt.NDArray[np.float64]:
    """A checked flow field, or one for each pair of frames."""
    return numbers(value, "a flow is (height, width, 2) or (frames, height, width, 2)", (3, 4), last=2)


def write_flo(value: Any) -> Parts:
    """A flow field as Middlebury's FLO, in single precision."""
    flow = numbers(value, "a FLO file holds a flow (height, width, 2)", 3, last=2)
    if np.abs(flow).max() > 1e9:
        raise AnswerError("a FLO file holds flow up to 1e9 pixels; more means unknown")
    head = np.array(flow.shape[1::-1], "<i4").tobytes()
    return (Part("image", data=b"PIEH" + head + flow.astype("<f4").tobytes(), media_type="application/x-flo"),)


# Pictures, films and sounds


def film_frames(value: Any) -> Parts:
    """A film as a PNG a frame, without loss."""
    return tuple(part for frame in pixels(value, 4) for part in as_png(frame))


def film_mp4(value: Any) -> Parts:
    """A film as MP4 at 25 frames a second, with loss."""
    from genlevel.media import encode_mp4

    return (Part("video", data=encode_mp4(pixels(value, 4), 25.0), media_type="video/mp4"),)


def write_wav(value: Any) -> Parts:
    """``(samples, rate)`` as 16-bit WAV, exact to 1 / 16384."""
    from genlevel.media import encode_wav

    if not isinstance(value, tuple) or len(value) != _SOUND:
        raise AnswerError("a sound is (samples, rate)")
    samples = numbers(value[0], "samples are (n,) or (n, channels)", (1, 2))
    if np.abs(samples).max() > 1:
        raise AnswerError("samples go from -1 to 1")
    return (Part("audio", data=encode_wav(samples, int(value[1])), media_type="audio/wav"),)
