"""Models that understand and make: images from Janus and Emu3, speech from the Omni models, beside their texts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol

from genlevel.errors import RequestFailed
from genlevel.models.batching import Answer
from genlevel.models.local.checkpoint import Checkpoint
from genlevel.models.local.parts import image_of
from genlevel.records import Part, PartKind, Reply, Request, Usage

__all__ = ["Maker", "find"]

_RATE: Final = 24_000
"""Samples a second of the Omni models' speech."""
_SPEAKS: Final[Mapping[str, str]] = {
    "qwen2_5_omni": (
        "You are Qwen, a virtual human developed by the Qwen Team, Alibaba Group, capable of perceiving auditory and visual "
        "inputs, as well as generating text and speech."
    ),
}
"""The system message without which, by its makers' word, a model's speech may not be as it should."""


class Asks(Protocol):
    """What a maker needs of the runner."""

    checkpoint: Checkpoint

    def inputs(self, requests: list[Request], *, system: str = "", **more: Any) -> Mapping[str, Any]:
        """The processor's tensors; ``system`` is the system message where the user gives none."""


@dataclass(frozen=True)
class Maker:
    """How one architecture makes a medium."""

    makes: frozenset[PartKind]
    make: Callable[[Asks, Request], Answer]


def find(checkpoint: Checkpoint) -> Maker | None:
    """How a checkpoint makes media; None for those that write text alone."""
    if not getattr(checkpoint.config, "enable_audio_output", True):
        return None
    return _MAKERS.get(checkpoint.config.model_type)


def _draw_janus(runner: Asks, request: Request) -> Answer:
    """Janus: a row of image tokens, drawn with guidance, and decoded to pixels."""
    import torch

    checkpoint = runner.checkpoint
    model, processor = checkpoint.model, checkpoint.processor()
    given = checkpoint.put(runner.inputs([request], generation_mode="image"))
    config = _drawing_config(checkpoint)
    with torch.inference_mode(), seeded(request.seed, model.device):
        tokens = model.generate(**given, generation_mode="image", generation_config=config)
        pixels = model.decode_image_tokens(tokens.to(model.device))
    return _drawn(_colours(processor.image_processor, pixels[0]), given, tokens)


def _colours(processor: Any, pixels: Any) -> Any:
    """What Janus decodes, (H, W, 3), as uint8: its processor's way in backwards, fractions cut off as its makers do.

    The library's own way back to pictures fails beside torchvision: it takes their kind for one of tensor.
    """
    import numpy as np

    found = pixels.float().cpu().numpy()
    if processor.do_normalize:
        found = found * np.asarray(processor.image_std, np.float32) + np.asarray(processor.image_mean, np.float32)
    return np.clip(found / processor.rescale_factor, 0, 255).astype(np.uint8)


def _draw_emu3(runner: Asks, request: Request) -> Answer:
    """Emu3: image tokens row by row, held to their grid, then the end marks; decoded to pixels."""
    import numpy as np
    import torch

    checkpoint = runner.checkpoint
    model, processor = checkpoint.model, checkpoint.processor()
    if any(part.kind == "image" for part in request.parts):
        raise RequestFailed("Emu3 draws from text alone; the request shows an image", 0)
    batch = dict(runner.inputs([request], return_for_image_generation=True, **_area(checkpoint)))
    (height, width), *_ = torch.as_tensor(batch.pop("image_sizes")).tolist()
    given = checkpoint.put(batch)
    config = _drawing_config(checkpoint)
    config.max_new_tokens, config.max_length = height * (width + 1) + 3, None
    more: dict[str, Any] = {}
    if (config.guidance_scale or 1) > 1:
        # Guided away from what it would draw without a prompt.
        empty = processor(text=[""], return_for_image_generation=True, return_tensors="pt", **_area(checkpoint))
        bare = checkpoint.put({"ids": empty["input_ids"], "mask": empty["attention_mask"]})
        more = {"negative_prompt_ids": bare["ids"], "negative_prompt_attention_mask": bare["mask"]}
    grid = _grid(
        processor.tokenizer, model.model.vocabulary_mapping.image_tokens, height, width, given["input_ids"].shape[1]
    )
    with torch.inference_mode(), seeded(request.seed, model.device):
        tokens = model.generate(**given, generation_config=config, prefix_allowed_tokens_fn=grid, **more)
        tokens = tokens[:, given["input_ids"].shape[1] :]
        pixels = model.decode_image_tokens(image_tokens=tokens, height=height, width=width)
    images = processor.post_process_multimodal_output(list(pixels.float()), generation_mode="image")
    return _drawn(np.asarray(images[0].convert("RGB")), given, tokens)


