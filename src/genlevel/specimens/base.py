"""What a specimen is: one made entry of a dataset in the real shape, with its media and its right answer."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from genlevel.media import encode_ply, encode_png, encode_wav
from genlevel.records import Part, PartKind

Array = NDArray[Any]
Rng = np.random.Generator
RATE: Final = 8000
"""Samples a second of all sounds."""
COLOURS: Final = {"red": (210, 40, 40), "green": (40, 170, 60), "blue": (50, 70, 210), "yellow": (220, 200, 50)}
SHAPES: Final = ("circle", "square")
NOUNS: Final = ("dog", "cat", "horse", "bird", "man", "woman")
VERBS: Final = ("runs", "waits", "sleeps", "plays", "turns")
PLACES: Final = ("in the garden", "on the street", "near the river", "at the old house")


@dataclass(frozen=True, slots=True)
class File:
    """A file of an entry, put into ``folder``."""

    folder: str
    suffix: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of files of an entry, such as the frames of a video."""

    folder: str
    suffix: str
    files: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Specimen:
    """One entry before it is written.

    Values of ``input`` and ``output`` are JSON, a :class:`File`, a :class:`Folder`, or a list of files. ``beside`` stands next
    to them in the entry, ``header`` in the head of the annotation. ``right`` is the answer that is as good as can be.
    """

    input: Any
    output: Any
    right: tuple[Part, ...]
    beside: Mapping[str, Any] = field(default_factory=dict)
    header: Mapping[str, Any] = field(default_factory=dict)


Maker = Callable[[Rng, str], Specimen]
"""Draws one entry of a task type, in the form that the named metric takes."""


def said(text: str) -> tuple[Part, ...]:
    """A text as an answer."""
    return (Part("text", text),)


def shown(kind: PartKind, *files: File) -> tuple[Part, ...]:
    """Files as an answer."""
    # An OBJ file cannot be told by its bytes.
    return tuple(Part(kind, data=f.data, media_type="model/obj" if f.suffix == ".obj" else "") for f in files)


def png(pixels: Array, folder: str = "images") -> File:
    """A PNG of whole numbers, (H, W) or (H, W, 3)."""
    return File(folder, ".png", encode_png(pixels))


def frames(film: Array, folder: str = "videos") -> Folder:
    """A video as a folder of PNGs, (T, H, W) or (T, H, W, 3)."""
    return Folder(folder, ".png", tuple(encode_png(frame) for frame in film))


def stills(film: Array) -> tuple[Part, ...]:
    """A video as an answer: an image a frame."""
    return tuple(Part("image", data=encode_png(frame)) for frame in film)


def wav(samples: Array, folder: str = "audios") -> File:
    """A sound in [-1, 1] at 8 kHz."""
    return File(folder, ".wav", encode_wav(samples, RATE))


def ply(points: Array, folder: str = "pointclouds") -> File:
    """Points (N, C >= 3)."""
    return File(folder, ".ply", encode_ply(points))


def npy(array: Array, folder: str) -> File:
    """An NPY file."""
    out = io.BytesIO()
    np.save(out, array)
    return File(folder, ".npy", out.getvalue())


def npz(folder: str, **arrays: Array) -> File:
    """An NPZ file."""
    out = io.BytesIO()
    np.savez(out, **arrays)  # type: ignore[arg-type]
    return File(folder, ".npz", out.getvalue())


def one(rng: Rng, options: Any) -> Any:
    """One of the options."""
    options = list(options)
    return options[int(rng.integers(len(options)))]


def some(rng: Rng, options: Any, count: int) -> list[Any]:
    """Different ones of the options."""
    options = list(options)
    return [options[int(i)] for i in rng.permutation(len(options))[:count]]


def sentence(rng: Rng) -> str:
    """A plain sentence of seven words or more."""
    return f"The {one(rng, COLOURS)} {one(rng, NOUNS)} {one(rng, VERBS)} {one(rng, PLACES)}."


def tone(rng: Rng, count: int = 2400) -> Array:
    """A tone with a fade at both ends, float64 (count,)."""
    hertz = float(rng.uniform(200, 1200))
    wave = 0.5 * np.sin(2 * np.pi * hertz * np.arange(count) / RATE)
    return np.asarray(wave * np.hanning(count), np.float64)


def cloud(rng: Rng, count: int = 120) -> Array:
    """Points on a box or an ellipsoid, float64 (count, 3), rounded so that text holds them exactly."""
    points = rng.normal(size=(count, 3))
    points /= np.linalg.norm(points, axis=1, keepdims=True)
    if rng.random() < 0.5:
        points /= np.abs(points).max(axis=1, keepdims=True)
    return np.asarray(np.round(points * rng.uniform(0.5, 2.0, 3), 4), np.float64)
