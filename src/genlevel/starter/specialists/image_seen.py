"""Specialists that say what is in a picture."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy import ndimage
from skimage import feature, restoration, segmentation
from sklearn.ensemble import RandomForestRegressor
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from genlevel.records import Part, Request
from genlevel.starter.base import Array
from genlevel.starter.draw import COLOURS
from genlevel.starter.specialists.base import Example, Specialist, image, image_of, text, words_of
from genlevel.starter.specialists.regions import box_of, fit_classes, foreground, form, overlap, regions


class ShapeName(Specialist):
    """The largest region's form, by a support vector machine."""

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn the forms of the classes."""
        self._model = fit_classes([self._form(e.request) for e in examples], [e.reference for e in examples])

    def answer(self, request: Request) -> Part:
        """The shape's name."""
        assert self._model is not None
        return text(str(self._model.predict([self._form(request)])[0]))

    def _form(self, request: Request) -> Array:
        found = regions(foreground(image_of(request)))
        return form(max(found, key=lambda r: r.area)) if found else np.zeros(17)


class DiscCount(Specialist):
    """Peaks of the distance to the background, each with a basin of the watershed."""

    def answer(self, request: Request) -> Part:
        """The number of discs."""
        mask = foreground(image_of(request), sigma=0.7)
        inside = ndimage.gaussian_filter(ndimage.distance_transform_edt(mask), 0.7)
        peaks = feature.peak_local_max(inside, min_distance=3, threshold_abs=1.5, labels=mask.astype(int))
        seeds = np.zeros(mask.shape, int)
        seeds[tuple(peaks.T)] = np.arange(1, len(peaks) + 1)
        basins = segmentation.watershed(-inside, seeds, mask=mask)
        sizes = np.bincount(basins.ravel())[1:]
        return text(str(int((sizes >= 20).sum())))


class ColourAnswer(Specialist):
    """Regions by colour; which of them has the asked form is learnt from the answers' colours."""

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn forms: the region that has the answer's colour has the form that was asked for."""
        forms, kinds = [], []
        for example in examples:
            wanted = example.reference if isinstance(example.reference, str) else example.reference[0]
            named = [(colour, f) for colour, f in self._regions(example.request) if colour == wanted]
            if named:
                forms.append(named[0][1])
                kinds.append(self._asked(example.request))
        self._model = make_pipeline(StandardScaler(), KNeighborsClassifier(3, weights="distance")).fit(forms, kinds)

    def answer(self, request: Request) -> Part:
        """The colour of the region that is most probably the asked one."""
        found, kind = self._regions(request), self._asked(request)
        classes = list(self._model.classes_)
        if not found or kind not in classes:
            return text("red")
        likely = self._model.predict_proba([f for _, f in found])[:, classes.index(kind)]
        return text(found[int(np.argmax(likely))][0])

    def _asked(self, request: Request) -> str:
        asked = re.search(r"What colour is the (\w+)", words_of(request))
        return asked.group(1) if asked else ""

    def _regions(self, request: Request) -> list[tuple[str, Array]]:
        pixels = image_of(request)
        found = regions(foreground(pixels, sigma=0.5))
        return [(colour_name(np.median(pixels[r.coords[:, 0], r.coords[:, 1]], axis=0)), form(r)) for r in found]


class PlaceAnswer(Specialist):
    """The middles of the pixels that have the two named colours."""

    def answer(self, request: Request) -> Part:
        """The side on which the first colour lies."""
        asked = re.search(r"Seen from the (\w+) shape, where is the (\w+) one", words_of(request))
        assert asked is not None
        pixels = ndimage.gaussian_filter(image_of(request), (0.7, 0.7, 0))
        here, there = (self._middle(pixels, asked.group(i)) for i in (1, 2))
        down, right = there - here
        if abs(right) > abs(down):
            return text("to the right" if right > 0 else "to the left")
        return text("below" if down > 0 else "above")

    def _middle(self, pixels: Array, colour: str) -> Array:
        away = np.stack([np.linalg.norm(pixels - np.array(c), axis=2) for c in COLOURS.values()])
        mask = (away.argmin(axis=0) == list(COLOURS).index(colour)) & (away.min(axis=0) < 0.3)
        rows, columns = np.nonzero(mask if mask.any() else np.ones_like(mask))
        return np.array([rows.mean(), columns.mean()])


