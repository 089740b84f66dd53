"""Classifiers: one of the checkpoint's own labels for an image, a sound, a video or a text."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Final

from genlevel.errors import RequestFailed
from genlevel.models.batching import Answer
from genlevel.models.local.checkpoint import Checkpoint
from genlevel.models.local.parts import by_name, frames_of, only_image, question_of, sound
from genlevel.models.local.runner import Runner, said
from genlevel.records import PartKind, Request
from genlevel.tasktypes.answers import normal

__all__ = ["AudioLabels", "ImageLabels", "Labels", "TextLabels", "VideoLabels", "likeliest"]

_NLI: Final = "This example is {}."
"""The hypothesis of the library's zero-shot-classification pipeline."""


def likeliest(scores: Sequence[float], names: Mapping[int, str], choices: Sequence[str]) -> str:
    """The label with the highest score; of those that the choices name, in the choices' words, where they name any.

    A label that lists synonyms with commas, as ImageNet's do, is named by any of them.
    """
    wanted = by_name(choices)
    named: dict[int, str] = {}
    for number, name in names.items():
        for word in (name, *name.split(",")):
            if normal(word) in wanted:
                named.setdefault(number, wanted[normal(word)])
    numbers = named or names
    best = max((n for n in numbers if 0 <= n < len(scores)), key=lambda n: scores[n])
    return numbers[best]


class Labels(Runner):
    """A classifier over the labels of its configuration."""

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """The likeliest label for each request."""
        import torch

        inputs = self.checkpoint.put(self.inputs(requests))
        with torch.inference_mode():
            logits = self.checkpoint.model(**inputs).logits
        names = {int(number): str(name) for number, name in self.checkpoint.config.id2label.items()}
        rows = logits.float().tolist()
        return [said(likeliest(row, names, r.choices)) for row, r in zip(rows, requests, strict=True)]

    @abstractmethod
    def inputs(self, requests: Sequence[Request]) -> Mapping[str, Any]:
        """The processor's tensors."""


class ImageLabels(Labels):
    """Image classification (ViT, ResNet, Swin, ConvNeXt, ...)."""

    task_types = frozenset({"image-classification"})

    @property
    def takes(self) -> frozenset[PartKind]:
        """Images; the text of a request is not read."""
        return frozenset({"image", "text"})

    def inputs(self, requests: Sequence[Request]) -> Mapping[str, Any]:
        """The first image of each."""
        processor = self.checkpoint.processor("image_processor")
        return dict(processor([only_image(r) for r in requests], return_tensors="pt"))


class VideoLabels(Labels):
    """Video classification (VideoMAE, TimeSformer)."""

    task_types = frozenset({"video-classification"})

    @property
    def takes(self) -> frozenset[PartKind]:
        """Videos; the text of a request is not read."""
        return frozenset({"video", "text"})

    def inputs(self, requests: Sequence[Request]) -> Mapping[str, Any]:
        """As many frames as the checkpoint looks at, at equal distances, the last repeated where a video is shorter."""
        count = int(getattr(self.checkpoint.config, "num_frames", 0) or self.options.frames)
        films = []
        for request in requests:
            part = next((part for part in request.parts if part.kind == "video"), None)
            if part is None:
                raise RequestFailed("the request shows no video", 0)
            frames = frames_of(part, count)
            films.append(frames + frames[-1:] * (count - len(frames)))
        processor = self.checkpoint.processor("image_processor")
        return dict(processor(films, return_tensors="pt"))


class AudioLabels(Labels):
    """Audio classification (AST, wav2vec2, HuBERT, WavLM)."""

    task_types = frozenset({"audio-classification"})

    @property
    def takes(self) -> frozenset[PartKind]:
        """Sounds; the text of a request is not read."""
        return frozenset({"audio", "text"})

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """One by one where the model takes padding for sound."""
        extractor = self.checkpoint.processor("feature_extractor")
        if len(requests) > 1 and takes_padding_for_sound(extractor):
            return [answer for request in requests for answer in super(AudioLabels, self).answer([request])]
        return super().answer(requests)

    def inputs(self, requests: Sequence[Request]) -> Mapping[str, Any]:
        """The first sound of each, at the rate that the checkpoint was trained with."""
        extractor = self.checkpoint.processor("feature_extractor")
        rate = int(extractor.sampling_rate)
        waves = [sound(only_sound(request), rate) for request in requests]
        # Spectrograms are brought to one length by the extractor itself.
        more = {} if hasattr(extractor, "num_mel_bins") else {"padding": True}
        return dict(extractor(waves, sampling_rate=rate, return_tensors="pt", **more))


def takes_padding_for_sound(extractor: Any) -> bool:
    """Whether a model that hears raw waves is given no mask, so that silence behind a sound would change its answer."""
    return not getattr(extractor, "return_attention_mask", False) and not hasattr(extractor, "num_mel_bins")


def only_sound(request: Request) -> Any:
    """The one sound of a request, or its first.

    Raises:
        RequestFailed: there is none.
    """
    for part in request.parts:
        if part.kind == "audio":
            return part
    raise RequestFailed("the request has no sound", 0)


class TextLabels(Labels):
    """Text classification (BERT, RoBERTa, ...); a model of entailment chooses among the request's options."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        super().__init__(checkpoint)
        self._numbers = {str(name).lower(): int(n) for n, name in checkpoint.config.id2label.items()}
        chooses = "entailment" in self._numbers
        self.task_types = frozenset({"text-classification", *(["multiple-choice"] if chooses else [])})

    @property
    def takes(self) -> frozenset[PartKind]:
        """Text."""
        return frozenset({"text"})

    def inputs(self, requests: Sequence[Request]) -> Mapping[str, Any]:
        """The content of each request, or its whole text."""
        tokenizer = self.checkpoint.processor("tokenizer")
        texts = [question_of(request) for request in requests]
        return dict(tokenizer(texts, padding=True, truncation=True, return_tensors="pt"))

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """The likeliest label, or the option that follows most from the text."""
        if "entailment" not in self._numbers:
            return super().answer(requests)
        return [self._entailed(request, self._numbers["entailment"]) for request in requests]

    def _entailed(self, request: Request, entailment: int) -> Answer:
        import torch

        if not request.choices:
            (answer,) = super().answer([request])
            return answer
        tokenizer = self.checkpoint.processor("tokenizer")
        pairs = [question_of(request)] * len(request.choices), [_NLI.format(choice) for choice in request.choices]
        inputs = self.checkpoint.put(tokenizer(*pairs, padding=True, truncation="only_first", return_tensors="pt"))
        with torch.inference_mode():
            logits = self.checkpoint.model(**inputs).logits
        return said(request.choices[int(logits[:, entailment].argmax())])
