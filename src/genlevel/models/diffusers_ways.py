"""Which pipelines of the diffusers library answer which kind of request with one checkpoint's weights."""

from __future__ import annotations

import inspect
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from genlevel.records import PartKind

__all__ = ["Way", "WayName", "types_of", "ways_of"]

WayName = Literal["text", "image", "mask", "control", "video"]

_VIDEO: Final = frozenset({"num_frames", "frames", "video", "video_length"})
_AUDIO: Final = frozenset({"audio_length_in_s", "audio_end_in_s", "audio_duration"})
_MEDIA: Final = frozenset(
    [
        "image",
        "images",
        "mask_image",
        "control_image",
        "video",
        "control_video",
        "controls",
        "input_images",
        "conditioning_frames",
    ]
)
_INSTRUCTED: Final = re.compile(r"Pix2Pix|Kontext|Edit|Omni|Flux2|I2I")
_UPSCALER: Final = re.compile(r"Upscale|SuperResolution|Upsample")
# They make embeddings, depth, text, shapes or several things at once, or need a source that no request has.
_OTHERS: Final = re.compile(
    r"Prior|Marigold|ShapE|LLaDA|Gemma|UniDiffuser|Versatile|VisualCloze|LDM3D|TextToVideoZero|AudioToAudio|Audio3Inpaint|Proteina"
)
# Their image or video may be left out, which the library's tables do not say.
_TEXT_TOO: Final = frozenset(
    [
        "BriaFibo2Pipeline",
        "Cosmos2_5_PredictBasePipeline",
        "Cosmos3OmniPipeline",
        "DreamLitePipeline",
        "LTXConditionPipeline",
    ]
)
# Pipelines over the same weights that the library's own tables of automatic pipelines do not link.
_LINKED: Final[Mapping[str, tuple[tuple[WayName, str], ...]]] = {
    "AnimateDiffPipeline": (("video", "AnimateDiffVideoToVideoPipeline"),),
    "ChromaPipeline": (("image", "ChromaImg2ImgPipeline"), ("mask", "ChromaInpaintPipeline")),
    "CogVideoXPipeline": (("video", "CogVideoXVideoToVideoPipeline"),),
    "KolorsPipeline": (("image", "KolorsImg2ImgPipeline"),),
    "LTX2Pipeline": (("image", "LTX2ImageToVideoPipeline"),),
    "TextToVideoSDPipeline": (("video", "VideoToVideoSDPipeline"),),
}


_DRAWN_FROM: Final = frozenset({"image-to-image", "layout-to-image", "sketch-to-image"})
_TYPES: Final[Mapping[tuple[WayName, PartKind], frozenset[str]]] = {
    ("text", "image"): frozenset({"text-to-image"}),
    ("image", "image"): _DRAWN_FROM | {"image-denoising"},
    ("control", "image"): _DRAWN_FROM,
    ("mask", "image"): frozenset({"image-inpainting"}),
    ("text", "video"): frozenset({"text-to-video"}),
    ("image", "video"): frozenset({"image-to-video"}),
    ("video", "video"): frozenset({"video-to-video"}),
    ("text", "audio"): frozenset({"text-to-audio"}),
}


@dataclass(frozen=True)
class Way:
    """A pipeline that answers one kind of request: with text alone, an image, an image and a mask, a control image, a video."""

    name: WayName
    pipeline: type
    parameters: Mapping[str, inspect.Parameter]
    medium: str
    """The parameter that takes the request's medium; '' for text alone."""
    makes: PartKind
    instructed: bool
    """Whether its prompt says what to do with the image, rather than what the picture shows."""
    upscaler: bool
    """Whether its output is larger than the image by a factor of its own."""
    needs_controlnet: bool = False

    @property
    def title(self) -> str:
        """What it is called in messages."""
        return self.pipeline.__name__


