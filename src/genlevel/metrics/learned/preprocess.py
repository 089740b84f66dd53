"""From pictures to a network's input, as the ``preprocessor_config.json`` beside Hugging Face weights says it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genlevel.errors import NotScorable
from genlevel.metrics.learned.batches import Pixels, to_tensor
from genlevel.metrics.learned.weights import torch_or_explain

# The numbers of Pillow's resamplers.
_MODES = {0: "nearest-exact", 2: "bilinear", 3: "bicubic"}
_MAX_SIDE = 2048


@dataclass(frozen=True, slots=True)
class Preprocess:
    """Resize, crop the middle, scale, normalise. ``shortest`` and ``size`` exclude each other; None leaves a step out."""

    shortest: int | None = 224
    size: tuple[int, int] | None = None
    crop: tuple[int, int] | None = (224, 224)
    mode: str = "bicubic"
    scale: float = 1 / 255
    mean: tuple[float, ...] = (0.48145466, 0.4578275, 0.40821073)
    std: tuple[float, ...] = (0.26862954, 0.26130258, 0.27577711)

    def __call__(self, pictures: Sequence[Pixels]) -> Any:
        """A float32 tensor (n, 3, height, width) from pictures of any sizes, on the CPU.

        The resize is done on bytes with rounding after it, as Pillow does it, since the networks were trained on that.
        """
        torch = torch_or_explain()
        x = torch.cat([self._cropped(self._resized(to_tensor([p], "cpu"))) for p in pictures]).float().mul_(self.scale)
        mean, std = (torch.tensor(v).view(1, -1, 1, 1) for v in (self.mean, self.std))
        return x.sub_(mean).div_(std)

    def _resized(self, x: Any) -> Any:
        height, width = x.shape[2:]
        size = self.size
        if self.shortest is not None:
            short = min(height, width)
            size = (self.shortest * height // short, self.shortest * width // short)
        if size is None or size == (height, width):
            return x
        smooth = {} if self.mode.startswith("nearest") else {"antialias": True, "align_corners": False}
        return torch_or_explain().nn.functional.interpolate(x, size, mode=self.mode, **smooth)

    def _cropped(self, x: Any) -> Any:
        if self.crop is None:
            return x
        height, width = self.crop
        below, beside = max(0, height - x.shape[2]), max(0, width - x.shape[3])
        if below or beside:
            top, left = (below + 1) // 2, (beside + 1) // 2
            x = torch_or_explain().nn.functional.pad(x, (left, beside - left, top, below - top))
        top, left = (x.shape[2] - height) // 2, (x.shape[3] - width) // 2
        return x[:, :, top : top + height, left : left + width]


def read_preprocess(folder: Path) -> Preprocess:
    """The preprocessing that ``folder`` asks for.

    Raises:
        NotScorable: if its ``preprocessor_config.json`` is missing or asks for something else than is known here.
    """
    path = folder / "preprocessor_config.json"
    try:
        asked = json.loads(path.read_text(encoding="utf-8"))
        crop = _both(asked["crop_size"]) if asked.get("do_center_crop", False) else None
        shortest, size = _size(asked["size"]) if asked.get("do_resize", True) else (None, None)
        normalise = asked.get("do_normalize", True)
        return Preprocess(
            shortest,
            size,
            crop,
            _MODES[int(asked.get("resample", 3))],
            float(asked.get("rescale_factor", 1 / 255)) if asked.get("do_rescale", True) else 1.0,
            _three(asked["image_mean"]) if normalise else (0.0, 0.0, 0.0),
            _three(asked["image_std"]) if normalise else (1.0, 1.0, 1.0),
        )
    except OSError:
        raise NotScorable(f"{path} does not exist; it belongs to the published folder") from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NotScorable(f"{path}: cannot be used as image preprocessing ({type(error).__name__}: {error})") from None


def _side(value: Any) -> int:
    side = int(value)
    if not 0 < side <= _MAX_SIDE:
        raise ValueError(f"a side of {side} pixels")
    return side


def _both(value: Any) -> tuple[int, int]:
    if isinstance(value, Mapping):
        return _side(value["height"]), _side(value["width"])
    return _side(value), _side(value)


def _size(value: Any) -> tuple[int | None, tuple[int, int] | None]:
    if isinstance(value, Mapping) and "shortest_edge" not in value:
        return None, _both(value)
    return _side(value["shortest_edge"] if isinstance(value, Mapping) else value), None


def _three(values: Any) -> tuple[float, ...]:
    numbers = tuple(float(v) for v in values)
    if len(numbers) != 3:
        raise ValueError(f"{len(numbers)} channels")
    return numbers
