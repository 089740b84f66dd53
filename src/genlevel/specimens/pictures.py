"""Specimens of tasks that are answered with an image."""

from __future__ import annotations

import numpy as np

from genlevel.specimens.base import Array, Maker, Rng, Specimen, npy, one, png, said, shown, tone, wav
from genlevel.specimens.draw import HEIGHT, WIDTH, Scene, film, scene

# MS-SSIM halves a picture four times and needs a window of 11 pixels at the end.
_LARGE = 176


def _scene(rng: Rng, metric: str) -> Scene:
    side = (_LARGE, _LARGE) if metric == "ms_ssim" else (HEIGHT, WIDTH)
    return scene(rng, 1, *side)


def _noisy(rng: Rng, image: Array) -> Array:
    return np.clip(image + rng.normal(0, 20, image.shape), 0, 255).astype(np.uint8)


def denoising(rng: Rng, metric: str) -> Specimen:
    """A picture with noise, and without."""
    made = _scene(rng, metric)
    clean = png(made.image, "clean")
    return Specimen({"image_file": png(_noisy(rng, made.image), "noisy")}, {"image_file": clean}, shown("image", clean))


def inpainting(rng: Rng, metric: str) -> Specimen:
    """A picture with a hole, the hole, and the whole picture."""
    made = _scene(rng, metric)
    hole = np.zeros(made.image.shape[:2], np.uint8)
    hole[8:16, 8:20] = 255
    broken = made.image.copy()
    broken[hole > 0] = 0
    whole = png(made.image, "whole")
    given = {"image_file": png(broken, "hole"), "mask_file": png(hole, "masks")}
    return Specimen(given, {"image_file": whole}, shown("image", whole))


def super_resolution(rng: Rng, metric: str) -> Specimen:
    """A picture at half its size."""
    made = _scene(rng, metric)
    large = png(made.image, "large")
    given = {"image_file": png(made.image[::2, ::2].copy(), "small"), "scale": 2}
    return Specimen(given, {"image_file": large}, shown("image", large))


def editing(rng: Rng, metric: str) -> Specimen:
    """A picture turned round; where a map is ranked, the map of a shape."""
    made = _scene(rng, metric)
    if metric == "auc":
        mask = png(made.things[0].mask.astype(np.uint8) * np.uint8(255), "masks")
        return Specimen(
            {"image_file": png(made.image), "prompt": "Mark it."}, {"image_file": mask}, shown("image", mask)
        )
    turned = png(made.image[:, ::-1].copy(), "edited")
    caption = f"A {made.things[0].label}."
    given = {"image_file": png(made.image), "prompt": f"Turn the picture round: {caption}"}
    return Specimen(given, {"image_file": turned, "caption": caption}, shown("image", turned))


def sketch(rng: Rng, metric: str) -> Specimen:
    """The outline of a shape, and the shape."""
    made = _scene(rng, metric)
    mask = made.things[0].mask
    inner = mask.copy()
    inner[1:-1, 1:-1] &= mask[:-2, 1:-1] & mask[2:, 1:-1] & mask[1:-1, :-2] & mask[1:-1, 2:]
    lines = np.where(mask & ~inner, 0, 255).astype(np.uint8)
    photo = png(made.image, "photos")
    return Specimen({"image_file": png(lines, "sketches")}, {"image_file": photo}, shown("image", photo))


def layout(rng: Rng, metric: str) -> Specimen:
    """A label map, and the picture."""
    made = _scene(rng, metric)
    labels = np.repeat(made.things[0].mask.astype(np.uint8)[..., None] * np.uint8(200), 3, axis=2)
    photo = png(made.image, "photos")
    return Specimen({"image_file": png(labels, "layouts")}, {"image_file": photo}, shown("image", photo))


def from_text(rng: Rng, metric: str) -> Specimen:
    """A picture and its description."""
    made = _scene(rng, metric)
    photo = png(made.image)
    return Specimen({"prompt": f"A {made.things[0].label}."}, {"image_file": photo}, shown("image", photo))


def from_sound(rng: Rng, metric: str) -> Specimen:
    """The picture of a sound, with its caption."""
    made = _scene(rng, metric)
    photo = png(made.image)
    output = {"caption": f"A {made.things[0].label}.", "image_file": photo}
    return Specimen({"audio_file": wav(tone(rng))}, output, shown("image", photo))


def from_eeg(rng: Rng, metric: str) -> Specimen:
    """The picture that was seen; for accuracy the label of a classifier stands beside it."""
    made = _scene(rng, metric)
    photo, label = png(made.image), made.things[0].colour
    given = {"eeg_file": npy(np.round(rng.normal(size=(4, 32)), 3), "eeg"), "rate": 256}
    answer = (*shown("image", photo), *(said(label) if metric == "accuracy" else ()))
    return Specimen(given, {"label": label, "image_file": photo}, answer)


def interpolation(rng: Rng, metric: str) -> Specimen:
    """The frame between two."""
    before, between, after = film(rng, 3).frames
    file = png(between)
    given = {
        "image_file_list": [png(before), png(after)],
        "prompt": one(rng, ("Make the frame between.", "What is between?")),
    }
    return Specimen(given, {"image_file": file}, shown("image", file))


MAKERS: dict[str, Maker] = {
    "image-denoising": denoising,
    "image-inpainting": inpainting,
    "image-super-resolution": super_resolution,
    "image-to-image": editing,
    "sketch-to-image": sketch,
    "layout-to-image": layout,
    "text-to-image": from_text,
    "audio-to-image": from_sound,
    "eeg-to-image": from_eeg,
    "video-frame-interpolation": interpolation,
}
