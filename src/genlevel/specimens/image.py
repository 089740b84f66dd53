"""Specimens of tasks that are asked about an image and answered in text, boxes or maps."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from genlevel.specimens.base import COLOURS, SHAPES, Maker, Rng, Specimen, npz, one, png, said, sentence, shown, some
from genlevel.specimens.draw import Scene, scene
from genlevel.tasktypes.rle import encode_rle


def classification(rng: Rng, metric: str) -> Specimen:
    """The colour of a shape, among all colours."""
    made = scene(rng, 1)
    colour = made.things[0].colour
    given = {"image_file": png(made.image), "options": list(COLOURS), "prompt": "Which colour has the shape?"}
    return Specimen(given, {"text": colour}, said(colour))


def question(rng: Rng, metric: str) -> Specimen:
    """A short question without options; where sentences are compared, the answer is one."""
    made = scene(rng, 1)
    thing = made.things[0]
    answer = thing.colour if metric in ("accuracy", "anls") else f"There is a {thing.label} in the picture."
    given = {"image_file": png(made.image), "question": "Which colour has the shape?"}
    return Specimen(given, {"text": answer}, said(answer))


def choice(rng: Rng, metric: str) -> Specimen:
    """A question with options, answered with a letter."""
    made = scene(rng, 1)
    options = some(rng, COLOURS, 4)
    at = options.index(made.things[0].colour)
    given = {"image_file": png(made.image), "question": "Which colour has the shape?", "options": options}
    return Specimen(given, {"text": options[at]}, said("ABCD"[at]))


def caption(rng: Rng, metric: str) -> Specimen:
    """Two wordings of what is to be seen."""
    made = scene(rng, 2)
    a, b = (thing.label for thing in made.things)
    texts = [f"A {a} beside a {b} on a grey ground.", f"There is a {a} and a {b} on grey."]
    return Specimen({"image_file": png(made.image)}, {"text": texts}, said(texts[0]))


def text_of_image(rng: Rng, metric: str) -> Specimen:
    """A line of text that stands in the image, as an annotator wrote it down."""
    words = sentence(rng)
    given = {"image_file": png(scene(rng, 1).image), "prompt": "What text is in the image?"}
    return Specimen(given, {"text": words}, said(words))


def counting(rng: Rng, metric: str) -> Specimen:
    """One or two shapes."""
    count = int(rng.integers(1, 3))
    made = scene(rng, count)
    return Specimen(
        {"image_file": png(made.image), "prompt": "How many shapes?"}, {"text": str(count)}, said(str(count))
    )


def detection(rng: Rng, metric: str) -> Specimen:
    """All shapes by kind, as General-Bench writes boxes."""
    made = scene(rng, 2)
    boxes: dict[str, Any] = {}
    for thing in made.things:
        boxes.setdefault(thing.shape, []).append(list(thing.box))
    header = {"others": {"bbox_format": "(x_min, y_min, width, height)"}}
    given = {"image_file": png(made.image), "prompt": "Detect the circles and squares."}
    return Specimen(given, {"text": boxes}, said(json.dumps(boxes)), header=header)


def grounding(rng: Rng, metric: str) -> Specimen:
    """One of two shapes by its description."""
    made = scene(rng, 2)
    thing = one(rng, made.things)
    given = {"image_file": png(made.image), "expression": f"the {thing.label}"}
    return Specimen(given, {"bbox": list(thing.box)}, said(json.dumps(list(thing.box))))


def keypoints(rng: Rng, metric: str) -> Specimen:
    """The corners of two shapes; a corner may be hidden."""
    made = scene(rng, 2)
    persons = []
    for thing in made.things:
        x, y, w, h = thing.box
        points = [[x, y, 2], [x + w, y, 2], [x, y + h, 1], [0, 0, 0]]
        persons.append({"keypoints": points, "box": list(thing.box), "area": float(thing.mask.sum())})
    header = {"others": {"keypoints": ["left top", "right top", "left bottom", "middle"]}}
    answer = [{"keypoints": [p[:2] if p[2] else None for p in person["keypoints"]]} for person in persons]  # type: ignore[attr-defined]
    return Specimen({"image_file": png(made.image)}, {"persons": persons}, said(json.dumps(answer)), header=header)


def _classes(made: Scene) -> np.ndarray[Any, np.dtype[np.uint8]]:
    labels = np.zeros(made.image.shape[:2], np.uint8)
    for thing in made.things:
        labels[thing.mask] = 1 + SHAPES.index(thing.shape)
    return labels


_CLASSES = {"0": "ground", "1": "circle", "2": "square"}


def segmentation(rng: Rng, metric: str) -> Specimen:
    """A label for each pixel."""
    made = scene(rng, 2)
    mask = png(_classes(made), "masks")
    given = {"image_file": png(made.image), "classes": _CLASSES}
    return Specimen(given, {"mask_file": mask}, shown("image", mask))


def instances(rng: Rng, metric: str) -> Specimen:
    """COCO's run lengths, one object each."""
    made = scene(rng, 2)
    listed = [{"label": t.shape, "segmentation": encode_rle(t.mask), "crowd": False} for t in made.things]
    answer = [{"label": t.shape, "rle": encode_rle(t.mask), "score": 0.9} for t in made.things]
    given = {"image_file": png(made.image), "classes": {"1": "circle", "2": "square"}}
    return Specimen(given, {"instances": listed}, said(json.dumps(answer)))


