"""Likeness of what was made to a text, a picture or itself, in the space of CLIP or DINO."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics.base import Unit
from genlevel.metrics.evidence import FloatArray
from genlevel.metrics.learned.batches import Floats, Pixels, as_frames, pick_device
from genlevel.metrics.learned.encoders import (
    CLIP_B32,
    DINO_B16,
    DINO_S16,
    Clip,
    ImageEncoder,
    open_clip,
    open_encoder,
)
from genlevel.metrics.learned.persample import PerVideo
from genlevel.metrics.learned.weights import Weights

Pair = tuple[Pixels, Any]


def consistency(frames: Floats) -> float:
    """Mean over frames after the first of the likeness to the first frame and to the one before, both cut at 0.

    Args:
        frames: vectors of length 1, (T, d), T > 1.
    """
    first = np.clip(frames[1:] @ frames[0], 0.0, None)
    before = np.clip(np.einsum("td,td->t", frames[1:], frames[:-1]), 0.0, None)
    return float(np.mean((first + before) / 2.0))


def split_frames(encoder: Clip | ImageEncoder, videos: Sequence[Pixels]) -> list[Floats]:
    """Vectors of each video's frames, (T, d) each, in one go."""
    rows = encoder.pictures([frame for video in videos for frame in video])
    return list(np.split(rows, np.cumsum([len(v) for v in videos])[:-1]))


def _pictures(value: Any, role: str) -> list[Pixels]:
    """A picture, a video, or a list of pictures of any sizes, as a list of pictures."""
    items = value if isinstance(value, list | tuple) else [value]
    frames = [frame for item in items for frame in as_frames(item, role=role)]
    if not frames:
        raise MetricError(f"{role} must hold a picture")
    return frames


def _texts(value: Any, name: str) -> list[str]:
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list | tuple) or not texts or not all(isinstance(t, str) for t in texts):
        raise MetricError(f"{name}: a reference must be a text or a list of texts")
    return list(texts)


@dataclass(frozen=True)
class _ImageLikeness(PerVideo):
    """Frames against the reference pictures, or (``against="frames"``) against each other."""

    weights: str = ""
    against: str = "image"
    device: str = ""

    direction = "higher"
    range = (0.0, 1.0)
    unit: ClassVar[Unit] = "fraction"
    known: ClassVar[tuple[str, ...]] = ("image", "frames")

    def __post_init__(self) -> None:
        if self.against not in self.known:
            raise MetricError(f"{self.name}: against='{self.against}', but it is {' or '.join(self.known)}")

    @property
    def uses_reference(self) -> bool:  # type: ignore[override]
        """Frames are compared with each other without any reference."""
        return self.against != "frames"

    @abstractmethod
    def open(self) -> Clip | ImageEncoder:
        """The encoder."""

    def take_answer(self, value: Any) -> Pixels:
        """A video; at least two frames where they are compared with each other."""
        frames: Pixels = super().take_answer(value)
        if self.against == "frames" and len(frames) < 2:
            raise MetricError(f"{self.name}: a video of one frame has no neighbours")
        return frames

    def take_reference(self, value: Any) -> Any:
        """A list of pictures."""
        return _pictures(value, f"{self.name}: a reference")

    def values(self, pairs: Sequence[Pair]) -> FloatArray:
        """Mean cosine over frames and reference pictures, cut at 0; or consistency of the frames."""
        encoder = self.open()
        frames = split_frames(encoder, [answer for answer, _ in pairs])
        if self.against == "frames":
            return np.array([consistency(f) for f in frames])
        golds = split_frames(encoder, [reference for _, reference in pairs])
        return np.array([np.clip(f @ g.T, 0.0, None).mean() for f, g in zip(frames, golds, strict=True)])