class ShapeBoxes(Specialist):
    """Connected regions, named by a support vector machine."""

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn the forms of the regions that a right box surrounds."""
        forms, labels = [], []
        for example in examples:
            for region in self._regions(example.request):
                for wanted in example.reference:
                    if overlap(box_of(region), wanted["box"]) > 0.6:
                        forms.append(form(region))
                        labels.append(wanted["label"])
        self._model = fit_classes(forms, labels)

    def answer(self, request: Request) -> Part:
        """A box for each region."""
        assert self._model is not None
        found = self._regions(request)
        return text([{"label": str(self._model.predict([form(r)])[0]), "box": box_of(r)} for r in found])

    def _regions(self, request: Request) -> list[Any]:
        return regions(foreground(image_of(request), smallest=25))


class ShapeMask(Specialist):
    """Total-variation denoising, Otsu's threshold, and a support vector machine for each region's class."""

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn the forms of the classes from the regions found."""
        forms, labels = [], []
        for example in examples:
            mask = np.asarray(example.reference)
            for region in self._regions(example.request):
                values = mask[region.coords[:, 0], region.coords[:, 1]]
                label = int(np.bincount(values).argmax())
                if label:
                    forms.append(form(region))
                    labels.append(label)
        self._model = fit_classes(forms, labels)

    def answer(self, request: Request) -> Part:
        """The class of each pixel."""
        assert self._model is not None
        pixels = image_of(request)
        mask = np.zeros(pixels.shape[:2], np.uint8)
        for region in self._regions(request):
            mask[region.coords[:, 0], region.coords[:, 1]] = int(self._model.predict([form(region)])[0])
        return image(mask)

    def _regions(self, request: Request) -> list[Any]:
        calm = restoration.denoise_tv_chambolle(image_of(request), weight=0.15, channel_axis=2)
        return regions(foreground(calm, sigma=0.5, smallest=40))


class FogDepth(Specialist):
    """A random forest on each pixel's row, brightness and surroundings."""

    _UNIT = 1000.0

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn from every fifth pixel."""
        features = np.concatenate([self._features(e.request)[::5] for e in examples])
        depths = np.concatenate([np.asarray(e.reference, np.float64).ravel()[::5] for e in examples])
        self._scale = max(float(depths.max()), 1e-9)
        self._model = RandomForestRegressor(20, min_samples_leaf=8, max_features=3, random_state=0)
        self._model.fit(features, depths / self._scale)

    def answer(self, request: Request) -> Part:
        """The depth of each pixel, in the unit of the training examples."""
        height, width = image_of(request).shape[:2]
        depth = self._model.predict(self._features(request)).reshape(height, width) * self._scale
        return image(np.round(np.clip(depth, 0, 65535)).astype(np.uint16))

    def _features(self, request: Request) -> Array:
        grey = image_of(request).mean(axis=2)
        rows = np.mgrid[0 : grey.shape[0], 0 : grey.shape[1]][0]
        soft = [ndimage.gaussian_filter(grey, s) for s in (0.0, 1.0, 2.5, 5.0)]
        line = np.repeat(np.median(grey, axis=1)[:, None], grey.shape[1], axis=1)
        return np.stack([rows, *soft, line, soft[1] - line], axis=-1).reshape(-1, 7)


def colour_name(rgb: Array) -> str:
    """The named colour that is nearest in hue and saturation, whatever the shade."""
    away = {
        name: float(np.linalg.norm(rgb / max(rgb.max(), 0.05) - np.array(c) / max(c))) for name, c in COLOURS.items()
    }
    return min(away, key=lambda name: away[name])
