"""The media of a request as processors take them: pictures of PIL, mono sound at a rate, frames."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import Any

from genlevel.errors import RequestFailed
from genlevel.records import Part, Request
from genlevel.tasktypes.answers import normal

__all__ = [
    "alike",
    "by_name",
    "encode_npy",
    "frames_of",
    "image_of",
    "only_image",
    "picture",
    "prompt_of",
    "question_of",
    "sound",
    "text_of",
]


def picture(part: Part) -> Any:
    """An image part as an RGB image of PIL."""
    from PIL import Image

    from genlevel.media import load_image

    return Image.fromarray(load_image(part))


def image_of(pixels: Any) -> Part:
    """An image part from uint8 or uint16 pixels, (H, W) or (H, W, 3)."""
    from genlevel.media import encode_png

    return Part("image", data=encode_png(pixels), media_type="image/png")


def encode_npy(array: Any) -> Part:
    """An image part that holds an array as it is: depths, say."""
    import io

    import numpy as np

    out = io.BytesIO()
    np.save(out, array, allow_pickle=False)
    return Part("image", data=out.getvalue(), media_type="application/x-npy")


def only_image(request: Request) -> Any:
    """The one image of a request, or its first.

    Raises:
        RequestFailed: there is none.
    """
    for part in request.parts:
        if part.kind == "image":
            return picture(part)
    raise RequestFailed("the request shows no image", 0)


def sound(part: Part, rate: int) -> Any:
    """An audio part as float32 (n,), mono, resampled to ``rate`` Hz by a polyphase filter."""
    from math import gcd

    import numpy as np
    from scipy.signal import resample_poly

    from genlevel.media import load_audio

    samples, own = load_audio(part)
    if samples.ndim == 2:
        samples = samples.mean(axis=1)
    if own != rate:
        step = gcd(own, rate)
        samples = resample_poly(samples, rate // step, own // step)
    return np.ascontiguousarray(samples, np.float32)


def frames_of(part: Part, count: int) -> list[Any]:
    """``count`` frames of a video as images of PIL: at equal distances, the first and the last among them.

    A video with fewer frames gives them all.
    """
    from PIL import Image

    from genlevel.media import load_frames

    frames = load_frames(part)
    last = len(frames) - 1
    picked = sorted({round(i * last / (count - 1)) for i in range(count)}) if count > 1 else [last // 2]
    return [Image.fromarray(frames[i]) for i in picked]


def text_of(request: Request) -> str:
    """The texts of a request, with blank lines between."""
    return "\n\n".join(part.text for part in request.parts if part.kind == "text")


def question_of(request: Request) -> str:
    """The question (text, expression) at the heart of a request; without one its whole text."""
    return request.content or text_of(request)


def prompt_of(request: Request) -> str:
    """What a system without instructions is given: the content, or nothing where the request has a text of instructions only."""
    return request.content


def alike(keys: Sequence[Hashable]) -> list[list[int]]:
    """The positions that have the same key, together."""
    groups: dict[Hashable, list[int]] = {}
    for index, key in enumerate(keys):
        groups.setdefault(key, []).append(index)
    return list(groups.values())


def by_name(names: Sequence[str] | Mapping[int, str]) -> dict[str, Any]:
    """Names as they are compared, without case and punctuation, with the name or number that each stands for."""
    if isinstance(names, Mapping):
        return {normal(name): number for number, name in names.items()}
    return {normal(name): name for name in names}
