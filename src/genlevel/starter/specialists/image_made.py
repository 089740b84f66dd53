"""Specialists that repair or make a picture."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from scipy import ndimage
from skimage import restoration

from genlevel.media import load_image
from genlevel.records import Part, Request
from genlevel.starter.base import Array
from genlevel.starter.specialists.base import Example, Specialist, image, image_of, media_of
from genlevel.starter.specialists.regions import fit_classes, form, regions


class Denoised(Specialist):
    """Non-local means with the noise's estimated strength."""

    def answer(self, request: Request) -> Part:
        """The clean picture."""
        return image(non_local_means(image_of(request)))


class Inpainted(Specialist):
    """Biharmonic equations: the smoothest surface through what is around the hole."""

    def answer(self, request: Request) -> Part:
        """The whole picture."""
        pictures = [load_image(part) / 255.0 for part in media_of(request, "image")]
        # The mask is the picture of nothing but black and white.
        pictures.sort(key=lambda p: float(np.mean((p > 0.0) & (p < 1.0))))
        hole = pictures[0].mean(axis=2) > 0.5
        return image(restoration.inpaint_biharmonic(pictures[1], hole, channel_axis=2))


class Enlarged(Specialist):
    """Lanczos interpolation, corrected until its own reduction is the picture given."""

    def answer(self, request: Request) -> Part:
        """The picture at twice its size."""
        small = image_of(request)
        height, width = small.shape[:2]
        large = _lanczos(small, 2 * width, 2 * height)
        for _ in range(4):
            back = large.reshape(height, 2, width, 2, 3).mean(axis=(1, 3))
            large = large + _lanczos(small - back, 2 * width, 2 * height)
        return image(large)


class Sharpened(Specialist):
    """A Wiener filter for a Gaussian blur; its width and weight are those that repair the training pictures best."""

    def fit(self, examples: Sequence[Example]) -> None:
        """Try a grid on some examples."""
        tried = [(s, b) for s in (1.2, 1.4, 1.6, 1.8) for b in (0.003, 0.01, 0.03, 0.1)]
        some = [(image_of(e.request), np.asarray(e.reference) / 255.0) for e in examples[:8]]
        errors = [sum(float(np.mean((_wiener(blurred, *t) - clean) ** 2)) for blurred, clean in some) for t in tried]
        self._best = tried[int(np.argmin(errors))]

    def answer(self, request: Request) -> Part:
        """The sharp picture."""
        return image(_wiener(image_of(request), *self._best))


class ColouredSketch(Specialist):
    """Outlines filled, and each coloured as regions of its form were in training."""

    def fit(self, examples: Sequence[Example]) -> None:
        """Learn the colours that there are, and which form has which."""
        forms, colours, grounds = [], [], []
        for example in examples:
            wanted = np.asarray(example.reference) / 255.0
            inside = self._filled(example.request)
            grounds.append(np.median(wanted[~inside], axis=0))
            for region in regions(inside):
                forms.append(form(region))
                colours.append(np.median(wanted[region.coords[:, 0], region.coords[:, 1]], axis=0))
        self._ground = np.median(grounds, axis=0)
        names = ["/".join(f"{v:.1f}" for v in colour) for colour in colours]
        self._palette = {
            n: np.median([c for c, m in zip(colours, names, strict=True) if m == n], axis=0) for n in names
        }
        self._model = fit_classes(forms, names)

    def answer(self, request: Request) -> Part:
        """The coloured picture."""
        assert self._model is not None
        inside = self._filled(request)
        picture = np.ones((*inside.shape, 3)) * self._ground
        for region in regions(inside):
            alone = np.zeros(inside.shape)
            alone[region.coords[:, 0], region.coords[:, 1]] = 1.0
            cover = ndimage.gaussian_filter(alone, 0.5)[..., None]
            colour = self._palette[str(self._model.predict([form(region)])[0])]
            picture += cover * (colour - picture)
        return image(picture)

    def _filled(self, request: Request) -> Array:
        lines = image_of(request).mean(axis=2) < 0.5
        # Strokes are a little wider than the outline on both sides; a hole inside a ring is filled as well.
        filled: Array = ndimage.binary_erosion(ndimage.binary_fill_holes(lines), structure=np.ones((2, 2)))
        return filled


def non_local_means(picture: Array, strength: float = 0.8) -> Array:
    """Each pixel as the mean of those whose surroundings look alike."""
    sigma = noise_level(picture)
    calm: Array = restoration.denoise_nl_means(
        picture, patch_size=5, patch_distance=7, h=strength * sigma, sigma=sigma, fast_mode=True, channel_axis=2
    )
    return calm


def noise_level(picture: Array) -> float:
    """The standard deviation of the noise, from the median of what a filter leaves that flat and sloping parts pass unseen."""
    mask = np.array([[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]])
    left = np.stack([ndimage.convolve(picture[..., c], mask) for c in range(3)])
    # The filter's weights have the norm 6; 0.6745 is the median of |x| for a standard normal x.
    return float(np.median(np.abs(left)) / 6.0 / 0.6745)


def _lanczos(picture: Array, width: int, height: int) -> Array:
    large: Array = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LANCZOS4)
    return large


def _wiener(picture: Array, sigma: float, balance: float) -> Array:
    """Deconvolution of each channel; the margin is mirrored so that the edges do not ring."""
    margin = 12
    padded = np.pad(picture, ((margin, margin), (margin, margin), (0, 0)), mode="reflect")
    rows = np.arange(-8, 9)
    line = np.exp(-(rows**2) / (2 * sigma**2))
    psf = np.outer(line, line) / line.sum() ** 2
    sharp = np.stack([restoration.wiener(padded[..., c], psf, balance, clip=False) for c in range(3)], axis=-1)
    return np.clip(sharp[margin:-margin, margin:-margin], 0.0, 1.0)
