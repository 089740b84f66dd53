"""A gallery of single samples for the report: what was asked, what the model answered, what was right."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from genlevel import tasktypes
from genlevel.datasets.base import Dataset
from genlevel.errors import GenlevelError, RecordError
from genlevel.records import Part, Prediction, Record, Sample
from genlevel.scoring.outcomes import Outcomes

_TEXT_LIMIT = 400
_THUMBNAIL = 180
_FRAMES = 4
# A two-dimensional array with a shorter side than this is a list of points or boxes, not a picture.
_SMALL = 16
# Small enough to carry inside the page; a longer sound is named instead.
_AUDIO_LIMIT = 200_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A bit of a sample that a page can show: text, or a medium as data URLs."""

    text: str = ""
    images: tuple[str, ...] = ()
    audio: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One sample of the gallery."""

    id: str
    state: str
    reason: str
    asked: tuple[Piece, ...]
    answer: tuple[Piece, ...]
    reference: tuple[Piece, ...]


def cards(
    dataset: Dataset, predictions: Mapping[str, Prediction], outcomes: Outcomes, count: int, template: str = ""
) -> list[Card]:
    """The first ``count`` readable samples of a task, as they were asked under ``template``."""
    states = {i: (s.name.lower(), r) for i, s, r in zip(outcomes.ids, outcomes.states, outcomes.reasons, strict=True)}
    kind = tasktypes.for_task(dataset.task).with_template(template)
    result: list[Card] = []
    for record in islice(dataset.records(), 4 * count):
        if isinstance(record, RecordError) or len(result) == count:
            continue
        try:
            sample = kind.read(record)
        except GenlevelError:
            continue  # listed among the problems
        prediction = predictions.get(sample.id)
        state, reason = states.get(sample.id, ("missing", ""))
        result.append(
            Card(
                sample.id,
                state,
                reason if state != "answered" else "",
                pieces(kind.ask(sample, dataset.task).parts),
                pieces(prediction.parts, maps=_is_map(sample.reference)) if prediction else (),
                _reference(sample, record),
            )
        )
    return result


def pieces(parts: Sequence[Part], *, maps: bool = False) -> tuple[Piece, ...]:
    """Parts as something that a page can show; a medium that cannot be decoded is named.

    ``maps`` says that images are maps of numbers (classes, depths), whose range is stretched to be seen.
    """
    return tuple(_piece(part, maps) for part in parts)


def _is_map(reference: Any) -> bool:
    return getattr(reference, "ndim", 0) == 2 and min(reference.shape) > _SMALL


def _piece(part: Part, maps: bool) -> Piece:
    try:
        if part.kind == "text":
            return Piece(text=_short(part.text))
        if part.kind == "image" and maps:
            from genlevel.media import load_mask

            return Piece(images=(thumbnail(_grey(load_mask(part))),))
        if part.kind == "image":
            from genlevel.media import load_image

            return Piece(images=(thumbnail(load_image(part)),))
        if part.kind == "video":
            from genlevel.media import load_frames

            frames = load_frames(part)
            step = max(1, (len(frames) - 1) // (_FRAMES - 1)) if len(frames) > 1 else 1
            return Piece(images=tuple(thumbnail(f, 90) for f in frames[::step][:_FRAMES]))
        if part.kind == "audio":
            from genlevel.media import media_type, part_bytes

            data = part_bytes(part)
            if len(data) <= _AUDIO_LIMIT:
                return Piece(audio=_data_url(data, media_type(part)))
            return Piece(text=f"(sound, {len(data) // 1000} kB)")
        from genlevel.media import load_points

        return Piece(images=(thumbnail(_scatter(load_points(part))),))
    except GenlevelError as error:
        return Piece(text=f"({part.kind}: {error})")


def _reference(sample: Sample, record: Record) -> tuple[Piece, ...]:
    """The reference, best shown as what the data file says where it is text, and as an image where it is one."""
    import numpy as np

    value: Any = sample.reference
    if isinstance(value, np.ndarray):
        if value.ndim == 3 and value.shape[2] == 3 and value.dtype == np.uint8:
            return (Piece(images=(thumbnail(value),)),)
        if _is_map(value):
            return (Piece(images=(thumbnail(_grey(value)),)),)
        if value.ndim == 2 and value.shape[1] == 3:
            return (Piece(images=(thumbnail(_scatter(value)),)),)
    output = record.value.get("output")
    return (Piece(text=_short(_plain(output))),)


def _plain(output: Any) -> str:
    while isinstance(output, Mapping) and len(output) == 1:
        output = next(iter(output.values()))
    return output if isinstance(output, str) else str(output)


def _grey(values: Any) -> Any:
    import numpy as np

    v = np.asarray(values, np.float64)
    low, high = float(np.nanmin(v)), float(np.nanmax(v))
    scaled = (v - low) / (high - low or 1.0) * 255.0
    return np.repeat(scaled.astype(np.uint8)[:, :, None], 3, axis=2)


def _scatter(points: Any) -> Any:
    """A point cloud seen from above and aside, darker where nearer."""
    import numpy as np

    p = np.asarray(points, np.float64)[:, :3]
    canvas = np.full((160, 160, 3), 255, np.uint8)
    if not len(p):
        return canvas
    p = (p - p.mean(axis=0)) / (np.abs(p - p.mean(axis=0)).max() or 1.0)
    a, b = np.deg2rad(35.0), np.deg2rad(25.0)
    x = p[:, 0] * np.cos(a) - p[:, 1] * np.sin(a)
    depth = p[:, 0] * np.sin(a) + p[:, 1] * np.cos(a)
    y = p[:, 2] * np.cos(b) - depth * np.sin(b)
    shade = np.clip(120 + 70 * depth, 20, 210).astype(np.uint8)
    column, row = (80 + 55 * x).astype(int).clip(1, 158), (80 - 55 * y).astype(int).clip(1, 158)
    for dr in (0, 1):
        for dc in (0, 1):
            canvas[row + dr, column + dc] = shade[:, None]
    return canvas


def thumbnail(image: Any, side: int = _THUMBNAIL) -> str:
    """An RGB image, uint8 (H, W, 3), as a PNG data URL no larger than ``side`` pixels."""
    import cv2

    height, width = image.shape[:2]
    scale = side / max(height, width)
    if scale < 1:
        size = (max(1, round(width * scale)), max(1, round(height * scale)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    elif scale >= 2:
        image = cv2.resize(image, None, fx=int(scale), fy=int(scale), interpolation=cv2.INTER_NEAREST)
    lossy = image.shape[0] * image.shape[1] > 10_000 and scale < 1
    ending, options = (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 80]) if lossy else (".png", [])
    _, data = cv2.imencode(ending, cv2.cvtColor(image, cv2.COLOR_RGB2BGR), options)
    return _data_url(data.tobytes(), "image/jpeg" if lossy else "image/png")


def _data_url(data: bytes, media_type: str) -> str:
    return f"data:{media_type};base64,{base64.b64encode(data).decode()}"


def _short(text: str) -> str:
    text = text.strip()
    return text if len(text) <= _TEXT_LIMIT else text[:_TEXT_LIMIT].rstrip() + " …"
