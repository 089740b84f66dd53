"""The options of a diffusers model as arguments of its pipelines."""

from __future__ import annotations

import json
from typing import Any, Final, Literal

from genlevel.errors import ModelError
from genlevel.models.diffusers_checkpoint import Checkpoint
from genlevel.models.spec import Spec

__all__ = ["CALL", "Size", "pipeline_arguments", "read_size"]

CALL: Final = "call."
"""Begins an option that is an argument of the pipeline under its own name."""
Size = tuple[int, int] | Literal["native", "source"]
"""Width and height in pixels; or the checkpoint's own; or the source image's."""
_OURS: Final = frozenset(
    {"prompt", "image", "mask_image", "control_image", "video", "generator", "output_type", "return_dict"}
)
_LEAST, _MOST = 8, 16384


def read_size(spec: Spec) -> Size:
    """The option ``size``.

    Raises:
        ModelError: it is no size.
    """
    given = spec.text("size", "native")
    if given == "native" or given == "source":
        return given  # type: ignore[return-value]
    sides = given.lower().split("x")
    sides = sides * 2 if len(sides) == 1 else sides
    if len(sides) != 2 or not all(s.isascii() and s.isdigit() and _LEAST <= int(s) <= 16384 for s in sides):
        raise ModelError(f"model '{spec}': size={given} is neither WIDTHxHEIGHT, nor one side, nor native, nor source")
    return int(sides[0]), int(sides[1])


def pipeline_arguments(spec: Spec, checkpoint: Checkpoint) -> dict[str, Any]:
    """The arguments of pipelines that options stand for.

    Raises:
        ModelError: an option that no pipeline of the checkpoint has.
    """
    values: dict[str, tuple[tuple[str, ...], Any]] = {}
    if "steps" in spec.options:
        values["steps"] = ("num_inference_steps",), spec.integer("steps", 0, low=1, high=10_000)
    if "guidance" in spec.options:
        values["guidance"] = ("guidance_scale",), spec.number("guidance", 0.0, high=1000.0)
    if "strength" in spec.options:
        values["strength"] = ("strength",), spec.number("strength", 0.0, high=1.0)
    if "negative" in spec.options:
        values["negative"] = ("negative_prompt",), spec.text("negative", "")
    if "frames" in spec.options:
        values["frames"] = ("num_frames", "frames", "video_length"), spec.integer("frames", 0, low=1, high=4096)
    if "seconds" in spec.options:
        names: tuple[str, ...] = ("audio_length_in_s", "audio_end_in_s", "audio_duration")
        values["seconds"] = names, spec.number("seconds", 0.0, low=0.01, high=3600.0)
    for option in spec.options:
        if option.startswith(CALL):
            name = option.removeprefix(CALL)
            if name in _OURS:
                raise ModelError(f"model '{spec}': {option} is set by the samples themselves")
            values[option] = (name,), _value(spec.options[option])
    found: dict[str, Any] = {}
    for option, (names, value) in values.items():
        taken = [name for name in names if any(name in way.parameters for way in checkpoint.ways.values())]
        if not taken:
            pipelines = ", ".join(dict.fromkeys(way.title for way in checkpoint.ways.values()))
            raise ModelError(f"model '{spec}': {pipelines} has no {names[0]}, which option {option} sets")
        found.update(dict.fromkeys(taken, value))
    if "fps" in spec.options:
        found.update(dict.fromkeys(("frame_rate", "fps"), spec.integer("fps", 0, low=1, high=1000)))
    return found


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
