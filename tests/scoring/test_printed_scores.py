"""The specialists' printed scores are values that the metrics which measure the tasks can give."""

import numpy as np
import pytest

from genlevel import metrics, tasktypes
from genlevel.catalog import load
from genlevel.scoring.task import printed

# Task types whose answers go from 0 to 1, and the errors of theirs that are means over pixels: black for white is the worst.
ANSWERS_FROM_0_TO_1 = {"image-matting": {"mse", "mae"}}


@pytest.mark.parametrize("edition", ["2024", "2025"])
def test_no_printed_score_is_beyond_what_the_measuring_metric_gives(edition: str) -> None:
    checked = bounded = 0
    for task in load(edition):
        kind = tasktypes.for_task(task)
        metric = metrics.get(kind.metric(task), **kind.metric_options(task))
        low, high = (float(printed(end, metric, task.scale)) for end in metric.range)
        if task.metric in ANSWERS_FROM_0_TO_1.get(task.task_type, ()):
            evidence = metric.measure([np.zeros((2, 2))], [np.ones((2, 2))])
            high = float(printed(float(metric.reduce(evidence)), metric, task.scale))
            bounded += 1
        assert low <= task.sota <= high, (task.id, metric.name)
        checked += 1
    assert (checked, bounded) == ({"2024": 77, "2025": 699}[edition], 1)


def test_the_mse_of_mattes_is_in_the_unit_of_the_printed_score() -> None:
    # A matte that is 0.17 off everywhere has an MSE of 0.0289.
    answer, reference = np.full((4, 4), 0.5), np.full((4, 4), 0.67)
    for edition, name, factor in (("2025", "person-hair-matting", 1000), ("2024", "am-2k", 100)):
        task = load(edition)[f"image.comprehension.{name}"]
        kind = tasktypes.for_task(task)
        metric = metrics.get(kind.metric(task), **kind.metric_options(task))
        value = float(printed(float(metric.reduce(metric.measure([answer], [reference]))), metric, task.scale))
        assert value == pytest.approx(factor * 0.0289)
