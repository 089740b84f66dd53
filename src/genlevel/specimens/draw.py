"""Pictures and films of plain shapes, with where each shape is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from genlevel.specimens.base import COLOURS, SHAPES, Array, Rng, one, some

HEIGHT: Final = 32
WIDTH: Final = 40


@dataclass(frozen=True, slots=True)
class Thing:
    """A shape in a picture: what it is, its box [x, y, width, height] and its mask, bool (H, W)."""

    shape: str
    colour: str
    box: tuple[int, int, int, int]
    mask: Array

    @property
    def label(self) -> str:
        """Colour and shape, which no two things of a picture share."""
        return f"{self.colour} {self.shape}"


@dataclass(frozen=True, slots=True)
class Scene:
    """A picture, uint8 (H, W, 3), and the things in it, which do not overlap."""

    image: Array
    things: tuple[Thing, ...]


def mask_of(shape: str, box: tuple[int, int, int, int], height: int, width: int) -> Array:
    """A filled shape that touches all sides of its box."""
    y, x = np.mgrid[:height, :width]
    left, top, wide, high = box
    inside = (x >= left) & (x < left + wide) & (y >= top) & (y < top + high)
    if shape == "circle":
        u = (x - left - (wide - 1) / 2) / (wide / 2)
        v = (y - top - (high - 1) / 2) / (high / 2)
        inside &= u**2 + v**2 <= 1.0
    return np.asarray(inside)


def scene(rng: Rng, count: int = 2, height: int = HEIGHT, width: int = WIDTH) -> Scene:
    """A picture of one or two shapes, each in its own half."""
    ground = rng.integers(90, 150, 3)
    noise = rng.integers(-12, 13, (height, width, 3))
    image = np.clip(ground + noise, 0, 255).astype(np.uint8)
    things = []
    half = width // count
    for index, colour in enumerate(some(rng, COLOURS, count)):
        side = int(rng.integers(min(half, height) // 2, min(half, height) - 3))
        left = index * half + int(rng.integers(0, half - side))
        top = int(rng.integers(0, height - side))
        box = (left, top, side, side)
        shape = one(rng, SHAPES)
        mask = mask_of(shape, box, height, width)
        image[mask] = COLOURS[colour]
        things.append(Thing(shape, colour, box, mask))
    return Scene(image, tuple(things))


@dataclass(frozen=True, slots=True)
class Film:
    """A shape that moves: frames, uint8 (T, H, W, 3), its masks, bool (T, H, W), and its boxes."""

    frames: Array
    masks: Array
    boxes: tuple[tuple[int, int, int, int], ...]
    colour: str
    shape: str
    way: str


def film(rng: Rng, count: int = 4, height: int = 24, width: int = 32) -> Film:
    """A shape that goes left or right by one pixel a frame."""
    side = int(rng.integers(8, 12))
    way = one(rng, ("left", "right"))
    step = 1 if way == "right" else -1
    start = int(rng.integers(count, width - side - count))
    top = int(rng.integers(0, height - side))
    colour, shape = one(rng, COLOURS), one(rng, SHAPES)
    ground = np.clip(rng.integers(90, 150, 3) + rng.integers(-12, 13, (height, width, 3)), 0, 255).astype(np.uint8)
    boxes = tuple((start + step * t, top, side, side) for t in range(count))
    masks = np.stack([mask_of(shape, box, height, width) for box in boxes])
    frames = np.repeat(ground[None], count, axis=0)
    frames[masks] = COLOURS[colour]
    return Film(frames, masks, boxes, colour, shape, way)
