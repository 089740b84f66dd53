"""CLIPScore of rendered views with a tiny CLIP, and the Fréchet distance of motions with a small script."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError, NotScorable
from genlevel.metrics.evidence import Evidence
from genlevel.metrics.render import render_mesh, render_points

torch = pytest.importorskip("torch")
transformers = pytest.importorskip("transformers")

from genlevel.metrics.rendered import colors_of  # noqa: E402

LETTERS = "abcdefghijklmnopqrstuvwxyz"


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clip")
    torch.manual_seed(0)
    size = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    words = ["<|startoftext|>", "<|endoftext|>", *LETTERS, *(f"{c}</w>" for c in LETTERS)]
    text = {**size, "vocab_size": len(words), "bos_token_id": 0, "eos_token_id": 1, "max_position_embeddings": 77}
    vision = {**size, "image_size": 32, "patch_size": 8}
    config = transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=8)
    transformers.CLIPModel(config).save_pretrained(folder)
    (folder / "vocab.json").write_text(json.dumps({w: i for i, w in enumerate(words)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    settings = {
        "size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}, "resample": 3, "do_resize": True,
        "do_center_crop": True, "do_normalize": True, "do_rescale": True, "rescale_factor": 1 / 255,
        "image_mean": [0.48, 0.46, 0.41], "image_std": [0.27, 0.26, 0.28], "image_processor_type": "CLIPImageProcessor",
    }  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(settings))
    transformers.CLIPTokenizerFast(str(folder / "vocab.json"), str(folder / "merges.txt")).save_pretrained(folder)
    return folder


def by_hand(folder: Path, pictures: np.ndarray) -> tuple[Any, Any]:
    """The model, and unit vectors of pictures that already have its size."""
    model = transformers.CLIPModel.from_pretrained(folder).eval()
    mean, std = np.array([0.48, 0.46, 0.41]), np.array([0.27, 0.26, 0.28])
    pixels = torch.from_numpy(((pictures / 255.0 - mean) / std).transpose(0, 3, 1, 2).astype(np.float32))
    with torch.no_grad():
        vectors = model.get_image_features(pixel_values=pixels).pooler_output.numpy()
    return model, vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_rendered_clip_score_is_the_mean_over_views(clip_folder: Path) -> None:
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(300, 3))
    colored = np.hstack([cloud, rng.integers(0, 256, (300, 3))])
    mesh = (np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]]), np.array([[0, 1, 2], [0, 1, 3], [1, 2, 3]]))
    options: dict[str, Any] = {"views": 3, "size": 32}
    views = [
        render_points(cloud, **options), render_points(cloud, colored[:, 3:] / 255, **options), render_mesh(*mesh, **options)
    ]  # fmt: skip
    texts = ["a chair", "dog", "red ball"]
    tokenizer = transformers.AutoTokenizer.from_pretrained(clip_folder)
    expected, toward = [], []
    target = np.random.default_rng(1).integers(0, 256, (32, 32, 3), dtype=np.uint8)
    for pictures, text in zip(views, texts, strict=True):
        model, vectors = by_hand(clip_folder, pictures)
        with torch.no_grad():
            read = model.get_text_features(**tokenizer(text, return_tensors="pt")).pooler_output[0].numpy()
        expected.append(100 * np.clip(vectors @ (read / np.linalg.norm(read)), 0, None).mean())
        toward.append(100 * np.clip(vectors @ by_hand(clip_folder, target[None])[1][0], 0, None).mean())
    answers = [cloud, colored, mesh]
    score = metrics.get("rendered_clip_score", weights=str(clip_folder), **options)
    np.testing.assert_allclose(score.measure(answers, texts)["value"], expected, atol=1e-3)
    image = metrics.get("rendered_clip_score", weights=str(clip_folder), against="image", **options)
    np.testing.assert_allclose(image.measure(answers, [target] * 3)["value"], toward, atol=1e-3)
    assert max(toward) > 1e-3


def test_what_is_no_object_counts_nothing(clip_folder: Path) -> None:
    metric = metrics.get("rendered_clip_score", weights=str(clip_folder), views=2, size=32)
    good = np.random.default_rng(0).normal(size=(50, 3))
    bad = [
        None,
        "text",
        np.zeros((0, 3)),
        np.zeros((4, 2)),
        (good, np.array([[0, 1, 99]])),
        (good,),
        np.full((3, 3), np.nan),
    ]
    evidence = metric.measure([good, *bad], ["a"] * 8)
    assert evidence["answered"].tolist() == [True] + [False] * 7
    assert float(metric.reduce(evidence)) == pytest.approx(evidence["value"][0] / 8)


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ([[1.0, 2, 3]], None),
        ([[0, 0, 0, 255, 0, 51.0]], [[1.0, 0, 0.2]]),
        ([[0, 0, 0, 1, 0, 0.5]], [[1.0, 0, 0.5]]),
        ([[0, 0, 0, 0, 0, -1.0]], None),
        ([[0, 0, 0, 0, 0, 256.0]], None),
        ([[0, 0, 0, 0, 0, -1, 255, 0, 0.0]], [[1.0, 0, 0]]),
    ],
)
def test_colours_in_columns(columns: list[list[float]], found: list[list[float]] | None) -> None:
    colors = colors_of(np.array(columns, float))
    assert (colors is None) == (found is None)
    if colors is not None:
        np.testing.assert_allclose(colors, found)


class Encoder(torch.nn.Module):
    """Mean and spread over time, through a fixed matrix."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.mix = torch.nn.Parameter(torch.randn(10, 4))

    def forward(self, motion: torch.Tensor, length: torch.Tensor) -> torch.Tensor:
        motion = motion[:, : int(length[0])]
        return torch.cat([motion.mean(1), motion.abs().mean(1)], 1) @ self.mix


