"""What a diffusers checkpoint can do, told from its files without loading a weight: which pipeline serves which request."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import json
import re
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from genlevel.errors import ModelError
from genlevel.records import PartKind

__all__ = ["Checkpoint", "Way", "fingerprint", "open_checkpoint", "quiet"]

WayName = Literal["text", "image", "mask", "control", "video"]

_VIDEO: Final = frozenset({"num_frames", "video", "video_length", "control_video"})
_AUDIO: Final = frozenset({"audio_length_in_s", "audio_end_in_s", "audio_duration"})
_MEDIA: Final = frozenset(
    {"image", "images", "mask_image", "control_image", "video", "input_images", "conditioning_frames"}
)
_INSTRUCTED: Final = re.compile(r"Pix2Pix|Kontext|Edit|Omni|Flux2|I2I")
_UPSCALER: Final = re.compile(r"Upscale|SuperResolution|Upsample")
_PICKLES: Final = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".msgpack"})
_BLOCKS, _BLOCK = 64, 64 * 1024
_SMALL: Final = 16 * 2**20
# Pipelines over the same weights that the library's own tables of automatic pipelines do not link.
_LINKED: Final[Mapping[str, tuple[tuple[WayName, str], ...]]] = {
    "AnimateDiffPipeline": (("video", "AnimateDiffVideoToVideoPipeline"),),
    "ChromaPipeline": (("image", "ChromaImg2ImgPipeline"), ("mask", "ChromaInpaintPipeline")),
    "CogVideoXPipeline": (("video", "CogVideoXVideoToVideoPipeline"),),
    "KolorsPipeline": (("image", "KolorsImg2ImgPipeline"),),
    "LTX2Pipeline": (("image", "LTX2ImageToVideoPipeline"),),
    "TextToVideoSDPipeline": (("video", "VideoToVideoSDPipeline"),),
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


@dataclass(frozen=True)
class Checkpoint:
    """A folder in the form that diffusers saves, and the ways in which it can be asked."""

    folder: Path
    pipeline: type
    ways: Mapping[WayName, Way]

    @property
    def takes(self) -> frozenset[PartKind]:
        """The kinds of part that some way takes."""
        kinds: set[PartKind] = {"text"}
        if self.ways.keys() & {"image", "mask", "control"}:
            kinds.add("image")
        if "video" in self.ways:
            kinds.add("video")
        return frozenset(kinds)

    @property
    def makes(self) -> frozenset[PartKind]:
        """The kinds of part that some way makes."""
        return frozenset(way.makes for way in self.ways.values())


@contextmanager
def quiet() -> Iterator[None]:
    """Without the libraries' warnings and progress on stderr."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for library in ("transformers", "diffusers"):
            logging = importlib.import_module(f"{library}.utils.logging")
            logging.set_verbosity_error()
            logging.disable_progress_bar()
        yield


def open_checkpoint(folder: Path, *, controlnet: bool, pickled: bool) -> Checkpoint:
    """Look at a checkpoint's files.

    Args:
        folder: as ``save_pretrained`` writes it, with a ``model_index.json``.
        controlnet: whether there is a ControlNet to go with it.
        pickled: whether weights in Python's pickle format are taken.

    Raises:
        ModelError: it is no such folder, or needs code or weights that are not taken, or nothing that genlevel can ask.
    """
    index = _json(folder / "model_index.json")
    name = index.get("_class_name")
    if not isinstance(name, str):
        raise ModelError(f"{folder}: the pipeline is code of its own ({name}); such checkpoints are not run")
    _check_components(folder, index, pickled)
    with quiet():
        import diffusers

        base = getattr(diffusers, name, None)
        if not (isinstance(base, type) and issubclass(base, diffusers.DiffusionPipeline)):
            raise ModelError(f"{folder}: diffusers {diffusers.__version__} has no pipeline '{name}'")
        found = _ways(base, _shares_weights(folder), controlnet)
    if not found:
        raise ModelError(f"{folder}: a {name} cannot be asked with text, images or a video; its kind is not supported")
    if controlnet and "control" not in found:
        raise ModelError(f"{folder}: there is no pipeline of a {name} with a ControlNet")
    return Checkpoint(folder, base, found)


def _json(path: Path) -> dict[str, Any]:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}); give a folder in the form that diffusers saves"
        ) from None
    except ValueError as error:
        raise ModelError(f"{path}: is no JSON ({' '.join(str(error).split())})") from None
    if not isinstance(value, dict):
        raise ModelError(f"{path}: is no JSON object")
    return value


