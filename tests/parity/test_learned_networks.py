"""Networks of this package, given the published files' names, against what the references gave with the same weights."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")

from genlevel import metrics  # noqa: E402
from genlevel.errors import MetricError, NotScorable  # noqa: E402
from genlevel.metrics.learned import body_motion, motion  # noqa: E402
from genlevel.metrics.learned.amt import AmtS  # noqa: E402
from genlevel.metrics.learned.correlation import sample  # noqa: E402
from genlevel.metrics.learned.i3d import I3d  # noqa: E402
from genlevel.metrics.learned.musiq import Musiq  # noqa: E402
from genlevel.metrics.learned.raft import Raft  # noqa: E402
from genlevel.metrics.learned.torchscript import load_network  # noqa: E402
from genlevel.metrics.learned.weights import load_state  # noqa: E402
from tests.parity.record_networks import AMT_GAIN, I3D_GAIN, PICTURES, RAFT_GAIN, RECORD, every, musiq_state  # noqa: E402
from tests.parity.seeded_weights import seeded_frames, seeded_state  # noqa: E402
from tests.parity.tiny_models import write_clip  # noqa: E402

RECORDED = json.loads(RECORD.read_text("utf-8"))


def halved(state: dict[str, Any], kind: Any = torch.float16) -> dict[str, Any]:
    return {name: tensor.to(kind) if tensor.is_floating_point() else tensor for name, tensor in state.items()}


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Small maps on several threads wait for each other, above all beside other tests."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each file wrapped as its publisher wraps it; some in half precision."""
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("networks")
    raft = seeded_state(Raft(), RAFT_GAIN)
    torch.save({f"module.{name}": tensor for name, tensor in raft.items()}, folder / "raft-things.pth")
    torch.save({"epoch": 3, "state_dict": halved(seeded_state(AmtS(), AMT_GAIN))}, folder / "amt-s.pth")
    torch.save({"params": halved(musiq_state(Musiq()))}, folder / "musiq_spaq_ckpt-358bb6af.pth")
    save_file(halved(seeded_state(I3d(), I3D_GAIN)), str(folder / "i3d.safetensors"))
    return folder


