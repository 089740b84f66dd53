"""A checkpoint in memory: its configuration, its processors, its weights, and the device that they are on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from genlevel.errors import ModelError
from genlevel.models.local.families import Family, choose
from genlevel.models.local.folder import find_folder, folder_sha256, read_config
from genlevel.models.local.options import Options
from genlevel.models.local.without_video import load_without_video

__all__ = ["Checkpoint"]

_LENGTH: Final = 300
_SINGLE: Final = re.compile(r"(?:cpu|mps|cuda(?::\d+)?|xpu(?::\d+)?)\Z")
_PLACES: Final = (
    "max_position_embeddings",
    "n_positions",
    "max_target_positions",
    "max_sequence_length",
    "max_seq_len",
)


class Checkpoint:
    """What a SPEC names. The configuration is read at once; processors and weights when they are first needed."""

    def __init__(self, options: Options) -> None:
        self.options = options
        _need_library()
        self.folder: Path = find_folder(options.spec, options.revision, options.download)
        self.raw: dict[str, Any] = read_config(self.folder, options.spec)
        self.family: Family = choose(self.raw, options.spec, options.task)
        self.config: Any = self._config()
        self.model: Any = None
        self.device: Any = None
        self.dtype: Any = None
        self._parts: dict[str, Any] = {}

    @property
    def sha256(self) -> str:
        """The hash of the folder's files."""
        return folder_sha256(self.folder)

    def processor(self, kind: str = "processor") -> Any:
        """The checkpoint's ``processor`` (of all kinds together), ``image_processor``, ``feature_extractor`` or ``tokenizer``.

        Raises:
            ModelError: there is none, or it needs a library that is not installed.
        """
        if kind not in self._parts:
            self._parts[kind] = self._processor(kind)
        return self._parts[kind]

    @property
    def room(self) -> int | None:
        """How many tokens the text part of the model has places for; None where it does not say."""
        text = self.config.get_text_config(decoder=True)
        found = (getattr(text, name, None) for name in _PLACES)
        return next((n for n in found if isinstance(n, int) and not isinstance(n, bool) and n > 0), None)

    def load(self) -> None:
        """Read the weights and put them on the device.

        Raises:
            ModelError: they are missing, broken, of another architecture, or do not fit.
        """
        import torch

        if self.model is not None:
            return
        self.device = torch.device(self._device_name())
        shared = self.options.device_map and not _SINGLE.match(self.options.device_map)
        arguments: dict[str, Any] = {"dtype": self._dtype_name(), "output_loading_info": True}
        if shared:
            arguments["device_map"] = self.options.device_map
        if self.options.attn:
            arguments["attn_implementation"] = self.options.attn
        if not self.options.pickle:
            self._check_weights()
            arguments["use_safetensors"] = True
        model, info = self._guarded("its weights cannot be loaded", _loader(self._class(), self.config), **arguments)
        self._check_complete(info)
        if shared:
            self.device = model.device
        else:
            model = self._guarded("it does not fit on the device", model.to, self.device, where=False)
        self.model = model.eval()
        self.dtype = model.dtype

    def put(self, batch: Mapping[str, Any]) -> dict[str, Any]:
        """A batch's tensors on the device, numbers with a fraction in the model's precision."""
        return {name: self._moved(value) for name, value in batch.items()}

    def _moved(self, value: Any) -> Any:
        import torch

        if isinstance(value, (list, tuple)):
            return [self._moved(one) for one in value]
        if not isinstance(value, torch.Tensor):
            return value
        # The model is at work while pinned memory is copied.
        fast = self.device.type == "cuda" and value.device.type == "cpu"
        value = value.pin_memory() if fast else value
        dtype = self.dtype if value.is_floating_point() else value.dtype
        return value.to(self.device, dtype, non_blocking=fast)

    def _config(self) -> Any:
        from transformers import AutoConfig

        return self._guarded("its config.json is not understood", AutoConfig.from_pretrained)

    def _class(self) -> Any:
        import transformers

        listed = self.raw.get("architectures")
        architecture = listed[0] if isinstance(listed, list) and listed else ""
        found = getattr(transformers, str(architecture), None) if architecture else None
        if found is not None and not self.options.task:
            return found
        auto = getattr(transformers, self.family.auto, None) if self.family.auto else None
        if auto is None:
            raise ModelError(
                f"model '{self.options.spec}': transformers {transformers.__version__} cannot load "
                f"{architecture or self.family.name}; a newer version may"
            )
        return auto

    def _processor(self, kind: str) -> Any:
        import transformers

        autos = {
            "processor": "AutoProcessor",
            "image_processor": "AutoImageProcessor",
            "feature_extractor": "AutoFeatureExtractor",
            "tokenizer": "AutoTokenizer",
        }
        auto = getattr(transformers, autos[kind])
        what = f"it has no {kind.replace('_', ' ')} that can be loaded"
        if kind == "processor":
            found = self._guarded(what, load_without_video, auto, self.config, first=True)
        else:
            found = self._guarded(what, auto.from_pretrained)
        tokenizer = getattr(found, "tokenizer", found)
        if hasattr(tokenizer, "padding_side") and hasattr(tokenizer, "pad_token"):
            _ready_to_pad(tokenizer)
        return found

    def _guarded(self, what: str, call: Any, *given: Any, where: bool = True, first: bool = False, **named: Any) -> Any:
        """Call the library; whatever it raises becomes one line."""
        if where:
            named = {"local_files_only": True, "trust_remote_code": self.options.trust_remote_code, **named}
            given = (*given, str(self.folder)) if first else (str(self.folder), *given)
        try:
            with _offline(self.options.download):
                return call(*given, **named)
        except ModelError:
            raise
        except ImportError as error:
            raise ModelError(f"model '{self.options.spec}': {what}: {_lacking(error)}") from None
        except Exception as error:
            reason = " ".join(str(error).split())[:_LENGTH] or type(error).__name__
            raise ModelError(f"model '{self.options.spec}': {what} ({reason})") from None

    def _check_weights(self) -> None:
        if any(self.folder.glob("*.safetensors")):
            return
        pickled = next((path.name for path in sorted(self.folder.glob("*.bin"))), "")
        if pickled:
            raise ModelError(
                f"model '{self.options.spec}': {self.folder} holds its weights as {pickled}, a pickle; save them as "
                "safetensors, or add pickle=1 if you trust the file"
            )
        raise ModelError(f"model '{self.options.spec}': {self.folder} holds no weights (*.safetensors)")

    def _check_complete(self, info: Mapping[str, Any]) -> None:
        """The library would fill in what is missing with random numbers."""
        lacking = sorted(map(str, info.get("missing_keys") or ()))
        if lacking and not self.options.partial:
            raise ModelError(
                f"model '{self.options.spec}': {self.folder} lacks {len(lacking)} of the model's weights ({lacking[0]}, ...); "
                "they would be random numbers. partial=1 takes it so"
            )

    def _device_name(self) -> str:
        import torch

        if self.options.device_map and _SINGLE.match(self.options.device_map):
            return self.options.device_map
        if torch.cuda.is_available():
            return "cuda"
        return "cpu"

    def _dtype_name(self) -> str:
        """The precision: as asked, or the checkpoint's own; half precision has no kernels on a CPU for much of what is needed."""
        own = str(getattr(self.config, "dtype", None) or self.raw.get("torch_dtype") or "").removeprefix("torch.")
        if self.options.dtype == "auto" and self._device_name() == "cpu" and own == "float16":
            return "float32"
        return self.options.dtype


