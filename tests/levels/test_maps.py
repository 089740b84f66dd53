"""Score maps against the formulas as printed."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.catalog.metrics_table import METRICS_TABLE, score_range
from genlevel.errors import ScoreError
from genlevel.levels import PROTOCOLS, get_protocol, sigma
from genlevel.levels.maps import ScoreMap

from .factory import task


def logistic(z: float) -> float:
    return 1.0 / (1.0 + math.exp(-z))


def two(t: float) -> Callable[[float], float]:
    return lambda x: 100 * (2 * logistic(t / x) - 1)


PAPER: dict[str, Callable[[float], float]] = {
    "mae": two(50),
    "rms": two(50),
    "mse": two(5),
    "rmse": two(5),
    "mcd": two(5),
    "fid": two(25),
    "fvd": two(100),
    "fad": two(10),
    "sad": two(10),
    "rte": two(0.5),
    "abs_rel": two(0.1),
    "epe": two(1),
    "chamfer_distance": two(1),
    "psnr": lambda x: 100 * math.tanh(x / 20),
    "wer": lambda x: 100 - x,
    "mos": lambda x: 100 * (x - 1) / 4,
    "accuracy": lambda x: x,
    "cider": lambda x: x,
}
TUTORIAL: dict[str, Callable[[float], float]] = {
    "fid": lambda x: 100 * logistic(100 / x),
    "mae": lambda x: 100 * logistic(50 / x),
    "lpips": lambda x: 100 * logistic(80 / x),
    "psnr": lambda x: 100 * logistic(x / 15),
    "accuracy": lambda x: x,
}


@pytest.mark.parametrize("metric", PAPER)
@pytest.mark.parametrize("value", [1.3, 2.0, 3.7, 5.0])
def test_paper_maps(metric: str, value: float) -> None:
    assert sigma(task("image.comprehension.x", metric), value, PROTOCOLS["paper-2025"]) == pytest.approx(
        PAPER[metric](value), rel=1e-12
    )


@pytest.mark.parametrize("metric", TUTORIAL)
@pytest.mark.parametrize("value", [12.5, 33.91, 80.0])
def test_tutorial_maps(metric: str, value: float) -> None:
    the_task = task("image.generation.x", metric, scale="percent" if metric in {"lpips", "accuracy"} else "raw")
    assert sigma(the_task, value, PROTOCOLS["tutorial-2024"]) == pytest.approx(TUTORIAL[metric](value), rel=1e-12)


def test_ms_ssim_is_a_fraction_in_both_printings() -> None:
    protocol = PROTOCOLS["paper-2025"]
    assert sigma(task("image.generation.x", "ms_ssim"), 0.542, protocol) == pytest.approx(77.1)
    assert sigma(task("image.generation.x", "ms_ssim", scale="percent"), 54.2, protocol) == pytest.approx(77.1)
    assert sigma(task("image.comprehension.x", scale="fraction"), 0.745, protocol) == pytest.approx(74.5)
    assert sigma(task("audio.generation.x", "wer", scale="fraction"), 0.056, protocol) == pytest.approx(94.4)


@pytest.mark.parametrize("protocol", PROTOCOLS.values(), ids=list(PROTOCOLS))
def test_perfect_and_missing(protocol: object) -> None:
    for metric, row in METRICS_TABLE.items():
        the_task = task("image.comprehension.x", metric)
        assert sigma(the_task, None, protocol) == 0.0  # type: ignore[arg-type]
        if row.direction == "lower":
            assert sigma(the_task, 0.0, protocol) == 100.0  # type: ignore[arg-type]
            assert sigma(the_task, math.inf, protocol) == 0.0  # type: ignore[arg-type]
    assert sigma(task("image.generation.x", "psnr"), math.inf, protocol) == 100.0  # type: ignore[arg-type]


def test_bounds_are_cut() -> None:
    protocol = PROTOCOLS["paper-2025"]
    assert sigma(task("image.comprehension.x", "cider"), 135.0, protocol) == 100.0
    assert sigma(task("audio.generation.x", "wer"), 180.0, protocol) == 0.0
    assert sigma(task("video.generation.x", "clip_score"), -3.0, protocol) == 0.0


@pytest.mark.parametrize("name", PROTOCOLS)
@pytest.mark.parametrize("metric", METRICS_TABLE)
@settings(max_examples=15)
@given(data=st.data())
def test_maps_are_monotone_and_within_0_and_100(name: str, metric: str, data: st.DataObject) -> None:
    the_task = task("image.comprehension.x", metric)
    low, high = score_range(metric, the_task.scale)
    values = st.floats(max(low, -1e6), min(high, 1e6), allow_nan=False)
    a, b = data.draw(values), data.draw(values)
    if the_task.direction == "lower":
        a, b = max(a, b), min(a, b)
    else:
        a, b = min(a, b), max(a, b)
    worse, better = (sigma(the_task, x, PROTOCOLS[name]) for x in (a, b))
    assert 0.0 <= worse <= better <= 100.0


def test_large_errors_keep_their_digits() -> None:
    """2 s(z) - 1 cancels for small z when it is computed as written."""
    assert float(ScoreMap("sigmoid01", 1.0)(1e12)) == pytest.approx(50e-12, rel=1e-9)


def test_arrays_are_mapped_like_numbers() -> None:
    values = np.array([[0.0, 1.0, np.nan], [np.inf, 5.0, 7.0]])
    score_map = ScoreMap("sigmoid01", 5.0)
    assert score_map(values).tolist() == [[float(score_map(v)) for v in row] for row in values]


def test_errors_that_nobody_maps_are_measured_by_the_specialist() -> None:
    paper = get_protocol("paper-2025")
    own = task("image.generation.x", "nll", sota=3.0, scale="raw", direction="lower")
    assert sigma(own, 3.0, paper) == pytest.approx(100 * math.tanh(0.5))
    assert sigma(own, 6.0, paper) == pytest.approx(two(3)(6.0))
    with pytest.raises(ScoreError, match=r"image\.generation\.x: protocol paper-2025 has no score map for 'nll'"):
        paper.map_for(task("image.generation.x", "nll", sota=None, scale="raw", direction="lower"))


def test_formulas_in_words() -> None:
    maps = PROTOCOLS["paper-2025"].maps
    assert maps["fid"].formula() == "100 (2 s(25/x) - 1)"
    assert maps["ms_ssim"].formula() == "100 (x + 1) / 2"
    assert maps["mos"].formula() == "100 (x - 1) / 4"