def _check_components(folder: Path, index: Mapping[str, Any], pickled: bool) -> None:
    """Refuse code that comes with the checkpoint, and pickled weights, which are code when they are read."""
    for name, entry in index.items():
        if not isinstance(entry, list) or len(entry) != 2 or name.startswith("_"):
            continue
        if Path(name).name != name:
            raise ModelError(f"{folder}: component '{name}' is no name of a folder")
        part = folder / name
        if entry[0] is None or not part.is_dir():
            continue
        if any(part.glob("*.py")):
            raise ModelError(f"{part}: holds Python code; checkpoints with code of their own are not run")
        pickles = sorted(file.name for file in part.iterdir() if file.suffix.lower() in _PICKLES)
        if pickles and not pickled and not any(part.glob("*.safetensors")):
            raise ModelError(
                f"{part}: {pickles[0]} is a pickle, which can run code when it is read; "
                "save it as safetensors, or give pickle=1 if you trust it"
            )


def _shares_weights(folder: Path) -> bool:
    """Whether a UNet takes plain latents, so that other pipelines of its family can use it.

    One for inpainting or editing takes the mask or the source in further channels.
    """
    unet, vae = folder / "unet" / "config.json", folder / "vae" / "config.json"
    if not (unet.is_file() and vae.is_file()):
        return True
    return bool(_json(unet).get("in_channels") == _json(vae).get("latent_channels"))


def _ways(base: type, shares: bool, controlnet: bool) -> dict[WayName, Way]:
    import diffusers
    from diffusers.pipelines import auto_pipeline as auto

    ways: dict[WayName, Way] = {}

    def add(name: WayName, pipeline: type | None, extra: bool = False) -> None:
        way = _way(name, pipeline, extra) if pipeline is not None and name not in ways else None
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
        add("image", linked(getattr(auto, "AUTO_IMAGE2VIDEO_PIPELINES_MAPPING", {}), plain))
        add("video", linked(getattr(auto, "AUTO_VIDEO2VIDEO_PIPELINES_MAPPING", {}), plain))
        for name, other in _LINKED.get(base.__name__, ()):
            add(name, getattr(diffusers, other, None))
    if controlnet:
        drawing = linked(auto.AUTO_TEXT2IMAGE_PIPELINES_MAPPING, plain)
        named = (drawing or base).__name__.replace("Pipeline", "ControlNetPipeline")
        add("control", getattr(diffusers, named, None), extra=True)
    return ways


def _own_ways(base: type) -> list[WayName]:
    """How the checkpoint's own pipeline is asked."""
    from diffusers.pipelines import auto_pipeline as auto

    parameters = inspect.signature(base.__call__).parameters
    media = parameters.keys() & _MEDIA
    if "generator" not in parameters or "marigold" in base.__module__ or not (media or "prompt" in parameters):
        return []
    if not media:
        return ["text"]
    ways: list[WayName] = []
    if _is_control(base):
        return ["control"] if media <= {"image", "control_image"} and len(media) == 1 else []
    if {"image", "mask_image"} <= media and "control_image" not in media:
        ways.append("mask")
    elif "control_image" not in media:
        ways += ["image"] if "image" in media else []
        ways += ["video"] if "video" in media else []
    if ways and "mask" not in ways and base in auto.AUTO_TEXT2IMAGE_PIPELINES_MAPPING.values():
        ways.append("text")  # its image may be left out
    return ways


def _is_control(pipeline: type) -> bool:
    parts = inspect.signature(pipeline.__init__).parameters  # type: ignore[misc]
    own = inspect.signature(pipeline.__call__).parameters
    return "controlnet" in parts or "adapter" in parts or ("control_image" in own and "image" not in own)


def _way(name: WayName, pipeline: type, extra: bool) -> Way | None:
    parameters = inspect.signature(pipeline.__call__).parameters
    if "generator" not in parameters:
        return None
    medium = {"text": "", "video": "video"}.get(name, "image")
    if name == "control" and "control_image" in parameters:
        medium = "control_image"
    if medium and medium not in parameters:
        return None
    title = pipeline.__name__
    makes: PartKind = "image"
    if parameters.keys() & _AUDIO or "Audio" in title:
        makes = "audio"
    elif parameters.keys() & _VIDEO:
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


def fingerprint(folder: Path) -> str:
    """A SHA-256 over a checkpoint: names and sizes of its files, the small ones whole, of weights blocks at equal distances.

    Fine-tunes of one model differ in every part of their weights, and reading all of many gigabytes would take minutes.

    Raises:
        ModelError: a file cannot be read.
    """
    digest = hashlib.sha256()
    try:
        files = sorted(p for p in folder.rglob("*") if p.is_file() and not any(s.startswith(".") for s in p.parts[-1:]))
        for path in files:
            size = path.stat().st_size
            digest.update(f"{path.relative_to(folder).as_posix()} {size}\0".encode("utf-8", "surrogateescape"))
            with path.open("rb") as file:
                if size <= _SMALL:
                    digest.update(file.read())
                    continue
                for number in range(_BLOCKS):
                    file.seek(number * (size - _BLOCK) // (_BLOCKS - 1))
                    digest.update(file.read(_BLOCK))
    except OSError as error:
        raise ModelError(f"{error.filename}: cannot be read ({error.strerror})") from None
    return digest.hexdigest()
