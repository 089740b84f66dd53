"""Zero-shot classification: the option whose words are nearest to an image (CLIP, SigLIP, ...) or a sound (CLAP)."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from genlevel.errors import RequestFailed
from genlevel.models.batching import Answer
from genlevel.models.local.labels import only_sound
from genlevel.models.local.parts import only_image, sound
from genlevel.models.local.runner import Runner, said
from genlevel.records import PartKind, Request

__all__ = ["AudioSimilarity", "ImageSimilarity"]


class Similarity(Runner):
    """Ranks a request's options by their likeness to its medium."""

    template: ClassVar[str]
    """The words around an option, those of the library's pipeline."""
    scores: ClassVar[str]

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """The nearest option of each; requests with the same options share a call."""
        found: list[Answer | None] = [None] * len(requests)
        groups: dict[tuple[str, ...], list[int]] = {}
        for index, request in enumerate(requests):
            groups.setdefault(request.choices, []).append(index)
        for choices, members in groups.items():
            if choices:
                given = self._nearest([requests[index] for index in members], choices)
            else:
                given = [RequestFailed("the request lists no options to choose from", 0)] * len(members)
            for index, answer in zip(members, given, strict=True):
                found[index] = answer
        return [answer for answer in found if answer is not None]

    def _nearest(self, requests: Sequence[Request], choices: Sequence[str]) -> list[Answer]:
        import torch

        classes = requests[0].task_type.endswith("classification")
        texts = [self.template.format(choice) if classes else choice for choice in choices]
        processor = self.checkpoint.processor()
        # Models with a sigmoid were trained with texts of one length.
        padding: Any = "max_length" if self.checkpoint.config.model_type.startswith("siglip") else True
        batch = processor(text=texts, padding=padding, truncation=True, return_tensors="pt", **self.media(requests))
        with torch.inference_mode():
            logits = getattr(self.checkpoint.model(**self.checkpoint.put(batch)), self.scores)
        return [said(choices[int(best)]) for best in logits.argmax(dim=1)]

    @abstractmethod
    def media(self, requests: Sequence[Request]) -> Mapping[str, Any]:
        """The processor's argument for the media."""


class ImageSimilarity(Similarity):
    """CLIP and those with its interface."""

    task_types = frozenset({"image-classification", "multiple-choice-visual-question-answering"})

    template = "This is a photo of {}."
    scores = "logits_per_image"

    @property
    def takes(self) -> frozenset[PartKind]:
        """Images, and options."""
        return frozenset({"image", "text"})

    def media(self, requests: Sequence[Request]) -> Mapping[str, Any]:
        """The first image of each."""
        return {"images": [only_image(request) for request in requests]}


class AudioSimilarity(Similarity):
    """CLAP."""

    task_types = frozenset({"audio-classification"})

    template = "This is a sound of {}."
    scores = "logits_per_audio"

    @property
    def takes(self) -> frozenset[PartKind]:
        """Sounds, and options."""
        return frozenset({"audio", "text"})

    def media(self, requests: Sequence[Request]) -> Mapping[str, Any]:
        """The first sound of each."""
        rate = int(self.checkpoint.processor().feature_extractor.sampling_rate)
        return {"audio": [sound(only_sound(request), rate) for request in requests], "sampling_rate": rate}
