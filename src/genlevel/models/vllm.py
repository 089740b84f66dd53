"""``vllm:PATH``: a checkpoint answered in batches by vLLM in this process, without a server.

PATH is a folder, or a hub id whose files are in the local cache (or download=1). vLLM is installed by its own instructions
(pip install vllm, on Linux with a GPU). For a vLLM that runs as a server use openai:NAME?base_url=...

Options, all of which may be left out:
  takes             kinds of part, with commas, that the checkpoint can be given (default: what config.json names encoders for)
  types             types of task, with commas, where it is to be asked no others (default: any)
  window            requests handed over at a time; vLLM makes its own batches of them (default: 256)
  max_tokens        of an answer (default: 512)
  temperature       default 0; above 0 sampled from the request's own seed; 'default' takes the checkpoint's own settings
  top_p, top_k      for sampling
  system            a system message
  chat_template     a file with a Jinja template (default: the checkpoint's own)
  frames            how many frames of a video, shown as images (default: 8)
  max_images        images of one request that room is kept for (default: 16)
  dtype, quantization, max_model_len, tensor_parallel_size, gpu_memory_utilization, enforce_eager      as vLLM names them
  revision, download, trust_remote_code      as for transformers:
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.base import Dataset
from genlevel.errors import GenlevelError, ModelError, RequestFailed
from genlevel.media.broken import blamed
from genlevel.models.base import Model
from genlevel.models.content import Pieces
from genlevel.models.local.folder import find_folder, folder_sha256, read_config
from genlevel.models.spec import Spec
from genlevel.records import Part, PartKind, Reply, Request, Usage

__all__ = ["VllmModel", "from_spec"]

_OPTIONS: Final = (
    "takes", "types", "window", "max_tokens", "temperature", "top_p", "top_k", "system", "chat_template", "frames", "max_images",
    "dtype", "quantization", "max_model_len", "tensor_parallel_size", "gpu_memory_utilization", "enforce_eager", "revision",
    "download", "trust_remote_code",
)  # fmt: skip
_FORM: Final = 1
_IMAGES: Final = "limit_mm_per_prompt"
_EYES: Final = frozenset(
    ["vision_config", "visual", "vision_tower", "mm_vision_tower", "vit_config", "img_processor", "image_token_id",
     "image_token_index", "embd_layer", "perceiver_config"]
)  # fmt: skip
_EARS: Final = frozenset(
    [
        "audio_config",
        "audio_encoder",
        "audio_token_id",
        "audio_token_index",
        "audio_processor",
        "speech_config",
        "encoder_config",
    ]
)


class VllmModel(Model):
    """vLLM's offline engine."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self.task_types = spec.task_types()
        self.batch_size = spec.integer("window", 256, low=1, high=65536)
        self._pieces = Pieces(frames=spec.integer("frames", 8, low=1, high=1024))
        self._folder = find_folder(spec, spec.text("revision", ""), spec.flag("download"))
        self.takes = spec.kinds("takes", _senses(self._config()))
        self.name = self._folder.name or spec.name
        self._sampling = _sampling(spec)
        self._template = _template(spec)
        self._engine_options = _engine_options(spec, self.takes)
        self._vllm: Any = _library()
        self._llm: Any = None

    def _config(self) -> Mapping[str, Any]:
        """``config.json``; empty where there is none, as in Mistral's own form, which vLLM reads too."""
        return read_config(self._folder, self._spec) if (self._folder / "config.json").exists() else {}

    def identity(self) -> Mapping[str, Any]:
        """The files' hash, vLLM's version and everything of the SPEC that changes an answer."""
        named = ("system", "frames", "max_model_len", "dtype", "quantization", "takes")
        return {
            "kind": "vllm",
            "name": self.name,
            "sha256": folder_sha256(self._folder),
            **self._sampling,
            **{name: self._spec.options[name] for name in named if name in self._spec.options},
            **({"chat_template": self._template} if self._template else {}),
            "vllm": str(getattr(self._vllm, "__version__", "")),
            "form": _FORM,
        }

    async def start(self, datasets: Sequence[Dataset]) -> None:
        """Load the weights."""
        options = dict(self._engine_options)
        try:
            try:
                self._llm = await asyncio.to_thread(self._vllm.LLM, str(self._folder), **options)
            except Exception as error:
                # A checkpoint that knows text alone is refused with a limit for images.
                if _IMAGES not in str(error) or options.pop(_IMAGES, None) is None:
                    raise
                self._llm = await asyncio.to_thread(self._vllm.LLM, str(self._folder), **options)
        except Exception as error:
            reason = " ".join(str(error).split())[:300]
            raise ModelError(f"model '{self._spec}': vLLM cannot load {self._folder} ({reason})") from None

    async def close(self) -> None:
        """Let go of the engine."""
        self._llm = None

    async def generate(self, request: Request) -> Reply:
        """Answer one request."""
        (answer,) = await self.generate_many([request])
        if isinstance(answer, RequestFailed):
            raise answer
        return answer

    async def generate_many(self, requests: Sequence[Request]) -> Sequence[Reply | RequestFailed]:
        """Hand all requests to vLLM together. What vLLM raises is raised, and each is then asked alone."""
        return await asyncio.to_thread(self._answers, requests)

    def _answers(self, requests: Sequence[Request]) -> list[Reply | RequestFailed]:
        found: dict[int, Reply | RequestFailed] = {}
        chats: dict[int, list[dict[str, Any]]] = {}
        for index, request in enumerate(requests):
            try:
                chats[index] = self._chat(request)
            except RequestFailed as error:
                found[index] = error
            except GenlevelError as error:
                found[index] = RequestFailed(str(error), 0)
        if chats:
            more = {"chat_template": self._template} if self._template else {}
            try:
                outputs = self._llm.chat(
                    list(chats.values()), [self._params(requests[index]) for index in chats], use_tqdm=False, **more
                )
            except Exception as error:
                if len(requests) > 1:
                    raise
                reason = " ".join(f"{type(error).__name__}: {error}".split())
                return [RequestFailed(blamed(reason, requests[0].parts))]
            # What was left in the engine when an earlier call raised comes out first.
            outputs = outputs[-len(chats) :]
            found.update({index: _reply(output) for index, output in zip(chats, outputs, strict=True)})
        return [found[index] for index in range(len(requests))]

    def _chat(self, request: Request) -> list[dict[str, Any]]:
        chat = [{"role": "user", "content": self._pieces.content(request.parts)}]
        system = self._spec.text("system", "")
        return [{"role": "system", "content": system}, *chat] if system else chat

    def _params(self, request: Request) -> Any:
        """The sampling of one request: each has its own seed."""
        fields = dict(self._sampling)
        if fields.pop("sampling", "") == "default":
            params = self._llm.get_default_sampling_params()
            params.max_tokens, params.seed = fields["max_tokens"], request.seed
            return params
        if fields["temperature"]:
            fields["seed"] = request.seed
        return self._vllm.SamplingParams(**fields)


