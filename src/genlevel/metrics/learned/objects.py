"""Whether what was asked for is in the picture: GenEval's rules on detected objects.

The rules need detections only. Those come with the answer, from whatever detector made them, or are made here by one of the
transformers library; the detector is part of the number (GenEval: Mask2Former, Swin-S; VBench: GRiT).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import hypot, isfinite
from typing import Any, NamedTuple

import numpy as np

from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.evidence import FloatArray
from genlevel.metrics.learned.batches import BATCH, Pixels, as_frames, pick_device
from genlevel.metrics.learned.encoders import CLIP_L14, open_clip
from genlevel.metrics.learned.persample import PerSample
from genlevel.metrics.learned.weights import missing_files

_MAX_OBJECTS = 16
_MAX_FRAMES = 10_000
# How far apart, as a share of both sizes, two objects must be before they are beside each other.
_POSITION_MARGIN = 0.1
RELATIONS = ("left of", "right of", "above", "below")


class Detected(NamedTuple):
    """One object found in a picture; the box is x, y, width, height in pixels."""

    label: str
    score: float
    box: tuple[float, float, float, float]
    colour: str = ""


class Wanted(NamedTuple):
    """Objects that must be there: at least ``number``, of a colour, and each in a relation to those of an earlier wish."""

    label: str
    number: int = 1
    colour: str = ""
    relation: str = ""
    to: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """What a prompt asks for: all of ``include``, and fewer than its number of each of ``exclude``."""

    include: tuple[Wanted, ...]
    exclude: tuple[Wanted, ...] = ()


def relations(a: Detected, b: Detected) -> set[str]:
    """How ``a`` lies to ``b``: any of :data:`RELATIONS`, none if they overlap too much."""
    (ax, ay, aw, ah), (bx, by, bw, bh) = a.box, b.box
    offset = (ax + aw / 2 - bx - bw / 2, ay + ah / 2 - by - bh / 2)
    margin = (_POSITION_MARGIN * (aw + bw), _POSITION_MARGIN * (ah + bh))
    x, y = (max(abs(o) - m, 0.0) * (1 if o > 0 else -1) for o, m in zip(offset, margin, strict=True))
    if max(abs(x), abs(y)) < 1e-3:
        return set()
    # The direction is that of the offset before the margin is taken off, as in the reference.
    length = hypot(*offset)
    x, y = x / length, y / length
    found = {"left of": x < -0.5, "right of": x > 0.5, "above": y < -0.5, "below": y > 0.5}
    return {name for name, holds in found.items() if holds}


def granted(wish: Wish, objects: Sequence[Detected], threshold: float) -> bool:
    """Whether the picture with these objects holds what was wished for.

    Of each label the ``number`` objects with the highest scores are looked at, for their number, colour and place.
    """
    by_label: dict[str, list[Detected]] = defaultdict(list)
    for found in sorted(objects, key=lambda o: -o.score):
        if found.score > threshold and len(by_label[found.label]) < _MAX_OBJECTS:
            by_label[found.label].append(found)
    groups: list[list[Detected]] = []
    for wanted in wish.include:
        group = by_label[wanted.label][: wanted.number]
        if len(group) < wanted.number:
            return False
        if wanted.colour and sum(o.colour == wanted.colour for o in group) < wanted.number:
            return False
        if wanted.relation and not all(wanted.relation in relations(o, p) for o in group for p in groups[wanted.to]):
            return False
        groups.append(group)
    return all(len(by_label[e.label]) < e.number for e in wish.exclude)


def read_wish(value: Any, name: str) -> Wish:
    """A label, a list of labels, or GenEval's record with ``include`` and ``exclude``.

    Raises:
        MetricError: naming what cannot be read.
    """
    if isinstance(value, str):
        return Wish((Wanted(_label(value)),))
    if isinstance(value, list | tuple) and value and all(isinstance(v, str) for v in value):
        return Wish(tuple(Wanted(_label(v)) for v in value))
    try:
        include = tuple(_wanted(v, index) for index, v in enumerate(value["include"]))
        exclude = tuple(_wanted(v, 0) for v in value.get("exclude", ()))
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise MetricError(
            f"{name}: a reference must be a label, a list of labels or {{'include': [{{'class', 'count', 'color', "
            f"'position'}}], 'exclude': [...]}} ({type(error).__name__}: {error})"
        ) from None
    if not include:
        raise MetricError(f"{name}: a reference must ask for at least one object")
    return Wish(include, exclude)


def _wanted(value: Mapping[str, Any], index: int) -> Wanted:
    count = int(value.get("count", 1))
    relation, to = value.get("position") or ("", 0)
    if count < 1:
        raise ValueError(f"count {count}")
    if relation and (relation not in RELATIONS or not 0 <= int(to) < index):
        raise ValueError(f"position {relation!r} to {to}")
    return Wanted(_label(value["class"]), count, str(value.get("color") or "").strip().lower(), relation, int(to))


def _label(value: Any) -> str:
    label = value.strip().lower() if isinstance(value, str) else ""
    if not label:
        raise MetricError(f"a label must be a text, not {value!r:.40}")
    return label


def read_frames(value: Any) -> list[list[Detected]]:
    """Detections of a picture (a list of records) or of a video (a list of such lists), as frames.

    Raises:
        MetricError: if they are something else.
    """
    if not isinstance(value, list | tuple) or len(value) > _MAX_FRAMES:
        raise MetricError("detections must be a list of records, or of lists of records")
    frames = value if value and all(isinstance(v, list | tuple) for v in value) else [value]
    return [[_detected(record) for record in frame] for frame in frames]


def _detected(record: Any) -> Detected:
    try:
        x, y, width, height = record["box"]
        box = (float(x), float(y), float(width), float(height))
        score, colour = float(record.get("score", 1.0)), record.get("color")
        if not (isfinite(score) and isfinite(box[0]) and isfinite(box[1]) and isfinite(box[2]) and isfinite(box[3])):
            raise ValueError("a box is x, y, width, height")
        return Detected(_label(record["label"]), score, box, str(colour).strip().lower() if colour else "")
    except (KeyError, IndexError, TypeError, ValueError, OverflowError, AttributeError) as error:
        raise MetricError(
            f"a detection must be {{'label', 'box', 'score'}} ({type(error).__name__}: {error})"
        ) from None


@dataclass(frozen=True)
class SuccessRate(PerSample):
    """Share of samples that hold what was asked for: objects, their number, colour and place, by GenEval's rules.

    An answer is the list of detections of a picture, or for a video a list of such lists; a video counts by the share of its
    frames that hold it (VBench). Or it is the picture or the video itself, and ``weights`` names a detector. An answer may also
    be True or False where something else has judged (an action, a camera movement). A reference is a label, a list of labels,
    or GenEval's record:
    ``{"include": [{"class": "dog", "count": 1, "color": "red"}, {"class": "cat", "position": ["left of", 0]}], "exclude": []}``.

    Options:
        threshold: the score above which a detection counts (GenEval: 0.3, and 0.9 for counting).
        weights: folder of a detector in the Hugging Face layout, for answers that are pictures; any whose classes have names,
            as DETR's. A reference that asks for a class which it does not know is an error.
        colours: folder of a CLIP model that says which of ten colours is in a box that a picture's reference asks a colour of;
            GenEval takes ViT-L/14 and looks at the object's mask, not at its box. Colours given with detections are kept.
        device: e.g. ``cuda``; by default the GPU where there is one.

    A missing answer counts as failed.
    """

    threshold: float = 0.3
    weights: str = ""
    colours: str = ""
    device: str = ""

    name = "success_rate"
    title = "Success rate"
    definition = "share of samples (frames) whose detections hold all objects asked for, with number, colour and place"
    source = "Ghosh et al. 2023 (GenEval); frames as in Huang et al. 2024 (VBench)"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = (
        "detections [{label, box, score, color}], a list of those a frame, a verdict, or a picture or video (with weights); "
        "reference: what was asked for"
    )
    needs = ("detections",)

    def take_answer(self, value: Any) -> Any:
        """A verdict, pixels (T, H, W, 3), or frames of detections.

        Raises:
            NotScorable: a picture or video, where no detector is at hand.
        """
        if isinstance(value, np.ndarray) and value.ndim > 2:
            if not self._looks:
                raise NotScorable(
                    f"{self.name} needs what a detector found in each picture or video, as JSON beside it: "
                    "[[{label, box, score}]], a list a frame, or weights=FOLDER of a detector"
                )
            return as_frames(value, role=f"{self.name}: an answer")
        return value if isinstance(value, bool | np.bool_) else read_frames(value)

    @property
    def _looks(self) -> bool:
        """Whether a detector is given, or lies in the folder of weights."""
        from genlevel.metrics.learned.detector import DETECTOR

        return bool(self.weights) or not missing_files(self, [("weights", DETECTOR)])

    def take_reference(self, value: Any) -> Wish:
        """The wish."""
        return read_wish(value, self.name)

    def _reference(self, value: Any, row: int) -> Any:
        return None if value is None else self.take_reference(value)

    def values(self, pairs: Sequence[tuple[Any, Wish | None]]) -> FloatArray:
        """Verdicts, or shares of frames."""
        return np.array([self._share(answer, wish) for answer, wish in pairs])

    def _share(self, answer: Any, wish: Wish | None) -> float:
        if isinstance(answer, bool | np.bool_):
            return float(answer)
        if wish is None:
            raise MetricError(f"{self.name}: detections need a reference that says what was asked for")
        frames = self._detected(answer, wish) if isinstance(answer, np.ndarray) else answer
        return sum(granted(wish, frame, self.threshold) for frame in frames) / len(frames)

    def _detected(self, video: Pixels, wish: Wish) -> list[list[Detected]]:
        """The objects in each frame, those of a label of which a colour is asked with their colour."""
        from genlevel.metrics.learned.detector import colour_of, open_detector

        device = pick_device(self.device)
        detector = open_detector(self.weights, device)
        detector.check({w.label for w in (*wish.include, *wish.exclude)}, self.name)
        coloured = {w.label for w in wish.include if w.colour}
        clip = open_clip(CLIP_L14.find(self.colours), device) if coloured else None
        found = []
        for start in range(0, len(video), BATCH):
            frames = list(video[start : start + BATCH])
            for frame, records in zip(frames, detector.find(frames, self.threshold), strict=True):
                objects = [_detected(record) for record in records]
                if clip:
                    objects = [
                        o._replace(colour=colour_of(frame, o.box, o.label, clip)) if o.label in coloured else o
                        for o in objects
                    ]
                found.append(objects)
        return found


@dataclass(frozen=True)
class SingleObjectSuccessRate(SuccessRate):
    """Share of frames (samples) in which the one object asked for is found; see :class:`SuccessRate`."""

    name = "single_object_success_rate"
    title = "Success rate, one object"
    definition = "share of frames whose detections hold the object asked for"

    def take_reference(self, value: Any) -> Wish:
        """The wish, for one kind of object."""
        wish = super().take_reference(value)
        if len(wish.include) != 1:
            raise MetricError(f"{self.name}: a reference must ask for one object, not {len(wish.include)}")
        return wish


@dataclass(frozen=True)
class MultiObjectSuccessRate(SuccessRate):
    """Share of frames (samples) in which all objects asked for are found together; see :class:`SuccessRate`."""

    name = "multi_object_success_rate"
    title = "Success rate, several objects"
    definition = "share of frames whose detections hold all objects asked for"

    def take_reference(self, value: Any) -> Wish:
        """The wish, for two or more kinds of object."""
        wish = super().take_reference(value)
        if len(wish.include) < 2:
            raise MetricError(f"{self.name}: a reference must ask for several objects")
        return wish
