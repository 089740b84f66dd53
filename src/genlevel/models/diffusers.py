"""``diffusers:PATH``: a diffusion pipeline in a folder (text, image, inpaint, control, edit, upscale, video, audio).

PATH is a folder in the form that diffusers saves, with a model_index.json. What a request holds decides which pipeline over the
checkpoint's weights is called: text alone, an image, an image and its mask, a control image, or a video. One checkpoint serves
every task that some pipeline of its family can do. Each sample is drawn from its own seed, whatever it is batched with.

Options, all of which may be left out (what is not given is the pipeline's own default):
  steps, guidance     number of denoising steps; guidance scale
  negative            negative prompt
  strength            how much of a source image or video is redrawn, 0 to 1
  size                WIDTHxHEIGHT or one side in pixels; native: the checkpoint's own number of pixels in the source's shape
                      (default); source: the source's own size
  upscale             image-super-resolution with a pipeline that keeps sizes: redraw the source enlarged by this factor
  frames, fps         of a video; seconds: length of a sound
  prompt              the prompt where the data has no words of its own (default: empty)
  controlnet          folder of a ControlNet; it gets the image of sketch-to-image and layout-to-image, with control=all of
                      every task
  call.NAME           any other argument of the pipeline, e.g. call.image_guidance_scale=1.5
  dtype               float32, float16, bfloat16 (default: float32 on a CPU, bfloat16 on a GPU); variant: e.g. fp16
  device              cpu, cuda, cuda:1, mps (default: cuda where there is one)
  offload             model or sequential: keep on the GPU only what is at work
  batch               samples in one call (default 1), halved when memory runs out; auto: find the size
  types               types of task, with commas, that it is asked; all for any that it has the kinds of part for (default: those
                      that its pipelines are made for)
  pickle              1: take weights that are pickles, which can run code when they are read

Nothing is downloaded and no code of the checkpoint is run. Needs the extra: pip install 'genlevel[diffusers]'.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.base import Dataset
from genlevel.errors import GenlevelError, ModelError, RequestFailed
from genlevel.models.base import BatchModel
from genlevel.models.batching import BatchSizes, answer_in_batches, release
from genlevel.models.diffusers_checkpoint import Checkpoint, fingerprint, open_checkpoint, quiet
from genlevel.models.diffusers_media import (
    Asked,
    film_frames,
    mask_picture,
    parts_of,
    picture,
    prompt_of,
    way_of,
    work_size,
)
from genlevel.models.diffusers_options import CALL, pipeline_arguments, read_size
from genlevel.models.diffusers_ways import Way, types_of
from genlevel.models.spec import Spec
from genlevel.records import Reply, Request

_OPTIONS: Final = (
    "steps", "guidance", "negative", "strength", "size", "upscale", "frames", "fps", "seconds", "prompt", "controlnet", "control",
    "dtype", "variant", "device", "offload", "batch", "pickle", "types",
)  # fmt: skip
# Pipelines that take one image a prompt. To others a list of images is several references for every prompt.
_BATCHED: Final = ("StableDiffusion", "LatentConsistency", "LDMSuperResolution", "Kolors", "FluxImg2Img", "FluxInpaint")
_AUTO_LARGEST: Final = 16
_DTYPES: Final = ("float32", "float16", "bfloat16")
_NOT_IDENTITY: Final = frozenset({"controlnet", "device", "offload", "batch", "pickle", "dtype", "types"})
_ANSWERS: Final = 1
"""Raised when requests are put in another form, so that stored answers are not taken for answers to the new ones."""


class DiffusersModel(BatchModel):
    """The pipelines over one checkpoint."""

    def __init__(self, spec: Spec, checkpoint: Checkpoint) -> None:
        self._checkpoint = checkpoint
        self.name = checkpoint.folder.name
        self.takes, self.makes = checkpoint.takes, checkpoint.makes
        self._given = pipeline_arguments(spec, checkpoint)
        self._size = read_size(spec)
        self._upscale = spec.number("upscale", 0.0, high=16.0)
        self.task_types = spec.task_types(types_of(checkpoint.ways, bool(self._upscale)))
        self._fps = spec.number("fps", 0.0, high=1000.0)
        self._prompt = spec.text("prompt", "")
        self._control_all = spec.one_of("control", ("drawings", "all")) == "all"
        self._controlnet = Path(spec.options["controlnet"]) if "controlnet" in spec.options else None
        if self._controlnet is not None:
            _net_class(self._controlnet)
        self._variant = spec.options.get("variant")
        self._offload = spec.one_of("offload", ("none", "model", "sequential"))
        self._pickled = spec.flag("pickle")
        self._device = spec.text("device", "") or _best_device()
        if self._offload != "none" and self._device == "cpu":
            raise ModelError(
                f"model '{spec}': offload={self._offload} moves weights between a GPU and the CPU; there is no GPU"
            )
        auto = spec.text("batch", "1") == "auto"
        self.batch_size = _AUTO_LARGEST if auto else spec.integer("batch", 1, low=1, high=1024)
        self._sizes = BatchSizes(start=1, most=_AUTO_LARGEST) if auto else BatchSizes(fixed=self.batch_size)
        default = "float32" if self._device == "cpu" else "bfloat16"
        self._dtype = spec.one_of("dtype", (default, *_DTYPES))
        folders = {"weights": checkpoint.folder, **({"controlnet": self._controlnet} if self._controlnet else {})}
        self._identity = {
            "kind": "diffusers",
            "pipeline": checkpoint.pipeline.__name__,
            **{name: fingerprint(folder) for name, folder in folders.items()},
            **{name: value for name, value in spec.options.items() if name not in _NOT_IDENTITY},
            "dtype": self._dtype,
            "answers": _ANSWERS,
        }
        self._base: Any = None
        self._net: Any = None
        self._pipelines: dict[str, Any] = {}

    def identity(self) -> Mapping[str, Any]:
        """The pipeline's class, hashes of the weights, the options and the type of number it computes with."""
        return dict(self._identity)

    def cannot(self, dataset: Dataset) -> str:
        """As of any model; and what would let it enlarge."""
        why = super().cannot(dataset)
        redraws = why and dataset.task.task_type == "image-super-resolution" and "image" in self._checkpoint.ways
        return "keeps the size of an image; upscale=N redraws it N times as large" if redraws else why

    async def start(self, datasets: Sequence[Dataset]) -> None:
        """Load the weights, off the event loop."""
        if self._base is None:
            await asyncio.to_thread(self._load)

    async def close(self) -> None:
        """Let go of the weights."""
        if self._base is not None:
            self._base = self._net = None
            self._pipelines = {}
            await asyncio.to_thread(release)

    def _load(self) -> None:
        with quiet():
            import torch

            dtype = getattr(torch, self._dtype)
            options: dict[str, Any] = {"local_files_only": True, "torch_dtype": dtype}
            options["use_safetensors"] = None if self._pickled else True
            if self._variant:
                options["variant"] = self._variant
            folder = self._checkpoint.folder
            try:
                self._base = self._checkpoint.pipeline.from_pretrained(str(folder), **options)  # type: ignore[attr-defined]
                self._place(self._base)
                if self._controlnet is not None:
                    options.pop("variant", None)
                    folder = self._controlnet
                    self._net = _net_class(folder).from_pretrained(str(folder), **options)
                    if self._offload == "none":
                        self._net.to(self._device)
            except GenlevelError:
                raise
            except Exception as error:
                raise ModelError(f"{folder}: cannot be loaded ({_reason(error)})") from None

    def _place(self, pipeline: Any) -> None:
        """Put a pipeline's weights where they are to be."""
        pipeline.set_progress_bar_config(disable=True)
        if self._offload == "model":
            pipeline.enable_model_cpu_offload(device=self._device)
        elif self._offload == "sequential":
            pipeline.enable_sequential_cpu_offload(device=self._device)
        else:
            pipeline.to(self._device)

    def _pipeline(self, way: Way) -> Any:
        """The pipeline of a way, over the weights that are loaded already."""
        if way.name not in self._pipelines:
            made = self._base
            if way.pipeline is not type(self._base):
                import torch

                extra = {"controlnet": self._net} if way.needs_controlnet else {}
                made = way.pipeline.from_pipe(self._base, torch_dtype=getattr(torch, self._dtype), **extra)  # type: ignore[attr-defined]
            if self._offload != "none":
                self._pipelines = {}  # weights have one set of hooks, which the next pipeline takes over
            self._pipelines[way.name] = made
            self._place(made)
        return self._pipelines[way.name]

    def generate_batch(self, requests: Sequence[Request]) -> list[Reply]:
        """Answer all requests.

        Raises:
            RequestFailed: for the first that cannot be answered.
        """
        answers = self._answers(requests)
        for answer in answers:
            if isinstance(answer, RequestFailed):
                raise answer
        return [answer for answer in answers if isinstance(answer, Reply)]

    async def generate_many(self, requests: Sequence[Request]) -> Sequence[Reply | RequestFailed]:
        """Answer all requests off the event loop, each by itself failing or not."""
        return await asyncio.to_thread(self._answers, requests)

    def _answers(self, requests: Sequence[Request]) -> list[Reply | RequestFailed]:
        assert self._base is not None, "start() comes first"
        asked: dict[int, Asked] = {}
        answers: dict[int, Reply | RequestFailed] = {}
        for request in requests:
            try:
                asked[id(request)] = self._asked(request)
            except RequestFailed as error:
                answers[id(request)] = error
            except GenlevelError as error:
                answers[id(request)] = RequestFailed(str(error), 0)
        with quiet():
            able = [request for request in requests if id(request) in asked]
            given = answer_in_batches(
                able,
                lambda batch: self._drawn([asked[id(request)] for request in batch]),
                self._sizes,
                free=release,
                kind=lambda request: asked[id(request)].kind,
                weight=lambda request: 0,
            )
        answers.update((id(request), answer) for request, answer in zip(able, given, strict=True))
        return [answers[id(request)] for request in requests]

    def _asked(self, request: Request) -> Asked:
        """What the pipeline is given for a request."""
        way = way_of(request, self._checkpoint, self._control_all)
        asked = Asked(way, prompt_of(request, way, self._prompt), request.seed, {})
        images = [part for part in request.parts if part.kind == "image"]
        if way.name == "video":
            frames = film_frames(next(part for part in request.parts if part.kind == "video"))
            size = self._work_size(frames[0].size, way)
            return replace(asked, media={"video": [frame.resize(size) for frame in frames]}, size=size)
        if not images:
            return replace(
                asked, size=None if isinstance(self._size, str) else work_size(self._size, self._size, None, 8)
            )
        source = picture(images[0])
        if way.upscaler:
            return replace(asked, media={way.medium: source})
        if request.task_type == "image-super-resolution":
            if not self._upscale:
                raise RequestFailed(
                    f"a {way.title} keeps the size of an image; upscale=N redraws it N times as large", 0
                )
            source = source.resize((round(source.width * self._upscale), round(source.height * self._upscale)))
            size = work_size(source.size, "source", None, self._multiple(way))
        else:
            size = self._work_size(source.size, way)
        media = {way.medium: source.resize(size)}
        if way.name == "mask":
            media["mask_image"] = mask_picture(images[1]).resize(size, 0)  # nearest, so that it stays a mask
        return replace(asked, media=media, size=size)

    def _multiple(self, way: Way) -> int:
        """What both sides have to be multiples of."""
        names = ("vae_scale_factor", "vae_scale_factor_spatial", "vae_spatial_compression_ratio")
        factors = [value for name in names if isinstance(value := getattr(self._base, name, None), int)]
        patched = 2 if getattr(self._base, "transformer", None) is not None else 1
        return max(factors, default=8) * patched

    def _work_size(self, source: tuple[int, int], way: Way) -> tuple[int, int]:
        return work_size(source, self._size, self._native(way), self._multiple(way))

    def _native(self, way: Way) -> int | None:
        """How many pixels the checkpoint draws by itself; None where it does not say."""
        defaults = [way.parameters[name].default for name in ("height", "width") if name in way.parameters]
        if len(defaults) == 2 and all(isinstance(value, int) for value in defaults):
            return int(defaults[0] * defaults[1])
        net = getattr(self._base, "unet", None) or getattr(self._base, "transformer", None)
        side = getattr(self._base, "default_sample_size", None) or getattr(
            getattr(net, "config", None), "sample_size", None
        )
        factor = getattr(self._base, "vae_scale_factor", None)
        return (side * factor) ** 2 if isinstance(side, int) and isinstance(factor, int) else None

    def _drawn(self, batch: Sequence[Asked]) -> list[Reply]:
        """One call of a pipeline; one by one where it does not take several images."""
        way = batch[0].way
        one_each = way.medium and not (way.makes == "image" and way.pipeline.__name__.startswith(_BATCHED))
        if one_each and len(batch) > 1:
            return [self._drawn([asked])[0] for asked in batch]
        import torch

        pipeline = self._pipeline(way)
        # Drawn on the CPU, where a seed gives the same numbers on every machine.
        generators = [torch.Generator("cpu").manual_seed(asked.seed) for asked in batch]
        arguments = {name: value for name, value in self._given.items() if name in way.parameters}
        arguments["generator"] = generators if len(batch) > 1 else generators[0]
        if "output_type" in way.parameters:
            arguments["output_type"] = "pil" if way.makes == "image" else "np"
        if "prompt" in way.parameters:
            arguments["prompt"] = [asked.prompt for asked in batch] if len(batch) > 1 else batch[0].prompt
        if len(batch) > 1 and isinstance(arguments.get("negative_prompt"), str):
            arguments["negative_prompt"] = [arguments["negative_prompt"]] * len(batch)
        for name in batch[0].media:
            arguments[name] = [asked.media[name] for asked in batch] if len(batch) > 1 else batch[0].media[name]
        if batch[0].size is not None and {"height", "width"} <= way.parameters.keys():
            arguments["width"], arguments["height"] = batch[0].size
        output = pipeline(**arguments)
        return [Reply((part,)) for part in parts_of(output, way, len(batch), pipeline, self._fps)]