@pytest.fixture()
def weights(files: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GENLEVEL_WEIGHTS", str(files))
    return files


def test_raft_equals_the_authors_network(weights: Path) -> None:
    frames = seeded_frames(2, 128, 136)
    (flow,) = motion.raft_flows(load_network(weights / "raft-things.pth", "cpu", Raft), frames, device="cpu")
    found = every(flow.transpose(2, 0, 1), 997)
    # Pixels; the order of summation is carried through 20 steps.
    np.testing.assert_allclose(found, RECORDED["raft"], atol=5e-3)


def test_dynamic_degree_by_raft(weights: Path) -> None:
    """Frames are padded to multiples of 8 on both sides, and the features of a frame serve both its neighbours."""
    frames = seeded_frames(3, 58, 69, seed=1)
    network = load_network(weights / "raft-things.pth", "cpu", Raft)
    flows = list(motion.raft_flows(network, frames, device="cpu"))
    wide = np.pad(frames, ((0, 0), (3, 3), (1, 2), (0, 0)), mode="edge")  # 64 x 72
    x = torch.from_numpy(wide.transpose(0, 3, 1, 2).copy()).float()
    with torch.inference_mode():
        direct = [network(x[i : i + 1], x[i + 1 : i + 2])[0, :, 3:61, 1:70].permute(1, 2, 0).numpy() for i in (0, 1)]
    np.testing.assert_allclose(flows, direct, atol=5e-3)
    assert flows[0].shape == (58, 69, 2)
    # These random weights see fast movement everywhere.
    assert min(motion.peak_speed(flow) for flow in flows) > 6 * 58 / 256
    assert metrics.compute("dynamic_degree", [frames[:2], frames[:1], None], [None] * 3) == pytest.approx(1 / 3)
    small = seeded_frames(2, 20, 30)
    assert np.isfinite(list(motion.raft_flows(network, small, device="cpu"))).all()


def test_reading_a_map_between_pixels() -> None:
    maps = torch.arange(12.0).view(1, 1, 3, 4)
    x, y = torch.tensor([[[0.0, 2.5, 3.5, 9.0]]]), torch.tensor([[[0.0, 1.0, 2.0, 1.0]]])
    np.testing.assert_allclose(sample(maps, x, y)[0, 0, 0], [0.0, 6.5, 5.5, 0.0], atol=1e-5)
    np.testing.assert_allclose(sample(maps[..., :1, :1] + 3, x, x * 0)[0, 0, 0], [3.0, 0.0, 0.0, 0.0], atol=1e-5)


def test_amt_equals_the_authors_network(weights: Path) -> None:
    a, b = seeded_frames(2, 128, 144)
    network = load_network(weights / "amt-s.pth", "cpu", AmtS)
    x, y = (torch.from_numpy(f.transpose(2, 0, 1)[None].copy()).float() / 255 for f in (a, b))
    with torch.inference_mode():
        made = network(x, y)
    np.testing.assert_allclose(every(made, 997), RECORDED["amt"], atol=2e-5)
    # VBench cuts to bytes and compares with the frame between.
    expected = 1 - np.abs(np.floor(made[0].permute(1, 2, 0).numpy() * 255) - a.astype(float)).mean() / 255
    value = metrics.compute("motion_smoothness", [np.stack([a, a, b])], [None])
    assert value == pytest.approx(expected, abs=1e-5)
    assert 0 < metrics.compute("motion_smoothness", [seeded_frames(3, 40, 50)], [None]) <= 1


def test_musiq_equals_pyiqa(weights: Path) -> None:
    metric = metrics.get("musiq")
    found = metric.measure([seeded_frames(1, *size)[0] for size in PICTURES], [None] * len(PICTURES))
    np.testing.assert_allclose(found["value"], RECORDED["musiq"], atol=1e-3)


def test_frames_for_musiq_are_made_small_as_vbench_does_it() -> None:
    """Without smoothing, cut to whole sides, and rounded to bytes; against OpenCV's bilinear reading."""
    import cv2

    frame = seeded_frames(1, 300, 700)[0]
    small = metrics.get("musiq")._input(frame, "cpu")
    expected = np.rint(cv2.resize(frame.astype(np.float32), (512, 219), interpolation=cv2.INTER_LINEAR))
    assert small.shape == (1, 3, 219, 512)
    # 219.43 rows: the two scale by the sides' quotient.
    assert np.abs(small[0].permute(1, 2, 0).numpy() * 255 - expected).max() <= 1.0


def test_i3d_equals_cd_fvd(weights: Path) -> None:
    video = seeded_frames(16, 60, 100)
    metric = metrics.get("fvd", weights=str(weights / "i3d.safetensors"))
    evidence = metric.measure([video, None], [video, video])
    np.testing.assert_allclose(evidence["answer"][0, ::7], RECORDED["i3d"], atol=2e-4)
    np.testing.assert_array_equal(evidence["answer"][0], evidence["reference"][0])


def plain_motion_encoder(state: dict[str, NDArray[np.float64]], motion: NDArray[np.float64], tokens: int) -> Any:
    """The text-to-motion encoder written out: two convolutions of stride 2, a GRU in both directions, two layers."""

    def convolved(x: Any, weight: Any, bias: Any) -> Any:
        x = np.pad(x, ((1, 1), (0, 0)))
        rows = [np.einsum("kc,ock->o", x[t : t + 4], weight) + bias for t in range(0, len(x) - 3, 2)]
        rows = np.array(rows)
        return np.where(rows > 0, rows, 0.2 * rows)

    def sigmoid(x: Any) -> Any:
        return 1 / (1 + np.exp(-x))

    m, r = "movement_encoder.", "motion_encoder."
    x = motion[:, :-4]
    for layer in "03":
        x = convolved(x, state[f"{m}main.{layer}.weight"], state[f"{m}main.{layer}.bias"])
    x = x @ state[m + "out_net.weight"].T + state[m + "out_net.bias"]
    x = x[:tokens] @ state[r + "input_emb.weight"].T + state[r + "input_emb.bias"]
    last = []
    for direction, way in enumerate(("", "_reverse")):
        h = state[r + "hidden"][direction, 0]
        for token in x[::-1] if way else x:
            i = np.split(state[f"{r}gru.weight_ih_l0{way}"] @ token + state[f"{r}gru.bias_ih_l0{way}"], 3)
            g = np.split(state[f"{r}gru.weight_hh_l0{way}"] @ h + state[f"{r}gru.bias_hh_l0{way}"], 3)
            reset, update = sigmoid(i[0] + g[0]), sigmoid(i[1] + g[1])
            h = (1 - update) * np.tanh(i[2] + reset * g[2]) + update * h
        last.append(h)
    y = state[r + "output_net.0.weight"] @ np.concatenate(last) + state[r + "output_net.0.bias"]
    y = (y - y.mean()) / np.sqrt(y.var() + 1e-5)
    y = y * state[r + "output_net.1.weight"] + state[r + "output_net.1.bias"]
    y = np.where(y > 0, y, 0.2 * y)
    return state[r + "output_net.3.weight"] @ y + state[r + "output_net.3.bias"]


def test_motion_encoder_is_the_written_out_one(tmp_path: Path) -> None:
    width = 12
    state = seeded_state(body_motion.MotionEncoder(width))
    parts = {
        part: {n.removeprefix(f"{part}."): t for n, t in state.items() if n.startswith(part)}
        for part in ("movement_encoder", "motion_encoder")
    }
    file = tmp_path / "finest.tar"
    torch.save(parts | {"text_encoder": {}, "epoch": 7, "opt_motion_encoder": {"state": {}, "param_groups": []}}, file)
    rng = np.random.default_rng(0)
    mean, std = rng.normal(size=width), rng.uniform(0.5, 2, width)
    np.save(tmp_path / "mean.npy", mean)
    np.save(tmp_path / "std.npy", std)
    lengths = (40, 199, 7, 4)
    motions = [rng.normal(size=(n, width)) for n in lengths]
    metric = metrics.get(
        "motion_fid", weights=str(file), mean=str(tmp_path / "mean.npy"), std=str(tmp_path / "std.npy")
    )
    evidence = metric.measure([*motions, motions[0][:3]], [*motions, motions[0]])
    assert evidence["answered"].tolist() == [True] * 4 + [False]
    plain = {name: tensor.double().numpy() for name, tensor in state.items()}
    for row, motion_ in enumerate(motions):
        whole = len(motion_) // 4 * 4
        filled = np.zeros((196, width))
        filled[:whole] = ((motion_ - mean) / std)[:whole]
        expected = plain_motion_encoder(plain, filled, whole // 4)
        np.testing.assert_allclose(evidence["reference"][row], expected, atol=2e-5)
    with pytest.raises(MetricError, match="belong together"):
        metrics.get("motion_fid", mean="x.npy")
    with pytest.raises(NotScorable, match=r"main\.0\.weight' has shape"):
        metrics.compute("motion_fid", [np.zeros((8, 9))] * 2, [np.zeros((8, 9))] * 2, weights=str(file))


@pytest.mark.parametrize("kind", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
@pytest.mark.parametrize("wrapper", ["", "state_dict", "model", "params", "params_ema", "model_state_dict"])
def test_checkpoints_are_unwrapped_and_widened(kind: Any, wrapper: str, tmp_path: Path) -> None:
    plain = {"a.weight": torch.tensor([[0.5, -2.0]]), "count": torch.tensor(3)}
    state = halved({f"module.{name}": tensor for name, tensor in plain.items()}, kind)
    torch.save({wrapper: state, "epoch": 2} if wrapper else state, tmp_path / "x.pth")
    found = load_state(tmp_path / "x.pth")
    assert found.keys() == plain.keys()
    assert found["a.weight"].dtype == torch.float32 and found["count"].dtype == torch.int64
    assert torch.equal(found["a.weight"], plain["a.weight"])


PICTURE = np.zeros((70, 70, 3), np.uint8)
VIDEO = np.zeros((17, 70, 70, 3), np.uint8)
SOUND = (np.sin(np.arange(16000) / 9.0).astype(np.float32), 16000)
# Metric, the option, what the missing file is called, an answer and its reference.
NEEDY = [
    ("fid", "weights", "weights-inception", PICTURE, PICTURE),
    ("kid", "weights", "weights-inception", PICTURE, PICTURE),
    ("inception_score", "weights", "weights-inception", PICTURE, None),
    ("lpips", "weights heads", "alexnet-owt", PICTURE, PICTURE),
    ("dists", "weights heads", "vgg16-397923af", PICTURE, PICTURE),
    ("clip_score", "weights", "clip-vit-base-patch32", PICTURE, "a cat"),
    ("clip_image_score", "weights", "clip-vit-base-patch32", PICTURE, PICTURE),
    ("rendered_clip_score", "weights", "clip-vit-base-patch32", np.random.default_rng(0).random((50, 3)), "a chair"),
    ("aesthetic_score", "head", "linearMSE", PICTURE, None),
    ("dino_score", "weights", "dino-vits16", VIDEO, None),
    ("subject_consistency", "weights", "dino-vitb16", VIDEO, None),
    ("fvd", "weights", "i3d_torchscript", VIDEO, VIDEO),
    ("dynamic_degree", "weights", "raft-things", VIDEO, None),
    ("motion_smoothness", "weights", "amt-s", VIDEO, None),
    ("musiq", "weights", "musiq_spaq_ckpt", PICTURE, None),
    ("brisque", "weights", "brisque_svm_weights", PICTURE, None),
    ("niqe", "weights", "niqe_pris_params", np.random.default_rng(0).integers(0, 256, (200, 200, 3), np.uint8), None),
    ("clap_score", "weights", "clap-htsat-unfused", SOUND, "a tone"),
    ("fad", "weights", "vggish", SOUND, SOUND),
    ("predicted_mos", "weights", "utmos", SOUND, None),
    ("motion_fid", "weights", "finest.tar", np.zeros((8, 9)), np.zeros((8, 9))),
    ("bert_score", "weights", "roberta-large", "a cat", ["a cat"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "option", "file", "answer", "reference"), NEEDY, ids=[case[0] for case in NEEDY])
def test_what_is_missing_or_wrong_is_said_in_one_line(
    name: str, option: str, file: str, answer: Any, reference: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    torch.save({"other.weight": torch.zeros(3)}, tmp_path / "other.pth")
    (tmp_path / "cut.pth").write_bytes((tmp_path / "other.pth").read_bytes()[:200])
    (tmp_path / "folder").mkdir()

    def complaint(**options: Any) -> str:
        with pytest.raises(NotScorable) as caught:
            metrics.compute(name, [answer] * 2, [reference] * 2, **options)
        assert "\n" not in str(caught.value)
        return str(caught.value)

    missing = complaint()
    assert file in missing and "GENLEVEL_WEIGHTS is not set" in missing
    assert str(tmp_path / "no") in complaint(**dict.fromkeys(option.split(), str(tmp_path / "no")))
    for wrong in ("other.pth", "cut.pth", "folder"):
        assert str(tmp_path / wrong) in complaint(**dict.fromkeys(option.split(), str(tmp_path / wrong))), wrong


def test_folders_in_half_precision_are_widened(tmp_path: Path) -> None:
    from transformers import CLIPModel

    full, half = (write_clip(tmp_path / name) for name in ("full", "half"))
    CLIPModel.from_pretrained(full).half().save_pretrained(half)
    picture = seeded_frames(1, 40, 50)[0]
    values = [metrics.compute("clip_score", [picture], ["a cat"], weights=str(folder)) for folder in (full, half)]
    assert values[0] != values[1]
    assert values[1] == pytest.approx(values[0], rel=2e-2)
