"""Metrics of pictures against the field's libraries, on the same data in one run; see :mod:`benchmarks._race`."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks._race import Groups, Race, compute, mean, run, torchmetrics


def some_images(n: int, side: int) -> tuple[list[Any], list[Any]]:
    r = np.random.default_rng(3)
    truth = [
        np.kron(r.integers(0, 256, (side // 8, side // 8, 3)), np.ones((8, 8, 1), int)).astype(np.uint8)
        for _ in range(n)
    ]
    return [np.clip(t + r.normal(0, 12, t.shape), 0, 255).astype(np.uint8) for t in truth], truth


def images() -> list[Race]:
    """PSNR, SSIM and MS-SSIM of 20 colour images of 512 x 512."""
    import pytorch_msssim
    import torch
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    given, truth = some_images(20, 512)
    tensors = [torch.tensor(np.stack(side)).permute(0, 3, 1, 2).float() for side in (given, truth)]
    pairs = list(zip(given, truth, strict=True))
    options: Any = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "channel_axis": 2}
    return [
        Race("psnr", "scikit-image", 20, compute("psnr", given, truth),
             lambda: mean(peak_signal_noise_ratio(t, g) for g, t in pairs)),
        Race("ssim", "scikit-image", 20, compute("ssim", given, truth),
             lambda: mean(structural_similarity(t, g, **options) for g, t in pairs)),
        Race("ssim", "pytorch-msssim (32 bits)", 20, compute("ssim", given, truth),
             lambda: float(pytorch_msssim.ssim(*tensors))),
        Race("ms_ssim", "pytorch-msssim (32 bits)", 20, compute("ms_ssim", given, truth),
             lambda: float(pytorch_msssim.ms_ssim(*tensors))),
    ]  # fmt: skip


def torch_images() -> list[Race]:
    """The same as torchmetrics computes it (its SSIM keeps a border: another number)."""
    torchmetrics()
    import torch
    from torchmetrics.functional import image as peer

    given, truth = some_images(10, 512)
    tensors = [torch.tensor(np.stack(side)).permute(0, 3, 1, 2).float() for side in (given, truth)]
    options: Any = {"data_range": 255.0, "reduction": "elementwise_mean"}
    return [
        Race("psnr", "torchmetrics", 10, compute("psnr", given, truth),
             lambda: float(peer.peak_signal_noise_ratio(*tensors, dim=(1, 2, 3), **options))),
        Race("ssim", "torchmetrics", 10, compute("ssim", given, truth),
             lambda: float(peer.structural_similarity_index_measure(*tensors, data_range=255.0))),
        Race("ms_ssim", "torchmetrics", 10, compute("ms_ssim", given, truth),
             lambda: float(peer.multiscale_structural_similarity_index_measure(*tensors, data_range=255.0))),
    ]  # fmt: skip


def frames() -> list[Race]:
    """Likeness of neighbouring frames and how much moves, 4 videos of 24 frames; the peers are NumPy and OpenCV themselves."""
    import cv2

    r = np.random.default_rng(4)
    ground = r.integers(0, 200, (4, 128, 128, 3), dtype=np.uint8)
    films = [np.stack([np.roll(g, k * 3, axis=1) for k in range(24)]) for g in ground]
    nothing = [None] * 4

    def likeness() -> float:
        return mean((255 - np.abs(np.diff(f.astype(np.float64), axis=0)).mean()) / 255 for f in films)

    def moves() -> float:
        flags = []
        for film in films:
            grey = [cv2.cvtColor(f, cv2.COLOR_RGB2GRAY) for f in film]
            fast = []
            for a, b in pairwise(grey):
                flow = cv2.calcOpticalFlowFarneback(a, b, None, 0.5, 3, 15, 3, 5, 1.2, 0)
                speed = np.sort(np.hypot(flow[..., 0], flow[..., 1]).ravel())
                fast.append(speed[-len(speed) // 20 :].mean() > 6 * 128 / 256)
            flags.append(sum(fast) >= round(4 * len(film) / 16))
        return mean(flags)

    return [
        Race("temporal_l1_consistency", "numpy", 4, compute("temporal_l1_consistency", films, nothing), likeness),
        Race(
            "dynamic_degree",
            "OpenCV (Farneback)",
            4,
            compute("dynamic_degree", films, nothing, flow="farneback"),
            moves,
        ),
    ]


GROUPS: Groups = (images, torch_images, frames)


def main() -> None:
    """Run all races, or those of the metrics named on the command line."""
    run(GROUPS)


if __name__ == "__main__":
    main()
