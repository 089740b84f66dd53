"""CLIP and DINO metrics against transformers' own processors and models, on tiny random models."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

torch = pytest.importorskip("torch")
pytest.importorskip("transformers")
image = pytest.importorskip("PIL.Image")

from genlevel import metrics  # noqa: E402
from genlevel.errors import MetricError, NotScorable  # noqa: E402
from genlevel.metrics.learned.preprocess import Preprocess, read_preprocess  # noqa: E402
from tests.parity.tiny_models import write_clip, write_dino  # noqa: E402


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip"))


@pytest.fixture(scope="module")
def dino_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_dino(tmp_path_factory.mktemp("dino"))


def smooth(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """A picture with structure: bytes that fill the range, sharp edges among them."""
    rng = np.random.default_rng(seed)
    return np.kron(rng.integers(0, 256, (height // 4 + 1, width // 4 + 1, 3)), np.ones((4, 4, 1)))[
        :height, :width
    ].astype(np.uint8)


SIZES = [(60, 45), (33, 120), (32, 32), (20, 24), (224, 31)]


@pytest.mark.parametrize("size", SIZES)
def test_preprocessing_equals_the_slow_clip_processor(size: tuple[int, int], clip_folder: Path) -> None:
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    picture = smooth(*size, seed=1)
    theirs = CLIPImageProcessorPil.from_pretrained(clip_folder)(image.fromarray(picture), return_tensors="pt")[
        "pixel_values"
    ]
    ours = read_preprocess(clip_folder)([picture])
    assert ours.shape == theirs.shape == (1, 3, 32, 32)
    # One grey level of a byte, where the two round a half the other way.
    level = 1 / 255 / np.array([0.26130258])
    assert float((ours - theirs).abs().max()) < 1.05 * level[0]
    assert float(((ours - theirs).abs() > 1e-5).float().mean()) < 0.02


@pytest.mark.parametrize("size", SIZES)
def test_preprocessing_equals_the_slow_vit_processor(size: tuple[int, int], dino_folder: Path) -> None:
    from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

    picture = smooth(*size, seed=2)
    theirs = ViTImageProcessorPil.from_pretrained(dino_folder)(image.fromarray(picture), return_tensors="pt")[
        "pixel_values"
    ]
    ours = read_preprocess(dino_folder)([picture])
    assert float((ours - theirs).abs().max()) < 1.05 / 255 / 0.224
    # Halving blocks of equal bytes gives many halves to round.
    assert float(((ours - theirs).abs() > 1e-5).float().mean()) < 0.1


def test_a_small_picture_is_padded_as_the_processor_does() -> None:
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    picture = smooth(21, 40, seed=3)
    processor = CLIPImageProcessorPil(do_resize=False, crop_size={"height": 32, "width": 32})
    theirs = processor(image.fromarray(picture), return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(Preprocess(shortest=None, crop=(32, 32))([picture]), theirs, rtol=0, atol=1e-5)


def clip_vectors(folder: Path, pictures: list[Any], texts: list[str]) -> tuple[Any, Any]:
    """By transformers alone."""
    from transformers import AutoTokenizer, CLIPModel
    from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

    model = CLIPModel.from_pretrained(folder).eval()
    processor, tokenizer = CLIPImageProcessorPil.from_pretrained(folder), AutoTokenizer.from_pretrained(folder)
    inputs = processor([image.fromarray(p) for p in pictures], return_tensors="pt")
    tokens = tokenizer(texts, padding=True, truncation=True, max_length=77, return_tensors="pt")
    with torch.no_grad():
        out = model(**inputs, **tokens)
    return out.image_embeds.numpy(), out.text_embeds.numpy()


def test_clip_score_equals_transformers(clip_folder: Path) -> None:
    pictures = [smooth(32, 32, s) for s in range(5)]
    texts = ["a cat", "Two Dogs, running!", "x" * 300, "ein Mädchen 猫", ""]
    vision, text = clip_vectors(clip_folder, pictures, texts)
    cosine = np.sum(vision * text, axis=1)
    assert (cosine > 0).any() and (cosine < 0).any()
    metric = metrics.get("clip_score", weights=str(clip_folder))
    evidence = metric.measure(pictures, texts)
    np.testing.assert_allclose(evidence["value"], 100 * np.maximum(cosine, 0), atol=2e-4)
    paper = metrics.get("clip_score", weights=str(clip_folder), scale=2.5).measure(pictures, texts)
    np.testing.assert_allclose(paper["value"], 2.5 * np.maximum(cosine, 0), atol=1e-5)
    # A video is the mean of its frames, several texts the best of them.
    table = np.maximum(vision @ text.T, 0).mean(axis=0)
    video = metric.measure([np.stack(pictures)], [texts])
    assert video["value"][0] == pytest.approx(100 * table.max(), abs=2e-4)


def test_a_prefix_is_part_of_the_text(clip_folder: Path) -> None:
    picture = smooth(32, 32, 1)
    options = {"weights": str(clip_folder)}
    with_prefix = metrics.compute("clip_score", [picture], ["a cat"], prefix="A photo depicts ", **options)
    assert with_prefix == metrics.compute("clip_score", [picture], ["A photo depicts a cat"], **options)


def test_image_scores_equal_transformers(clip_folder: Path) -> None:
    a, b = [smooth(32, 32, s) for s in range(3)], [smooth(32, 32, s) for s in range(10, 13)]
    vision, _ = clip_vectors(clip_folder, a + b, ["x"])
    cosine = np.maximum(np.sum(vision[:3] * vision[3:], axis=1), 0)
    metric = metrics.get("clip_image_score", weights=str(clip_folder))
    np.testing.assert_allclose(metric.measure(a, b)["value"], cosine, atol=2e-6)
    table = np.maximum(vision[:3] @ vision[3:].T, 0).mean()
    style = metrics.get("clip_style", weights=str(clip_folder)).measure([np.stack(a)], [b])
    assert style["value"][0] == pytest.approx(table, abs=2e-6)
    through = metrics.compute("clip_score", a, b, against="image", weights=str(clip_folder))
    assert through == pytest.approx(100 * cosine.mean(), abs=2e-4)


def vbench(vectors: Any) -> float:
    """The published rule, as a loop."""
    total = 0.0
    for i in range(1, len(vectors)):
        total += (max(0.0, float(vectors[i] @ vectors[i - 1])) + max(0.0, float(vectors[i] @ vectors[0]))) / 2
    return total / (len(vectors) - 1)


def test_consistency_of_frames(clip_folder: Path, dino_folder: Path) -> None:
    from transformers import ViTModel

    frames = [smooth(32, 32, s) for s in range(4)]
    video = np.stack(frames)
    vision, _ = clip_vectors(clip_folder, frames, ["x"])
    assert metrics.compute("background_consistency", [video], [None], weights=str(clip_folder)) == pytest.approx(
        vbench(vision), abs=2e-6
    )
    model = ViTModel.from_pretrained(dino_folder, add_pooling_layer=False).eval()
    pixels = (
        torch.from_numpy(video).permute(0, 3, 1, 2) / 255 - torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
    ) / (torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1))
    with torch.no_grad():
        tokens = model(pixels).last_hidden_state[:, 0].numpy()
    tokens /= np.linalg.norm(tokens, axis=1, keepdims=True)
    for name in ("dino_score", "subject_consistency"):
        value = metrics.compute(name, [video], [None], weights=str(dino_folder))
        assert value == pytest.approx(vbench(tokens), abs=2e-5)
    pair = metrics.compute("dino_score", [frames[0]], [frames[1]], against="image", weights=str(dino_folder))
    assert pair == pytest.approx(max(0.0, float(tokens[0] @ tokens[1])), abs=2e-5)
    still = np.repeat(video[:1], 3, axis=0)
    assert metrics.compute("dino_score", [still], [None], weights=str(dino_folder)) == pytest.approx(1.0, abs=1e-6)


def test_one_frame_and_missing_videos_count_nothing(dino_folder: Path) -> None:
    metric = metrics.get("subject_consistency", weights=str(dino_folder))
    still = np.repeat(smooth(32, 32, 1)[None], 3, axis=0)
    evidence = metric.measure([still, still[:1], None, "text"], [None] * 4)
    assert evidence["answered"].tolist() == [True, False, False, False]
    assert float(metric.reduce(evidence)) == pytest.approx(0.25, abs=1e-6)


def test_frame_accuracy_counts_frames(clip_folder: Path) -> None:
    frames = [smooth(32, 32, s) for s in range(8)]
    prompts = ["a cat", "Two Dogs, running!"]
    vision, text = clip_vectors(clip_folder, frames, prompts)
    expected = float(np.mean(vision @ text[0] > vision @ text[1]))
    assert 0 < expected < 1
    video = np.stack(frames)
    options = {"weights": str(clip_folder)}
    assert metrics.compute("frame_accuracy", [video], [prompts], **options) == expected
    assert metrics.compute("frame_accuracy", [video], [prompts[::-1]], **options) == pytest.approx(1 - expected)
    assert metrics.compute("frame_accuracy", [video], [["a cat", "a cat"]], **options) == 0.0
    with pytest.raises(MetricError, match="at least one other"):
        metrics.compute("frame_accuracy", [video], ["a cat"], **options)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"resample": 99}, "cannot be used"), ({"image_mean": [1]}, "1 channels"), ({"size": {"shortest_edge": 10**9}}, "pixels"),
        ({"size": {"width": 3}}, "height"), ("[1]", "cannot be used"), ("{", "cannot be used"),
    ],
)  # fmt: skip
def test_an_odd_preprocessor_config_is_named(change: Any, message: str, clip_folder: Path, tmp_path: Path) -> None:
    path = tmp_path / "preprocessor_config.json"
    if isinstance(change, str):
        path.write_text(change)
    else:
        path.write_text(json.dumps(json.loads((clip_folder / path.name).read_text()) | change))
    with pytest.raises(NotScorable, match=message):
        read_preprocess(tmp_path)


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = smooth(32, 32, 1)
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    for name, file in (("clip_score", "clip-vit-base-patch32"), ("clip_image_score", "clip-vit-base-patch32")):
        with pytest.raises(NotScorable, match=file):
            metrics.compute(name, [picture], ["x"] if name == "clip_score" else [picture])
    with pytest.raises(NotScorable, match="dino-vitb16"):
        metrics.compute("subject_consistency", [np.stack([picture, picture])], [None])
    with pytest.raises(NotScorable, match=r"no config\.json"):
        metrics.compute("clip_score", [picture], ["x"], weights=str(tmp_path))
    with pytest.raises(MetricError, match="against"):
        metrics.get("clip_score", against="sound")
    with pytest.raises(MetricError, match="device"):
        metrics.compute("clip_score", [picture], ["x"], device="abacus")
