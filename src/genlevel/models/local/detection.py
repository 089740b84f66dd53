"""Object detectors: of a checkpoint's own classes (DETR and its kin), and of classes that are named (Grounding DINO, OWL)."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.errors import RequestFailed
from genlevel.models.batching import Answer
from genlevel.models.local.parts import alike, by_name, only_image, question_of, text_of
from genlevel.models.local.runner import Runner, said
from genlevel.records import PartKind, Request
from genlevel.tasktypes.answers import normal

__all__ = ["Detection", "ZeroShotDetection", "as_boxes", "detect"]

_SHARES: Final = "as shares of the image"
_COUNTED: Final = 0.5
"""The library's own threshold: what is above it counts as found where things are counted or one is asked for."""

Found = Mapping[str, Any]


def detect(checkpoint: Any, images: Sequence[Any], threshold: float) -> list[list[Found]]:
    """All objects in each image: ``label``, ``score`` and ``box`` (x, y, width, height in pixels), the surest first."""
    import torch

    processor, names = checkpoint.processor("image_processor"), checkpoint.config.id2label
    found: list[list[Found]] = [[] for _ in images]
    # What is padded to the largest of a batch is not quite what is seen alone, so only images of one size share a call.
    for members in alike([image.size for image in images]):
        shown = [images[index] for index in members]
        inputs = checkpoint.put(processor(images=shown, return_tensors="pt"))
        with torch.inference_mode():
            outputs = checkpoint.model(**inputs)
        sizes = [(image.height, image.width) for image in shown]
        results = processor.post_process_object_detection(outputs, threshold=threshold, target_sizes=sizes)
        for index, result in zip(members, results, strict=True):
            found[index] = _found(result, [str(names[n]) for n in result["labels"].tolist()])
    return found


def _found(result: Mapping[str, Any], labels: Sequence[str]) -> list[Found]:
    rows = zip(labels, result["scores"].float().tolist(), result["boxes"].float().tolist(), strict=True)
    items = [{"label": label, "score": s, "box": [x, y, right - x, low - y]} for label, s, (x, y, right, low) in rows]
    return sorted(items, key=lambda item: -float(item["score"]))


def as_boxes(items: Sequence[Found], request: Request, size: tuple[int, int]) -> str:
    """Detections as JSON whose keys say what the numbers are, so that the task's own order does not matter.

    Args:
        items: as :func:`detect` gives them.
        request: whether it wants shares of the image's size.
        size: width and height of the image.
    """
    scale = size if _SHARES in text_of(request) else (1, 1)
    rows = []
    for item in items:
        x, y, width, height = (float(n) / scale[i % 2] for i, n in enumerate(item["box"]))
        box = {"x": x, "y": y, "width": max(width, 0.0), "height": max(height, 0.0)}
        rows.append({"label": item["label"], "box": box, "score": item["score"]})
    return json.dumps(rows)


class Detection(Runner):
    """DETR, Deformable DETR, DINO-like (RT-DETR, D-FINE, DAB), YOLOS, Table Transformer."""

    task_types = frozenset({"image-counting", "object-detection"})

    @property
    def takes(self) -> frozenset[PartKind]:
        """Images; of the text only the names of the classes asked for are used."""
        return frozenset({"image", "text"})

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """JSON boxes, or a number where the task is to count."""
        images = [only_image(request) for request in requests]
        found = self.found(requests, images)
        return [said(self._said(items, r, i.size)) for items, r, i in zip(found, requests, images, strict=True)]

    def found(self, requests: Sequence[Request], images: Sequence[Any]) -> list[list[Found]]:
        """Objects of the classes that are asked for, in the request's words; all of them where it names none of its own."""
        threshold = self.options.threshold or 0.0
        names = [str(name) for name in self.checkpoint.config.id2label.values()]
        found = detect(self.checkpoint, images, threshold)
        return [_asked(items, request.choices, names) for items, request in zip(found, requests, strict=True)]

    def _said(self, items: list[Found], request: Request, size: tuple[int, int]) -> str:
        if request.task_type == "image-counting":
            least = _COUNTED if self.options.threshold is None else self.options.threshold
            return str(sum(item["score"] >= least for item in items))
        if request.task_type == "visual-grounding":
            items = items[:1]
        return as_boxes(items, request, size)


def _asked(items: list[Found], choices: Sequence[str], names: Sequence[str]) -> list[Found]:
    """The objects of the classes asked for; all where the checkpoint knows none of those by name."""
    wanted = by_name(choices)
    if not any(normal(name) in wanted for name in names):
        return items
    return [{**item, "label": wanted[normal(item["label"])]} for item in items if normal(item["label"]) in wanted]


class ZeroShotDetection(Detection):
    """Grounding DINO, OWL-ViT, OWLv2, OmDet: the classes, or the expression, are given as words."""

    task_types = frozenset({"image-counting", "object-detection", "visual-grounding"})

    def found(self, requests: Sequence[Request], images: Sequence[Any]) -> list[list[Found]]:
        """What each request names: its classes, else what it asks about."""
        return [self._found(request, image) for request, image in zip(requests, images, strict=True)]

    def _found(self, request: Request, image: Any) -> list[Found]:
        import torch

        words = list(request.choices) or [question_of(request)]
        if not any(word.strip() for word in words):
            raise RequestFailed("the request names nothing to find", 0)
        processor = self.checkpoint.processor()
        inputs = processor(images=image, text=[words], return_tensors="pt")
        with torch.inference_mode():
            outputs = self.checkpoint.model(**self.checkpoint.put(inputs))
        read = processor.post_process_grounded_object_detection
        given = {
            "threshold": self.options.threshold or 0.0,
            "text_threshold": 0.0 if self.options.threshold is None else self.options.threshold,
            "text_labels": [words],
            "input_ids": inputs.get("input_ids"),
            "target_sizes": [(image.height, image.width)],
        }
        known = inspect.signature(read).parameters
        (result,) = read(outputs, **{name: value for name, value in given.items() if name in known})
        labels = [_of_words(str(label), words) for label in result["text_labels"]]
        return _found(result, labels)


def _of_words(label: str, words: Sequence[str]) -> str:
    """The word that a found phrase stands for: the same, or the only one that holds it or that it holds."""
    if len(words) == 1:
        return words[0]
    phrase = normal(label)
    same = [word for word in words if normal(word) == phrase]
    near = same or [word for word in words if phrase and (normal(word) in phrase or phrase in normal(word))]
    return near[0] if len(near) == 1 else label
