"""Texts from tensors: the library's generation, its settings, and what it cost."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

from genlevel.errors import ModelError, RequestFailed
from genlevel.models.batching import Answer
from genlevel.models.local.checkpoint import Checkpoint
from genlevel.models.local.runner import said
from genlevel.models.local.sampling import seeded_sampling
from genlevel.records import Reply, Request, Usage

__all__ = ["Generated", "generate", "generation_config", "replies"]

_SAMPLING: Final = ("temperature", "top_k", "top_p", "min_p", "typical_p", "epsilon_cutoff", "eta_cutoff", "top_h")
_FEWEST: Final = 1
_START: Final = 8
_DRAWS: Final = frozenset({"janus", "emu3"})


class Generated:
    """New tokens of a batch, (B, N), and how many tokens went in and came out of each row."""

    def __init__(self, tokens: Any, read: Sequence[int], written: Sequence[int]) -> None:
        self.tokens, self.read, self.written = tokens, read, written


def generation_config(checkpoint: Checkpoint, prompt: int) -> tuple[Any, dict[str, Any]]:
    """The checkpoint's own settings with those of the SPEC over them, and how to sample (nothing: take the likeliest).

    Args:
        checkpoint: loaded.
        prompt: tokens that stand before the new ones in the decoder.

    Raises:
        RequestFailed: the prompt leaves no place for an answer.
        ModelError: beams and sampling together.
    """
    options, config = (
        checkpoint.options,
        copy.deepcopy(getattr(checkpoint.model, "thinker", checkpoint.model).generation_config),
    )
    own = {name: getattr(config, name, None) for name in ("do_sample", *_SAMPLING)}
    # The largest logit is taken after a step that has drawn already.
    config.do_sample = False
    for name in _SAMPLING:
        if hasattr(config, name):
            setattr(config, name, None)
    config.max_length, config.max_new_tokens = None, options.max_new_tokens
    room = checkpoint.room
    if room is not None:
        # Encoder-decoders begin with marks of their own: a start, and Whisper's language and task.
        room -= _START if _encodes(checkpoint.model) else 0
        if room - prompt < _FEWEST:
            raise RequestFailed(f"the request has {prompt} tokens; the model has places for {room}", 0)
        config.max_new_tokens = min(options.max_new_tokens, room - prompt)
    if options.num_beams is not None:
        config.num_beams = options.num_beams
    if config.pad_token_id is None:
        ends = config.eos_token_id
        config.pad_token_id = (ends[0] if isinstance(ends, list) else ends) or 0
    sampling = _sampling(checkpoint, own)
    if sampling and (config.num_beams or 1) > 1:
        raise ModelError(f"model '{options.spec}': num_beams={config.num_beams} and sampling cannot go together")
    return config, sampling


def _sampling(checkpoint: Checkpoint, own: Mapping[str, Any]) -> dict[str, Any]:
    options = checkpoint.options
    if options.temperature is None:
        if not own["do_sample"]:
            return {}
        drawn = {"temperature": own["temperature"] or 1.0, "top_k": own["top_k"], "top_p": own["top_p"]}
    elif options.temperature == 0:
        return {}
    else:
        drawn = {"temperature": options.temperature, "top_k": None, "top_p": None}
    if options.top_k is not None:
        drawn["top_k"] = options.top_k
    if options.top_p is not None:
        drawn["top_p"] = options.top_p
    return drawn


def generate(checkpoint: Checkpoint, inputs: Mapping[str, Any], requests: Sequence[Request], **more: Any) -> Generated:
    """Generate for a batch; prompts are cut off where the library gives them back.

    Args:
        checkpoint: loaded.
        inputs: the processor's tensors, not yet on the device.
        requests: one a row, for the seeds.
        more: further arguments of the library's ``generate``.
    """
    import torch

    # Of a model that also speaks, the half that writes.
    model = getattr(checkpoint.model, "thinker", checkpoint.model)
    given = checkpoint.put(inputs)
    prompt = given.get("decoder_input_ids", None if _encodes(model) else given.get("input_ids"))
    length = 0 if prompt is None else int(prompt.shape[1])
    config, drawn = generation_config(checkpoint, length)
    if drawn:
        more["logits_processor"] = seeded_sampling([r.seed for r in requests], model.device, **drawn)
    call = model.generate
    if model.config.model_type in _DRAWS:
        config.guidance_scale = None  # it is meant for pictures
    if model.config.model_type == "janus":
        # Its own method, which also draws, loses what is to be done with the logits; for text it does no more than this.
        from transformers import GenerationMixin

        call = partial(GenerationMixin.generate, model)
    with torch.inference_mode():
        tokens = call(**given, generation_config=config, **more)
    tokens = getattr(tokens, "sequences", tokens)
    if prompt is not None and tokens.shape[1] >= length and torch.equal(tokens[:, :length], prompt):
        tokens = tokens[:, length:]
    elif _encodes(model):
        tokens = tokens[:, 1:]  # the token that decoders start from
    return Generated(tokens, _read(inputs, len(requests)), _written(tokens, config))


def _encodes(model: Any) -> bool:
    return bool(getattr(model.config, "is_encoder_decoder", False))


def _read(inputs: Mapping[str, Any], rows: int) -> list[int]:
    mask = inputs.get("attention_mask")
    if mask is not None and mask.ndim == 2 and "input_ids" in inputs:
        return [int(n) for n in mask.sum(dim=1)]
    ids = inputs.get("input_ids", inputs.get("decoder_input_ids"))
    return [int(ids.shape[1]) if ids is not None else 0] * rows


def _written(tokens: Any, config: Any) -> list[int]:
    """How many tokens each row has up to its end, the end token included."""
    ends = config.eos_token_id
    ends = set(ends if isinstance(ends, (list, tuple)) else [ends])
    counts = []
    for row in tokens.tolist():
        end = next((i + 1 for i, token in enumerate(row) if token in ends), None)
        if end is None:
            end = len(row)
            while end and row[end - 1] == config.pad_token_id:
                end -= 1
        counts.append(end)
    return counts


def replies(texts: Sequence[str], made: Generated) -> list[Answer]:
    """Texts as replies with their cost; an empty text is a failure."""
    found: list[Answer] = []
    for text, read, written in zip(texts, made.read, made.written, strict=True):
        if text.strip():
            found.append(Reply(said(text.strip()).parts, Usage(read, written)))
        else:
            found.append(RequestFailed("the model answered with nothing"))
    return found
