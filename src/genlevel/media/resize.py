"""Images no larger than a model takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import numpy as np

from genlevel.media.errors import MediaError
from genlevel.media.files import part_bytes, sniff
from genlevel.media.images import encode_png, image_size, load_image
from genlevel.media.opencv import opencv
from genlevel.records import Part

_QUALITY: Final = 95


def reduced(part: Part, longest: int) -> Part:
    """The image with at most ``longest`` pixels on its longest side: the part itself where it has no more.

    A larger one is reduced by averaging over areas, its shape kept to a pixel; a JPEG becomes a JPEG of quality 95, everything
    else a PNG without transparency (as :func:`load_image` sees it).

    Raises:
        MediaError: not an image, truncated, or beyond the limits.
    """
    if longest <= 0 or max(image_size(part)) <= longest:
        return part
    data = part_bytes(part)
    pixels = load_image(Part("image", data=data))
    height, width = pixels.shape[:2]
    scale = longest / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    small = np.asarray(opencv().resize(pixels, size, interpolation=opencv().INTER_AREA))
    if sniff(data[:64]) == "image/jpeg":
        return replace(part, data=_jpeg(small), path=None, media_type="image/jpeg")
    return replace(part, data=encode_png(small), path=None, media_type="image/png")


def _jpeg(pixels: Any) -> bytes:
    cv = opencv()
    good, data = cv.imencode(".jpg", np.ascontiguousarray(pixels[:, :, ::-1]), [cv.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not good:
        raise MediaError(f"an image of shape {pixels.shape} could not be written as JPEG")
    return bytes(data)
