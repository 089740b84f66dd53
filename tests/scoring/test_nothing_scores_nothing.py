"""No task of either edition gives a sigma above 0 to a model that answers nothing."""

import math

import pytest

from genlevel import metrics, tasktypes
from genlevel.catalog import load
from genlevel.levels import get_protocol, sigma
from genlevel.scoring.task import printed


@pytest.mark.parametrize("edition", ["2024", "2025"])
def test_the_worst_value_of_a_bounded_metric_is_sigma_0(edition: str) -> None:
    catalog = load(edition)
    protocol = get_protocol(catalog.protocol)
    checked = 0
    for task in catalog:
        kind = tasktypes.for_task(task)
        metric = metrics.get(kind.metric(task), **kind.metric_options(task))
        if not metric.bounded:
            continue  # nothing answered is no value at all, and coverage scales the rest
        worst = printed(metric.worst, metric, task.scale)
        if math.isfinite(worst):
            checked += 1
            assert sigma(task, worst, protocol) == 0.0, task.id
    assert checked > 20


@pytest.mark.parametrize("name", ["psnr", "ssim", "ms_ssim", "fid", "mae", "angular_error"])
def test_metrics_whose_map_is_not_0_at_their_end_carry_coverage(name: str) -> None:
    assert not metrics.get(name).bounded