@dataclass(frozen=True)
class ClipImageScore(_ImageLikeness):
    """CLIP likeness to the reference picture (CLIP-I), mean over frames, references and samples.

    Options: ``weights``, a CLIP folder (ViT-B/32 by default; the model is part of the definition); ``against="frames"``
    compares a video's frames with each other as :class:`BackgroundConsistency`; ``device``. A missing answer counts 0.
    """

    name = "clip_image_score"
    title = "CLIP image similarity"
    definition = "max(cosine of CLIP image vectors, 0), mean"
    source = "Radford et al. 2021; CLIP-I of Ruiz et al. 2023"
    answer = "a picture or a video; reference: a picture or a list of pictures"
    needs = ("extra: learned", "weights: CLIP ViT-B/32")
    folder: ClassVar[Weights] = CLIP_B32
    files = (("weights", CLIP_B32),)

    def open(self) -> Clip:
        """The CLIP model."""
        device = pick_device(self.device)
        return open_clip(self.folder.find(self.weights), device)


@dataclass(frozen=True)
class ClipStyle(ClipImageScore):
    """CLIP likeness of every frame to the pictures that show the style, mean over frames, pictures and samples.

    Options as in :class:`ClipImageScore`.
    """

    name = "clip_style"
    title = "CLIP similarity of style"
    definition = "max(cosine of CLIP image vectors of a frame and a style picture, 0), mean"
    source = "Liu et al. 2023 (StyleCrafter)"


@dataclass(frozen=True)
class BackgroundConsistency(ClipImageScore):
    """How alike a video's frames stay to CLIP, by VBench's rule, mean over videos.

    VBench pools the frames of all videos instead; with videos of one length that is the same. A video of one frame counts
    as missing, and that counts 0. Options as in :class:`ClipImageScore`, ``against="frames"`` being the default.
    """

    against: str = "frames"

    name = "background_consistency"
    title = "Background consistency"
    definition = "mean over frames of (cosine to the first + cosine to the one before) / 2, cut at 0, CLIP"
    source = "Huang et al. 2024 (VBench)"
    answer = "a video, uint8 (T, H, W, 3); the reference is ignored"


@dataclass(frozen=True)
class DinoScore(_ImageLikeness):
    """Likeness in the space of DINO (the first, not DINOv2): of a video's frames to each other, or to a reference.

    Options: ``against="frames"`` (default) is VBench's rule, see :class:`BackgroundConsistency`; ``against="image"`` is the
    cosine to the reference picture as DreamBooth reports it. ``weights`` is the folder of any vision transformer whose class
    token is meant, DINO ViT-S/16 by default; ``device``, e.g. ``cuda``. A missing answer counts 0.
    """

    against: str = "frames"

    name = "dino_score"
    title = "DINO similarity"
    definition = "cosine of DINO class tokens, cut at 0: frames to the first and to the one before, or to the reference"
    source = "Caron et al. 2021; Ruiz et al. 2023 (DreamBooth), Huang et al. 2024 (VBench)"
    answer = "a video; with against='image' a picture or video, reference: a picture or a list of pictures"
    needs = ("extra: learned", "weights: DINO ViT-S/16")
    folder: ClassVar[Weights] = DINO_S16
    files = (("weights", DINO_S16),)

    def open(self) -> ImageEncoder:
        """The image encoder."""
        device = pick_device(self.device)
        return open_encoder(self.folder.find(self.weights), device)


@dataclass(frozen=True)
class SubjectConsistency(DinoScore):
    """How alike a video's frames stay to DINO ViT-B/16, by VBench's rule; see :class:`BackgroundConsistency`.

    Options as in :class:`DinoScore`.
    """

    name = "subject_consistency"
    title = "Subject consistency"
    definition = "mean over frames of (cosine to the first + cosine to the one before) / 2, cut at 0, DINO ViT-B/16"
    source = "Huang et al. 2024 (VBench)"
    needs = ("extra: learned", "weights: DINO ViT-B/16")
    folder = DINO_B16
    files = (("weights", DINO_B16),)