def panoptic(rng: Rng, metric: str) -> Specimen:
    """A map of segment ids and their classes."""
    made = scene(rng, 2)
    ids = np.ones(made.image.shape[:2], np.uint16)
    segments = [{"id": 1, "label": "ground"}]
    for number, thing in enumerate(made.things, 2):
        ids[thing.mask] = number
        segments.append({"id": number, "label": thing.shape})
    file = png(ids.astype(np.uint8), "panoptic")
    answer = (*shown("image", file), *said(json.dumps(segments)))
    return Specimen(
        {"image_file": png(made.image), "classes": _CLASSES}, {"mask_file": file, "segments": segments}, answer
    )


def matting(rng: Rng, metric: str) -> Specimen:
    """A soft matte, and for SAD the trimap that General-Bench's sets have."""
    made = scene(rng, 1)
    alpha = np.rint(made.things[0].mask * rng.uniform(0.5, 1.0, made.image.shape[:2]) * 255).astype(np.uint8)
    matte = png(alpha, "alpha")
    output: dict[str, Any] = {"matte_file": matte}
    if metric in ("sad", "grad"):
        output["trimap_file"] = png(np.where(alpha == 0, 0, 128).astype(np.uint8), "trimaps")
    return Specimen({"image_file": png(made.image)}, output, shown("image", matte))


def anomaly(rng: Rng, metric: str) -> Specimen:
    """A defect of a surface, by pixel."""
    made = scene(rng, 1)
    mask = png(made.things[0].mask.astype(np.uint8) * np.uint8(255), "masks")
    return Specimen({"image_file": png(made.image)}, {"mask_file": mask}, shown("image", mask))


def depth(rng: Rng, metric: str) -> Specimen:
    """A depth a pixel, in metres."""
    made = scene(rng, 2)
    metres = np.full(made.image.shape[:2], 5.0, np.float32)
    for thing in made.things:
        metres[thing.mask] = rng.uniform(1.0, 4.0)
    file = npz("depths", depth=metres)
    return Specimen({"image_file": png(made.image)}, {"depth_file": file}, shown("image", file))


def scene_graph(rng: Rng, metric: str) -> Specimen:
    """How two shapes lie, both ways round."""
    made = scene(rng, 2)
    a, b = (thing.label for thing in made.things)
    relations = [[a, "left of", b], [b, "right of", a]]
    answer = [dict(zip(("subject", "predicate", "object"), triplet, strict=True)) for triplet in relations]
    return Specimen({"image_file": png(made.image)}, {"relations": relations}, said(json.dumps(answer)))


def retrieval(rng: Rng, metric: str) -> Specimen:
    """The image of a caption among three."""
    pictures = [scene(rng, 1) for _ in range(3)]
    at = int(rng.integers(3))
    given = {
        "caption": f"A {pictures[at].things[0].label}.",
        "candidates": [png(picture.image) for picture in pictures],
    }
    return Specimen(given, {"answer": at}, said(json.dumps([at + 1])))


MAKERS: dict[str, Maker] = {
    "image-classification": classification,
    "visual-question-answering": question,
    "multiple-choice-visual-question-answering": choice,
    "image-captioning": caption,
    "image-to-text": text_of_image,
    "image-counting": counting,
    "object-detection": detection,
    "visual-grounding": grounding,
    "keypoint-detection": keypoints,
    "image-segmentation": segmentation,
    "instance-segmentation": instances,
    "panoptic-segmentation": panoptic,
    "image-matting": matting,
    "image-anomaly-detection": anomaly,
    "depth-estimation": depth,
    "scene-graph-generation": scene_graph,
    "image-text-retrieval": retrieval,
}
