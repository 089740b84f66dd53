"""Boxes, keypoints, masks, mattes, scores, relations and rankings of images, against reference libraries and by hand."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genlevel import metrics, tasktypes
from genlevel.errors import NotScorable, RecordError, UnreadableAnswer
from genlevel.media import encode_png, encode_wav
from genlevel.metrics import masks
from genlevel.records import Part, Record, Sample, Task

RNG = np.random.default_rng(1)
H, W = 16, 12
PICTURE = RNG.integers(0, 256, (H, W, 3), dtype=np.uint8)
INSTANCES = np.zeros((H, W), np.uint16)
INSTANCES[2:8, 1:5], INSTANCES[2:8, 6:11], INSTANCES[9:15, 2:9] = 1001, 1002, 2001
MATTE = RNG.integers(0, 256, (H, W), dtype=np.uint8)
TRIMAP = np.where(RNG.random((H, W)) < 0.5, 128, 255).astype(np.uint8)
BINARY = RNG.integers(0, 2, (H, W), dtype=np.uint8)
IMAGE = {"image_file": "a.png"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("task")
    pictures = {"a": PICTURE, "b": PICTURE[::-1], "i": INSTANCES, "m": MATTE, "t": TRIMAP, "y": BINARY * np.uint8(255)}
    for name, pixels in pictures.items():
        (root / f"{name}.png").write_bytes(encode_png(np.ascontiguousarray(pixels)))
    (root / "s.wav").write_bytes(encode_wav(np.zeros(80, np.float32), 8000))
    np.save(root / "e.npy", np.arange(12.0).reshape(3, 4))
    return root


def read(kind: str, folder: Path, shown: Any, output: Any, others: Any = None, *, metric: str = "") -> Sample:
    header = {} if others is None else {"others": others}
    record = Record("1", {"id": "1", "input": shown, "output": output}, folder, "file, entry 0", header)
    return tasktypes.get(kind).for_metric(metric).read(record)


def parse(kind: str, answer: Any, sample: Sample, *, metric: str = "") -> Any:
    part = (
        answer if isinstance(answer, Part) else Part("text", answer if isinstance(answer, str) else json.dumps(answer))
    )
    return tasktypes.get(kind).for_metric(metric).parse([part], sample)


def score(kind: str, metric: str, answers: list[Any], references: list[Any]) -> float:
    task = Task("t", "x", "image", "comprehension", "T", kind, metric, "higher", "raw")
    own = tasktypes.get(kind)
    measure = metrics.get(own.metric(task), **own.metric_options(task))
    return float(measure.reduce(measure.measure(answers, references)))


def png(pixels: Any) -> Part:
    return Part("image", data=encode_png(np.ascontiguousarray(pixels)))


class TestGrounding:
    def test_only_the_overlap_counts(self, folder: Path) -> None:
        sample = read("visual-grounding", folder, {**IMAGE, "expression": "it"}, {"bbox": [0, 0, 10, 10]})
        for box, iou in (([0, 0, 10, 2], 0.2), ([9, 9, 10, 10], 1 / 199)):
            answer = parse("visual-grounding", [{"label": "whatever", "box": box}], sample)
            assert score("visual-grounding", "ap10", [answer], [sample.reference]) == pytest.approx(float(iou >= 0.1))
            assert score("visual-grounding", "grounding_accuracy", [answer], [sample.reference]) == 0

    def test_the_expression_is_asked_and_the_box_is_not(self, folder: Path) -> None:
        sample = read("visual-grounding", folder, {**IMAGE, "expression": "left cup"}, {"bbox": [31, 41, 59, 26]})
        assert "left cup" in sample.input[-1].text and "[x_min, y_min, width, height]" in sample.input[-1].text
        assert "31" not in sample.input[-1].text

    def test_shares_of_the_image(self, folder: Path) -> None:
        others = {"bbox_format": "(x_min, y_min, x_max, y_max), normalized"}
        sample = read("visual-grounding", folder, IMAGE, {"bbox": [0, 0, 0.5, 0.5]}, others)
        assert sample.reference == [{"label": "object", "box": [0, 0, W / 2, H / 2]}]


class TestKeypoints:
    POINTS = RNG.integers(10, 90, (17, 2)).tolist()
    TRUTH = {"keypoints": [[x, y, 2] for x, y in POINTS], "box": [5, 5, 90, 90], "area": 5000}

    def test_similarity_as_pycocotools_computes_it(self, folder: Path) -> None:
        coco = pytest.importorskip("pycocotools.coco")
        cocoeval = pytest.importorskip("pycocotools.cocoeval")
        sample = read("keypoint-detection", folder, IMAGE, {"persons": [self.TRUTH]})
        moved = [[x + 4, y - 3] for x, y in self.POINTS]
        answer = parse("keypoint-detection", [{"keypoints": moved, "score": 0.8}], sample)
        flat = [n for x, y in self.POINTS for n in (x, y, 2)]
        truth = coco.COCO()
        truth.dataset = {
            "images": [{"id": 1, "width": 100, "height": 100}],
            "categories": [{"id": 1, "name": "person"}],
            "annotations": [
                {"id": 1, "image_id": 1, "category_id": 1, "keypoints": flat, "num_keypoints": 17, "iscrowd": 0}
                | {"bbox": [5, 5, 90, 90], "area": 5000}
            ],
            "info": {},
        }
        truth.createIndex()
        given = [n for x, y in moved for n in (x, y, 1)]
        found = truth.loadRes([{"image_id": 1, "category_id": 1, "keypoints": given, "score": 0.8}])
        evaluation = cocoeval.COCOeval(truth, found, "keypoints")
        evaluation.evaluate(), evaluation.accumulate()
        expected = float(evaluation.eval["precision"][:, :, 0, 0, 0].mean())
        assert 0 < expected < 1
        assert score("keypoint-detection", "ap", [answer], [sample.reference]) == pytest.approx(expected)

    @pytest.mark.parametrize(
        "answer",
        [
            POINTS,
            [POINTS],
            [{"keypoints": POINTS}],
            {"persons": [{"keypoints": [n for p in POINTS for n in (*p, 1)]}]},
            [[n for p in POINTS for n in (*p, 1)]],
            [{"x": x, "y": y} for x, y in POINTS],
        ],
    )  # fmt: skip
    def test_forms_of_one_person(self, answer: Any, folder: Path) -> None:
        sample = read("keypoint-detection", folder, IMAGE, {"persons": [self.TRUTH]})
        found = parse("keypoint-detection", answer, sample)
        assert [[p[:2] for p in person["keypoints"]] for person in found] == [self.POINTS]

    @pytest.mark.parametrize(
        "answer",
        [[{"keypoints": POINTS[:3]}], [{"keypoints": [["a", 1]]}], {"nose": [1, 2]}, [{"keypoints": [[1e9, 2]] * 17}]],
    )
    def test_unreadable(self, answer: Any, folder: Path) -> None:
        sample = read("keypoint-detection", folder, IMAGE, {"persons": [self.TRUTH]})
        with pytest.raises(UnreadableAnswer):
            parse("keypoint-detection", answer, sample)

    def test_nobody_is_an_answer(self, folder: Path) -> None:
        assert (
            parse("keypoint-detection", [], read("keypoint-detection", folder, IMAGE, {"persons": [self.TRUTH]})) == []
        )


class TestInstances:
    def test_polygons_as_pycocotools_draws_them(self, folder: Path) -> None:
        coco = pytest.importorskip("pycocotools.mask")
        polygon = [1.5, 2.2, 10.1, 3.7, 7.9, 14.2]
        sample = read(
            "instance-segmentation", folder, IMAGE, {"instances": [{"label": "x", "segmentation": [polygon]}]}
        )
        assert sample.reference[0]["mask"]["counts"] == coco.merge(coco.frPyObjects([polygon], H, W))["counts"]
        points = np.reshape(polygon, (-1, 2)).tolist()
        assert parse("instance-segmentation", [{"polygon": points}], sample)[0]["mask"] == sample.reference[0]["mask"]

    def test_a_map_of_classes_and_instances(self, folder: Path) -> None:
        sample = read("instance-segmentation", folder, {**IMAGE, "classes": {"1": "car"}}, {"mask_file": "i.png"})
        assert [(r["label"], masks.area(r["mask"])) for r in sample.reference] == [("car", 24), ("car", 30), ("2", 42)]

    def test_an_object_too_many_and_one_too_few(self, folder: Path) -> None:
        sample = read(
            "instance-segmentation", folder, {**IMAGE, "classes": {"1": "car", "2": "dog"}}, {"mask_file": "i.png"}
        )
        one_car = np.where(INSTANCES == 1002, 0, INSTANCES)
        answer = parse("instance-segmentation", png(one_car), sample)
        # One of two cars at precision 1: 51 of the 101 recalls; the dog is whole.
        value = score("instance-segmentation", "ap50", [answer], [sample.reference])
        assert value == pytest.approx((51 / 101 + 1) / 2)

    def test_a_map_of_twice_the_size(self, folder: Path) -> None:
        sample = read("instance-segmentation", folder, IMAGE, {"mask_file": "i.png"})
        large = np.repeat(np.repeat(INSTANCES, 2, 0), 2, 1)
        assert [r["mask"] for r in parse("instance-segmentation", png(large), sample)] == [
            r["mask"] for r in sample.reference
        ]

    @pytest.mark.parametrize(
        "answer",
        [
            [{"label": "car", "rle": {"size": [W, H], "counts": [192]}}],
            [{"label": "car", "rle": {"counts": [5, 3]}}],
            [{"label": "car", "polygon": [[1, 2], [3, 4]]}],
            [{"label": "car"}],
            [{"polygon": [[1, 1], [5, 1], [5, 5]]}],
            [3],
            "no masks",
        ],
    )
    def test_unreadable(self, answer: Any, folder: Path) -> None:
        sample = read("instance-segmentation", folder, {**IMAGE, "classes": ["car", "dog"]}, {"mask_file": "i.png"})
        with pytest.raises(UnreadableAnswer):
            parse("instance-segmentation", answer, sample)


class TestPanoptic:
    def test_ids_in_three_channels_that_look_grey(self, tmp_path: Path) -> None:
        grey = np.repeat((INSTANCES > 0).astype(np.uint8)[:, :, None] * 3, 3, 2)
        (tmp_path / "a.png").write_bytes(encode_png(PICTURE))
        (tmp_path / "p.png").write_bytes(encode_png(grey))
        number = 3 + 3 * 256 + 3 * 65536
        output = {"mask_file": "p.png", "segments_info": [{"id": number, "category": "car"}]}
        sample = read("panoptic-segmentation", tmp_path, IMAGE, output)
        assert set(np.unique(sample.reference["map"])) == {0, number}

    def test_half_of_a_segment(self, folder: Path) -> None:
        sample = read(
            "panoptic-segmentation", folder, {**IMAGE, "classes": {"1": "car", "2": "dog"}}, {"mask_file": "i.png"}
        )
        less = INSTANCES.copy()
        less[9:11, 2:9] = 0  # 28 of the dog's 42 pixels are left
        less[2:8, 6:11] = 2002  # a car is called a dog
        answer = parse("panoptic-segmentation", png(less), sample)
        expected = (1 / (1 + 0.5) + (28 / 42) / (1 + 0.5)) / 2
        assert score("panoptic-segmentation", "pq", [answer], [sample.reference]) == pytest.approx(expected)

    def test_segments_named_beside_the_map(self, folder: Path) -> None:
        sample = read(
            "panoptic-segmentation", folder, {**IMAGE, "classes": {"1": "car", "2": "dog"}}, {"mask_file": "i.png"}
        )
        ids = np.select([n == INSTANCES for n in (1001, 1002, 2001)], [1, 2, 3]).astype(np.uint8)
        listed = [{"id": 1, "label": "Car"}, {"id": 2, "label": 1}, {"id": 3, "label": "dog"}]
        kind = tasktypes.get("panoptic-segmentation")
        answer = kind.parse([Part("text", json.dumps(listed)), png(ids)], sample)
        assert score("panoptic-segmentation", "pq", [answer], [sample.reference]) == 1


class TestMattesAndScores:
    def test_only_the_unknown_pixels_of_a_trimap(self, folder: Path) -> None:
        output = {"matte_file": "m.png", "trimap_file": "t.png"}
        answer = parse("image-matting", png(255 - MATTE), read("image-matting", folder, IMAGE, output), metric="sad")
        difference = np.abs(255.0 - 2.0 * MATTE) / 255
        for metric, expected in (
            ("sad", difference[TRIMAP == 128].sum() / 1000),
            ("mse", 1000 * (difference**2).mean()),
        ):
            sample = read("image-matting", folder, IMAGE, output, metric=metric)
            assert score("image-matting", metric, [answer], [sample.reference]) == pytest.approx(expected)

    def test_sixteen_bits_and_polygons(self, folder: Path) -> None:
        sample = read("image-matting", folder, IMAGE, {"matte_file": "m.png"})
        deep = parse("image-matting", png(MATTE.astype(np.uint16) * 257), sample)
        np.testing.assert_allclose(deep, sample.reference)
        drawn = parse("image-matting", [{"polygon": [[2, 3], [8, 3], [8, 10], [2, 10]]}], sample)
        assert drawn.sum() == 7 * 8 and drawn[3:11, 2:9].all()

    @pytest.mark.parametrize("nothing", [[], [{"polygon": [[2, 3], [8, 3], [8, 10]], "score": 0}]])
    def test_masks_of_nothing_are_no_matte(self, folder: Path, nothing: list[Any]) -> None:
        sample = read("image-matting", folder, IMAGE, {"matte_file": "m.png"})
        with pytest.raises(UnreadableAnswer, match="a matte always has a foreground"):
            parse("image-matting", nothing, sample)
        # A map of scores may be 0 throughout: nothing is wrong with the image.
        assert not parse("image-anomaly-detection", [], sample).any()

    def test_a_matte_goes_from_0_to_1(self, folder: Path) -> None:
        file = io.BytesIO()
        np.save(file, MATTE.astype(np.float32))
        with pytest.raises(UnreadableAnswer, match="from 0 to 1, not from"):
            parse("image-matting", Part("image", data=file.getvalue()), read("image-matting", folder, IMAGE, None))

    def test_anomaly_scores_as_scikit_learn_measures_them(self, folder: Path) -> None:
        sklearn = pytest.importorskip("sklearn.metrics")
        sample = read("image-anomaly-detection", folder, IMAGE, {"mask_file": "y.png"})
        good = read("image-anomaly-detection", folder, IMAGE, {"mask_file": None})
        answers = [parse("image-anomaly-detection", png(MATTE), sample), parse("image-anomaly-detection", "0.25", good)]
        assert not good.reference.any() and good.reference.shape == (H, W)
        truth = np.stack([BINARY, good.reference]).ravel()
        for metric, reference in (("ap", sklearn.average_precision_score), ("auc", sklearn.roc_auc_score)):
            value = score("image-anomaly-detection", metric, answers, [sample.reference, good.reference])
            assert value == pytest.approx(reference(truth, np.stack(answers).ravel()), abs=1e-9)

    def test_whole_images(self, folder: Path) -> None:
        labels = ["good", "crack", 0, 1]
        samples = [read("image-anomaly-detection", folder, IMAGE, {"label": label}) for label in labels]
        assert [s.reference for s in samples] == [0, 1, 0, 1]
        given = ["0.1", "Yes", "[]", [{"box": [1, 1, 3, 3], "score": 0.7}]]
        answers = [parse("image-anomaly-detection", a, s) for a, s in zip(given, samples, strict=True)]
        assert answers == [0.1, 1.0, 0.0, 0.7]
        assert score("image-anomaly-detection", "ap", answers, [0, 1, 0, 1]) == 1


class TestRelations:
    def test_the_boxes_of_both_ends_count(self, folder: Path) -> None:
        triplet = {"subject": "cat", "predicate": "on", "object": "mat"}
        boxes = {"subject_box": [0, 0, 10, 10], "object_box": [5, 5, 10, 10]}
        output = {"relations": [{**triplet, **boxes}, {**triplet, **boxes, "predicate": "near"}]}
        sample = read("scene-graph-generation", folder, IMAGE, output)
        assert "subject_box" in sample.input[-1].text
        far = {**triplet, **boxes, "object_box": [50, 50, 10, 10]}
        for answer, value in ((far, 0.0), (triplet, 0.0), ({**triplet, **boxes}, 0.5)):
            found = parse("scene-graph-generation", [answer], sample)
            assert score("scene-graph-generation", "recall_at_50", [found], [sample.reference]) == value

    @pytest.mark.parametrize("answer", ["", '[{"subject": "cat"}]', "a\nb", '{"a": 1}\n{"b": 2}'])
    def test_unreadable(self, answer: str, folder: Path) -> None:
        sample = read("scene-graph-generation", folder, IMAGE, {"relations": [["cat", "on", "mat"]]})
        with pytest.raises(UnreadableAnswer):
            parse("scene-graph-generation", answer, sample)


class TestRetrieval:
    CANDIDATES = ("A dog runs.", "A cat sleeps.", "A bird sings.")

    def sample(self, folder: Path) -> Sample:
        shown = {**IMAGE, "candidates": list(self.CANDIDATES)}
        return read("image-text-retrieval", folder, shown, {"answer": "A cat sleeps."})

    @pytest.mark.parametrize(
        ("answer", "found"),
        [
            ("2", [1]),
            ("Candidate 2", [1]),
            ("[2, 3, 1]", [1, 2, 0]),
            ('["a bird sings", 1]', [2, 0]),
            ("A cat sleeps", [1]),
            ("The answer is 3.", [2]),
            ("2, 3, 1", [1, 2, 0]),
            ('{"ranking": [1]}', [0]),
        ],
    )
    def test_forms(self, answer: str, found: list[int], folder: Path) -> None:
        assert parse("image-text-retrieval", answer, self.sample(folder)) == found

    @pytest.mark.parametrize(
        "answer", ["0", "4", "[1.5]", "[null]", '{"scores": [1, 2]}', '{"scores": ["a", 1, 2]}', "none"]
    )
    def test_unreadable(self, answer: str, folder: Path) -> None:
        with pytest.raises(UnreadableAnswer):
            parse("image-text-retrieval", answer, self.sample(folder))

    def test_equal_scores_find_nothing(self, folder: Path) -> None:
        answer = parse("image-text-retrieval", '{"scores": [1, 1, 1]}', self.sample(folder))
        assert score("image-text-retrieval", "recall_at_1", [answer], [self.sample(folder).reference]) == 0

    @settings(max_examples=30, suppress_health_check=list(HealthCheck), deadline=None)
    @given(st.permutations(range(3)))
    def test_a_ranking_comes_back(self, folder: Path, order: list[int]) -> None:
        assert parse("image-text-retrieval", [n + 1 for n in order], self.sample(folder)) == order

    def test_pictures_of_all_records(self, folder: Path) -> None:
        others = {"candidates": ["a.png", "b.png"]}
        sample = read("image-text-retrieval", folder, {"caption": "It."}, {"answer": "images/b.png"}, others)
        assert [part.kind for part in sample.input] == ["image", "image", "text"] and sample.reference == [1]


class TestBetweenMedia:
    def test_clip_compares_with_the_captions_and_fid_with_the_picture(self, folder: Path) -> None:
        shown, output = {"audio_file": "s.wav"}, {"caption": "a dog", "image_file": "a.png"}
        assert read("audio-to-image", folder, shown, output, metric="clip_score").reference == ["a dog"]
        assert read("audio-to-image", folder, shown, output, metric="fid").reference.shape == (H, W, 3)

    def test_accuracy_takes_the_label_beside_the_picture(self, folder: Path) -> None:
        kind = tasktypes.get("eeg-to-image").for_metric("accuracy")
        output = {"label": "piano", "image_file": "a.png"}
        sample = read("eeg-to-image", folder, {"eeg_file": "e.npy"}, output, metric="accuracy")
        assert "0 1 2 3\n4 5 6 7\n" in sample.input[-1].text and "piano" not in sample.input[-1].text
        assert kind.parse([png(PICTURE), Part("text", "Piano")], sample) == "piano"
        with pytest.raises(NotScorable, match="classifier"):
            kind.parse([png(PICTURE)], sample)
        with pytest.raises(UnreadableAnswer):
            kind.parse([Part("text", "piano")], sample)

    def test_speech_is_left_to_the_metric(self, folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.setenv("GENLEVEL_WEIGHTS", str(tmp_path))
        output = {"text": "A dog barks.", "audio_file": "s.wav"}
        sample = read("image-to-audio", folder, IMAGE, output, metric="cider")
        assert sample.reference == ["A dog barks."]
        speech = parse("image-to-audio", Part("audio", path=folder / "s.wav"), sample, metric="cider")
        assert speech[1] == 8000 and len(speech[0]) == 80
        with pytest.raises(NotScorable):
            score("image-to-audio", "cider", [speech], [sample.reference])

    def test_an_eeg_must_be_an_array_of_finite_numbers(self, folder: Path) -> None:
        for eeg in ("a.png", [[1, "a"]], [[[1]]], [[float("nan")]]):
            with pytest.raises(RecordError, match="entry 0"):
                read("eeg-to-image", folder, {"eeg_file": eeg}, {"image_file": "a.png"})
