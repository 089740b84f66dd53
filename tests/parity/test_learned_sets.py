"""Distances between feature sets against torch-fidelity, on the same features."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.parity.without_torchvision import reference_module

torch = pytest.importorskip("torch")
their_fid = reference_module("torch_fidelity.metric_fid")
their_kid = reference_module("torch_fidelity.metric_kid")
their_prc = reference_module("torch_fidelity.metric_prc")
their_isc = reference_module("torch_fidelity.metric_isc")

from genlevel import metrics  # noqa: E402
from genlevel.errors import MetricError, NotScorable  # noqa: E402
from genlevel.metrics.evidence import Evidence  # noqa: E402
from genlevel.metrics.learned import generation, sets  # noqa: E402


def features(n: int, d: int, seed: int, shift: float = 0.0) -> NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    return (rng.normal(shift, 1.0, (n, d)) @ rng.normal(0, 0.4, (d, d))).astype(np.float32)


def pair(n: int, d: int, m: int | None = None) -> Evidence:
    a, b = features(n, d, 1, 0.3), features(m or n, d, 2)
    return Evidence(answered=np.ones(n, bool), answer=a, reference=b)


@pytest.mark.parametrize(("n", "d"), [(400, 24), (2000, 64), (65, 64), (40, 64), (90, 64), (200, 64), (5, 512)])
def test_fid_equals_the_reference(n: int, d: int) -> None:
    evidence = pair(n, d)
    moments = [
        their_fid.fid_features_to_statistics(torch.from_numpy(evidence[k].astype(np.float64)))
        for k in ("answer", "reference")
    ]
    expected = their_fid.fid_statistics_to_metric(*moments, verbose=False)["frechet_inception_distance"]
    # A square root of a singular covariance is good to the root of the machine's precision only, on the reference's side.
    tolerance = 1e-9 if n > d + 1 else 2e-5
    assert float(generation.Fid().reduce(evidence)) == pytest.approx(expected, rel=tolerance)


def test_fid_of_equal_gaussians_by_hand() -> None:
    """One dimension: (m1 - m2)^2 + (s1 - s2)^2, with unbiased variances 1 and 4."""
    a = np.array([[-1.0], [0.0], [1.0]])
    b = np.array([[1.0], [3.0], [5.0]])
    evidence = Evidence(answered=np.ones(3, bool), answer=a, reference=b)
    assert float(generation.Fid().reduce(evidence)) == pytest.approx(9.0 + 1.0, abs=1e-12)
    same = Evidence(answered=np.ones(3, bool), answer=a, reference=a)
    assert float(generation.Fid().reduce(same)) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("n", [2, 7, 150, 1500])
def test_kid_equals_one_subset_of_everything(n: int) -> None:
    evidence = pair(n, 32)
    expected = their_kid.kid_features_to_metric(
        *(torch.from_numpy(evidence[k].astype(np.float64)) for k in ("answer", "reference")),
        kid_subsets=1, kid_subset_size=n, verbose=False, rng_seed=0,
    )  # fmt: skip
    assert float(generation.Kid().reduce(evidence)) == pytest.approx(
        expected["kernel_inception_distance_mean"], rel=1e-9, abs=1e-12
    )


@pytest.mark.parametrize(("n", "k"), [(6, 3), (120, 3), (120, 5), (300, 1)])
def test_precision_and_recall_equal_the_reference(n: int, k: int) -> None:
    evidence = pair(n, 8)
    expected = their_prc.prc_features_to_metric(
        *(torch.from_numpy(evidence[name].astype(np.float64)) for name in ("answer", "reference")),
        prc_neighborhood=k, prc_batch_size=64, save_cpu_ram=False, verbose=False,
    )  # fmt: skip
    precision = generation.FidPrecision(neighbours=k).reduce(evidence)
    recall = generation.FidRecall(neighbours=k).reduce(evidence)
    assert float(precision) == pytest.approx(expected["precision"], abs=1e-6)
    assert float(recall) == pytest.approx(expected["recall"], abs=1e-6)
    assert n < 100 or 0 < float(precision) < 1


@pytest.mark.parametrize(("n", "splits"), [(40, 10), (43, 10), (43, 1), (12, 5)])
def test_inception_score_equals_the_reference(n: int, splits: int) -> None:
    logits = (features(n, 1008, 3) / 4).astype(np.float32)
    expected = their_isc.isc_features_to_metric(torch.from_numpy(logits), splits, shuffle=False)
    evidence = Evidence(answered=np.ones(n, bool), logits=logits)
    value = float(generation.InceptionScore(splits=splits).reduce(evidence))
    assert value == pytest.approx(expected["inception_score_mean"], rel=1e-9)


@pytest.mark.parametrize("kind", [generation.Fid, generation.Kid])
def test_a_weight_counts_as_copies(kind: type[generation.Fid]) -> None:
    evidence = pair(50, 12)
    evidence.columns["answered"] = np.arange(50) % 7 != 0
    weights = np.random.default_rng(4).multinomial(50, np.full(50, 0.02), size=3).astype(float)
    values = kind().reduce(evidence, weights)
    if kind is generation.Fid:
        copies = [float(kind().reduce(evidence.take(np.repeat(np.arange(50), w.astype(int))))) for w in weights]
        np.testing.assert_allclose(values, copies, rtol=1e-9)
    assert values.shape == (3,) and len(set(values)) == 3
    np.testing.assert_allclose(kind().reduce(evidence, np.ones(50)), kind().reduce(evidence), rtol=1e-12)
    np.testing.assert_allclose(kind().coverage(evidence), 42 / 50)


def test_kid_leaves_out_a_row_with_itself_not_its_copies_weight() -> None:
    """Against the double sum over i != j, written out."""
    evidence = pair(9, 3)
    w = np.array([0, 1, 2, 1, 0, 3, 1, 1, 0.5])
    x, y = evidence["answer"].astype(float), evidence["reference"].astype(float)

    def mean(p: NDArray[np.float64], q: NDArray[np.float64], same: bool) -> float:
        top = bottom = 0.0
        for i in range(9):
            for j in range(9):
                if not (same and i == j):
                    top += w[i] * w[j] * (p[i] @ q[j] / 3 + 1) ** 3
                    bottom += w[i] * w[j]
        return top / bottom

    expected = mean(x, x, True) + mean(y, y, True) - 2 * mean(x, y, False)
    assert float(generation.Kid().reduce(evidence, w)) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("name", ["fid", "kid", "fid_precision", "fid_recall", "inception_score"])
def test_nothing_answered_is_the_worst_value(name: str) -> None:
    metric = metrics.get(name)
    empty = np.zeros((4, 2048), np.float32)
    evidence = Evidence(answered=np.zeros(4, bool), answer=empty, reference=empty, logits=empty)
    assert float(metric.reduce(evidence)) == metric.worst
    assert float(metric.reduce(Evidence())) == metric.worst
    assert metric.reduce(evidence, np.ones((3, 4))).shape == (3,)


def test_few_rows_have_no_balls() -> None:
    assert not sets.share_inside(np.zeros((2, 4)), np.zeros((3, 4)), 3).any()


def test_from_pictures_to_the_number(inception_file: Path) -> None:
    """Shards of unequal pictures, one missing, against torch-fidelity's features."""
    extractor = reference_module("torch_fidelity.feature_extractor_inceptionv3")
    rng = np.random.default_rng(5)
    made = [rng.integers(0, 256, (40, 30 + 10 * (i % 2), 3), dtype=np.uint8) for i in range(4)]
    real = [rng.integers(0, 128, (40, 40, 3), dtype=np.uint8) for _ in range(5)]
    metric = generation.Fid(weights=str(inception_file))
    answers = [*made, None]
    evidence = Evidence.concat([metric.measure(answers[:2], real[:2]), metric.measure(answers[2:], real[2:])])
    network = extractor.FeatureExtractorInceptionV3("i", ["2048"], feature_extractor_weights_path=str(inception_file))
    moments = []
    for group in (made, real):
        rows = [network(torch.from_numpy(p.transpose(2, 0, 1)[None].copy()))[0].numpy() for p in group]
        moments.append(sets.moments(np.concatenate(rows), np.ones(len(rows))))
    assert moments[0] is not None and moments[1] is not None
    expected = sets.frechet(moments[0], moments[1])
    assert float(metric.reduce(evidence)) == pytest.approx(expected, rel=1e-3)
    assert float(metric.coverage(evidence)) == pytest.approx(0.8)


def test_a_sample_without_a_real_picture_is_refused(inception_file: Path) -> None:
    picture = np.zeros((8, 8, 3), np.uint8)
    with pytest.raises(MetricError, match="reference picture"):
        generation.Fid(weights=str(inception_file)).measure([picture], [None])
    with pytest.raises(MetricError, match="uint8"):
        generation.Fid(weights=str(inception_file)).measure([picture], [np.zeros((8, 8, 3))])
    odd = generation.Fid(weights=str(inception_file)).measure([np.zeros((8, 8, 3)), picture], [picture, picture])
    assert odd["answered"].tolist() == [False, True]


def test_without_weights_it_is_not_scorable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    picture = np.zeros((8, 8, 3), np.uint8)
    for name in ("fid", "kid", "fid_precision", "fid_recall", "inception_score"):
        with pytest.raises(NotScorable, match="weights-inception"):
            metrics.compute(name, [picture], [picture])


@pytest.fixture(scope="module")
def inception_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from genlevel.metrics.learned import inception

    torch.manual_seed(0)
    path = tmp_path_factory.mktemp("weights") / "inception.pth"
    torch.save(inception.Inception().state_dict(), path)
    return path
