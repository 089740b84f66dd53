"""What would take memory or time without bound is refused before it does."""

import time

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError


@pytest.mark.parametrize("name", ["mcd", "mel_distance", "chroma_similarity", "pesq", "stoi", "si_sdr"])
def test_a_sound_at_an_absurd_rate_or_of_hours_is_no_answer(name: str) -> None:
    truth = (np.random.default_rng(0).normal(size=16000), 16000)
    metric = metrics.get(name)
    for absurd in ((np.full(200_000, 0.1), 1), (np.full(4_000_000, 0.1), 1000), (np.full(100, 0.1), 10**9)):
        none = metric.measure([None], [truth])
        given = metric.measure([absurd], [truth])
        assert {k: v.tolist() for k, v in given.to_arrays().items()} == {
            k: v.tolist() for k, v in none.to_arrays().items()
        }
        with pytest.raises(MetricError, match=r"sample 0|reference 0"):
            metric.measure([truth], [absurd])


def test_equal_points_are_one_to_the_search() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(30_000, 3))
    before = time.process_time()
    value = metrics.compute("chamfer_distance", [np.zeros_like(truth)], [truth])
    assert (
        time.process_time() - before < 2
    )  # 3 seconds for every query a look at every point, and growing with the square
    squares = (truth**2).sum(axis=1)
    assert value == pytest.approx(squares.min() + squares.mean(), rel=1e-12)


def test_search_among_equal_points_finds_what_a_plain_one_finds() -> None:
    from scipy.spatial.distance import cdist

    from genlevel.metrics.points import nearest

    rng = np.random.default_rng(1)
    points, others = rng.normal(size=(50, 3)), rng.integers(0, 3, (200, 3)).astype(float)
    distance, index = nearest(points, others)
    table = cdist(points, others)
    np.testing.assert_allclose(distance, table.min(axis=1), rtol=1e-12)
    np.testing.assert_allclose(table[np.arange(50), index], table.min(axis=1), rtol=1e-12)


def test_a_deep_table_against_a_wide_one_is_not_below_zero() -> None:
    # table-recognition-metric has -0.98 here.
    deep, wide = "<table>" + "<div>" * 150, "<table>" + "<tr></tr>" * 150
    assert metrics.compute("teds", [deep], [wide]) == 0.0
