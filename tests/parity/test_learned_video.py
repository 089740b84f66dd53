"""Video and quality metrics against plain NumPy and torch on tiny networks; rules against worked examples."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from genlevel import metrics  # noqa: E402
from genlevel.errors import MetricError, NotScorable  # noqa: E402
from genlevel.metrics.learned import motion, quality  # noqa: E402
from tests.parity.tiny_models import write_clip, write_dino  # noqa: E402

nn = torch.nn


class VideoFeatures(nn.Module):
    """Takes what the published I3D file takes: (N, 3, T, H, W) in 0..255 and three switches."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("mix", torch.randn(48, 400, generator=torch.Generator().manual_seed(0)))

    def forward(self, x: torch.Tensor, rescale: bool, resize: bool, return_features: bool) -> torch.Tensor:
        assert rescale and resize and return_features
        return torch.tanh(x.mean(dim=[3, 4]).flatten(1) / 128.0 - 1.0) @ self.mix


class Shift(nn.Module):
    """A flow network that sees the same movement everywhere, as far as the first frame's first byte says."""

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> list[torch.Tensor]:
        flow = torch.zeros(a.shape[0], 2, a.shape[2], a.shape[3])
        flow[:, 0] = a[:, 0].mean()
        return [flow * 0.0, flow]