def _loader(found: Any, config: Any) -> Any:
    """What loads a class with the report on what was missing.

    Qwen2.5-Omni's own way, which adds the voices, fails where it is asked for that report: it is taken apart here.
    """
    mapping = getattr(found, "_model_mapping", None)
    own = found if mapping is None else mapping.get(type(config), found)
    if not hasattr(own, "load_speakers"):
        return found.from_pretrained
    from transformers import PreTrainedModel

    def load(folder: str, **named: Any) -> Any:
        voices = Path(folder) / "spk_dict.pt"
        if not voices.is_file():
            raise ModelError(f"{folder}: holds no spk_dict.pt, the voices of a model that speaks")
        plain: Any = PreTrainedModel.from_pretrained
        model, info = plain.__func__(own, folder, **named)
        model.load_speakers(str(voices))
        return model, info

    return load


@contextmanager
def _offline(allowed: bool) -> Iterator[None]:
    """Keep the library from fetching what a folder lacks: some of its classes do so whatever they are told."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = before or not allowed
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def _need_library() -> None:
    try:
        import torch
        import transformers.utils.logging as library_log
    except ImportError:
        raise ModelError(
            "models of the kind transformers need pip install 'genlevel[transformers]' (torch and transformers)"
        ) from None
    del torch
    quiet: Any = library_log
    quiet.set_verbosity_error()
    quiet.disable_progress_bar()


def _lacking(error: ImportError) -> str:
    """What is to be installed, from the library's message of several lines."""
    text = " ".join(str(error).split())
    match = re.search(r"requires the (\S+) library", text)
    return f"it needs {match.group(1).lower()}, which is not installed" if match else text[:_LENGTH]


def _ready_to_pad(tokenizer: Any) -> None:
    if tokenizer.pad_token is None and tokenizer.eos_token is not None:
        tokenizer.pad_token = tokenizer.eos_token
