"""Models: anything that answers a request. ``load(SPEC)`` makes one."""

from __future__ import annotations

from genlevel.models.base import BatchModel, Model
from genlevel.models.spec import Spec, parse
from genlevel.registry import Registry

__all__ = ["MODELS", "BatchModel", "Model", "Spec", "load", "parse"]

MODELS = Registry(
    "kind of model",
    "genlevel.models",
    {
        "openai": "genlevel.models.openai:from_spec",
        "python": "genlevel.models.python_function:from_spec",
        "transformers": "genlevel.models.local:from_spec",
        "vllm": "genlevel.models.vllm:from_spec",
        "predictions": "genlevel.models.predictions:from_spec",
        "nearest": "genlevel.models.nearest:from_spec",
        "specialist": "genlevel.models.specialists:from_spec",
        "command": "genlevel.models.command:from_spec",
        "composite": "genlevel.models.composite:from_spec",
        "litellm": "genlevel.models.litellm:from_spec",
        "diffusers": "genlevel.models.diffusers:from_spec",
    },
)


def load(spec: str | Spec) -> Model:
    """The model that a SPEC names.

    Raises:
        ModelError: if the SPEC, an option or what it points at is wrong.
    """
    parsed = parse(spec) if isinstance(spec, str) else spec
    model: Model = MODELS.load(parsed.kind)(parsed)
    return model