def ways_of(base: type, components: frozenset[str], shares: bool, controlnet: bool) -> dict[WayName, Way]:
    """The ways in which a checkpoint can be asked, each under its name.

    Args:
        base: the class of the checkpoint's own pipeline.
        components: what the checkpoint holds.
        shares: whether other pipelines of the family can use its network.
        controlnet: whether there is a ControlNet to go with it.
    """
    import diffusers
    from diffusers.pipelines import auto_pipeline as auto

    ways: dict[WayName, Way] = {}

    def add(name: WayName, pipeline: type | None, extra: bool = False) -> None:
        if pipeline is None or name in ways or (name != "control" and _is_control(pipeline)):
            return
        held = components | {"controlnet"} if extra else components
        way = _way(name, pipeline, extra) if pipeline is base or _needed(pipeline) <= held else None
        if way is not None:
            ways[name] = way

    def linked(mapping: Mapping[str, type], name: str) -> type | None:
        found: type | None = auto._get_task_class(mapping, name, throw_error_if_not_exist=False)
        return found

    for name in _own_ways(base):
        add(name, base)
    plain = base.__name__.replace("ControlNet", "")
    if shares:
        add("text", linked(auto.AUTO_TEXT2IMAGE_PIPELINES_MAPPING, plain))
        add("image", linked(auto.AUTO_IMAGE2IMAGE_PIPELINES_MAPPING, plain))
        add("mask", linked(auto.AUTO_INPAINT_PIPELINES_MAPPING, plain))
        add("image", linked(_table("IMAGE2VIDEO"), plain))
        add("video", linked(_table("VIDEO2VIDEO"), plain))
        for name, other in _LINKED.get(base.__name__, ()):
            add(name, getattr(diffusers, other, None))
    if controlnet:
        drawing = linked(auto.AUTO_TEXT2IMAGE_PIPELINES_MAPPING, plain)
        named = (drawing or base).__name__.replace("Pipeline", "ControlNetPipeline")
        add("control", getattr(diffusers, named, None), extra=True)
    return ways


def types_of(ways: Mapping[WayName, Way], enlarges: bool) -> frozenset[str]:
    """The types of task that some way is made for. A pipeline draws; maps of labels, depth or flow, and speech, it does not make.

    Args:
        ways: those of the checkpoint.
        enlarges: whether an image is redrawn larger.
    """
    found: set[str] = set()
    for way in ways.values():
        if way.upscaler:
            found.add("image-super-resolution")
        else:
            found |= _TYPES.get((way.name, way.makes), frozenset())
    return frozenset(found | {"image-super-resolution"} if enlarges and "image" in ways else found)


def _table(name: str) -> Mapping[str, type]:
    """One of the library's tables of pipelines by family; earlier versions have fewer."""
    from diffusers.pipelines import auto_pipeline as auto

    found: Mapping[str, type] = getattr(auto, f"AUTO_{name}_PIPELINES_MAPPING", {})
    return found


def _needed(pipeline: Any) -> frozenset[str]:
    """The components without which a pipeline cannot be made."""
    optional = set(getattr(pipeline, "_optional_components", ()))
    given = inspect.signature(pipeline.__init__).parameters
    return frozenset(
        name
        for name, one in given.items()
        if name != "self"
        and name not in optional
        and one.default is inspect.Parameter.empty
        and one.kind is not one.VAR_KEYWORD
    )


def _own_ways(base: type) -> list[WayName]:
    """How the checkpoint's own pipeline is asked."""
    parameters = inspect.signature(base.__call__).parameters
    media = parameters.keys() & _MEDIA
    if not (media or "prompt" in parameters):
        return []
    if not media:
        return ["text"]
    ways: list[WayName] = []
    if _is_control(base):
        return ["control"] if len(media) == 1 and "Inpaint" not in base.__name__ else []
    if {"image", "mask_image"} <= media and "control_image" not in media:
        return ["mask"]
    if "control_image" not in media:
        ways += ["image"] if "image" in media else []
        ways += ["video"] if "video" in media else []
    tables = {*_table("TEXT2IMAGE").values(), *_table("TEXT2VIDEO").values()}
    if ways and (base in tables or base.__name__ in _TEXT_TOO):
        ways.append("text")  # its image or video may be left out
    return ways


def _is_control(pipeline: type) -> bool:
    parts = inspect.signature(pipeline.__init__).parameters  # type: ignore[misc]
    own = inspect.signature(pipeline.__call__).parameters
    return "controlnet" in parts or "adapter" in parts or "control_image" in own


def _way(name: WayName, pipeline: type, extra: bool) -> Way | None:
    title = pipeline.__name__
    parameters = inspect.signature(pipeline.__call__).parameters
    medium = {"text": "", "video": "video"}.get(name, "image")
    if name == "control" and "control_image" in parameters:
        medium = "control_image"
    given = {"self", "prompt", medium, *(["mask_image"] if name == "mask" else [])}
    needed = {
        key for key, one in parameters.items() if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD
    }
    if (
        _OTHERS.search(title)
        or "generator" not in parameters
        or needed - given
        or (medium and medium not in parameters)
    ):
        return None
    makes: PartKind = "image"
    if parameters.keys() & _AUDIO or "Audio" in title:
        makes = "audio"
    elif parameters.keys() & _VIDEO or "Video" in title:
        makes = "video"
    return Way(
        name,
        pipeline,
        parameters,
        medium,
        makes,
        instructed=bool(_INSTRUCTED.search(title)),
        upscaler=bool(_UPSCALER.search(title)),
        needs_controlnet=extra,
    )
