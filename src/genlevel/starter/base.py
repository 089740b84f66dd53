"""What a starter task is: a row of the catalog and a function that makes one entry."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genlevel.media import encode_ply, encode_png, encode_wav
from genlevel.records import Modality, Paradigm

Array = NDArray[Any]
RATE = 8000
"""Samples a second of all sounds."""


@dataclass(frozen=True, slots=True)
class Medium:
    """A file of an entry, or with several ``files`` a folder of frames; ``folder`` is where it is put."""

    folder: str
    suffix: str
    files: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One entry before it is written. Values are JSON, a :class:`Medium`, or a list of media."""

    input: Mapping[str, Any]
    output: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StarterTask:
    """One task. ``make`` draws one entry from a generator; ``specialist`` names the classical method that sets the bar."""

    slug: str
    modality: Modality
    paradigm: Paradigm
    skill: str
    task_type: str
    metric: str
    specialist: str
    make: Callable[[np.random.Generator], Item]
    header: Mapping[str, Any] = field(default_factory=dict)
    test: int = 20
    train: int = 40

    @property
    def id(self) -> str:
        """The catalog's id, which the task's folder spells as well."""
        return ".".join([self.modality, *([] if self.modality == "language" else [self.paradigm]), self.slug])

    @property
    def folder(self) -> str:
        """The task's folder below the root."""
        return f"nlp/{self.slug}" if self.modality == "language" else f"{self.modality}/{self.paradigm}/{self.slug}"

    @property
    def name(self) -> str:
        """The name in the catalog and in the annotation's header."""
        return self.slug.replace("-", " ").capitalize()


def png(pixels: Array) -> Medium:
    """An image: floats in [0, 1] (clipped), or whole numbers as they stand; (H, W) or (H, W, 3)."""
    return Medium("images", ".png", (encode_png(quantised(pixels)),))


def clip(frames: Array) -> Medium:
    """A clip as a folder of PNG frames, which loses nothing; (T, H, W) or (T, H, W, 3)."""
    return Medium("videos", ".png", tuple(encode_png(quantised(frame)) for frame in frames))


def wav(samples: Array) -> Medium:
    """A sound of samples in [-1, 1] at 8 kHz."""
    return Medium("audios", ".wav", (encode_wav(samples, RATE),))


def ply(points: Array) -> Medium:
    """A point set (N, 3), rounded to 4 decimals."""
    return Medium("pointclouds", ".ply", (encode_ply(np.round(points, 4)),))


def quantised(pixels: Array) -> Array:
    """Floats in [0, 1] as 8 bits; whole numbers unchanged."""
    if np.issubdtype(pixels.dtype, np.floating):
        return np.round(np.clip(pixels, 0.0, 1.0) * 255.0).astype(np.uint8)
    return pixels


def pick(rng: np.random.Generator, options: Any, count: int | None = None) -> Any:
    """One of the options, or a list of ``count`` different ones."""
    chosen = list(options)
    if count is None:
        return chosen[int(rng.integers(len(chosen)))]
    return [chosen[int(i)] for i in rng.permutation(len(chosen))[:count]]
