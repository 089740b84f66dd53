"""Segmentation: label maps, instances and panoptic maps (SegFormer, UperNet, Mask2Former, OneFormer, MaskFormer, EoMT, ...)."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping, Sequence
from types import SimpleNamespace
from typing import Any, Final

from genlevel.models.batching import Answer
from genlevel.models.local.parts import image_of, only_image
from genlevel.models.local.runner import Runner, said
from genlevel.records import Part, PartKind, Reply, Request
from genlevel.tasktypes.answers import normal

__all__ = ["Semantic", "Universal", "label_map", "run_lengths"]

_KINDS: Final = {"instance-segmentation": "instance", "panoptic-segmentation": "panoptic"}
_NO_CLASS: Final = 255


def run_lengths(mask: Any) -> dict[str, Any]:
    """A bool (H, W) mask as COCO's uncompressed run lengths: down the columns, background first."""
    import numpy as np

    flat = np.asarray(mask, np.uint8).ravel(order="F")
    edges = np.flatnonzero(np.diff(flat)) + 1
    runs = np.diff(np.concatenate([[0], edges, [flat.size]])).tolist()
    counts = [0, *runs] if flat[0] else runs
    return {"size": list(mask.shape), "counts": counts}


def class_numbers(names: Mapping[int, str], classes: Mapping[int, str]) -> dict[int, int]:
    """The dataset's number for each of the checkpoint's classes, by name; empty where no name is the same.

    A name that lists synonyms with commas, as ADE20K's do, is the same as any of them.
    """
    wanted = {normal(name): number for number, name in classes.items()}
    found: dict[int, int] = {}
    for number, name in names.items():
        for word in (name, *name.split(",")):
            if normal(word) in wanted:
                found.setdefault(number, wanted[normal(word)])
    return found


def label_map(labels: Any, names: Mapping[int, str], classes: Mapping[int, str]) -> Part:
    """A map of the checkpoint's class numbers as a PNG of the dataset's; as it is where no class has the same name.

    Pixels of classes that the dataset does not have become 255, which is no class.
    """
    import numpy as np

    numbers = class_numbers(names, classes)
    labels = np.asarray(labels).astype(np.int64)
    if numbers:
        table = np.full(max(int(labels.max(initial=0)), *names) + 1, _NO_CLASS, np.int64)
        for own, theirs in numbers.items():
            table[own] = theirs
        labels = table[np.maximum(labels, 0)]
    wide = np.uint16 if labels.max(initial=0) > 255 else np.uint8
    return image_of(labels.clip(0).astype(wide))


class Semantic(Runner):
    """A label for each pixel."""

    task_types = frozenset({"image-segmentation", "instance-segmentation", "panoptic-segmentation"})
    makes: frozenset[PartKind] = frozenset({"text", "image"})

    @property
    def takes(self) -> frozenset[PartKind]:
        """Images; of the text only the names of the classes are used."""
        return frozenset({"image", "text"})

    @property
    def names(self) -> dict[int, str]:
        """The checkpoint's classes."""
        return {int(number): str(name) for number, name in self.checkpoint.config.id2label.items()}

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """A label map; each connected class as one object where instances or a panoptic map are asked for."""
        import torch

        images = [only_image(request) for request in requests]
        processor = self.checkpoint.processor("image_processor")
        inputs = self.checkpoint.put(processor(images=images, return_tensors="pt"))
        with torch.inference_mode():
            outputs = self.checkpoint.model(**inputs)
        sizes = [(image.height, image.width) for image in images]
        maps = processor.post_process_semantic_segmentation(outputs, target_sizes=sizes)
        return [self._reply(labels.cpu().numpy(), r) for labels, r in zip(maps, requests, strict=True)]

    def _reply(self, labels: Any, request: Request) -> Answer:
        if request.task_type not in _KINDS:
            return Reply((label_map(labels, self.names, request.classes),))
        items = [(int(n), labels == n, None) for n in sorted(set(labels.ravel().tolist())) if int(n) in self.names]
        return said(self.objects(items, request))

    def objects(self, items: Sequence[tuple[int, Any, float | None]], request: Request) -> str:
        """Objects (class number, mask, score) as JSON in the dataset's words."""
        numbers = class_numbers(self.names, request.classes)
        rows = []
        for own, mask, score in items:
            if numbers and own not in numbers:
                continue
            label = request.classes[numbers[own]] if numbers else self.names.get(own, str(own))
            row: dict[str, Any] = {"label": label, "rle": run_lengths(mask)}
            rows.append(row if score is None else {**row, "score": score})
        return json.dumps(rows)


