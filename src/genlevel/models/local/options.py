"""The options of a ``transformers:`` SPEC."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from genlevel.errors import ModelError
from genlevel.models.spec import Spec

__all__ = ["Options", "read_options"]

_KNOWN: Final = (
    "task", "dtype", "device_map", "attn", "batch", "max_batch", "window", "max_new_tokens", "temperature", "top_p", "top_k",
    "num_beams", "chat_template", "system", "threshold", "language", "frames", "detector", "revision", "download",
    "trust_remote_code", "pickle", "partial", "takes", "makes", "types",
)  # fmt: skip
_DTYPES: Final = ("auto", "float32", "bfloat16", "float16")


@dataclass(frozen=True)
class Options:
    """What a SPEC says, checked. Numbers that are not given are None: the checkpoint's own value holds."""

    spec: Spec
    task: str
    dtype: str
    device_map: str
    attn: str
    batch: int
    max_batch: int
    window: int
    max_new_tokens: int
    temperature: float | None
    top_p: float | None
    top_k: int | None
    num_beams: int | None
    chat_template: str
    system: str
    threshold: float | None
    language: str
    frames: int
    detector: str
    revision: str
    download: bool
    trust_remote_code: bool
    pickle: bool
    partial: bool

    @property
    def generation(self) -> dict[str, float | int | str]:
        """The options that a generated text depends on, as stored with a run."""
        named: dict[str, float | int | str | None] = {
            "max_new_tokens": self.max_new_tokens,
            "temperature": "default" if self.temperature is None else self.temperature,
            "top_p": self.top_p,
            "top_k": self.top_k,
            "num_beams": self.num_beams,
        }
        return {name: value for name, value in named.items() if value is not None}


def read_options(spec: Spec) -> Options:
    """The options of a SPEC.

    Raises:
        ModelError: naming the option that is unknown or out of range.
    """
    spec.check(_KNOWN)
    if not spec.name:
        raise ModelError("model 'transformers:' needs a folder, as in transformers:checkpoints/my-model")
    batch = spec.text("batch", "auto")
    fixed = 0 if batch == "auto" else spec.integer("batch", 1, low=1, high=4096)
    default = spec.text("temperature", "0") == "default"
    return Options(
        spec=spec,
        task=spec.text("task", ""),
        dtype=spec.one_of("dtype", _DTYPES),
        device_map=spec.text("device_map", ""),
        attn=spec.text("attn", ""),
        batch=fixed,
        max_batch=spec.integer("max_batch", 64, low=1, high=4096),
        window=spec.integer("window", max(64, 4 * fixed), low=1, high=16384),
        max_new_tokens=spec.integer("max_new_tokens", 512, low=1, high=1_000_000),
        temperature=None if default else spec.number("temperature", 0.0, high=100.0),
        top_p=spec.number("top_p", 1.0, high=1.0) if "top_p" in spec.options else None,
        top_k=spec.integer("top_k", 0) if "top_k" in spec.options else None,
        num_beams=spec.integer("num_beams", 1, low=1, high=64) if "num_beams" in spec.options else None,
        chat_template=_template(spec),
        system=spec.text("system", ""),
        threshold=spec.number("threshold", 0.0, high=1.0) if "threshold" in spec.options else None,
        language=spec.text("language", ""),
        frames=spec.integer("frames", 8, low=1, high=1024),
        detector=spec.text("detector", ""),
        revision=spec.text("revision", ""),
        download=spec.flag("download"),
        trust_remote_code=spec.flag("trust_remote_code"),
        pickle=spec.flag("pickle"),
        partial=spec.flag("partial"),
    )


def _template(spec: Spec) -> str:
    """A chat template: a file's content, ``none``, or nothing for the checkpoint's own."""
    given = spec.text("chat_template", "")
    if given in {"", "none"}:
        return given
    try:
        return Path(given).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        raise ModelError(
            f"model '{spec}': chat_template={given} cannot be read ({reason}); give a file or 'none'"
        ) from None