def _area(checkpoint: Checkpoint) -> dict[str, Any]:
    """The size of Emu3's pictures, where the checkpoint's processor says less than the library's default."""
    most = getattr(checkpoint.processor().image_processor, "max_pixels", None)
    return {"image_area": min(518_400, int(most))} if most else {}


def _grid(tokenizer: Any, visual: Any, height: int, width: int, start: int) -> Any:
    """Which tokens may follow: image tokens, an end-of-line after each row, and the end marks behind the last one."""
    line, frame, last, end, pad = (
        tokenizer.convert_tokens_to_ids(token)
        for token in (
            "<|extra_200|>",
            tokenizer.eof_token,
            tokenizer.eoi_token,
            tokenizer.eos_token,
            tokenizer.pad_token,
        )
    )
    image_tokens = [int(token) for token in visual]

    def allowed(batch: int, ids: Any) -> list[int]:
        del batch
        place = int(ids.shape[0]) - start
        rows = height * (width + 1)
        if place < rows:
            return [line] if (place + 1) % (width + 1) == 0 else image_tokens
        return [(frame, last, end)[place - rows]] if place - rows < 3 else [pad]

    return allowed


def _drawing_config(checkpoint: Checkpoint) -> Any:
    """The checkpoint's own settings: pictures are sampled as its makers meant, whatever texts are."""
    import copy

    config = copy.deepcopy(checkpoint.model.generation_config)
    config.num_beams, config.num_return_sequences = 1, 1
    if config.pad_token_id is None:
        config.pad_token_id = 0
    if checkpoint.options.temperature:
        config.do_sample, config.temperature = True, checkpoint.options.temperature
    return config


class seeded:
    """The library draws from the global generators here: they start from the request's seed and are put back."""

    def __init__(self, seed: int, device: Any) -> None:
        self._seed = seed
        self._devices = [device] if device.type == "cuda" else []

    def __enter__(self) -> None:
        import torch

        self._fork = torch.random.fork_rng(devices=self._devices)
        self._fork.__enter__()
        torch.manual_seed(self._seed)

    def __exit__(self, *error: Any) -> None:
        self._fork.__exit__(*error)


def _drawn(pixels: Any, given: Mapping[str, Any], tokens: Any) -> Reply:
    return Reply((image_of(pixels),), Usage(int(given["input_ids"].shape[1]), int(tokens.shape[1])))


def _speak(runner: Asks, request: Request) -> Answer:
    """Qwen's Omni models: the answer spoken, with its text beside it."""
    import torch

    from genlevel.media import encode_wav

    checkpoint = runner.checkpoint
    if not getattr(checkpoint.model, "has_talker", False):
        raise RequestFailed("the checkpoint has no voice (enable_audio_output is off)", 0)
    system = _SPEAKS.get(checkpoint.config.model_type, "")
    given = checkpoint.put(runner.inputs([request], system=system))
    tokenizer = checkpoint.processor().tokenizer
    with torch.inference_mode(), seeded(request.seed, checkpoint.model.device):
        tokens, waveform = checkpoint.model.generate(
            **given, generation_mode="audio", thinker_max_new_tokens=checkpoint.options.max_new_tokens
        )
    tokens = getattr(tokens, "sequences", tokens)[:, given["input_ids"].shape[1] :]
    written = tokenizer.batch_decode(tokens, skip_special_tokens=True)[0].strip()
    wave = waveform.float().reshape(-1).cpu().numpy()
    part = Part("audio", data=encode_wav(wave, _RATE), media_type="audio/wav")
    parts = (Part("text", written), part) if written else (part,)
    return Reply(parts, Usage(int(given["input_ids"].shape[1]), int(tokens.shape[1])))


_OMNI: Final = Maker(frozenset({"audio"}), _speak)
_MAKERS: Final[Mapping[str, Maker]] = {
    "janus": Maker(frozenset({"image"}), _draw_janus),
    "emu3": Maker(frozenset({"image"}), _draw_emu3),
    "qwen2_5_omni": _OMNI,
    "qwen3_omni_moe": _OMNI,
}
