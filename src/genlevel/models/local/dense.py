"""A value for each pixel: depth, and images made larger or cleaner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genlevel.errors import RequestFailed
from genlevel.models.batching import Answer
from genlevel.models.local.checkpoint import Checkpoint
from genlevel.models.local.parts import encode_npy, image_of, only_image
from genlevel.models.local.runner import OneByOne, Runner
from genlevel.records import PartKind, Reply, Request

__all__ = ["Depth", "Upscaling"]


class Depth(Runner):
    """DPT, Depth Anything, GLPN, ZoeDepth: what the model gives, in its own unit, as float32 NPY of the image's size.

    Models of relative depth (DPT, MiDaS, Depth Anything) give inverse depth: near things have large numbers.
    """

    task_types = frozenset({"depth-estimation"})
    makes: frozenset[PartKind] = frozenset({"image"})

    @property
    def takes(self) -> frozenset[PartKind]:
        """Images; the text of a request is not read."""
        return frozenset({"image", "text"})

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """One map for each image."""
        import numpy as np
        import torch

        images = [only_image(request) for request in requests]
        processor = self.checkpoint.processor("image_processor")
        # Images of different shapes may stay different.
        if len({image.size for image in images}) > 1:
            return [answer for request in requests for answer in self.answer([request])]
        inputs = self.checkpoint.put(processor(images=images, return_tensors="pt"))
        with torch.inference_mode():
            outputs = self.checkpoint.model(**inputs)
            sizes = [(image.height, image.width) for image in images]
            try:
                results = processor.post_process_depth_estimation(outputs, sizes)
            except NameError:  # ZoeDepth's, which takes torchvision for granted
                raise RequestFailed("the library's post-processing of this model needs torchvision", 0) from None
        maps = [result["predicted_depth"].float().cpu().numpy() for result in results]
        return [Reply((encode_npy(np.ascontiguousarray(depth, np.float32)),)) for depth in maps]


class Upscaling(OneByOne):
    """Swin2SR: an image several times as large, or as large and cleaner."""

    makes: frozenset[PartKind] = frozenset({"image"})

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        self._scale = int(getattr(checkpoint.config, "upscale", 1) or 1)
        self.task_types = frozenset({"image-super-resolution" if self._scale > 1 else "image-denoising"})

    @property
    def takes(self) -> frozenset[PartKind]:
        """Images; the text of a request is not read."""
        return frozenset({"image", "text"})

    def one(self, request: Request) -> Answer:
        """The image, of whichever size it is."""
        import torch

        image = only_image(request)
        processor = self.checkpoint.processor("image_processor")
        with torch.inference_mode():
            outputs = self.checkpoint.model(**self.checkpoint.put(processor(images=image, return_tensors="pt")))
        scale = self._scale
        # What the processor has added at the right and at the bottom is cut off.
        pixels: Any = outputs.reconstruction[0, :, : scale * image.height, : scale * image.width]
        return Reply((image_of((pixels.float().clamp(0, 1) * 255).round().byte().permute(1, 2, 0).cpu().numpy()),))
