"""Specimens of tasks with video."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from genlevel.specimens.base import COLOURS, File, Maker, Rng, Specimen, frames, npz, png, said, sentence, shown, stills
from genlevel.specimens.draw import film
from genlevel.tasktypes.rle import encode_rle

# FVD's network takes clips of 16 frames.
_CLIP = 16


def classification(rng: Rng, metric: str) -> Specimen:
    """Which way a shape goes."""
    made = film(rng)
    given = {"video_folder": frames(made.frames), "options": ["left", "right"], "prompt": "Which way does it go?"}
    return Specimen(given, {"text": made.way}, said(made.way))


def question(rng: Rng, metric: str) -> Specimen:
    """A question; where sentences are compared, the answer is one."""
    made = film(rng)
    answer = made.colour if metric == "accuracy" else f"The {made.colour} {made.shape} goes {made.way}."
    given: dict[str, Any] = {"video_folder": frames(made.frames), "question": "Which colour has it?"}
    if metric == "accuracy":
        given["options"] = list(COLOURS)
    return Specimen(given, {"text": answer}, said(answer))


def caption(rng: Rng, metric: str) -> Specimen:
    """What happens in a video."""
    made = film(rng)
    text = f"A {made.colour} {made.shape} goes slowly to the {made.way}."
    return Specimen({"video_folder": frames(made.frames)}, {"text": text}, said(text))


def tracking(rng: Rng, metric: str) -> Specimen:
    """A box a frame, as the input gives the first."""
    made = film(rng, 6)
    boxes = [list(box) for box in made.boxes]
    given = {"video_folder": frames(made.frames), "box": boxes[0], "frame_count": len(boxes)}
    return Specimen(given, {"answer": boxes}, said(json.dumps(boxes)))


def object_masks(rng: Rng, metric: str) -> Specimen:
    """An object that the first mask shows, as COCO's run lengths by frame."""
    made = film(rng)
    runs = [encode_rle(mask) for mask in made.masks]
    given = {"video_folder": frames(made.frames), "mask_file": png(made.masks[0].astype(np.uint8), "first")}
    return Specimen(given, {"1": {"mask": runs}}, said(json.dumps({"1": runs})))


def described_masks(rng: Rng, metric: str) -> Specimen:
    """An object that a text describes, as a PNG a frame."""
    made = film(rng)
    masks = made.masks.astype(np.uint8)
    given = {"video_folder": frames(made.frames), "prompt": f"the {made.colour} {made.shape}"}
    return Specimen(given, {"mask_folder": frames(masks, "masks")}, stills(masks))


def salient(rng: Rng, metric: str) -> Specimen:
    """What stands out, in black and white."""
    made = film(rng)
    masks = made.masks.astype(np.uint8) * np.uint8(255)
    return Specimen({"video_folder": frames(made.frames)}, {"mask_folder": frames(masks, "masks")}, stills(masks))


def grounding(rng: Rng, metric: str) -> Specimen:
    """Where a sentence's object is, from the frame on in which it starts."""
    made = film(rng)
    tube = {"start": 1, "boxes": [list(box) for box in made.boxes[1:]]}
    given = {"video_folder": frames(made.frames), "caption": f"The {made.colour} {made.shape} goes {made.way}."}
    return Specimen(given, tube, said(json.dumps(tube)))


def depth(rng: Rng, metric: str) -> Specimen:
    """A depth a pixel and frame."""
    made = film(rng)
    metres = np.where(made.masks, rng.uniform(1, 3), 6.0).astype(np.float32)
    metres += np.linspace(0.0, 2.0, metres.shape[2], dtype=np.float32)
    file = npz("depths", depth=metres)
    return Specimen({"video_folder": frames(made.frames)}, {"depth_file": file}, shown("video", file))


def flow(rng: Rng, metric: str) -> Specimen:
    """How each pixel moves between two frames, as Middlebury's FLO."""
    made = film(rng, 2)
    moves = np.zeros((*made.masks.shape[1:], 2), "<f4")
    moves[made.masks[0]] = (1.0 if made.way == "right" else -1.0, 0.0)
    head = np.array(moves.shape[1::-1], "<i4").tobytes()
    file = File("flow", ".flo", b"PIEH" + head + moves.tobytes())
    given = {"image_file_list": [png(frame) for frame in made.frames]}
    return Specimen(given, {"flow_file": file}, shown("image", file))


def _made_video(rng: Rng, metric: str) -> tuple[Any, dict[str, Any]]:
    """A film and what a record of a made video holds besides."""
    made = film(rng, _CLIP, width=56) if metric == "fvd" else film(rng)
    output: dict[str, Any] = {"video_folder": frames(made.frames, "real")}
    thing = f"{made.colour} {made.shape}"
    if metric.endswith("success_rate"):
        wanted = [thing, "dog"] if metric.startswith("multi") else [thing]
        output["objects"] = wanted
    return made, output


def _finds(metric: str, output: dict[str, Any], count: int) -> tuple[Any, ...]:
    """What a detector found in each frame, which success rates need."""
    if not metric.endswith("success_rate"):
        return ()
    boxes = [{"label": label, "box": [2, 2, 8, 8], "score": 0.95} for label in output["objects"]]
    return said(json.dumps([boxes] * count))


def from_text(rng: Rng, metric: str) -> Specimen:
    """A video from a description, in a style that a picture shows."""
    made, output = _made_video(rng, metric)
    given: dict[str, Any] = {"prompt": f"A {made.colour} {made.shape} goes {made.way}."}
    if metric == "clip_style":
        given["style_image"] = png(made.frames[0])
    # The longest likeness of neighbouring frames is that of a film in which nothing moves.
    film_given = made.frames[[0] * len(made.frames)] if metric == "temporal_l1_consistency" else made.frames
    answer = (*stills(film_given), *_finds(metric, output, len(film_given)))
    return Specimen(given, output, answer)


def from_image(rng: Rng, metric: str) -> Specimen:
    """A video that begins with a picture."""
    made, output = _made_video(rng, metric)
    given = {"image_file": png(made.frames[0]), "prompt": f"It goes {made.way}."}
    return Specimen(given, output, stills(made.frames))


def from_video(rng: Rng, metric: str) -> Specimen:
    """A video with noise, and without; for translation the words before and after."""
    made, output = _made_video(rng, metric)
    noisy = np.clip(made.frames + rng.normal(0, 15, made.frames.shape), 0, 255).astype(np.uint8)
    given: dict[str, Any] = {"video_folder": frames(noisy), "prompt": "Remove the noise."}
    if metric == "frame_accuracy":
        given |= {"source_prompt": "a noisy film", "target_prompt": sentence(rng)}
    return Specimen(given, output, stills(made.frames))


MAKERS: dict[str, Maker] = {
    "video-classification": classification,
    "video-question-answering": question,
    "video-captioning": caption,
    "visual-tracking": tracking,
    "video-object-segmentation": object_masks,
    "referring-video-object-segmentation": described_masks,
    "video-salient-object-detection": salient,
    "video-grounding": grounding,
    "video-depth-estimation": depth,
    "optical-flow-estimation": flow,
    "text-to-video": from_text,
    "image-to-video": from_image,
    "video-to-video": from_video,
}