def _net_class(folder: Path) -> Any:
    import diffusers

    try:
        name = json.loads((folder / "config.json").read_text(encoding="utf-8"))["_class_name"]
        found = getattr(diffusers, name, None) if "ControlNet" in name else None
    except (OSError, ValueError, KeyError, TypeError):
        found = None
    if found is None:
        raise ModelError(f"{folder}: holds no ControlNet (a config.json whose _class_name is one)")
    return found


def _best_device() -> str:
    import torch

    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _reason(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]


def from_spec(spec: Spec) -> DiffusersModel:
    """The model of a SPEC."""
    known = {option: value for option, value in spec.options.items() if not option.startswith(CALL)}
    replace(spec, options=known).check((*_OPTIONS, f"{CALL}NAME"))
    folder = Path(spec.name)
    if not spec.name or not folder.is_dir():
        raise ModelError(f"model '{spec}': there is no folder '{spec.name}'; give one in the form that diffusers saves")
    try:
        with quiet():
            import torch  # noqa: F401
    except ImportError as error:
        raise ModelError(f"model '{spec}' needs {error.name}: pip install 'genlevel[diffusers]'") from None
    checkpoint = open_checkpoint(folder, controlnet="controlnet" in spec.options, pickled=spec.flag("pickle"))
    return DiffusersModel(spec, checkpoint)