class Mean(nn.Module):
    """A frame interpolator."""

    def forward(self, a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
        return (a + b) / 2.0


class Brightness(nn.Module):
    """A quality network."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x.mean().view(1, 1) * 100.0


@pytest.fixture(scope="module")
def scripts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("scripts")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for kind in (VideoFeatures, Shift, Mean, Brightness):
            torch.jit.script(kind()).save(str(folder / f"{kind.__name__}.pt"))
    return {path.stem: str(path) for path in folder.iterdir()}


def videos(count: int, seed: int, frames: int = 16, size: int = 8, high: int = 256) -> list[NDArray[np.uint8]]:
    rng = np.random.default_rng(seed)
    return [rng.integers(0, high, (frames, size, size, 3), dtype=np.uint8) for _ in range(count)]


def test_fvd_equals_the_formula_on_the_networks_features(scripts: dict[str, str]) -> None:
    from scipy.linalg import sqrtm

    made, real = videos(6, 1, frames=20), videos(6, 2, high=200)
    metric = metrics.get("fvd", weights=scripts["VideoFeatures"])
    evidence = metric.measure([*made, None, made[0][:15]], [*real, real[0], real[1]])
    network = VideoFeatures()
    groups = []
    for group in (made, [*real, real[0], real[1]]):
        x = torch.stack([torch.from_numpy(v[:16].transpose(3, 0, 1, 2).copy()).float() for v in group])
        groups.append(network(x, True, True, True).double().numpy())
    np.testing.assert_allclose(evidence["answer"][:6], groups[0], rtol=1e-4, atol=1e-4)
    (a, ca), (b, cb) = ((g.mean(0), np.cov(g, rowvar=False)) for g in groups)
    # Six samples: all eigenvalues of the product but a few are noise of the square root.
    expected = np.sum((a - b) ** 2) + np.trace(ca + cb - 2 * sqrtm(ca @ cb + 1e-10 * np.eye(400)).real)
    assert float(metric.reduce(evidence)) == pytest.approx(expected, rel=2e-3)
    assert float(metric.coverage(evidence)) == 0.75


def test_fvd_refuses_what_it_cannot_use(
    scripts: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    video = videos(1, 0)[0]
    with pytest.raises(MetricError, match="15 frames"):
        metrics.compute("fvd", [video], [video[:15]], weights=scripts["VideoFeatures"])
    with pytest.raises(NotScorable, match="another network"):
        metrics.compute("fvd", [video], [video], weights=scripts["Mean"])
    (tmp_path / "x.pt").write_bytes(b"no network")
    with pytest.raises(NotScorable, match="cannot be read as weights"):
        metrics.compute("fvd", [video], [video], weights=str(tmp_path / "x.pt"))
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    for name, file in (
        ("fvd", "i3d_torchscript"),
        ("musiq", r"musiq_spaq_ckpt.*SHA-256 358bb6af"),
        ("motion_smoothness", "amt-s.pth"),
        ("dynamic_degree", "raft-things.pth"),
    ):
        with pytest.raises(NotScorable, match=file):
            metrics.compute(name, [video], [video])


def test_neighbouring_frames_by_hand() -> None:
    video = np.zeros((3, 4, 4, 3), np.uint8)
    video[1] = 10
    video[2] = 255
    by_hand = np.mean([(255 - 10) / 255, (255 - 245) / 255])
    assert metrics.compute("temporal_l1_consistency", [video], [None]) == pytest.approx(by_hand, abs=1e-12)
    other = videos(1, 3)[0]
    differences = np.abs(np.diff(other.astype(int), axis=0)).mean(axis=(1, 2, 3))
    expected = np.mean([(255 - d) / 255 for d in differences])
    assert metrics.compute("temporal_l1_consistency", [other], [None]) == pytest.approx(expected, abs=1e-12)
    assert metrics.compute("temporal_l1_consistency", [other, other[:1], None], [None] * 3) == pytest.approx(
        expected / 3
    )


def test_what_counts_as_moving() -> None:
    """At a shorter side of 512 a pair is fast above 12 pixels, and of 16 frames (15 pairs) 4 must be."""
    fast, slow = 12.1, 12.0
    assert motion.moves([fast] * 4 + [slow] * 11, 512)
    assert not motion.moves([fast] * 3 + [slow] * 12, 512)
    assert not motion.moves([5.0] * 15, 256) and motion.moves([6.5] * 15, 256)
    assert not motion.moves([0.0], 256)


def test_speed_is_that_of_the_fastest_twentieth() -> None:
    flow = np.zeros((10, 10, 2))
    flow[0, :5] = (3.0, 4.0)
    assert motion.peak_speed(flow) == pytest.approx(5.0)
    flow[0, 5:] = (30.0, 40.0)
    assert motion.peak_speed(flow) == pytest.approx(50.0)


def test_dynamic_degree_with_a_network(scripts: dict[str, str]) -> None:
    """Frames of 20 pixels: the threshold is 6 * 20 / 256 = 0.47; the network moves as far as frames are bright."""
    moving, still = np.full((9, 20, 22, 3), 1, np.uint8), np.zeros((9, 20, 22, 3), np.uint8)
    options = {"weights": scripts["Shift"]}
    assert metrics.compute("dynamic_degree", [moving, still, still, moving], [None] * 4, **options) == 0.5
    assert metrics.compute("dynamic_degree", [moving, None], [None] * 2, stride=4, **options) == 0.5
    with pytest.raises(NotScorable, match="no flow"):
        metrics.compute("dynamic_degree", [moving], [None], weights=scripts["Mean"])


def test_farneback_finds_a_known_shift() -> None:
    rng = np.random.default_rng(0)
    import cv2

    wide = cv2.GaussianBlur(rng.integers(0, 256, (96, 160, 3), dtype=np.uint8), (0, 0), 3)
    wide = cv2.normalize(wide, None, 0, 255, cv2.NORM_MINMAX)
    flow = motion.farneback(wide[:, 20:116], wide[:, 16:112])
    assert np.median(flow[16:-16, 16:-16, 0]) == pytest.approx(4.0, abs=0.3)
    assert np.median(flow[16:-16, 16:-16, 1]) == pytest.approx(0.0, abs=0.3)
    video = np.stack([wide[:, 40 - 4 * t : 136 - 4 * t] for t in range(9)])
    still = np.repeat(video[:1], 9, axis=0)
    assert metrics.compute("dynamic_degree", [video, still], [None] * 2, flow="farneback") == 0.5


def test_motion_smoothness(scripts: dict[str, str]) -> None:
    options = {"weights": scripts["Mean"]}
    steady = np.stack([np.full((20, 18, 3), 10 * t, np.uint8) for t in range(7)])
    assert metrics.compute("motion_smoothness", [steady], [None], **options) == 1.0
    video = videos(1, 4, frames=6)[0]
    x = video.astype(float)
    between = [np.rint((x[i - 1] + x[i + 1]) / 2) for i in (1, 3)]
    expected = np.mean([1 - np.abs(b - x[i]).mean() / 255 for b, i in zip(between, (1, 3), strict=True)])
    # Halves may be rounded the other way.
    assert metrics.compute("motion_smoothness", [video], [None], **options) == pytest.approx(expected, abs=1e-2)
    assert metrics.compute("motion_smoothness", [steady, steady[:2]], [None] * 2, **options) == 0.5


def test_musiq_by_a_file(scripts: dict[str, str]) -> None:
    metric = metrics.get("musiq", weights=scripts["Brightness"], longest=16)
    picture, video = np.full((40, 20, 3), 51, np.uint8), np.full((2, 8, 8, 3), 255, np.uint8)
    video[1] = 0
    evidence = metric.measure([picture, video, None], [None] * 3)
    np.testing.assert_allclose(evidence["value"], [20.0, 50.0, 0.0], atol=1e-3)
    assert float(metric.reduce(evidence)) == pytest.approx(70 / 3, abs=1e-3)


def plain_predictor(width: int) -> Any:
    """The published predictor's layers, dropouts included, so that the numbers in the names agree."""
    return nn.Sequential(
        nn.Linear(width, 1024), nn.Dropout(0.2), nn.Linear(1024, 128), nn.Dropout(0.2), nn.Linear(128, 64), nn.Dropout(0.1),
        nn.Linear(64, 16), nn.Linear(16, 1),
    ).eval()  # fmt: skip


def test_aesthetic_score_equals_the_plain_layers(tmp_path: Path) -> None:
    torch.manual_seed(3)
    vectors = torch.nn.functional.normalize(torch.randn(5, 32), dim=1)
    plain, single = plain_predictor(32), nn.Linear(32, 1)
    torch.save({f"layers.{k}": v for k, v in plain.state_dict().items()}, tmp_path / "v2.pth")
    torch.save(single.state_dict(), tmp_path / "v1.pth")
    with torch.no_grad():
        for name, module in (("v2", plain), ("v1", single)):
            found = quality.aesthetic(vectors.numpy(), quality.load_head(tmp_path / f"{name}.pth"))
            np.testing.assert_allclose(found, module(vectors)[:, 0].numpy(), rtol=1e-5, atol=1e-6)
    folder = write_clip(tmp_path / "clip")
    with torch.no_grad():
        single.bias.fill_(5.0)
        single.weight.mul_(4.0)
    torch.save(single.state_dict(), tmp_path / "head.pth")
    frames = np.stack([v[0] for v in videos(3, 5, size=32)])
    from genlevel.metrics.learned.encoders import open_clip

    with torch.no_grad():
        ratings = single(torch.from_numpy(open_clip(folder, "cpu").pictures(list(frames))))[:, 0].numpy()
    value = metrics.compute("aesthetic_score", [frames], [None], weights=str(folder), head=str(tmp_path / "head.pth"))
    assert value == pytest.approx(ratings.mean() / 10, rel=1e-5)
    torch.save(nn.Linear(7, 1).state_dict(), tmp_path / "other.pth")
    with pytest.raises(NotScorable, match="takes 7 numbers"):
        metrics.compute("aesthetic_score", [frames], [None], weights=str(folder), head=str(tmp_path / "other.pth"))


@pytest.mark.parametrize(
    "state", [{"layers.0.weight": torch.zeros(2, 3)}, {"weight": torch.zeros(2, 3), "bias": torch.zeros(2)}]
)
def test_other_heads_are_named(state: Any, tmp_path: Path) -> None:
    torch.save(state, tmp_path / "head.pth")
    with pytest.raises(NotScorable, match=r"head\.pth"):
        quality.load_head(tmp_path / "head.pth")


def test_i2v_composite(tmp_path: Path, scripts: dict[str, str]) -> None:
    given = {"subject": 0.9, "text": 0.2, "flow": 1.0, "smoothness": 0.95}
    assert metrics.compute("i2v_composite", [given], ["x"]) == pytest.approx(100 * 3.05 / 4)
    assert metrics.compute("i2v_composite", [given, None, given | {"flow": 7}], ["x"] * 3) == pytest.approx(
        100 * 3.05 / 12
    )
    clip, dino = write_clip(tmp_path / "clip"), write_dino(tmp_path / "dino")
    paths = {"dino": str(dino), "clip": str(clip), "raft": scripts["Shift"], "interpolator": scripts["Mean"]}
    video = videos(1, 6, frames=5, size=32)[0]
    parts = [
        metrics.compute("subject_consistency", [video], [None], weights=str(dino)),
        metrics.compute("clip_score", [video], ["a cat"], weights=str(clip)) / 100,
        metrics.compute("dynamic_degree", [video], [None], weights=scripts["Shift"]),
        metrics.compute("motion_smoothness", [video], [None], weights=scripts["Mean"]),
    ]
    assert metrics.compute("i2v_composite", [video], ["a cat"], **paths) == pytest.approx(25 * sum(parts), rel=1e-6)
