"""Keypoints of persons: ViTPose, which looks at one person at a time, found by a detector or the whole image."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from genlevel.models.batching import Answer
from genlevel.models.local.checkpoint import Checkpoint
from genlevel.models.local.detection import detect
from genlevel.models.local.parts import only_image
from genlevel.models.local.runner import Runner, said
from genlevel.models.spec import Spec
from genlevel.records import PartKind, Request

__all__ = ["Pose"]

_PERSON: Final = 0.3


class Pose(Runner):
    """ViTPose. ``detector`` is a folder with an object detector that knows persons."""

    task_types = frozenset({"keypoint-detection"})

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        self._detector: Checkpoint | None = None
        if self.options.detector:
            spec = Spec(self.options.spec.kind, self.options.detector, self.options.spec.options)
            self._detector = Checkpoint(replace(self.options, spec=spec, task="object-detection", detector=""))

    @property
    def takes(self) -> frozenset[PartKind]:
        """Images; the text of a request is not read."""
        return frozenset({"image", "text"})

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """JSON persons."""
        import torch

        images = [only_image(request) for request in requests]
        boxes = self._boxes(images)
        found: list[list[Any]] = [[] for _ in images]
        seen = [index for index, persons in enumerate(boxes) if persons]
        if seen:
            shown, kept = [images[index] for index in seen], [boxes[index] for index in seen]
            processor = self.checkpoint.processor("image_processor")
            inputs = self.checkpoint.put(processor(shown, boxes=kept, return_tensors="pt"))
            if getattr(self.checkpoint.config.backbone_config, "num_experts", 1) > 1:
                # The first expert is that of COCO's keypoints.
                inputs["dataset_index"] = torch.zeros(
                    len(inputs["pixel_values"]), dtype=torch.long, device=self.checkpoint.device
                )
            with torch.inference_mode():
                outputs = self.checkpoint.model(**inputs)
            for index, persons in zip(seen, processor.post_process_pose_estimation(outputs, boxes=kept), strict=True):
                found[index] = persons
        return [said(json.dumps([_person(person) for person in persons])) for persons in found]

    def _boxes(self, images: Sequence[Any]) -> list[list[list[float]]]:
        """Boxes of persons, x, y, width, height; the whole image without a detector."""
        if self._detector is None:
            return [[[0.0, 0.0, float(image.width), float(image.height)]] for image in images]
        self._detector.load()
        threshold = _PERSON if self.options.threshold is None else self.options.threshold
        found = detect(self._detector, images, threshold)
        return [[list(item["box"]) for item in items if item["label"].lower() == "person"] for items in found]


def _person(person: Any) -> dict[str, Any]:
    points = [[round(x, 2), round(y, 2)] for x, y in person["keypoints"].float().tolist()]
    return {"keypoints": points, "score": float(person["scores"].float().mean())}
