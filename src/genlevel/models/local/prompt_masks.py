"""SAM and its kin: the mask of what a box or a point shows, or all masks of an image."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.models.batching import Answer
from genlevel.models.local.parts import image_of, only_image, text_of
from genlevel.models.local.runner import OneByOne, said
from genlevel.models.local.segmentation import run_lengths
from genlevel.records import PartKind, Reply, Request
from genlevel.tasktypes.literals import find_literals

__all__ = ["PromptMasks", "prompts_of", "without_doubles"]

_POINTS: Final = 64
"""Points a call."""
_QUALITY: Final = 0.88
_STABILITY: Final = 0.95
_OVERLAP: Final = 0.7
"""The library's own limits: the estimated and the measured quality of a mask, and how alike two may be."""
_EVERYTHING: Final = frozenset({"instance-segmentation", "panoptic-segmentation"})


def prompts_of(request: Request) -> tuple[list[float] | None, list[list[float]]]:
    """The box (x, y, right, low) and the points that a request's text names as JSON.

    ``{"box": [x, y, width, height]}``, ``{"point": [x, y]}``, ``{"points": [[x, y], ...]}``, or a bare list of four or
    two numbers.
    """
    for value in find_literals(text_of(request)):
        named: Mapping[str, Any] = (
            value if isinstance(value, Mapping) else {"box" if _is_row(value, 4) else "point": value}
        )
        box, point = named.get("box", named.get("bbox")), named.get("points", named.get("point"))
        if _is_row(box, 4):
            x, y, width, height = (float(n) for n in box or ())
            return [x, y, x + width, y + height], []
        points = [point] if _is_row(point, 2) else point
        if isinstance(points, list) and points and all(_is_row(p, 2) for p in points):
            return None, [[float(x), float(y)] for x, y in points]
    return None, []


def _is_row(value: Any, count: int) -> bool:
    return (
        isinstance(value, list)
        and len(value) == count
        and all(isinstance(n, (int, float)) and not isinstance(n, bool) for n in value)
    )


class PromptMasks(OneByOne):
    """SAM, SAM-HQ: promptable masks. Its masks have no classes."""

    task_types = frozenset({"image-segmentation", "instance-segmentation", "panoptic-segmentation"})
    makes: frozenset[PartKind] = frozenset({"text", "image"})

    @property
    def takes(self) -> frozenset[PartKind]:
        """Images, with a box or points in the text."""
        return frozenset({"image", "text"})

    def one(self, request: Request) -> Answer:
        """The mask of what the request's box or points show, or all masks of its image."""
        image = only_image(request)
        box, points = prompts_of(request)
        if request.task_type in _EVERYTHING and box is None and not points:
            return said(self._all(image))
        if box is None and not points:
            points = [[image.width / 2, image.height / 2]]
        mask, score = self._one(image, box, points)
        if request.task_type in _EVERYTHING:
            return said(json.dumps([{"rle": run_lengths(mask), "score": score}]))
        return Reply((image_of(mask),))

    def _one(self, image: Any, box: list[float] | None, points: list[list[float]]) -> tuple[Any, float]:
        """The mask that the model itself takes for the best of its three, bool (H, W), and its estimate of it."""
        import torch

        processor = self.checkpoint.processor()
        given = (
            {"input_boxes": [[box]]}
            if box is not None
            else {"input_points": [[points]], "input_labels": [[[1] * len(points)]]}
        )
        inputs = processor(images=image, return_tensors="pt", **given)
        sizes = inputs["original_sizes"], inputs.get("reshaped_input_sizes")
        model_inputs = {k: v for k, v in inputs.items() if k not in ("original_sizes", "reshaped_input_sizes")}
        with torch.inference_mode():
            outputs = self.checkpoint.model(**self.checkpoint.put(model_inputs))
        (masks,) = processor.image_processor.post_process_masks(
            outputs.pred_masks.cpu(), *(s for s in sizes if s is not None)
        )
        scores = outputs.iou_scores.float().reshape(-1)
        best = int(scores.argmax())
        return masks.reshape(-1, *masks.shape[-2:])[best].numpy().astype(bool), float(scores[best])

    def _all(self, image: Any) -> str:
        """Masks from a grid of points, filtered as the library's mask-generation pipeline filters them."""
        import torch

        model, processor = self.checkpoint.model, self.checkpoint.processor("image_processor")
        side = processor.size.get("longest_edge", processor.size.get("height"))
        crops, grid, shown, labels = processor.generate_crop_boxes(image, side, 0, 512 / 1500, 32, 1)
        inputs = processor(images=shown, return_tensors="pt")
        original = inputs["original_sizes"].tolist()
        # SAM 2 and 3 bring an image to a square of one size, with nothing to be cut off again.
        cut = {name: inputs[name].tolist() for name in ("reshaped_input_sizes",) if name in inputs}
        limit = _QUALITY if self.options.threshold is None else self.options.threshold
        masks, scores, boxes = [], [], []
        with torch.inference_mode():
            embedding = model.get_image_embeddings(self.checkpoint.put({"x": inputs["pixel_values"]})["x"])
            for start in range(0, grid.shape[1], _POINTS):
                part = {
                    "input_points": grid[:, start : start + _POINTS],
                    "input_labels": labels[:, start : start + _POINTS],
                }
                made = model(**self.checkpoint.put(part), **_embedded(embedding))
                large = processor.post_process_masks(made["pred_masks"].float().cpu(), original, binarize=False, **cut)
                kept = processor.filter_masks(
                    large[0], made["iou_scores"][0].float().cpu(), original[0], crops[0].cpu(), limit, _STABILITY, 0, 1
                )
                masks += kept[0]
                scores += kept[1].tolist()
                boxes += kept[2].tolist()
        rows = [{"rle": _of_rows(masks[i]), "score": scores[i]} for i in without_doubles(boxes, scores)]
        return json.dumps(rows)


def _embedded(embedding: Any) -> dict[str, Any]:
    """SAM-HQ gives what lies between beside the embedding."""
    if isinstance(embedding, tuple):
        return {"image_embeddings": embedding[0], "intermediate_embeddings": embedding[1]}
    return {"image_embeddings": embedding}


def without_doubles(boxes: Sequence[Sequence[float]], scores: Sequence[float]) -> list[int]:
    """The boxes (x, y, right, low) that stay when, the best first, those that overlap one that stays by 0.7 are dropped."""
    import cv2

    if not boxes:
        return []
    corners = [[x, y, right - x, low - y] for x, y, right, low in boxes]
    return [int(index) for index in cv2.dnn.NMSBoxes(corners, list(scores), 0.0, _OVERLAP)]


def _of_rows(mask: Mapping[str, Any]) -> dict[str, Any]:
    """The library's run lengths, which go down the columns too, as COCO's."""
    return {"size": list(mask["size"]), "counts": [int(n) for n in mask["counts"]]}
