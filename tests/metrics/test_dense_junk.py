"""Answers of every wrong kind cost what a missing answer costs and raise nothing; wrong references are one line of error."""

import math
from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError
from tests.metrics.examples import EXAMPLES
from tests.metrics.examples_dense import DENSE_EXAMPLES

NAMES = sorted(
    {*DENSE_EXAMPLES, "mae", "mse", "rmse", "pcc", "rms", "abs_rel", "delta1", "silog", "ap", "ap50", "miou", "dice"}
    | {"psnr", "ssim", "si_sdr", "chamfer_distance", "f_score", "instance_miou", "success_auc", "grounding_accuracy"}
)
JUNK: list[Any] = [
    None,
    "x",
    "[" * 500,
    b"\x00",
    object(),
    True,
    -1,
    10**400,
    float("nan"),
    float("inf"),
    [],
    {},
    (),
    [[]],
    [None],
    ["a", None],
    [[1], [2, 3]],
    [[float("nan")] * 4] * 2,
    {"label": "a"},
    {"box": [1, 2, 3, 4]},
    {"map": "x", "segments": 3},
    [{"label": "a"}],
    [{"label": "a", "box": "abcd"}, {"label": ["b"], "box": [1, 2, 3, 4], "score": "high"}],
    [{"label": "a", "id": 1, "box": [0, 0, -1, 5]}],
    [[{"id": None, "box": [1, 2, 3, 4]}, 7, {"id": 1, "label": "car", "box": [math.inf] * 7}]],
    np.zeros((0, 3)),
    np.full((6, 7), np.nan),
    np.full((12, 13), 1e300),
    np.zeros((2, 3, 4, 5)),
    np.array(["a", "b"]),
    np.array([1 + 2j]),
    np.array([{}, None], object),
]


def references(name: str) -> list[Any]:
    return EXAMPLES[name](np.random.default_rng(0), 1)[1]


@pytest.mark.parametrize("name", NAMES)
def test_junk_answers(name: str) -> None:
    metric = metrics.get(name)
    evidence = metric.measure(JUNK, references(name) * len(JUNK))
    value = float(metric.reduce(evidence))
    assert not math.isnan(value)
    assert metric.range[0] <= value <= metric.range[1]
    if not metric.bounded:
        assert evidence["answered"].sum() <= 2  # a bare number may stand for an array of one


@pytest.mark.parametrize("name", NAMES)
def test_junk_references(name: str) -> None:
    metric = metrics.get(name)
    answers = EXAMPLES[name](np.random.default_rng(0), 1)[0]
    for junk in JUNK:
        try:
            evidence = metric.measure(answers, [junk])
        except MetricError as error:
            assert "sample 0" in str(error)
            assert "\n" not in str(error)
        else:
            assert not math.isnan(float(metric.reduce(evidence)))
