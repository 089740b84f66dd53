"""Image tasks of the starter set: shapes to name, count, find, outline and place, and pictures to repair."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

from genlevel.starter.base import Array, Item, Medium, StarterTask, pick, png
from genlevel.starter.draw import (
    COLOURS,
    SHAPES,
    background,
    box,
    distance,
    noisy,
    paint,
    random_shape,
    scatter,
    scene,
)

Make = Callable[[np.random.Generator], Item]
SIZE = 64
FOUND = ("circle", "square", "triangle")
"""The shapes of the tasks that ask where something is; label k + 1 in masks."""
SIDES = {"to the left": (-1, 0), "to the right": (1, 0), "above": (0, -1), "below": (0, 1)}
FILLS = {"circle": "red", "square": "blue", "triangle": "green", "star": "yellow"}
"""The colour that a sketched shape gets."""
DEPTH_UNIT = 1000.0
"""Depth maps are stored in millimetres."""


def shape_classification(rng: np.random.Generator) -> Item:
    """One noisy shape of any size, place and turn, with a thin line across the picture."""
    image = background(rng, SIZE)
    kind = pick(rng, SHAPES)
    paint(image, random_shape(rng, scatter(rng, 1, SIZE, radii=(9, 20))[0], kind), shade=rng.uniform(0.6, 1.0))
    rows, columns = np.mgrid[0:SIZE, 0:SIZE] - SIZE / 2
    angle, offset = rng.uniform(0, np.pi), rng.uniform(-20, 20)
    image[np.abs(rows * np.cos(angle) + columns * np.sin(angle) - offset) < 0.8] = rng.uniform(0.1, 0.8, 3)
    asked = {"image_file": png(noisy(rng, image, 0.08)), "prompt": "Which shape is it?", "options": list(SHAPES)}
    return Item(asked, {"text": kind})


def shape_counting(rng: np.random.Generator) -> Item:
    """One to nine discs that may touch."""
    image = background(rng, SIZE)
    discs = scatter(rng, int(rng.integers(1, 10)), SIZE, radii=(4, 8.5), gap=0.85)
    for disc in discs:
        paint(image, random_shape(rng, disc, "circle"), shade=rng.uniform(0.7, 1.0))
    asked = {"image_file": png(noisy(rng, image, 0.05)), "prompt": "How many discs are there? Answer with a number."}
    return Item(asked, {"text": str(len(discs))})


def colour_questions(rng: np.random.Generator) -> Item:
    """Three different shapes in three colours; the colour of one is asked."""
    image = background(rng, SIZE)
    kinds, colours = pick(rng, SHAPES, 3), pick(rng, COLOURS, 3)
    discs = scatter(rng, 3, SIZE, radii=(8, 11))
    kinds, colours = kinds[: len(discs)], colours[: len(discs)]
    for disc, kind, colour in zip(discs, kinds, colours, strict=True):
        paint(image, random_shape(rng, disc, kind, colour))
    at = int(rng.integers(len(discs)))
    asked = {"image_file": png(noisy(rng, image, 0.03)), "question": f"What colour is the {kinds[at]}?"}
    return Item(asked, {"text": colours[at]})


def place_questions(rng: np.random.Generator) -> Item:
    """Where one shape lies as seen from another, beside a third one."""
    image = background(rng, SIZE)
    side = pick(rng, SIDES)
    dx, dy = SIDES[side]
    centre, far, slip = rng.uniform(24, 40, 2), rng.uniform(9, 13), rng.uniform(-5, 5)
    first = centre + far * np.array([dx, dy]) + slip * np.array([dy, dx])
    second = centre - far * np.array([dx, dy]) - slip * np.array([dy, dx])
    colours = pick(rng, COLOURS, 3)
    paint(image, random_shape(rng, (*rng.uniform(5, SIZE - 5, 2), rng.uniform(4, 7)), colour=colours[2]))
    for place, colour in ((first, colours[0]), (second, colours[1])):
        paint(image, random_shape(rng, (*place, rng.uniform(6, 8)), colour=colour))
    question = f"Seen from the {colours[1]} shape, where is the {colours[0]} one?"
    asked = {"image_file": png(noisy(rng, image, 0.05)), "question": question, "options": list(SIDES)}
    return Item(asked, {"text": side})


def shape_detection(rng: np.random.Generator) -> Item:
    """One to four shapes of three kinds, which may touch."""
    image = background(rng, SIZE)
    shapes = [
        random_shape(rng, disc, pick(rng, FOUND))
        for disc in scatter(rng, int(rng.integers(1, 5)), SIZE, radii=(7, 13), gap=0.95)
    ]
    found: dict[str, list[list[int]]] = {}
    for shape in shapes:
        paint(image, shape, shade=rng.uniform(0.7, 1.0))
        found.setdefault(shape.kind, []).append(box(shape, SIZE))
    prompt = f"Find every {', '.join(FOUND)}: the kind and the box [x, y, width, height] in pixels of each."
    return Item({"image_file": png(noisy(rng, image, 0.06)), "prompt": prompt}, {"text": found})


def shape_segmentation(rng: np.random.Generator) -> Item:
    """Up to three shapes of three kinds; the mask holds the kind of each pixel, 0 where there is none."""
    image, mask = background(rng, SIZE), np.zeros((SIZE, SIZE), np.uint8)
    for disc in scatter(rng, int(rng.integers(1, 4)), SIZE, radii=(8, 15), gap=1.0):
        shape = random_shape(rng, disc, pick(rng, FOUND))
        paint(image, shape, shade=rng.uniform(0.6, 1.0))
        mask[distance(shape, SIZE) <= 0.0] = FOUND.index(shape.kind) + 1
    classes = {str(i): name for i, name in enumerate(("background", *FOUND))}
    asked = {
        "image_file": png(noisy(rng, image, 0.1)),
        "classes": classes,
        "prompt": "Give the class of every pixel, as an image of class numbers.",
    }
    return Item(asked, {"mask_file": png(mask)})


def fog_depth(rng: np.random.Generator) -> Item:
    """A floor that runs into fog with balls on it: what is far away is pale."""
    rows, columns = np.mgrid[0:SIZE, 0:SIZE] + 0.5
    horizon, height = rng.uniform(8, 20), rng.uniform(1.2, 2.0)
    depth = np.clip(height * 40.0 / np.maximum(rows - horizon, 0.5), 0.0, 12.0)
    albedo = 0.35 + 0.15 * ((columns // 8 + np.floor(depth)) % 2)
    balls = sorted((float(rng.uniform(2, 9)) for _ in range(int(rng.integers(2, 5)))), reverse=True)
    for away in balls:
        r, x = 18.0 / away + 2.0, rng.uniform(8, SIZE - 8)
        y = horizon + height * 40.0 / away - r
        inside = np.hypot(columns - x, rows - y) < r
        depth = np.where(inside, away, depth)
        albedo = np.where(inside, rng.uniform(0.1, 0.6), albedo)
    thin = np.exp(-depth / 5.0)
    image = thin * albedo + (1.0 - thin) * 0.92
    asked = {
        "image_file": png(noisy(rng, image, 0.02)),
        "prompt": "Estimate the depth of every pixel, as a 16-bit image in millimetres.",
    }
    return Item(asked, {"depth_file": png(np.round(depth * DEPTH_UNIT).astype(np.uint16))})


def image_denoising(rng: np.random.Generator) -> Item:
    """A picture under Gaussian noise."""
    clean = scene(rng)
    return _repair(png(noisy(rng, clean, rng.uniform(0.08, 0.16))), clean, "Remove the noise from this picture.")


def image_inpainting(rng: np.random.Generator) -> Item:
    """A picture with black scratches and a black patch, whose mask is given."""
    clean, hole = scene(rng), np.zeros((SIZE, SIZE), np.uint8)
    for _ in range(int(rng.integers(2, 5))):
        ends = rng.integers(0, SIZE, 4).tolist()
        cv2.line(hole, (ends[0], ends[1]), (ends[2], ends[3]), 255, 3)
    x, y = rng.integers(6, 40, 2)
    w, h = rng.integers(8, 18, 2)
    hole[y : y + h, x : x + w] = 255
    damaged = np.where(hole[..., None] > 0, 0.0, clean)
    item = _repair(png(damaged), clean, "Fill in what is missing, which the second image marks white.")
    return Item({"image_file": item.input["image_file"], "mask_file": png(hole), **item.input}, item.output)


def super_resolution(rng: np.random.Generator) -> Item:
    """A picture at half its size in both directions, by the mean of each 2 x 2 pixels."""
    clean = scene(rng)
    small = clean.reshape(SIZE // 2, 2, SIZE // 2, 2, 3).mean(axis=(1, 3))
    return _repair(png(small), clean, "Enlarge this picture to twice its width and height.")


def image_deblurring(rng: np.random.Generator) -> Item:
    """A picture out of focus, with a little noise."""
    clean = scene(rng)
    soft = cv2.GaussianBlur(clean, (0, 0), 1.6, borderType=cv2.BORDER_REFLECT)
    return _repair(png(noisy(rng, soft, 0.01)), clean, "Make this picture sharp.")


def sketch_to_image(rng: np.random.Generator) -> Item:
    """Outlines of shapes; each kind has its colour in the picture."""
    sketch, image = np.ones((SIZE, SIZE, 3)), np.full((SIZE, SIZE, 3), 0.92)
    for disc in scatter(rng, int(rng.integers(1, 4)), SIZE, radii=(9, 15), gap=1.1):
        kind = pick(rng, FILLS)
        shape = random_shape(rng, disc, kind, FILLS[kind])
        sketch[np.abs(distance(shape, SIZE)) < 0.8] = 0.0
        paint(image, shape)
    prompt = "Colour this sketch: circles red, squares blue, triangles green, stars yellow, on light grey."
    return _repair(png(sketch), image, prompt)


def _repair(given: Medium, wanted: Array, prompt: str) -> Item:
    return Item({"image_file": given, "prompt": prompt}, {"image_file": png(wanted)})


def _comprehension(slug: str, skill: str, kind: str, metric: str, specialist: str, make: Make) -> StarterTask:
    header = {"others": {"bbox_format": "(x_min, y_min, width, height)"}} if kind == "object-detection" else {}
    return StarterTask(slug, "image", "comprehension", skill, kind, metric, specialist, make, header)


def _generation(slug: str, skill: str, kind: str, metric: str, specialist: str, make: Make) -> StarterTask:
    return StarterTask(slug, "image", "generation", skill, kind, metric, specialist, make, test=16, train=32)


TASKS = (
    _comprehension(
        "shape-classification",
        "Object recognition",
        "image-classification",
        "accuracy",
        "region form + SVM",
        shape_classification,
    ),
    _comprehension("disc-counting", "Object counting", "image-counting", "mae", "watershed", shape_counting),
    _comprehension(
        "colour-questions",
        "Visual question answering",
        "visual-question-answering",
        "exact_match",
        "region shapes + nearest neighbours",
        colour_questions,
    ),
    _comprehension(
        "place-questions",
        "Spatial reasoning",
        "multiple-choice-visual-question-answering",
        "accuracy",
        "colour thresholds",
        place_questions,
    ),
    _comprehension(
        "shape-detection", "Object detection", "object-detection", "ap50", "connected components + SVM", shape_detection
    ),
    _comprehension(
        "shape-segmentation",
        "Semantic segmentation",
        "image-segmentation",
        "miou",
        "denoised Otsu + SVM",
        shape_segmentation,
    ),
    _comprehension("fog-depth", "Depth estimation", "depth-estimation", "abs_rel", "random forest", fog_depth),
    _generation("image-denoising", "Restoration", "image-denoising", "psnr", "non-local means", image_denoising),
    _generation(
        "image-inpainting", "Restoration", "image-inpainting", "psnr", "biharmonic equations", image_inpainting
    ),
    _generation(
        "super-resolution",
        "Restoration",
        "image-super-resolution",
        "psnr",
        "Lanczos + back-projection",
        super_resolution,
    ),
    _generation("image-deblurring", "Restoration", "image-to-image", "psnr", "Wiener filter", image_deblurring),
    _generation(
        "sketch-to-image", "Conditional synthesis", "sketch-to-image", "ssim", "filled regions + SVM", sketch_to_image
    ),
)
