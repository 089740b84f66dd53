"""Which family of models a checkpoint belongs to: told by its architecture, as the library's own tables list it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from genlevel.errors import ModelError
from genlevel.models.spec import Spec

__all__ = ["FAMILIES", "Family", "choose"]


@dataclass(frozen=True, slots=True)
class Family:
    """A kind of checkpoint: the library's auto class and table for it, and our class that asks it."""

    name: str
    auto: str
    """The library's auto class; '' where the architecture's own class is taken."""
    table: str
    """The table of the library that lists the architectures."""
    runner: str
    """``module:class`` of the one that asks it."""


_GENERATE: Final = "genlevel.models.local.prompted:Prompted"
# The first table that lists an architecture counts. A class that is in several stands with what it was made for: those that
# read a chat with media come before the tables of speech and translation, which list some of them too.
FAMILIES: Final = (
    Family("zero-shot-object-detection", "AutoModelForZeroShotObjectDetection", "ZERO_SHOT_OBJECT_DETECTION",
           "genlevel.models.local.detection:ZeroShotDetection"),
    Family("object-detection", "AutoModelForObjectDetection", "OBJECT_DETECTION",
           "genlevel.models.local.detection:Detection"),
    Family("universal-segmentation", "AutoModelForUniversalSegmentation", "UNIVERSAL_SEGMENTATION",
           "genlevel.models.local.segmentation:Universal"),
    Family("semantic-segmentation", "AutoModelForSemanticSegmentation", "SEMANTIC_SEGMENTATION",
           "genlevel.models.local.segmentation:Semantic"),
    Family("mask-generation", "AutoModelForMaskGeneration", "MASK_GENERATION", "genlevel.models.local.prompt_masks:PromptMasks"),
    Family("depth-estimation", "AutoModelForDepthEstimation", "DEPTH_ESTIMATION", "genlevel.models.local.dense:Depth"),
    Family("image-to-image", "AutoModelForImageToImage", "IMAGE_TO_IMAGE", "genlevel.models.local.dense:Upscaling"),
    Family("pose-estimation", "", "POSE_ESTIMATION", "genlevel.models.local.pose:Pose"),
    Family("image-classification", "AutoModelForImageClassification", "IMAGE_CLASSIFICATION",
           "genlevel.models.local.labels:ImageLabels"),
    Family("video-classification", "AutoModelForVideoClassification", "VIDEO_CLASSIFICATION",
           "genlevel.models.local.labels:VideoLabels"),
    Family("audio-classification", "AutoModelForAudioClassification", "AUDIO_CLASSIFICATION",
           "genlevel.models.local.labels:AudioLabels"),
    Family("text-classification", "AutoModelForSequenceClassification", "SEQUENCE_CLASSIFICATION",
           "genlevel.models.local.labels:TextLabels"),
    Family("ctc", "AutoModelForCTC", "CTC", "genlevel.models.local.speech:Ctc"),
    Family("multimodal", "AutoModelForMultimodalLM", "MULTIMODAL_LM", _GENERATE),
    Family("image-text-to-text", "AutoModelForImageTextToText", "IMAGE_TEXT_TO_TEXT", _GENERATE),
    Family("visual-question-answering", "AutoModelForVisualQuestionAnswering", "VISUAL_QUESTION_ANSWERING",
           "genlevel.models.local.questions:VisualQuestions"),
    Family("zero-shot-image-classification", "AutoModelForZeroShotImageClassification", "ZERO_SHOT_IMAGE_CLASSIFICATION",
           "genlevel.models.local.similarity:ImageSimilarity"),
    Family("speech-recognition", "AutoModelForSpeechSeq2Seq", "SPEECH_SEQ_2_SEQ", "genlevel.models.local.speech:Speech"),
    Family("text-to-audio", "AutoModelForTextToWaveform", "TEXT_TO_WAVEFORM", "genlevel.models.local.speech:Voice"),
    Family("text-to-text", "AutoModelForSeq2SeqLM", "SEQ_TO_SEQ_CAUSAL_LM", _GENERATE),
    Family("text-generation", "AutoModelForCausalLM", "CAUSAL_LM", _GENERATE),
)  # fmt: skip
_ALONE: Final[Mapping[str, str]] = {
    # Classes that no table lists, or only under another model's type.
    "ClapModel": "genlevel.models.local.similarity:AudioSimilarity",
}


def choose(config: Mapping[str, Any], spec: Spec, task: str = "") -> Family:
    """The family of a checkpoint.

    Args:
        config: its ``config.json``.
        spec: for messages.
        task: the name of a family that overrides the choice.

    Raises:
        ModelError: the architecture is in none of the library's tables, or ``task`` is no family.
    """
    if task:
        named = next((family for family in FAMILIES if family.name == task), None)
        if named is None:
            names = ", ".join(family.name for family in FAMILIES)
            raise ModelError(f"model '{spec}': option task={task} is none of {names}")
        return named
    listed = config.get("architectures")
    architecture = listed[0] if isinstance(listed, list) and listed and isinstance(listed[0], str) else ""
    if architecture in _ALONE:
        return Family("zero-shot-audio-classification", "", "", _ALONE[architecture])
    model_type = str(config.get("model_type", ""))
    # Some checkpoints name a class of before the library took it in (Qwen2.5-Omni does).
    known = architecture if _has(architecture) else ""
    for family in FAMILIES:
        table = _table(family.table)
        if known and any(known in classes for classes in table.values()):
            return family
        if not known and model_type in table:
            return family
    what = architecture or model_type
    if not what:
        raise ModelError(f"model '{spec}': config.json names neither 'architectures' nor 'model_type'")
    raise ModelError(
        f"model '{spec}': {what} is no architecture that can be asked here (transformers {_version()}); "
        "option task=NAME says what it is for, or write a function (python:)"
    )


def _table(name: str) -> dict[str, tuple[str, ...]]:
    """Class names by model type; empty where this version of the library has no such table."""
    from transformers.models.auto import modeling_auto

    table = getattr(modeling_auto, f"MODEL_FOR_{name}_MAPPING_NAMES", {})
    return {key: (value,) if isinstance(value, str) else tuple(value) for key, value in table.items()}


def _has(architecture: str) -> bool:
    """Whether the library has a class of this name."""
    import transformers

    return bool(architecture) and hasattr(transformers, architecture)


def _version() -> str:
    import transformers

    return str(transformers.__version__)
