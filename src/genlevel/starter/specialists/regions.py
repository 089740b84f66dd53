"""Regions that stand out from a plain background, and what shape they have."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import ndimage
from skimage import filters, measure
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from genlevel.starter.base import Array


def contrast(image: Array, sigma: float = 1.0) -> Array:
    """How far each pixel's colour lies from the background, a slope of light that is fitted to the picture; (H, W)."""
    soft = filters.gaussian(image, sigma, channel_axis=2)
    height, width = soft.shape[:2]
    rows, columns = np.mgrid[0:height, 0:width] / max(height, width)
    slope = np.stack([np.ones(rows.size), rows.ravel(), columns.ravel()], 1)
    values = soft.reshape(-1, 3)
    kept = np.ones(len(values), bool)
    away = np.zeros(len(values))
    # Shapes are outliers: each round keeps the pixels that lie nearest to the plane so far.
    for share in (0.7, 0.6, 0.55, 0.55):
        plane = np.linalg.lstsq(slope[kept], values[kept], rcond=None)[0]
        away = np.linalg.norm(values - slope @ plane, axis=1)
        kept = away <= np.quantile(away, share)
    return away.reshape(height, width)


def foreground(image: Array, sigma: float = 1.0, smallest: int = 12) -> Array:
    """Where something stands out, (H, W) bool."""
    away = contrast(image, sigma)
    mask = away > filters.threshold_otsu(away)
    mask = ndimage.binary_opening(mask, iterations=1)
    labels, _ = ndimage.label(mask)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    kept: Array = (sizes > smallest)[labels]
    return kept


def regions(mask: Array) -> list[Any]:
    """The connected regions of a mask, as scikit-image measures them."""
    return list(measure.regionprops(measure.label(mask, connectivity=1)))


def form(region: Any) -> Array:
    """Numbers for a region's form that do not change when it is moved, turned or scaled."""
    filled = region.image_filled if region.area_filled > region.area else region.image
    rows, columns = np.nonzero(filled)
    centre = rows.mean(), columns.mean()
    angle = np.arctan2(rows - centre[0], columns - centre[1])
    radius = np.hypot(rows - centre[0], columns - centre[1])
    sector = ((angle + np.pi) / (2 * np.pi) * 48).astype(int) % 48
    outline = np.zeros(48)
    np.maximum.at(outline, sector, radius)
    outline = np.maximum(outline, 0.5)
    waves = np.abs(np.fft.rfft(outline / outline.mean()))[1:9] / 48
    hu = np.array(region.moments_hu[:4])
    roundness = 4 * np.pi * region.area / max(region.perimeter, 1.0) ** 2
    plain = [region.solidity, region.extent, region.eccentricity, min(roundness, 2.0), region.area / region.area_filled]
    return np.concatenate([plain, waves, -np.sign(hu) * np.log10(np.abs(hu) + 1e-9) / 9])


def classifier() -> Pipeline:
    """A support vector machine on scaled features."""
    return make_pipeline(StandardScaler(), SVC(C=10.0, gamma="scale"))


def fit_classes(features: Sequence[Array], labels: Sequence[Any]) -> Pipeline | None:
    """The classifier, fitted; None where there are not two classes to tell apart."""
    if len(set(labels)) < 2:
        return None
    return classifier().fit(np.stack(features), list(labels))


def overlap(a: Sequence[float], b: Sequence[float]) -> float:
    """Intersection over union of two boxes [x, y, w, h]."""
    wide = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    high = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    shared = max(wide, 0.0) * max(high, 0.0)
    return float(shared / (a[2] * a[3] + b[2] * b[3] - shared))


def box_of(region: Any) -> list[int]:
    """A region's box [x, y, w, h]."""
    top, left, bottom, right = region.bbox
    return [int(left), int(top), int(right - left), int(bottom - top)]
