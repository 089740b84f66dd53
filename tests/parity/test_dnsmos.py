"""DNSMOS against torchmetrics: the same small network of random numbers behind both."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.learned_audio.dnsmos import windows
from tests.parity.without_torchvision import reference_module

onnx = pytest.importorskip("onnx")
onnxruntime = pytest.importorskip("onnxruntime")
LENGTH = 144160


def save_network(path: Path, seed: int = 0, length: int = LENGTH, outputs: int = 3) -> Path:
    """Like the published one: ``input_1`` (b, 144160) to raw scores (b, 3), here 3 + 2 * tanh(x W), between 1 and 5."""
    path.parent.mkdir(exist_ok=True)
    rng = np.random.default_rng(seed)
    given = {
        "w": rng.normal(0, 0.02, (length, outputs)).astype(np.float32),
        "two": np.array(2, np.float32),
        "three": np.array(3, np.float32),
    }
    nodes = [
        onnx.helper.make_node("MatMul", ["input_1", "w"], ["a"]),
        onnx.helper.make_node("Tanh", ["a"], ["b"]),
        onnx.helper.make_node("Mul", ["b", "two"], ["c"]),
        onnx.helper.make_node("Add", ["c", "three"], ["mos"]),
    ]
    kind = onnx.TensorProto.FLOAT
    graph = onnx.helper.make_graph(
        nodes, "small", [onnx.helper.make_tensor_value_info("input_1", kind, ["b", length])],
        [onnx.helper.make_tensor_value_info("mos", kind, ["b", outputs])],
        [onnx.numpy_helper.from_array(value, name) for name, value in given.items()],
    )  # fmt: skip
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, str(path))
    return path


def noise(seconds: float, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.05, int(seconds * 16000)).astype(np.float32)


class NoScore:
    """The network for P.808 that torchmetrics also runs, whose score is not looked at."""

    def run(self, names: Any, inputs: Any) -> list[np.ndarray]:
        return [np.zeros((1, 1), np.float32)]


# 26 s: the windows that begin at 7 to 16 s are one sample short by rounding and left out, by Microsoft's script too.
@pytest.mark.parametrize("seconds", [0.7, 5.0, 9.01, 10.5, 26.0])
@pytest.mark.parametrize("personalized", [False, True])
def test_every_score_is_that_of_torchmetrics(
    seconds: float, personalized: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    theirs = reference_module("torchmetrics.functional.audio.dnsmos")
    path = save_network(tmp_path / "sig_bak_ovr.onnx", seed=int(personalized))
    session = onnxruntime.InferenceSession(str(path))
    for name in ("_LIBROSA_AVAILABLE", "_ONNXRUNTIME_AVAILABLE", "_REQUESTS_AVAILABLE"):
        monkeypatch.setattr(theirs, name, True)
    monkeypatch.setattr(theirs, "_cached_load_session", lambda file, *_: NoScore() if "model_v8" in file else session)
    monkeypatch.setattr(theirs, "_audio_melspec", lambda audio: np.zeros((1, 1)))  # of P.808, by librosa
    samples = noise(seconds, 3)
    expected = theirs.deep_noise_suppression_mean_opinion_score(torch.from_numpy(samples), 16000, personalized)[1:]
    for score, value in zip(("sig", "bak", "ovrl"), expected.tolist(), strict=True):
        found = metrics.compute(
            "dnsmos", [(samples, 16000)], [None], weights=str(path), score=score, personalized=personalized
        )
        assert found == pytest.approx(min(max(value, 1), 5), abs=1e-5)


def test_windows_by_hand() -> None:
    assert [len(w) for w in windows(noise(9.01, 0))] == [LENGTH]
    # 3 s are doubled twice, to 12 s: windows at 0, 1 and 2 s.
    three = noise(3, 0)
    found = list(windows(three))
    assert len(found) == 3
    np.testing.assert_array_equal(found[1][:32000], three[16000:])
    np.testing.assert_array_equal(found[1][32000:80000], three)
    # (7 + 9.01) * 16000 is 256159.99999999997: that window is one sample short.
    assert len(list(windows(noise(17, 0)))) == 7


def test_one_number_for_all_and_a_missing_answer(tmp_path: Path) -> None:
    path = save_network(tmp_path / "sig_bak_ovr.onnx")
    sounds = [(noise(2, 1), 16000), (noise(3, 2), 16000)]
    one, two = (metrics.compute("dnsmos", [s], [None], weights=str(path)) for s in sounds)
    assert one != two
    found = metrics.compute("dnsmos", [*sounds, None], [None] * 3, weights=str(path))
    assert found == pytest.approx((one + two + 1) / 3)


def test_which_file_is_looked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GENLEVEL_WEIGHTS", str(tmp_path))
    plain, personal = metrics.get("dnsmos"), metrics.get("dnsmos", personalized=True)
    assert "DNSMOS/DNSMOS" in plain.lacks()
    assert "pDNSMOS/sig_bak_ovr.onnx from github.com/microsoft/DNS-Challenge" in personal.lacks()
    save_network(tmp_path / "DNSMOS" / "sig_bak_ovr.onnx")
    assert plain.lacks() == ""
    assert personal.lacks() != ""


def test_what_is_wrong_is_said_in_one_line(tmp_path: Path) -> None:
    def complaint(path: Path) -> str:
        with pytest.raises(NotScorable) as caught:
            metrics.compute("dnsmos", [(noise(1, 0), 16000)], [None], weights=str(path))
        assert "\n" not in str(caught.value)
        return str(caught.value)

    (tmp_path / "no.onnx").write_bytes(b"no network")
    assert "no.onnx: cannot be read as an ONNX file" in complaint(tmp_path / "no.onnx")
    assert "takes (1, 144160) samples" in complaint(save_network(tmp_path / "other.onnx", length=100))
    assert "gives (1, 2)" in complaint(save_network(tmp_path / "two.onnx", outputs=2))
    with pytest.raises(MetricError, match="known: sig, bak, ovrl"):
        metrics.get("dnsmos", score="all")