def _reply(output: Any) -> Reply | RequestFailed:
    made = output.outputs[0]
    text = made.text.strip()
    if not text:
        return RequestFailed("the model answered with nothing")
    return Reply((Part("text", text),), Usage(len(output.prompt_token_ids or ()), len(made.token_ids)))


def _library() -> Any:
    try:
        import vllm
    except ImportError:
        raise ModelError("models of the kind vllm need vLLM (pip install vllm, on Linux with a GPU)") from None
    return vllm


def _sampling(spec: Spec) -> dict[str, Any]:
    fields: dict[str, Any] = {"max_tokens": spec.integer("max_tokens", 512, low=1)}
    if spec.text("temperature", "0") == "default":
        return {"sampling": "default", **fields}
    fields["temperature"] = spec.number("temperature", 0.0, high=10.0)
    if "top_p" in spec.options:
        fields["top_p"] = spec.number("top_p", 1.0, high=1.0)
    if "top_k" in spec.options:
        fields["top_k"] = spec.integer("top_k", 0)
    return fields


def _senses(config: Mapping[str, Any]) -> frozenset[PartKind]:
    """The kinds of part that a checkpoint's configuration names encoders for; all where it tells nothing."""
    parts = {**config, **(config["thinker_config"] if isinstance(config.get("thinker_config"), dict) else {})}
    sees, hears = bool(_EYES & parts.keys()), bool(_EARS & parts.keys())
    listed = config.get("architectures")
    writes = isinstance(listed, list) and bool(listed) and str(listed[0]).endswith("ForCausalLM")
    if not (sees or hears or writes):
        return frozenset({"text", "image", "audio", "video"})
    kinds: set[PartKind] = {"text"}
    if sees:
        kinds |= {"image", "video"}
    return frozenset(kinds | {"audio"} if hears else kinds)


def _engine_options(spec: Spec, takes: frozenset[PartKind]) -> dict[str, Any]:
    images = spec.integer("max_images", 16, low=1, high=4096)
    options: dict[str, Any] = {_IMAGES: {"image": images}} if "image" in takes else {}
    for name in ("dtype", "quantization", "revision"):
        if name in spec.options:
            options[name] = spec.options[name]
    for name in ("max_model_len", "tensor_parallel_size"):
        if name in spec.options:
            options[name] = spec.integer(name, 1, low=1)
    if "gpu_memory_utilization" in spec.options:
        options["gpu_memory_utilization"] = spec.number("gpu_memory_utilization", 0.9, low=0.01, high=1.0)
    for name in ("enforce_eager", "trust_remote_code"):
        if spec.flag(name):
            options[name] = True
    return options


def _template(spec: Spec) -> str:
    given = spec.text("chat_template", "")
    if not given:
        return ""
    try:
        return Path(given).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise ModelError(f"model '{spec}': chat_template={given} cannot be read; give a file") from None


def from_spec(spec: Spec) -> VllmModel:
    """The model of a SPEC."""
    spec.check(_OPTIONS)
    if not spec.name:
        raise ModelError("model 'vllm:' needs a folder, as in vllm:checkpoints/my-model")
    return VllmModel(spec)
