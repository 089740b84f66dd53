"""CLIP similarity of rendered three-dimensional answers to a text or a picture."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from genlevel.errors import MetricError
from genlevel.metrics.learned.batches import Pixels
from genlevel.metrics.learned.encoders import CLIP_B32
from genlevel.metrics.learned.similarity import ClipScore
from genlevel.metrics.render import render_mesh, render_points


@dataclass(frozen=True)
class RenderedClipScore(ClipScore):
    """CLIPScore of pictures taken around a point cloud or mesh: mean over views, then over samples.

    Options as in :class:`ClipScore` (``against="image"`` compares each view with the reference picture), and:
        views: how many pictures around the object.
        size: their side in pixels.
        up: which axis of the object points up, ``y`` or ``z``.

    The pictures are those of :mod:`genlevel.metrics.render`. Renderer, number of views and CLIP model are part of the
    definition: papers differ in all three, so compare only numbers with the same. A missing answer, or one that is no
    object, counts 0.
    """

    views: int = 8
    size: int = 224
    up: str = "y"

    name = "rendered_clip_score"
    title = "CLIPScore of rendered views"
    definition = "scale * max(cosine of CLIP vectors of a view and the text or picture, 0), mean over views and samples"
    source = "own renderer; CLIP as in clip_score"
    answer = "points (N, 3) or with colours (N, 6), or (vertices, faces) or (vertices, faces, colours); reference: as clip_score"
    needs = ("extra: learned", "weights: CLIP ViT-B/32")
    files = (("weights", CLIP_B32),)

    def take_answer(self, value: Any) -> Pixels:
        """The views, uint8 (views, size, size, 3)."""
        options: dict[str, Any] = {"views": self.views, "size": self.size, "up": self.up}
        if isinstance(value, tuple):
            if len(value) not in (2, 3):
                raise MetricError(f"{self.name}: a mesh is (vertices, faces) or (vertices, faces, colours)")
            return render_mesh(*value, **options)
        points = np.asarray(value)
        return render_points(points, colors_of(points), **options)


def colors_of(points: NDArray[Any]) -> NDArray[Any] | None:
    """The colours (N, 3), 0 to 1, in the columns of a cloud: after the coordinates, or after coordinates and normals.

    ``None`` where there are no such columns, or their numbers are no colours (0 to 1, or 0 to 255).
    """
    if points.ndim != 2 or points.dtype.kind not in "uif" or points.shape[1] < 6:
        return None
    start = 6 if points.shape[1] >= 9 else 3
    found: NDArray[np.float64] = points[:, start : start + 3].astype(np.float64)
    if not np.isfinite(found).all() or not found.size or found.min() < 0 or found.max() > 255:
        return None
    return found / 255.0 if found.max() > 1 else found
