"""docs/weights.md: it names every file that a metric looks for."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

from genlevel import metrics
from genlevel.metrics.learned import (
    brisque,
    encoders,
    fvd,
    inception,
    motion,
    niqe,
    perceptual_networks,
    quality,
    trunks,
)
from genlevel.metrics.learned.weights import Weights

PAGE = (Path(__file__).parents[2] / "docs" / "weights.md").read_text(encoding="utf-8")


def test_every_file_is_on_the_page() -> None:
    found = list(perceptual_networks.HEADS.values())
    for module in (brisque, encoders, fvd, inception, motion, niqe, perceptual_networks, quality, trunks):
        found += [value for value in vars(module).values() if isinstance(value, Weights)]
    assert len(found) > 12
    for weights in found:
        assert weights.file in PAGE, weights.file
        assert weights.sha256 in PAGE, weights.file


def test_every_metric_with_weights_is_on_the_page() -> None:
    for name in metrics.names():
        kind = metrics.METRICS.load(name)
        if kind.__module__.startswith("genlevel.metrics.learned."):
            assert f"`{name}`" in PAGE, name
