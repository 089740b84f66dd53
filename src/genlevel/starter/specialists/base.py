"""What a specialist is, which there are, and how they read requests and give answers."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import orjson

from genlevel.errors import ModelError
from genlevel.media import encode_ply, encode_png, encode_wav, load_audio, load_image, load_points
from genlevel.records import Part, PartKind, Request
from genlevel.starter.base import Array, quantised


@dataclass(frozen=True, slots=True)
class Example:
    """A training request and its right answer, in the shape that the task's metric takes."""

    request: Request
    reference: Any


class Specialist(ABC):
    """Does one task and nothing else."""

    def fit(self, examples: Sequence[Example]) -> None:  # noqa: B027 - most rules need no examples
        """Learn from the task's training examples."""

    @abstractmethod
    def answer(self, request: Request) -> Part:
        """The answer to one request."""


SPECIALISTS: dict[str, str] = {
    "image.comprehension.shape-classification": "image_seen:ShapeName",
    "image.comprehension.disc-counting": "image_seen:DiscCount",
    "image.comprehension.colour-questions": "image_seen:ColourAnswer",
    "image.comprehension.place-questions": "image_seen:PlaceAnswer",
    "image.comprehension.shape-detection": "image_seen:ShapeBoxes",
    "image.comprehension.shape-segmentation": "image_seen:ShapeMask",
    "image.comprehension.fog-depth": "image_seen:FogDepth",
    "image.generation.image-denoising": "image_made:Denoised",
    "image.generation.image-inpainting": "image_made:Inpainted",
    "image.generation.super-resolution": "image_made:Enlarged",
    "image.generation.image-deblurring": "image_made:Sharpened",
    "image.generation.sketch-to-image": "image_made:ColouredSketch",
    "video.comprehension.motion-classification": "video:MotionName",
    "video.comprehension.flash-counting": "video:FlashCount",
    "video.comprehension.object-tracking": "video:TemplateTracker",
    "video.generation.frame-interpolation": "video:FrameBetween",
    "video.generation.frame-prediction": "video:FrameAfter",
    "video.generation.clip-denoising": "video:CleanFrame",
    "audio.comprehension.tone-recognition": "audio:NoteName",
    "audio.comprehension.chord-recognition": "audio:ChordName",
    "audio.comprehension.timbre-classification": "audio:TimbreName",
    "audio.generation.noise-removal": "audio:SpectralGate",
    "audio.generation.clipping-repair": "audio:Declipped",
    "audio.generation.tone-synthesis": "audio:Oscillator",
    "3d.comprehension.solid-classification": "points:SolidName",
    "3d.comprehension.solid-counting": "points:SolidCount",
    "3d.comprehension.lamp-parts": "points:PartLabels",
    "3d.generation.shape-completion": "points:Mirrored",
    "3d.generation.point-denoising": "points:Smoothed",
    "language.word-rewriting": "language:WordRules",
    "language.word-problems": "language:ProblemPatterns",
    "language.review-sentiment": "language:NgramClassifier",
    "language.entailment": "language:NgramClassifier",
    "language.person-names": "language:NamePairs",
    "language.where-questions": "language:SentenceOverlap",
    "language.passive-voice": "language:SuffixRules",
    "language.weather-reports": "language:ReportSlots",
}
"""By task id: module and class."""


def specialist(task_id: str) -> Specialist:
    """A new specialist for a starter task.

    Raises:
        ModelError: there is none for this task, or the libraries that it uses are not installed.
    """
    if task_id not in SPECIALISTS:
        raise ModelError(f"there is no specialist for task '{task_id}'; specialists know the starter set alone")
    module, _, name = SPECIALISTS[task_id].partition(":")
    require_extra()
    made: Specialist = getattr(import_module(f"genlevel.starter.specialists.{module}"), name)()
    return made


def require_extra() -> None:
    """Raise a ModelError unless scikit-image and scikit-learn are installed."""
    for name in ("skimage", "sklearn"):
        try:
            import_module(name)
        except ImportError:
            raise ModelError(
                "the specialists need scikit-image and scikit-learn; install them with: pip install 'genlevel[demo]'"
            ) from None


def words_of(request: Request) -> str:
    """All text of a request."""
    return "\n".join(part.text for part in request.parts if part.kind == "text")


def media_of(request: Request, kind: PartKind) -> list[Part]:
    """The parts of one kind, in order."""
    return [part for part in request.parts if part.kind == kind]


def image_of(request: Request, at: int = 0) -> Array:
    """An image of the request as floats in [0, 1], (H, W, 3)."""
    pixels: Array = load_image(media_of(request, "image")[at]) / 255.0
    return pixels


def sound_of(request: Request) -> tuple[Array, int]:
    """The sound of the request, (n,), and its rate."""
    sound, rate = load_audio(media_of(request, "audio")[0])
    return sound.astype(np.float64), rate


def points_of(request: Request) -> Array:
    """The points of the request, (N, 3)."""
    return load_points(media_of(request, "points")[0])[:, :3]


def number_of(reference: Any) -> int:
    """A whole number that is the right answer, as a number, a text or a list of texts."""
    first = reference[0] if isinstance(reference, (list, tuple)) else reference
    return int(float(first))


def text(value: Any) -> Part:
    """A text, or anything else as JSON."""
    words = value if isinstance(value, str) else orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY).decode()
    return Part("text", words)


def image(pixels: Array) -> Part:
    """Floats in [0, 1] or whole numbers as a PNG."""
    return Part("image", data=encode_png(quantised(pixels)), media_type="image/png")


def sound(samples: Array, rate: int) -> Part:
    """Samples as a WAV; a sound that is too loud is scaled down, not clipped."""
    loudest = max(1.0, float(np.abs(samples).max()))
    return Part("audio", data=encode_wav(samples / loudest, rate), media_type="audio/wav")


def points(values: Array) -> Part:
    """Points as a PLY file."""
    return Part("points", data=encode_ply(values), media_type="model/ply")
