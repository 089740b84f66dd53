"""docs/weights.md: it names every file that a metric looks for."""

from pathlib import Path

import pytest

pytest.importorskip("torch")

from genlevel import metrics
from genlevel.metrics.learned import (
    brisque,
    encoders,
    fvd,
    motion,
    niqe,
    quality,
    weights,
)
from genlevel.metrics.learned.weights import Weights

PAGE = (Path(__file__).parents[2] / "docs" / "weights.md").read_text(encoding="utf-8")


def test_every_file_is_on_the_page() -> None:
    found = list(weights.LPIPS_HEADS.values())
    for module in (brisque, encoders, fvd, motion, niqe, quality, weights):
        found += [value for value in vars(module).values() if isinstance(value, Weights)]
    assert len(found) > 12
    for each in found:
        assert each.file in PAGE, each.file
        assert each.sha256 in PAGE, each.file


def test_every_metric_with_weights_is_on_the_page() -> None:
    for name in metrics.names():
        kind = metrics.METRICS.load(name)
        if kind.__module__.startswith("genlevel.metrics.learned."):
            assert f"`{name}`" in PAGE, name
