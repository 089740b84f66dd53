"""Video tasks of the starter set: motion to name, count and follow, and frames to find."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from genlevel.starter.base import Array, Item, StarterTask, clip, pick, png
from genlevel.starter.draw import COLOURS, Shape, background, box, noisy, paint, random_shape, scatter

SIZE = 48
FRAMES = 8
MOTIONS = ("left", "right", "up", "down", "growing", "shrinking", "still")
_STEPS = {"left": (-1, 0), "right": (1, 0), "up": (0, -1), "down": (0, 1)}


def motion_classification(rng: np.random.Generator) -> Item:
    """A grey shape that moves, grows, shrinks or stays, trembling, under noise."""
    motion = pick(rng, MOTIONS)
    base, speed = background(rng, SIZE)[..., 0], rng.uniform(0.7, 2.2)
    x, y, r = rng.uniform(18, 30), rng.uniform(18, 30), rng.uniform(6, 10)
    light, kind, angle = rng.uniform(0.45, 0.8), pick(rng, ("circle", "square", "triangle")), rng.uniform(0, 6)
    frames = []
    for t in np.arange(FRAMES) - (FRAMES - 1) / 2:
        dx, dy = _STEPS.get(motion, (0, 0))
        scale = {"growing": 1 + 0.07 * speed * t, "shrinking": 1 - 0.07 * speed * t}.get(motion, 1.0)
        shake = rng.normal(0, 0.5, 2)
        frame = np.repeat(base[..., None], 3, axis=2)
        shape = Shape(kind, x + dx * speed * t + shake[0], y + dy * speed * t + shake[1], r * scale, angle, "red")
        paint(frame, shape, shade=light / COLOURS["red"][0])
        frames.append(noisy(rng, frame[..., 0], 0.08))
    asked = {"video_folder": clip(np.stack(frames)), "prompt": "How does the shape move?", "options": list(MOTIONS)}
    return Item(asked, {"text": motion})


def flash_counting(rng: np.random.Generator) -> Item:
    """A disc lights up one to four times, more or less, in flickering light, while another shape moves by."""
    flashes = int(rng.integers(1, 5))
    lit: list[int] = []
    while len(lit) < flashes:
        lit = [] if len(lit) > flashes else lit
        t = int(rng.integers(FRAMES))
        if all(abs(t - other) > 1 for other in lit):
            lit.append(t)
        elif len(lit) and all(any(abs(u - other) <= 1 for other in lit) for u in range(FRAMES)):
            lit = []
    base = background(rng, SIZE)
    x, y, r = *rng.uniform(12, SIZE - 12, 2), rng.uniform(5, 9)
    passing, speed = random_shape(rng, (0.0, rng.uniform(8, 40), rng.uniform(3, 6))), rng.uniform(3, 6)
    frames = []
    for t in range(FRAMES):
        frame = base.copy()
        paint(frame, Shape(passing.kind, speed * t, passing.y, passing.r, passing.angle, passing.colour))
        light = rng.uniform(0.45, 1.0) if t in lit else rng.uniform(0.15, 0.3)
        paint(frame, Shape("circle", x, y, r, colour="yellow"), shade=light)
        frames.append(np.clip(frame * rng.uniform(0.9, 1.1), 0.0, 1.0))
    asked = {"video_folder": clip(np.stack(frames)), "question": "How many times does the disc light up?"}
    return Item(asked, {"text": str(flashes)})


def object_tracking(rng: np.random.Generator) -> Item:
    """One of three moving shapes is to be followed in flickering light; they pass over each other."""
    base = background(rng, SIZE)
    movers = [_mover(rng) for _ in range(3)]
    frames, boxes = [], []
    for t in range(FRAMES):
        frame = base.copy()
        shapes = [move(t) for move in movers]
        for shape in shapes:
            paint(frame, shape)
        frames.append(np.clip(frame * rng.uniform(0.85, 1.15), 0.0, 1.0))
        boxes.append(box(shapes[-1], SIZE))
    asked = {
        "video_folder": clip(np.stack(frames)),
        "box": boxes[0],
        "frame_count": FRAMES,
        "prompt": "Follow the object in the box [x, y, width, height] of the first frame: give its box in every frame.",
    }
    return Item(asked, {"answer": boxes})


def frame_interpolation(rng: np.random.Generator) -> Item:
    """The frame in the middle between two."""
    frames = _moving(rng, (-1.0, 0.0, 1.0))
    return Item(
        {"image_file_list": [png(frames[0]), png(frames[2])], "prompt": "Give the frame between these two."},
        {"image_file": png(frames[1])},
    )


def frame_prediction(rng: np.random.Generator) -> Item:
    """The frame that follows three."""
    frames = _moving(rng, (-2.0, -1.0, 0.0, 1.0))
    return Item(
        {"image_file_list": [png(frame) for frame in frames[:3]], "prompt": "Give the frame that follows these three."},
        {"image_file": png(frames[3])},
    )


def clip_denoising(rng: np.random.Generator) -> Item:
    """Three noisy frames of slow motion; the middle one is wanted clean."""
    frames = _moving(rng, (-0.25, 0.0, 0.25))
    return Item(
        {
            "image_file_list": [png(noisy(rng, frame, 0.12)) for frame in frames],
            "prompt": "Give the second of these three frames without its noise.",
        },
        {"image_file": png(frames[1])},
    )


def _mover(rng: np.random.Generator) -> Callable[[int], Shape]:
    """A shape on a bent path that stays in the picture."""
    shape = random_shape(rng, (*rng.uniform(10, SIZE - 10, 2), rng.uniform(5, 8)))
    ends, bend = rng.uniform(9, SIZE - 9, 2), rng.uniform(-6, 6, 2)
    spin = rng.uniform(-0.12, 0.12)

    def at(t: int) -> Shape:
        s = t / (FRAMES - 1)
        x, y = (np.array([shape.x, shape.y]) * (1 - s) + ends * s) + bend * 4 * s * (1 - s)
        x, y = np.clip([x, y], 8, SIZE - 8)
        return Shape(shape.kind, float(x), float(y), shape.r, shape.angle + spin * t, shape.colour)

    return at


def _moving(rng: np.random.Generator, times: tuple[float, ...]) -> list[Array]:
    """Two or three shapes on straight ways over a still background, at these times."""
    base = background(rng, SIZE, low=0.3, high=0.8)
    shapes = [random_shape(rng, disc) for disc in scatter(rng, int(rng.integers(2, 4)), SIZE, radii=(5, 10))]
    ways = [(*rng.uniform(-4, 4, 2), rng.uniform(-0.15, 0.15)) for _ in shapes]
    frames = []
    for t in times:
        frame = base.copy()
        for shape, (dx, dy, spin) in zip(shapes, ways, strict=True):
            turned = shape.angle + spin * t
            paint(frame, Shape(shape.kind, shape.x + dx * t, shape.y + dy * t, shape.r, turned, shape.colour))
        frames.append(frame)
    return frames


TASKS = (
    StarterTask(
        "motion-classification",
        "video",
        "comprehension",
        "Action recognition",
        "video-classification",
        "accuracy",
        "centroid and area slopes + SVM",
        motion_classification,
        test=16,
        train=32,
    ),
    StarterTask(
        "flash-counting",
        "video",
        "comprehension",
        "Video question answering",
        "video-question-answering",
        "exact_match",
        "peaks of brightness",
        flash_counting,
        test=16,
        train=32,
    ),
    StarterTask(
        "object-tracking",
        "video",
        "comprehension",
        "Object tracking",
        "visual-tracking",
        "success_auc",
        "template matching",
        object_tracking,
        test=16,
        train=32,
    ),
    StarterTask(
        "frame-interpolation",
        "video",
        "generation",
        "Frame synthesis",
        "video-frame-interpolation",
        "psnr",
        "TV-L1 optical flow",
        frame_interpolation,
        test=16,
        train=32,
    ),
    StarterTask(
        "frame-prediction",
        "video",
        "generation",
        "Frame synthesis",
        "image-to-image",
        "psnr",
        "extrapolated optical flow",
        frame_prediction,
        test=16,
        train=32,
    ),
    StarterTask(
        "clip-denoising",
        "video",
        "generation",
        "Video restoration",
        "image-denoising",
        "psnr",
        "aligned mean + total variation",
        clip_denoising,
        test=16,
        train=32,
    ),
)
