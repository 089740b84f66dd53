"""GenEval's rules on pictures: a detector finds the objects, CLIP their colours; against transformers and CLIP called by hand."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("PIL")

from genlevel import metrics  # noqa: E402
from genlevel.errors import MetricError, NotScorable  # noqa: E402
from genlevel.metrics.learned.detector import COLOURS, colour_of, open_detector  # noqa: E402
from genlevel.metrics.learned.encoders import open_clip  # noqa: E402
from tests.models.tiny_specialists import write_detr  # noqa: E402
from tests.parity.seeded_weights import seeded_frames  # noqa: E402
from tests.parity.tiny_models import write_clip  # noqa: E402


@pytest.fixture(scope="module")
def detr(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_detr(tmp_path_factory.mktemp("detr"))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clip(tmp_path_factory.mktemp("clip"))


def by_hand(folder: Path, frame: Any, threshold: float) -> list[tuple[str, float, list[float]]]:
    """What transformers finds: names, scores and corners."""
    from PIL import Image
    from transformers import AutoImageProcessor, AutoModelForObjectDetection

    model, processor = (k.from_pretrained(folder) for k in (AutoModelForObjectDetection, AutoImageProcessor))
    with torch.inference_mode():
        outputs = model.eval()(**processor(images=Image.fromarray(frame), return_tensors="pt"))
    (found,) = processor.post_process_object_detection(outputs, threshold=threshold, target_sizes=[frame.shape[:2]])
    names = [model.config.id2label[int(n)] for n in found["labels"]]
    return list(zip(names, found["scores"].tolist(), found["boxes"].tolist(), strict=True))


def test_a_picture_is_judged_by_what_transformers_finds(detr: Path) -> None:
    frames = [seeded_frames(1, 60, 90, seed)[0] for seed in range(4)]
    found = [by_hand(detr, frame, 0.0) for frame in frames]
    scores = sorted(score for objects in found for _, score, _ in objects)
    threshold = (scores[len(scores) // 2] + scores[len(scores) // 2 - 1]) / 2
    assert threshold < scores[len(scores) // 2] - 1e-5
    for label in ("circle", "square"):
        for count in (1, 2, 4):
            wish = {"include": [{"class": label, "count": count}]}
            expected = [sum(n == label and s > threshold for n, s, _ in objects) >= count for objects in found]
            options = {"weights": str(detr), "threshold": threshold}
            evidence = metrics.get("success_rate", **options).measure(frames, [wish] * 4)
            assert evidence["value"].tolist() == [float(e) for e in expected], (label, count)
    video = np.stack(frames)
    share = np.mean([any(n == "circle" and s > threshold for n, s, _ in objects) for objects in found])
    value = metrics.compute(
        "single_object_success_rate", [video, None], ["circle"] * 2, weights=str(detr), threshold=threshold
    )
    assert value == pytest.approx(share / 2)
    ours = open_detector(str(detr), "cpu").find(frames[:1], 0.0)[0]
    theirs = sorted(found[0], key=lambda o: -o[1])
    for item, (name, score, (left, top, right, low)) in zip(ours, theirs, strict=True):
        assert item["label"] == name and item["score"] == pytest.approx(score, abs=1e-5)
        np.testing.assert_allclose(item["box"], [left, top, right - left, low - top], atol=1e-3)


def test_colours_are_what_clip_says_of_the_box(detr: Path, clip: Path) -> None:
    from genlevel.metrics.learned.encoders import unit

    frame = seeded_frames(1, 60, 90, seed=1)[0]
    box = (10.2, 5.0, 30.0, 20.5)
    model = open_clip(clip, "cpu")
    (seen,) = model.pictures([frame[5:26, 10:41]])
    likeness = {}
    for colour in COLOURS:
        phrases = [
            f"a photo of a {colour} circle",
            f"a photo of a {colour}-colored circle",
            f"a photo of a {colour} object",
        ]
        likeness[colour] = float(unit(model.texts(phrases).mean(axis=0, keepdims=True))[0] @ seen)
    assert colour_of(frame, box, "circle", model) == max(likeness, key=lambda c: likeness[c])
    assert colour_of(frame, (95.0, 5.0, 3.0, 3.0), "circle", model) == ""

    objects = [(box, s) for n, s, box in by_hand(detr, frame, 0.0) if n == "circle"]
    (left, top, right, low), _ = max(objects, key=lambda o: o[1])
    colour = colour_of(frame, (left, top, right - left, low - top), "circle", model)
    options = {"weights": str(detr), "colours": str(clip), "threshold": 0.0}
    for asked in (colour, next(c for c in COLOURS if c != colour)):
        wish = {"include": [{"class": "circle", "color": asked}]}
        assert metrics.compute("success_rate", [frame], [wish], **options) == float(asked == colour)


def test_what_cannot_be_used_is_said(detr: Path, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENLEVEL_WEIGHTS", raising=False)
    frame = seeded_frames(1, 40, 40)[0]
    with pytest.raises(NotScorable, match="weights=FOLDER"):
        metrics.compute("success_rate", [frame], ["circle"])
    with pytest.raises(MetricError, match="knows no 'unicorn'"):
        metrics.compute("success_rate", [frame], ["unicorn"], weights=str(detr))
    with pytest.raises(NotScorable, match="clip-vit-large-patch14"):
        wish = {"include": [{"class": "circle", "color": "red"}]}
        metrics.compute("success_rate", [frame], [wish], weights=str(detr))
    for folder, message in (
        (tmp_path, "no config.json"),
        (clip, "cannot be read as a detector"),
        (tmp_path / "x", "x does not"),
    ):
        with pytest.raises(NotScorable, match=message) as caught:
            metrics.compute("success_rate", [frame], ["circle"], weights=str(folder))
        assert "\n" not in str(caught.value)
    # Detections and verdicts need none of it.
    found = [{"label": "circle", "box": [0, 0, 5, 5]}]
    assert metrics.compute("success_rate", [found, True], ["circle", None]) == 1.0
    monkeypatch.setenv("GENLEVEL_WEIGHTS", str(tmp_path))
    (tmp_path / "detr-resnet-50").symlink_to(detr)
    assert metrics.compute("success_rate", [frame], ["circle"], threshold=0.0) in (0.0, 1.0)
