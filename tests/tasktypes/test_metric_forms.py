"""The forms that references and answers have for the metric that a task is measured with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel import metrics, tasktypes
from genlevel.catalog import load
from genlevel.errors import RecordError, UnreadableAnswer
from genlevel.media import encode_png, encode_wav
from genlevel.records import Part, Record

TONE = (np.sin(np.arange(800) / 5) * 0.5).astype(np.float32)
PICTURE = np.random.default_rng(0).integers(0, 256, (16, 12, 3), dtype=np.uint8)
SOUND = Part("audio", data=encode_wav(TONE, 8000))
FILM = [Part("image", data=encode_png(PICTURE)), Part("image", data=encode_png(PICTURE[::-1].copy()))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.wav").write_bytes(encode_wav(TONE, 8000))
    (tmp_path / "a.png").write_bytes(encode_png(PICTURE))
    return tmp_path


def read(kind: str, metric: str, folder: Path, shown: dict[str, Any], output: Any = None) -> Any:
    record = Record("1", {"id": "1", "input": shown, "output": output}, folder, "file, entry 0")
    return tasktypes.get(kind).for_metric(metric).read(record)


def test_every_catalogued_task_has_a_type_and_a_metric_that_takes_its_options() -> None:
    for edition in ("2025", "2024"):
        for task in load(edition).tasks.values():
            kind = tasktypes.for_task(task)
            assert metrics.get(kind.metric(task), **kind.metric_options(task)).direction == task.direction


def test_a_type_for_a_metric_leaves_the_shared_one_alone() -> None:
    assert tasktypes.get("text-to-audio").for_metric("fad").measured == "fad"
    assert tasktypes.get("text-to-audio").measured == ""


@pytest.mark.parametrize("metric", ["fad", "chroma_similarity", "predicted_mos", "dnsmos", "clap_score", "style_clap"])
def test_sounds_with_their_rate(metric: str, folder: Path) -> None:
    sample = read("text-to-audio", metric, folder, {"prompt": "A tone."}, {"audio_file": "a.wav"})
    samples, rate = tasktypes.get("text-to-audio").for_metric(metric).parse([SOUND], sample)
    assert samples.shape == (800,) and rate == 8000
    if metric in {"clap_score", "predicted_mos", "dnsmos"}:
        assert sample.reference == "A tone."
    else:
        assert sample.reference[1] == 8000


def test_words_of_speech(folder: Path) -> None:
    assert read("text-to-speech", "wer", folder, {"text": "Good day.", "prompt": "Read."}).reference == "Good day."
    spoken = {"audio_file": "a.wav", "prompt": "Translate."}
    assert read("audio-to-audio", "wer", folder, spoken, {"text": "Hello"}).reference == "Hello"
    # The instruction is not what is to be heard.
    assert read("audio-to-audio", "wer", folder, spoken).reference is None
    with pytest.raises(RecordError, match="entry 0"):
        read("audio-to-audio", "wer", folder, spoken, {"text": "a.wav"})


def test_what_videos_are_compared_with(folder: Path) -> None:
    shown = {"prompt": "A dog runs."}
    assert read("text-to-video", "clip_score", folder, shown).reference == "A dog runs."
    assert read("text-to-video", "fvd", folder, shown).reference is None
    assert read("text-to-video", "single_object_success_rate", folder, {**shown, "objects": ["dog"]}).reference == [
        "dog"
    ]
    styled = read("text-to-video", "clip_style", folder, {**shown, "image_file": "a.png"})
    np.testing.assert_array_equal(styled.reference[0], PICTURE)
    prompts = {"image_file": "a.png", "source_prompt": "a dog", "target_prompt": "a cat"}
    assert read("video-to-video", "frame_accuracy", folder, prompts).reference == ["a cat", "a dog"]
    with pytest.raises(RecordError, match="target_prompt"):
        read("video-to-video", "frame_accuracy", folder, {"image_file": "a.png"})
    with pytest.raises(RecordError, match="names no objects"):
        read("text-to-video", "success_rate", folder, {"prompt": "A dog."})


def test_detections_beside_a_video_are_the_answer_of_success_rates(folder: Path) -> None:
    sample = read("text-to-video", "single_object_success_rate", folder, {"prompt": "A dog.", "objects": ["dog"]})
    kind = tasktypes.get("text-to-video").for_metric("single_object_success_rate")
    found = kind.parse([*FILM, Part("text", '[[{"label": "dog", "box": [0, 0, 3, 3], "score": 0.9}]]')], sample)
    measure = metrics.get("single_object_success_rate")
    assert float(measure.reduce(measure.measure([found], [sample.reference]))) == 1.0
    # A text alone is no video.
    with pytest.raises(UnreadableAnswer):
        kind.parse([Part("text", '[[{"label": "dog", "box": [0, 0, 3, 3]}]]')], sample)


def test_shapes_are_compared_with_the_text_or_the_picture(folder: Path) -> None:
    assert read("text-to-3d", "rendered_clip_score", folder, {"prompt": "A box."}).reference == "A box."
    sample = read("image-to-3d", "rendered_clip_score", folder, {"image_file": "a.png"})
    np.testing.assert_array_equal(sample.reference, PICTURE)
    mesh = Part("points", data=b"v 0 0 0\nv 1 0 0\nv 1 1 0\nf 1 2 3\n", media_type="model/obj")
    vertices, faces = tasktypes.get("image-to-3d").for_metric("rendered_clip_score").parse([mesh], sample)
    assert vertices.shape == (3, 3) and faces.tolist() == [[0, 1, 2]]
    points = tasktypes.get("image-to-3d").for_metric("chamfer_distance").parse([mesh], sample)
    assert (
        points.shape == (10_000, 3) and abs(points[:, 0].mean() - 2 / 3) < 0.02 and (points[:, 1] <= points[:, 0]).all()
    )


def test_psnr_of_a_video_is_the_mean_of_its_frames() -> None:
    measure = metrics.get("psnr")
    one, other = PICTURE, PICTURE // 2
    single = float(measure.reduce(measure.measure([other], [one])))
    film = float(measure.reduce(measure.measure([np.stack([other, one])], [np.stack([one, one])])))
    assert film == pytest.approx((single + 100) / 2)
    short = float(measure.reduce(measure.measure([other[None]], [np.stack([one, one])])))
    assert short == pytest.approx(single / 2)
