"""Tasks about video: asked in text, or followed with boxes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Final

from genlevel.errors import RecordError, UnreadableAnswer
from genlevel.records import Part, PartKind, Record, Sample, Task
from genlevel.tasktypes.answers import text_of
from genlevel.tasktypes.base import TaskType
from genlevel.tasktypes.boxes import BoxFormat, box_format, read_box
from genlevel.tasktypes.keys import first, input_of, media_of, output_of
from genlevel.tasktypes.literals import find_literals
from genlevel.tasktypes.prompts import compose
from genlevel.tasktypes.reading import TextAnswer

__all__ = ["VideoCaptioning", "VideoClassification", "VideoQuestionAnswering", "VisualTracking"]

_FRAMES: Final = 100_000
_CHARS: Final = 4_000_000
# What the benchmark's own scorer reports for video: corpus BLEU-1 of lower-cased words between spaces.
_CAPTION_BLEU: Final = {"aggregate": "corpus", "multireference": "pooled", "tokenizer": "space", "lower": True}


class VideoClassification(TextAnswer):
    """One label for a video.

    Example: ``{"input": {"video_file": "a.mp4", "options": ["left", "right"]}, "output": {"text": "left"}}``.
    """

    name = "video-classification"
    title = "Video classification"
    answer_format = "the label alone"
    takes: ClassVar[frozenset[PartKind]] = frozenset({"video", "text"})
    media = "video"
    reads = "label"
    prompt = "What happens in the video?"
    form = "Answer with the label alone."


class VideoQuestionAnswering(TextAnswer):
    """A question about a video, with a short answer.

    Example: ``{"input": {"video_file": "a.mp4", "question": "Who wins?"}, "output": {"text": "the red car"}}``.
    """

    name = "video-question-answering"
    title = "Video question answering"
    answer_format = "a short answer"
    takes: ClassVar[frozenset[PartKind]] = frozenset({"video", "text"})
    media = "video"
    reads = "label"
    prompt = "Answer the question about the video."
    form = "Answer briefly, with the answer alone."

    def metric_options(self, task: Task) -> Mapping[str, Any]:
        """BLEU over the corpus, as published for these tasks."""
        return _CAPTION_BLEU if task.metric.startswith("bleu") else {}


class VideoCaptioning(TextAnswer):
    """A description of a video.

    Example: ``{"input": {"video_file": "a.mp4"}, "output": {"text": "A red car wins a race."}}``.
    """

    name = "video-captioning"
    title = "Video captioning"
    answer_format = "the caption alone"
    takes: ClassVar[frozenset[PartKind]] = frozenset({"video", "text"})
    media = "video"
    prompt = "Describe the video in one sentence."
    form = "Answer with the description alone."

    def metric_options(self, task: Task) -> Mapping[str, Any]:
        """BLEU over the corpus, as published for these tasks."""
        return _CAPTION_BLEU if task.metric.startswith("bleu") else {}


class VisualTracking(TaskType):
    """One object followed through a video: a box for each frame, the first included.

    Example: ``{"input": {"video_file": "a.mp4", "box": [8, 8, 20, 20], "frame_count": 3},
    "output": {"answer": [[8, 8, 20, 20], [9, 8, 20, 20], [10, 8, 20, 20]]}}``.
    """

    name = "visual-tracking"
    title = "Visual tracking"
    writes = "track"
    takes = frozenset({"video", "text"})
    makes = frozenset({"text"})
    answer_format = (
        "a JSON list of boxes [x, y, width, height] in pixels, one a frame, null where the object is out of sight"
    )

    def read(self, record: Record) -> Sample:
        """The reference is float64 (T, 4), [x, y, w, h]; NaN in frames without the object."""
        shown = input_of(record)
        media = media_of(record, shown)
        if not any(part.kind in ("video", "image") for part in media):
            raise RecordError(f"{record.where}: 'input' names no video file")
        form = box_format(record)
        if form.relative:
            raise RecordError(f"{record.where}: boxes of tracking are in pixels")
        answer = output_of(record, ("boxes", "trajectory"), ("trajectory",))
        try:
            start = first(shown, "box", "bbox", "init_box", "initial_box", "first_box")
            box = None if start is None else read_box(start, form)
            reference = None if answer is None else _track(answer, form)
        except ValueError as error:
            raise RecordError(f"{record.where}: {error}") from None
        count = first(shown, "frame_count", "frames_count", "num_frames")
        frames = f" {count}" if isinstance(count, int) and not isinstance(count, bool) else ""
        hidden = ("trajectory", "box", "bbox", "init_box", "initial_box", "first_box", "num_frames", "frames_count")
        lines = [compose(shown, "Follow the object through the video.", hidden=hidden)]
        if start is not None:
            lines.append(f"In the first frame it is at {start}.")
        if "json" not in lines[0].lower():
            lines.append(
                f"Answer with a JSON list of{frames} boxes {form.written} in pixels, one for each frame, the first included."
            )
        extra = {"form": form, "box": box}
        return Sample(record.id, (*media, Part("text", "\n".join(lines))), reference, (), extra)

    def parse(self, parts: Sequence[Part], sample: Sample) -> Any:
        """Float64 (T, 4) with the reference's T; boxes of size 0 where the answer has none or ends too early.

        Raises:
            UnreadableAnswer: no JSON list of boxes, or more boxes than frames.
        """
        import numpy as np

        text = text_of(parts, _CHARS)
        form: BoxFormat = sample.extra.get("form", BoxFormat())
        problem = "the answer holds no JSON list of boxes"
        for value in find_literals(text):
            try:
                track = _track(value, form)
            except (ValueError, RecursionError) as error:
                problem = str(error)
                break
            track = np.nan_to_num(track, nan=0.0)
            if sample.reference is None:
                return track
            frames = len(sample.reference)
            if len(track) > frames:
                raise UnreadableAnswer(f"the answer has {len(track)} boxes for {frames} frames")
            return np.concatenate([track, np.zeros((frames - len(track), 4))])
        raise UnreadableAnswer(f"the boxes cannot be read: {problem}")


def _track(value: Any, form: BoxFormat) -> Any:
    """Boxes by frame as (T, 4) [x, y, w, h], NaN for frames without one.

    Understood are a list of boxes, ``[{"frame": 0, "box": [...]}]`` and ``{"0": [...]}``, also under one key such as ``boxes``.
    """
    import numpy as np

    if isinstance(value, Mapping):
        inner = first(value, "boxes", "bboxes", "answer", "trajectory", "track", "frames")
        if isinstance(inner, (list, Mapping)):
            return _track(inner, form)
        pairs = []
        for key, box in value.items():
            digits = "".join(c for c in str(key) if c.isdecimal())
            if not digits or len(digits) > 9:
                raise ValueError(f"'{str(key)[:40]}' is no frame number")
            pairs.append((int(digits), box))
        return _placed(pairs, form)
    if not isinstance(value, list) or not value or len(value) > _FRAMES:
        raise ValueError(f"a track is a list of 1 to {_FRAMES} boxes")
    frames = [first(item, "frame", "frame_id", "frame_index") if isinstance(item, Mapping) else None for item in value]
    if all(isinstance(f, int) and not isinstance(f, bool) for f in frames):
        return _placed(list(zip([f for f in frames if f is not None], value, strict=True)), form)
    return np.array([frame_box(item, form) for item in value], np.float64).reshape(-1, 4)


def _placed(pairs: list[tuple[int, Any]], form: BoxFormat) -> Any:
    """Boxes with frame numbers, which count from 0, or from 1 if the least is 1."""
    import numpy as np

    numbers = [frame for frame, _ in pairs]
    start = 1 if numbers and min(numbers) == 1 else 0
    if not numbers or min(numbers) < 0 or max(numbers) >= _FRAMES or len(set(numbers)) < len(numbers):
        raise ValueError("frame numbers are missing, doubled or too large")
    track = np.full((max(numbers) - start + 1, 4), np.nan)
    for frame, box in pairs:
        track[frame - start] = frame_box(box, form)
    return track


def frame_box(value: Any, form: BoxFormat) -> list[float]:
    """A box of one frame as [x, y, width, height]; NaN where there is none."""
    if isinstance(value, Mapping):
        inner = first(value, "box", "bbox", "bbox_2d")
        if inner is not None or any(k in value for k in ("box", "bbox")):
            value = inner
    return [float("nan")] * 4 if value is None or value == [] else read_box(value, form)
