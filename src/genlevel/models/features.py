"""Parts as vectors: one plain featuriser for each kind of part, the same for every task.

Vectors of one kind have one length, so that the parts of two requests can be compared place by place.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from genlevel.media import load_audio, load_frames, load_image, load_points, media_type
from genlevel.media.opencv import opencv
from genlevel.records import Part, PartKind
from genlevel.tasktypes.arrays import load_array

Vector = NDArray[np.float64]

_HASHED = 1024
_IMAGE = 16
_FRAMES, _FRAME = 8, 12
_BANDS, _LOWEST_HZ, _STEPS = 168, 40.0, 16
_BINS = 32
_PAIRS = 2048
_WORD = re.compile(r"\w+")


def vectors(parts: Sequence[Part]) -> list[Vector]:
    """A vector for each part, in order.

    Raises:
        MediaError: a medium that cannot be decoded.
    """
    return [FEATURISERS[part.kind](part) for part in parts]


def text_vector(part: Part) -> Vector:
    """Words and their pieces of three letters, hashed and counted; length 1."""
    words = _WORD.findall(part.text.casefold())
    pieces = [f"<{word}>"[i : i + 3] for word in words for i in range(len(word))]
    vector = np.zeros(_HASHED)
    for piece in (*words, *(f"#{p}" for p in pieces)):
        # A hash that is the same in every process, unlike Python's own.
        vector[zlib.crc32(piece.encode()) % _HASHED] += 1.0
    vector = np.sqrt(vector)
    return vector / max(float(np.linalg.norm(vector)), 1e-9)


def image_vector(part: Part) -> Vector:
    """The picture at 16 x 16 pixels."""
    return _small(load_image(part), _IMAGE).ravel()


def video_vector(part: Part) -> Vector:
    """Eight frames at 12 x 12 grey pixels, and what changes from each to the next."""
    frames = load_frames(part)
    chosen = frames[np.linspace(0, len(frames) - 1, _FRAMES).round().astype(int)]
    grey = np.stack([_small(frame, _FRAME).mean(axis=2) for frame in chosen])
    return np.concatenate([grey.ravel(), np.diff(grey, axis=0).ravel()])


def audio_vector(part: Part) -> Vector:
    """The spectrum in bands of half a semitone, in decades below its peak, and the loudness in 16 steps."""
    sound, rate = load_audio(part)
    mono = sound.mean(axis=1) if sound.ndim > 1 else sound
    power = np.abs(np.fft.rfft(mono * np.hanning(len(mono)))) ** 2
    hertz = np.fft.rfftfreq(len(mono), 1.0 / rate)
    band = np.floor(24.0 * np.log2(np.maximum(hertz, 1e-9) / _LOWEST_HZ)).astype(int)
    inside = (band >= 0) & (band < _BANDS)
    bands = np.bincount(band[inside], power[inside], _BANDS)
    decades = np.log10(bands / max(float(bands.max()), 1e-12) + 1e-3) / 3.0
    loudness = [float(np.sqrt(np.mean(piece**2))) if len(piece) else 0.0 for piece in np.array_split(mono, _STEPS)]
    return np.concatenate([decades, np.array(loudness) / max(*loudness, 1e-9)])


def points_vector(part: Part) -> Vector:
    """How far pairs of points lie apart, how far points lie from the middle, and where they lie, as three histograms."""
    points = _places(part)
    points = points - points.mean(axis=0)
    radii = np.linalg.norm(points, axis=1)
    size = max(float(radii.max()), 1e-9)
    rng = np.random.default_rng(0)
    a, b = rng.integers(len(points), size=(2, _PAIRS))
    apart = np.linalg.norm(points[a] - points[b], axis=1)
    cells = np.clip(((points / size + 1.0) * 2.0).astype(int), 0, 3) @ [16, 4, 1]
    histograms = (
        np.histogram(apart / size, _BINS, (0.0, 2.0))[0] / _PAIRS,
        np.histogram(radii / size, _BINS, (0.0, 1.0))[0] / len(points),
        np.bincount(cells, minlength=64) / len(points),
    )
    return np.sqrt(np.concatenate(histograms))


def _places(part: Part) -> Vector:
    """Points (N, 3); of an array of more dimensions (the joints of a motion, say) all its rows."""
    if media_type(part) != "application/x-npy":
        return load_points(part)[:, :3]
    rows = np.asarray(load_array(part), np.float64)
    rows = rows.reshape(-1, rows.shape[-1] if rows.ndim else 1)[:, :3]
    return np.pad(rows, ((0, 0), (0, 3 - rows.shape[1])))


def _small(image: NDArray[np.uint8], size: int) -> Vector:
    cv = opencv()
    small: Vector = cv.resize(image.astype(np.float64) / 255.0, (size, size), interpolation=cv.INTER_AREA)
    return small


FEATURISERS: dict[PartKind, Callable[[Part], Vector]] = {
    "text": text_vector,
    "image": image_vector,
    "video": video_vector,
    "audio": audio_vector,
    "points": points_vector,
}