@dataclass(frozen=True)
class ClipScore(_ImageLikeness):
    """CLIPScore: likeness of a picture (or every frame, or every rendered view) to the text, mean over samples.

    Options:
        weights: a CLIP folder, ViT-B/32 by default; the model is part of the definition.
        scale: 100 as most print it, 2.5 as the paper (Hessel et al.) has it.
        against: ``text``, ``image`` (a reference picture), or ``frames`` (of the video with each other, VBench's rule).
        prefix: put before each text; the paper uses "A photo depicts ".
        device: e.g. ``cuda``; by default the GPU where there is one.

    Each cosine is cut at 0, as in the paper, before any mean. The best of several reference texts counts. A missing answer
    counts 0.
    """

    against: str = "text"
    scale: float = 100.0
    prefix: str = ""

    name = "clip_score"
    title = "CLIPScore"
    definition = "scale * max(cosine of CLIP vectors of picture and text, 0), mean"
    source = "Hessel et al. 2021; torchmetrics 1.9.0 clip_score"
    range = (0.0, 100.0)
    unit = "percent"
    answer = "a picture or a video; reference: a text or a list of texts, or with against='image' a picture"
    needs = ("extra: learned", "weights: CLIP ViT-B/32")
    files = (("weights", CLIP_B32),)
    known = ("text", "image", "frames")

    def open(self) -> Clip:
        """The CLIP model."""
        device = pick_device(self.device)
        return open_clip(CLIP_B32.find(self.weights), device)

    def take_reference(self, value: Any) -> Any:
        """Texts or pictures."""
        if self.against == "text":
            return [self.prefix + text for text in _texts(value, self.name)]
        return super().take_reference(value)

    def values(self, pairs: Sequence[Pair]) -> FloatArray:
        """Scaled likeness."""
        if self.against != "text":
            return self.scale * super().values(pairs)
        clip = self.open()
        frames = split_frames(clip, [answer for answer, _ in pairs])
        texts = sorted({text for _, golds in pairs for text in golds})
        rows = dict(zip(texts, clip.texts(texts), strict=True))
        scores = [
            np.clip(f @ np.stack([rows[t] for t in golds]).T, 0.0, None).mean(axis=0).max()
            for f, (_, golds) in zip(frames, pairs, strict=True)
        ]
        return self.scale * np.array(scores)


@dataclass(frozen=True)
class FrameAccuracy(PerVideo):
    """Share of frames that CLIP finds closer to the target prompt than to every other given prompt, mean over videos.

    Options: ``weights``, a CLIP folder; ``device``. A frame as close to another prompt is not counted. A missing answer
    counts 0.
    """

    weights: str = ""
    device: str = ""

    name = "frame_accuracy"
    title = "Frame accuracy"
    definition = "share of frames whose CLIP cosine is larger with the target prompt than with the source prompt"
    source = "Qi et al. 2023 (FateZero), Frame-Acc"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a video; reference: a list of prompts, the target first, then the source"
    needs = ("extra: learned", "weights: CLIP ViT-B/32")
    files = (("weights", CLIP_B32),)

    def take_reference(self, value: Any) -> list[str]:
        """Two or more prompts."""
        prompts = _texts(value, self.name)
        if len(prompts) < 2:
            raise MetricError("frame_accuracy: a reference must be the target prompt and at least one other prompt")
        return prompts

    def values(self, pairs: Sequence[Pair]) -> FloatArray:
        """Shares."""
        device = pick_device(self.device)
        clip = open_clip(CLIP_B32.find(self.weights), device)
        frames = split_frames(clip, [answer for answer, _ in pairs])
        shares = []
        for rows, (_, prompts) in zip(frames, pairs, strict=True):
            cosine = rows @ clip.texts(prompts).T
            shares.append(float((cosine[:, 0] > cosine[:, 1:].max(axis=1)).mean()))
        return np.array(shares)
