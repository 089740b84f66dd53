"""One mask a sample, as referring expressions ask for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from genlevel.errors import MetricError
from genlevel.metrics import masks
from genlevel.metrics.base import Metric, as_weights, check_lengths, ratio, weighted_mean
from genlevel.metrics.dense import need, one_of
from genlevel.metrics.evidence import Evidence, FloatArray


@dataclass(frozen=True)
class MaskIou(Metric):
    """IoU of the answered and the true mask of a sample, 1 where both are empty.

    Option ``over``: ``samples`` (default), the mean over samples, gIoU in papers on referring expressions; ``set``, the sum
    of intersections over the sum of unions, cIoU there, which favours large objects. A missing answer, one that is no mask
    or one of another size is an empty mask, but never a right one: it scores 0 on an empty reference.
    """

    over: str = "samples"

    name = "mask_iou"
    title = "Mean mask IoU (gIoU)"
    definition = "mean over samples of the IoU of two masks; 1 where both are empty"
    source = "Liu et al. 2023 (GRES)"
    range = (0.0, 1.0)
    unit = "fraction"
    direction = "higher"
    answer = "a mask (H, W), or COCO's run lengths {'size', 'counts'}; reference: the same"

    def __post_init__(self) -> None:
        one_of("over", self.over, ("samples", "set"))

    def measure(self, answers: Sequence[Any], references: Sequence[Any]) -> Evidence:
        """Columns ``both`` and ``either`` (pixels, int64) and ``value`` (float64)."""
        check_lengths(answers, references)
        both, either = np.zeros(len(answers), np.int64), np.zeros(len(answers), np.int64)
        value = np.zeros(len(answers))
        for row, (answer, reference) in enumerate(zip(answers, references, strict=True)):
            truth = _bitmap(reference)
            need(truth is not None, row, "is not a mask")
            assert truth is not None
            given = _bitmap(answer)
            if given is None or given.shape != truth.shape:
                either[row] = np.count_nonzero(truth)
                continue
            both[row], either[row] = np.count_nonzero(given & truth), np.count_nonzero(given | truth)
            value[row] = both[row] / either[row] if either[row] else 1.0
        return Evidence(both=both, either=either, value=value)

    def reduce(self, evidence: Evidence, weights: FloatArray | None = None) -> FloatArray:
        """Weighted mean, or the quotient of weighted sums."""
        w = as_weights(evidence, weights)
        if not len(evidence):
            return np.zeros(w.shape[:-1])
        mean = weighted_mean(evidence["value"], w, empty=0.0)
        if self.over == "samples":
            return mean
        either = w @ evidence["either"].astype(np.float64)
        # Where all masks are empty there is nothing to weigh by size.
        return np.where(either > 0, ratio(w @ evidence["both"].astype(np.float64), either, empty=0.0), mean)


def _bitmap(thing: Any) -> masks.Bitmap | None:
    """A mask as booleans (H, W); None where it is none or is larger than masks may be."""
    if thing is None:
        return None
    try:
        if isinstance(thing, dict):
            return masks.decode(thing)
        array = np.asarray(thing)
        if array.ndim != 2 or array.dtype.kind not in "biuf" or not 0 < array.size <= masks.MAX_PIXELS:
            return None
        return np.asarray(np.nan_to_num(array) != 0)
    except (MetricError, ValueError, TypeError):
        return None
