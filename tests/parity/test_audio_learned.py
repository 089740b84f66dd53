"""Networks of sound against independent ones with the same random weights, and the front-ends against plain loops."""

from __future__ import annotations

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")
from torch import nn  # noqa: E402

from genlevel import metrics  # noqa: E402
from genlevel.errors import MetricError, NotScorable  # noqa: E402
from genlevel.metrics.evidence import Evidence  # noqa: E402
from genlevel.metrics.learned_audio import vggish  # noqa: E402
from genlevel.metrics.learned_audio.waves import Wave, as_wave  # noqa: E402

Sound = tuple[NDArray[np.float32], int]


def noise(seconds: float, rate: int, seed: int = 0, channels: int = 1) -> Sound:
    rng = np.random.default_rng(seed)
    n = int(seconds * rate)
    tone = 0.4 * np.sin(2 * np.pi * (200 + 150 * seed) * np.arange(n) / rate)
    samples = np.clip(tone[:, None] + 0.1 * rng.normal(size=(n, channels)), -1, 1).astype(np.float32)
    return (samples[:, 0] if channels == 1 else samples), rate


def log_mel_of_one_frame(frame: NDArray[np.float64]) -> list[float]:
    """From the description of AudioSet's features, with a plain sum for the transform."""
    hertz_to_mel = lambda hz: 1127.0 * math.log(1.0 + hz / 700.0)  # noqa: E731
    windowed = [x * (0.5 - 0.5 * math.cos(2 * math.pi * i / 400)) for i, x in enumerate(frame)]
    angles = np.exp(-2j * np.pi * np.outer(np.arange(257), np.arange(400)) / 512)
    magnitude = np.abs(angles @ np.array(windowed))
    low, high = hertz_to_mel(125), hertz_to_mel(7500)
    edges = [low + (high - low) * i / 65 for i in range(66)]
    out = []
    for band in range(64):
        left, centre, right = edges[band : band + 3]
        total = 0.0
        for k in range(1, 257):
            mel = hertz_to_mel(k * 16000 / 512)
            if left < mel <= centre:
                total += magnitude[k] * (mel - left) / (centre - left)
            elif centre < mel < right:
                total += magnitude[k] * (right - mel) / (right - centre)
        out.append(math.log(total + 0.01))
    return out


