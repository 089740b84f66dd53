"""Specialists for clips and sequences of frames."""

from __future__ import annotations

import re
from collections.abc import Sequence

import cv2
import numpy as np
from scipy import ndimage
from skimage import feature, registration, restoration

from genlevel.media import load_frames
from genlevel.records import Part, Request
from genlevel.starter.base import Array
from genlevel.starter.specialists.base import Example, Specialist, image, image_of, media_of, number_of, text, words_of
from genlevel.starter.specialists.regions import fit_classes, foreground, regions


class MotionName(Specialist):
    """Lines fitted to the largest region's middle and size over time, by a support vector machine."""

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn the motions' slopes."""
        self._model = fit_classes([self._slopes(e.request) for e in examples], [e.reference for e in examples])

    def answer(self, request: Request) -> Part:
        """The motion's name."""
        assert self._model is not None
        return text(str(self._model.predict([self._slopes(request)])[0]))

    def _slopes(self, request: Request) -> Array:
        track = []
        for frame in _clip(request):
            found = regions(foreground(frame, sigma=1.2))
            if found:
                largest = max(found, key=lambda r: r.area)
                track.append([*largest.centroid, 10.0 * np.log(largest.area)])
        if len(track) < 2:
            return np.zeros(3)
        slopes: Array = np.polyfit(np.arange(len(track)), np.array(track), 1)[0]
        return slopes


class FlashCount(Specialist):
    """Peaks in the brightness of what is yellow throughout, against the whole frame's; how bright a peak is, is learnt."""

    def fit(self, examples: Sequence[Example]) -> None:
        """Try thresholds, as multiples of the darkest moment, on the training examples."""
        seen = [(self._light(e.request), number_of(e.reference)) for e in examples]
        tried = np.linspace(1.2, 3.0, 37)
        right = [sum(self._count(light, t) == wanted for light, wanted in seen) for t in tried]
        self._threshold = float(np.mean(tried[np.array(right) == max(right)]))

    def answer(self, request: Request) -> Part:
        """The number of flashes."""
        return text(str(self._count(self._light(request), self._threshold)))

    def _count(self, light: Array, threshold: float) -> int:
        on = light > threshold * light.min()
        return int(on[0]) + int((on[1:] & ~on[:-1]).sum())

    def _light(self, request: Request) -> Array:
        frames = _clip(request)
        steady = frames / np.median(frames, axis=(1, 2, 3), keepdims=True)
        # Yellow: strong in red and green, weak in blue. The disc is yellow in every frame, whatever passes by.
        yellow = np.minimum(steady[..., 0], steady[..., 1]) - steady[..., 2]
        place = ndimage.gaussian_filter(np.median(yellow, axis=0), 2.0)
        row, column = np.unravel_index(int(place.argmax()), place.shape)
        around = yellow[:, max(row - 1, 0) : row + 2, max(column - 1, 0) : column + 2]
        light: Array = np.maximum(np.median(around, axis=(1, 2)), 0.05)
        return light


class TemplateTracker(Specialist):
    """Normalised correlation with the first frame's object, near where it was, with a template that adapts slowly."""

    _REACH = 9

    def answer(self, request: Request) -> Part:
        """The object's box in every frame."""
        frames = _clip(request)
        given = re.search(r"\[\s*([\d.]+)\s*,\s*([\d.]+)\s*,\s*([\d.]+)\s*,\s*([\d.]+)\s*\]", words_of(request))
        assert given is not None
        x, y, w, h = (round(float(v)) for v in given.groups())
        template = frames[0][y : y + h, x : x + w]
        boxes, speed = [[x, y, w, h]], np.zeros(2)
        for frame in frames[1:]:
            left, top = self._find(frame, template, x + speed[0], y + speed[1])
            speed = 0.5 * speed + 0.5 * np.array([left - x, top - y])
            x, y = left, top
            template = 0.8 * template + 0.2 * frame[y : y + h, x : x + w]
            boxes.append([x, y, w, h])
        return text(boxes)

    def _find(self, frame: Array, template: Array, x: float, y: float) -> tuple[int, int]:
        likeness = feature.match_template(frame, template)[..., 0]
        rows, columns = np.mgrid[0 : likeness.shape[0], 0 : likeness.shape[1]]
        far = np.hypot(rows - y, columns - x)
        row, column = np.unravel_index(int((likeness - 0.01 * far - (far > self._REACH)).argmax()), likeness.shape)
        return int(column), int(row)


class FrameBetween(Specialist):
    """Both frames carried half the way along TV-L1 optical flow, and their mean."""

    def answer(self, request: Request) -> Part:
        """The frame in the middle."""
        first, last = image_of(request, 0), image_of(request, 1)
        there, back = _flow(first, last), _flow(last, first)
        return image((_carried(first, back / 2) + _carried(last, there / 2)) / 2)


class FrameAfter(Specialist):
    """The last frame carried on along its optical flow from the one before."""

    def answer(self, request: Request) -> Part:
        """The next frame."""
        before, last = image_of(request, 1), image_of(request, 2)
        return image(_carried(last, _flow(last, before)))


class CleanFrame(Specialist):
    """The mean of the three frames, which move little, under total-variation denoising."""

    def answer(self, request: Request) -> Part:
        """The frame in the middle, clean."""
        frames = [image_of(request, i) for i in range(len(media_of(request, "image")))]
        mean = np.mean([frames[0], frames[1], frames[1], frames[2]], axis=0)
        return image(restoration.denoise_tv_chambolle(mean, weight=0.08, channel_axis=2))


def _clip(request: Request) -> Array:
    frames: Array = load_frames(media_of(request, "video")[0]) / 255.0
    return frames


def _flow(reference: Array, moving: Array) -> Array:
    """(2, H, W): where each pixel of ``reference`` lies in ``moving``, as rows and columns to go."""
    grey = (frame.mean(axis=2) for frame in (reference, moving))
    flow: Array = registration.optical_flow_tvl1(*grey, attachment=20, num_warp=4)
    return flow


def _carried(frame: Array, flow: Array) -> Array:
    """The frame as seen from where ``flow`` points."""
    rows, columns = np.mgrid[0 : frame.shape[0], 0 : frame.shape[1]].astype(np.float32)
    x, y = (columns + flow[1]).astype(np.float32), (rows + flow[0]).astype(np.float32)
    carried: Array = cv2.remap(frame, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return carried