@pytest.fixture(scope="module")
def encoder_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("motion") / "encoder.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(Encoder()).save(str(path))
    return path


def motions(n: int, seed: int, shift: float) -> list[np.ndarray]:
    rng = np.random.default_rng(seed)
    return [rng.normal(shift, 1 + 0.2 * i, (int(rng.integers(5, 30)), 5)) for i in range(n)]


def test_motion_fid_is_the_formula_on_the_features(encoder_file: Path) -> None:
    from scipy.linalg import sqrtm

    made, real = motions(12, 1, 0.3), motions(13, 2, 0.0)
    metric = metrics.get("motion_fid", weights=str(encoder_file))
    answers = [*made, np.zeros((3, 4))]
    parts = [metric.measure(answers[:7], real[:7]), metric.measure(answers[7:], real[7:])]
    mix = Encoder().mix.detach().double().numpy()
    rows = [np.array([np.r_[m.mean(0), np.abs(m).mean(0)] @ mix for m in group]) for group in (made, real)]
    (a, b), (c, d) = (r.mean(0) for r in rows), (np.cov(r, rowvar=False) for r in rows)
    expected = float(((a - b) ** 2).sum() + np.trace(c + d) - 2 * np.trace(sqrtm(c @ d).real))
    evidence = Evidence.concat(parts)
    assert float(metric.reduce(evidence)) == pytest.approx(expected, rel=1e-5)
    assert float(metric.coverage(evidence)) == pytest.approx(12 / 13)


def test_motion_errors_are_named(encoder_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    motion = np.zeros((4, 5))
    with pytest.raises(MetricError, match="reference 1"):
        metrics.compute("motion_fid", [motion, motion], [motion, None], weights=str(encoder_file))
    with pytest.raises(NotScorable, match="another network"):
        metrics.compute("motion_fid", [np.zeros((4, 9))], [np.zeros((4, 9))], weights=str(encoder_file))
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    with pytest.raises(NotScorable, match=r"finest\.tar"):
        metrics.compute("motion_fid", [motion], [motion])