def test_log_mel_equals_plain_loops() -> None:
    samples = noise(0.08, 16000, 3)[0]
    found = vggish.log_mel(samples)
    assert found.shape == (1 + (1280 - 400) // 160, 64)
    for row in (0, 3, 5):
        expected = log_mel_of_one_frame(samples[row * 160 : row * 160 + 400].astype(np.float64))
        np.testing.assert_allclose(found[row], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(("samples", "pieces"), [(1, 1), (15599, 1), (15600, 1), (30959, 1), (30960, 2), (160000, 10)])
def test_pieces_of_a_sound(samples: int, pieces: int) -> None:
    found = vggish.examples(np.zeros(samples, np.float32))
    assert found.shape == (pieces, 96, 64)
    np.testing.assert_allclose(found, math.log(0.01), rtol=1e-6)


def test_tone_is_in_its_band() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(16000) / 16000)
    edges = np.linspace(*(1127 * np.log1p(np.array([125, 7500]) / 700)), 66)
    centre = int(np.abs(edges[1:-1] - 1127 * np.log1p(1000 / 700)).argmin())
    assert int(vggish.log_mel(tone).mean(axis=0).argmax()) == centre


class ChannelsLast(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.einsum("nctf->ntfc", x).reshape(len(x), -1)


def plain_vgg() -> nn.Sequential:
    """The layers one after another, as the paper's table has them, with the tensor kept channels last before the dense ones."""

    def conv(i: int, o: int) -> list[nn.Module]:
        return [nn.Conv2d(i, o, (3, 3), (1, 1), (1, 1)), nn.ReLU()]

    pool = nn.MaxPool2d
    return nn.Sequential(
        *conv(1, 64), pool(2, 2), *conv(64, 128), pool(2, 2), *conv(128, 256), *conv(256, 256), pool(2, 2),
        *conv(256, 512), *conv(512, 512), pool(2, 2), ChannelsLast(),
        nn.Linear(12288, 4096), nn.ReLU(), nn.Linear(4096, 4096), nn.ReLU(), nn.Linear(4096, 128), nn.ReLU(),
    )  # fmt: skip


NAMES = [
    *(f"features.{i}" for i in (0, 3, 6, 8, 11, 13)),
    *(f"embeddings.{i}" for i in (0, 2, 4)),
]


@pytest.fixture(scope="module")
def plain() -> nn.Sequential:
    torch.manual_seed(0)
    return plain_vgg().eval()


@pytest.fixture(scope="module")
def vggish_file(plain: nn.Sequential, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The plain network's weights under the names of the published file."""
    layers = [m for m in plain if isinstance(m, (nn.Conv2d, nn.Linear))]
    state = {f"{name}.{k}": v for name, layer in zip(NAMES, layers, strict=True) for k, v in layer.state_dict().items()}
    path = tmp_path_factory.mktemp("vggish") / "vggish.pth"
    torch.save(state, path)
    return path


def test_vggish_equals_the_plain_network(plain: nn.Sequential, vggish_file: Path) -> None:
    pieces = torch.from_numpy(vggish.examples(noise(2.0, 16000)[0]))
    with torch.no_grad():
        expected = plain(pieces[:, None])
        before = plain[:-1](pieces[:, None])
        np.testing.assert_allclose(vggish.load(vggish_file, activation=True)(pieces), expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(vggish.load(vggish_file)(pieces), before, rtol=1e-5, atol=1e-6)
    assert (before < 0).any()


def test_fad_equals_the_formula_with_a_matrix_root(plain: nn.Sequential, vggish_file: Path) -> None:
    from scipy.linalg import sqrtm

    made = [noise(2.1, 16000, s) for s in range(3)]
    real = [noise(2.9 + s, 16000, s + 10) for s in range(4)]
    metric = metrics.get("fad", weights=str(vggish_file))
    answers = [*made, None]
    evidence = Evidence.concat([metric.measure(answers[:1], real[:1]), metric.measure(answers[1:], real[1:])])
    sides = []
    for group in (made, real):
        with torch.no_grad():
            rows = [plain[:-1](torch.from_numpy(vggish.examples(s))[:, None]).double().numpy() for s, _ in group]
        x = np.concatenate(rows)
        sides.append((x.mean(axis=0), np.cov(x, rowvar=False)))
    (m1, c1), (m2, c2) = sides
    root = np.trace(sqrtm(sqrtm(c1).real @ c2 @ sqrtm(c1).real).real)
    expected = float(((m1 - m2) ** 2).sum() + np.trace(c1 + c2) - 2 * root)
    assert [len(evidence.ragged(k)) for k in ("answer", "reference")] == [4, 4]
    assert float(metric.reduce(evidence)) == pytest.approx(expected, rel=1e-3)
    assert float(metric.coverage(evidence)) == 0.75
    assert float(metric.reduce(metric.measure(real, real))) == pytest.approx(0, abs=1e-9)


def test_a_weight_of_fad_counts_as_copies_of_a_sound() -> None:
    rng = np.random.default_rng(0)
    from genlevel.metrics.evidence import Ragged

    def side(shift: float) -> Ragged:
        return Ragged.from_rows([rng.normal(shift, 1, (k, 6)) for k in (3, 5, 2, 7)])

    evidence = Evidence(answered=np.ones(4, bool), answer=side(0.0), reference=side(0.5))
    metric = metrics.get("fad")
    w = np.array([2.0, 0.0, 1.0, 3.0])
    copies = evidence.take(np.repeat(np.arange(4), w.astype(int)))
    assert float(metric.reduce(evidence, w)) == pytest.approx(float(metric.reduce(copies)), rel=1e-9)
    assert metric.reduce(evidence, np.stack([w, np.ones(4)])).shape == (2,)
    assert float(metric.reduce(evidence, np.zeros(4))) == np.inf


def scripted(module: nn.Module, path: Path) -> Path:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(module).save(str(path))
    return path


class Loudness(nn.Module):
    """Stands in for UTMOS: 1 + 4 times the root mean square."""

    def forward(self, wave: torch.Tensor) -> torch.Tensor:
        return 1.0 + 4.0 * (wave.float() / 32767.0).pow(2).mean(dim=1).sqrt()


class LoudnessAtRate(nn.Module):
    def forward(self, wave: torch.Tensor, rate: int) -> torch.Tensor:
        return 1.0 + 4.0 * wave.pow(2).mean(dim=1).sqrt() * float(rate == 16000)


@pytest.mark.parametrize(("module", "scale"), [(Loudness(), "int16"), (LoudnessAtRate(), "float")])
def test_predicted_mos_is_what_the_script_gives(module: nn.Module, scale: str, tmp_path: Path) -> None:
    path = scripted(module, tmp_path / "utmos.jit")
    sounds = [noise(0.5, 16000, s) for s in range(2)]
    metric = metrics.get("predicted_mos", weights=str(path), scale=scale)
    evidence = metric.measure([*sounds, None], [None] * 3)
    expected = [1 + 4 * float(np.sqrt((s.astype(float) ** 2).mean())) for s, _ in sounds]
    np.testing.assert_allclose(evidence["rating"], [*expected, 1.0], rtol=1e-4)
    assert float(metric.reduce(evidence)) == pytest.approx((sum(expected) + 1) / 3, rel=1e-4)


def test_a_file_that_is_no_script_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.jit"
    path.write_bytes(b"no script")
    with pytest.raises(NotScorable, match=r"x\.jit: cannot be read as TorchScript"):
        metrics.compute("predicted_mos", [noise(0.1, 16000)], [None], weights=str(path))


@pytest.mark.parametrize("name", ["fad", "clap_score", "style_clap", "predicted_mos"])
def test_without_weights_it_is_not_scorable(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    sound = noise(0.1, 16000)
    with pytest.raises(NotScorable, match=r"from (github\.com|huggingface\.co)/\S+.*GENLEVEL_WEIGHTS"):
        metrics.compute(name, [sound], ["a dog" if name == "clap_score" else sound])


@pytest.mark.parametrize("rate", [8000, 16000, 22050, 44100, 48000])
def test_resampling_keeps_a_tone(rate: int) -> None:
    t = np.arange(rate) / rate
    wave = Wave(np.sin(2 * np.pi * 440 * t).astype(np.float32), rate).at(16000)
    assert len(wave) == 16000
    expected = np.sin(2 * np.pi * 440 * np.arange(16000) / 16000)
    np.testing.assert_allclose(wave[500:-500], expected[500:-500], atol=5e-3)


def test_sounds_that_are_none() -> None:
    assert as_wave((np.zeros(0, np.float32), 8000), "x") is None
    assert as_wave((np.array([0.0, np.nan], np.float32), 8000), "x") is None
    assert as_wave((np.zeros(3), 0), "x") is None
    assert as_wave((np.zeros(3), float("nan")), "x") is None
    stereo = as_wave((np.array([[0.0, 1.0], [1.0, 1.0]], np.float32), 8000), "x")
    assert stereo is not None
    np.testing.assert_array_equal(stereo.samples, [0.5, 1.0])
    for wrong in (np.zeros(3), "text", (np.zeros(3, np.int16), 8000), (np.zeros((2, 2, 2)), 8000)):
        with pytest.raises(MetricError, match="answer 0"):
            as_wave(wrong, "answer 0")