class Universal(Semantic):
    """Semantic, instance and panoptic segmentation by one checkpoint, as the task asks."""

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """A label map, JSON objects, or JSON segments that leave no pixel to two of them."""
        import torch

        task = _KINDS.get(requests[0].task_type, "semantic")
        images = [only_image(request) for request in requests]
        inputs, processor = self._inputs(images, task)
        with torch.inference_mode():
            # What the library makes of masks is for the CPU: it paints them into a map that lies there.
            outputs = on_cpu(self.checkpoint.model(**self.checkpoint.put(inputs)))
        sizes = [(image.height, image.width) for image in images]
        read = getattr(processor, f"post_process_{task}_segmentation")
        given: dict[str, Any] = {"target_sizes": sizes}
        known = inspect.signature(read).parameters
        if self.options.threshold is not None and "threshold" in known:
            given["threshold"] = self.options.threshold
        if "return_binary_maps" in known:
            # Whole masks, where one map would cut those that lie below others.
            given["return_binary_maps"] = True
        if self.checkpoint.config.model_type == "oneformer" and task != "semantic" and not _torchvision():
            del given["target_sizes"]
            results = [one for i, size in enumerate(sizes) for one in read(_enlarged(outputs, i, size), **given)]
        else:
            results = read(outputs, **given)
        if task == "semantic":
            return [self._reply(labels.cpu().numpy(), r) for labels, r in zip(results, requests, strict=True)]
        return [self._segments(result, r) for result, r in zip(results, requests, strict=True)]

    def _inputs(self, images: Sequence[Any], task: str) -> tuple[Mapping[str, Any], Any]:
        if self.checkpoint.config.model_type != "oneformer":
            processor = self.checkpoint.processor("image_processor")
            return dict(processor(images=list(images), return_tensors="pt")), processor
        processor = self.checkpoint.processor()
        inputs = processor(images=list(images), task_inputs=[task] * len(images), return_tensors="pt")
        return {k: v for k, v in inputs.items() if k in ("pixel_values", "pixel_mask", "task_inputs")}, processor

    def _segments(self, result: Mapping[str, Any], request: Request) -> Answer:
        segments = result["segmentation"].cpu().numpy()
        items = []
        for place, info in enumerate(result["segments_info"]):
            mask = segments[place] > 0 if segments.ndim == 3 else segments == info["id"]
            if mask.any():
                items.append((int(info["label_id"]), mask, float(info.get("score", 1.0))))
        return said(self.objects(items, request))


def on_cpu(outputs: Any) -> Any:
    """A model's outputs on the CPU and in float32, but for those that are no tensors."""
    import torch

    for name, value in list(outputs.items()):
        if isinstance(value, torch.Tensor):
            outputs[name] = value.float().cpu() if value.is_floating_point() else value.cpu()
    return outputs


def _torchvision() -> bool:
    import importlib.util

    return importlib.util.find_spec("torchvision") is not None


def _enlarged(outputs: Any, index: int, size: tuple[int, int]) -> Any:
    """One image's outputs with masks of its size.

    OneFormer's own post-processing enlarges masks with torchvision; this is what that does, so that it has nothing left to do.
    """
    import torch
    from torch.nn.functional import interpolate

    probabilities = outputs.masks_queries_logits[index : index + 1].float().sigmoid()
    masks = interpolate(probabilities, size, mode="bilinear", align_corners=False, antialias=True)
    return SimpleNamespace(
        class_queries_logits=outputs.class_queries_logits[index : index + 1], masks_queries_logits=torch.logit(masks)
    )
