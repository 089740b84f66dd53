"""Every public image set of the 2024 edition: found, read, asked, answered by an oracle and scored."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel import metrics, tasktypes
from genlevel.catalog import load
from genlevel.datasets import Dataset, find_datasets
from genlevel.datasets.public.sources import sources
from genlevel.media import encode_png, load_image
from genlevel.records import Part, Prediction, Record, Sample
from genlevel.scoring.task import score_task
from tests.datasets.public.sets import CASES, IDS, Case

CATALOG = load("2024")
# What scores these is a network whose weights nobody has here; their oracle's answer is compared with the reference itself.
LEARNED = {"fid", "lpips"}
BEST = {"mae": 0.0, "mse": 0.0, "psnr": None}


def dataset_of(case: Case, root: Path) -> Dataset:
    case.make(root / case.folder)
    found = find_datasets(root, CATALOG)
    return next(d for d in found.datasets if d.task.id == case.task)


def test_all_47_tasks_have_a_case():
    assert {case.task for case in CASES} == {i for i in sources() if i.startswith("image.")}


def oracle(kind: str, sample: Sample, record: Record) -> tuple[Part, ...]:
    """An answer as a perfect model would give it, made from the reference."""
    reference: Any = sample.reference
    output = record.value["output"]
    if kind == "object-detection":
        boxes = [{"label": r["label"], "box": r["box"], "score": 0.9} for r in reference if not r.get("crowd")]
        return (Part("text", json.dumps(boxes)),)
    if kind == "keypoint-detection":
        people = [{"keypoints": p["keypoints"], "score": 0.9} for p in reference if not p.get("crowd")]
        return (Part("text", json.dumps(people)),)
    if kind == "visual-grounding":
        return (Part("text", json.dumps(reference[0]["box"])),)
    if kind == "instance-segmentation":
        masks = [{"label": i["label"], "rle": i["segmentation"]} for i in output["instances"] if not i.get("iscrowd")]
        return (Part("text", json.dumps(masks)),)
    if kind == "panoptic-segmentation":
        image = encode_png(np.stack([reference["map"] >> 8 * i & 255 for i in range(3)], 2).astype(np.uint8))
        segments = [{"id": s["id"], "label": s["label"]} for s in reference["segments"]]
        return Part("image", data=image), Part("text", json.dumps(segments))
    if kind == "image-text-retrieval":
        return (Part("text", json.dumps([reference[0] + 1])),)
    if kind == "depth-estimation":
        file = io.BytesIO()
        np.save(file, reference / sample.extra["scale"])
        return (Part("image", data=file.getvalue()),)
    if kind in ("image-matting", "image-anomaly-detection"):
        return (Part("image", data=encode_png(np.rint(reference * 255.0).astype(np.uint8))),)
    if isinstance(reference, np.ndarray):
        return (Part("image", data=encode_png(reference)),)
    said = reference[0] if isinstance(reference, list) else reference
    return (Part("text", str(said)),)


def samples_of(dataset: Dataset) -> list[tuple[Record, Sample]]:
    kind = tasktypes.for_task(dataset.task)
    found = []
    for record in dataset.records():
        assert isinstance(record, Record), str(record)
        found.append((record, kind.read(record)))
    return found


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_found_read_asked_and_scored(case: Case, tmp_path: Path):
    dataset = dataset_of(case, tmp_path)
    kind = tasktypes.for_task(dataset.task)
    read = samples_of(dataset)
    assert len(read) == case.samples and len({record.id for record, _ in read}) == case.samples
    predictions = {}
    for record, sample in read:
        request = kind.ask(sample, dataset.task)
        assert any(part.kind == "text" and part.text.strip() for part in request.parts) and sample.reference is not None
        assert {part.kind for part in request.parts} <= kind.takes
        predictions[sample.id] = Prediction(sample.id, parts=oracle(dataset.task.task_type, sample, record))
    if dataset.task.metric in LEARNED:
        for _, sample in read:
            answer = kind.parse(predictions[sample.id].parts, sample)
            assert np.array_equal(answer, sample.reference)
        return
    perfect = score_task(dataset, predictions, model="oracle", intervals=False)
    assert perfect.problems == () and perfect.score.samples == case.samples and perfect.score.unreadable == 0
    best = BEST.get(dataset.task.metric, 100.0)
    if best is None:
        assert perfect.score.value == metrics.compute("psnr", [np.zeros((4, 4))], [np.zeros((4, 4))])
    else:
        assert perfect.score.value == pytest.approx(best, abs=1e-9)


@pytest.mark.parametrize("case", [c for c in CASES if CATALOG[c.task].metric not in LEARNED], ids=lambda c: c.task)
def test_no_answer_has_the_worst_value(case: Case, tmp_path: Path):
    dataset = dataset_of(case, tmp_path)
    score = score_task(dataset, {}, model="nobody", intervals=False).score
    assert score.samples == score.missing == case.samples
    # Errors and decibels have no worst value: nothing was answered, so there is no number and no share that counts.
    assert score.value in (0.0, None) and (score.value == 0.0 or score.coverage == 0.0)


def answered(case: Case, root: Path, change: Any) -> float:
    """The score of the oracle's answers after a change to each."""
    dataset = dataset_of(case, root)
    predictions = {}
    for at, (record, sample) in enumerate(samples_of(dataset)):
        predictions[sample.id] = Prediction(
            sample.id, parts=change(at, oracle(dataset.task.task_type, sample, record), sample)
        )
    value = score_task(dataset, predictions, model="x", intervals=False).score.value
    assert value is not None
    return value


def case_of(task: str) -> Case:
    return next(case for case in CASES if case.task == task)


def text(value: object) -> tuple[Part, ...]:
    return (Part("text", str(value)),)


def test_counts_one_too_many(tmp_path: Path):
    # 3 and 2 things; answers 5 and 2: a mean error of 1.
    assert (
        answered(case_of("image.comprehension.fsc147"), tmp_path, lambda at, parts, _: text(5) if at == 0 else parts)
        == 1.0
    )


def test_half_of_the_labels_wrong(tmp_path: Path):
    value = answered(
        case_of("image.comprehension.gqa"), tmp_path, lambda at, parts, _: text("yes") if at == 0 else parts
    )
    assert value == 50.0


def test_anls_of_a_misread_letter(tmp_path: Path):
    # Four words of 11 and 3 letters; one of 11 has one wrong letter: (1 - 1/11 + 3)/4.
    case = case_of("image.comprehension.textocr")
    value = answered(case, tmp_path, lambda at, parts, _: text("Performanze") if at == 0 else parts)
    assert value == pytest.approx(100 * (4 - 1 / 11) / 4)


def test_recall_at_1_with_one_wrong_image(tmp_path: Path):
    case = case_of("image.comprehension.flickr30k")

    def swap(at: int, parts: tuple[Part, ...], sample: Sample) -> tuple[Part, ...]:
        return text([2 - sample.reference[0]]) if at == 0 else parts

    assert answered(case, tmp_path, swap) == 75.0


def test_depth_too_far_by_three_tenths(tmp_path: Path):
    # A factor of 1.3 in the left half lies beyond 1.25.
    case = case_of("image.comprehension.nyu-v2")

    def far(_at: int, _parts: tuple[Part, ...], sample: Sample) -> tuple[Part, ...]:
        depth = sample.reference * 1000.0
        depth[:, :16] *= 1.3
        file = io.BytesIO()
        np.save(file, depth)
        return (Part("image", data=file.getvalue()),)

    assert answered(case, tmp_path, far) == pytest.approx(50.0)


def test_mean_iou_without_one_class(tmp_path: Path):
    # Of each 24 x 32 map: 32 - 15 void in row 3; class 1 has 150 pixels, class 15 has 84, background the rest.
    case = case_of("image.comprehension.pascal-voc-2012")

    def without_aeroplane(_at: int, _parts: tuple[Part, ...], sample: Sample) -> tuple[Part, ...]:
        labels = sample.reference.copy()
        labels[labels == 1] = 0
        return (Part("image", data=encode_png(labels.astype(np.uint8))),)

    background = 24 * 32 - 150 - 84 - 15
    expected = (background / (background + 150) + 0.0 + 1.0) / 3
    assert answered(case, tmp_path, without_aeroplane) == pytest.approx(100 * expected)


def test_decibels_of_an_offset(tmp_path: Path):
    case = case_of("image.generation.lol")

    def brighter(_at: int, _parts: tuple[Part, ...], sample: Sample) -> tuple[Part, ...]:
        shifted = np.where(sample.reference < 128, sample.reference + 10, sample.reference - 10).astype(np.uint8)
        return (Part("image", data=encode_png(shifted)),)

    # An error of 10 at every pixel.
    assert answered(case, tmp_path, brighter) == pytest.approx(10 * np.log10(255**2 / 100))


def test_grounding_beside_the_box(tmp_path: Path):
    # Of four expressions one box misses: AP at IoU 0.1 loses what its rank costs; without it 3 of 4 are found.
    case = case_of("image.comprehension.refcoco")

    def aside(at: int, parts: tuple[Part, ...], _sample: Sample) -> tuple[Part, ...]:
        return text(json.dumps([{"box": [0, 22, 1, 1], "score": 0.01}])) if at == 3 else parts

    # Three right ones come first: precision 1 up to recall 0.75, 76 of COCO's 101 points.
    assert answered(case, tmp_path, aside) == pytest.approx(100 * 76 / 101)


def test_panoptic_quality_without_one_segment(tmp_path: Path):
    case = case_of("image.comprehension.ade20k-panoptic-segmentation")

    def only_wall(_at: int, _parts: tuple[Part, ...], sample: Sample) -> tuple[Part, ...]:
        everything = np.full(sample.reference["map"].shape, 10, np.uint8)
        return Part("image", data=encode_png(everything)), Part("text", '[{"id": 10, "label": "wall"}]')

    # The wall has IoU 648 / 768, the bed is not found: (0.84375 + 0)/2.
    assert answered(case, tmp_path, only_wall) == pytest.approx(100 * 0.84375 / 2)


def test_vqa_keeps_all_ten_annotators(tmp_path: Path):
    _, second = samples_of(dataset_of(case_of("image.comprehension.vqav2"), tmp_path))
    assert second[1].reference == ["net", "net", "net", "netting", "net", "net", "mesh", "net", "net", "net"]
    # Two of ten agree with "mesh" plus "netting" once each: the official formula on one agreeing annotator.
    value = metrics.compute("vqa_accuracy", ["mesh"], [second[1].reference])
    assert value == pytest.approx((1 * min(1, 0 / 3) + 9 * min(1, 1 / 3)) / 10)


def test_cifar_planes_become_rows_of_colours(tmp_path: Path):
    from tests.datasets.public.files import pixels

    (_, first), *_ = samples_of(dataset_of(case_of("image.comprehension.cifar-100"), tmp_path))
    image = next(part for part in first.input if part.kind == "image")
    assert np.array_equal(load_image(image), pixels("cifar49", 32, 32)) and first.reference == "thing 49"


def test_holes_are_cut_in_grey_and_marked(tmp_path: Path):
    (record, sample), *_ = samples_of(dataset_of(case_of("image.generation.celeba-hq"), tmp_path))
    seen, mask = (load_image(part) for part in sample.input if part.kind == "image")
    inside = mask[:, :, 0] == 255
    assert (
        inside.sum() == 11 * 15
        and (seen[inside] == 128).all()
        and np.array_equal(seen[~inside], sample.reference[~inside])
    )
    assert record.id == "1"


PAIRS = {
    "image.comprehension.nyu-v2": ("rgb_00045.jpg", "sync_depth_00045.png"),
    "image.comprehension.am-2k": ("validation/original/m_0a5e.jpg", "validation/mask/m_0a5e.png"),
    "image.generation.scribble": ("testA/pineapple_1.png", "testB/pineapple_1.jpg"),
    "image.generation.sketchycoco": ("Sketch/paper_version/val/1204.png", "Scene/GT/val/1204.png"),
    "image.generation.set14": ("LR_bicubic/X2/baboonx2.png", "HR/baboon.png"),
    "image.generation.urban100": ("image_SRF_2/img_001_SRF_2_LR.png", "image_SRF_2/img_001_SRF_2_HR.png"),
    "image.generation.ade20k": (
        "annotations/validation/ADE_val_00000001.png",
        "images/validation/ADE_val_00000001.jpg",
    ),
    "image.generation.cityscapes": (
        "frankfurt_000000_000294_gtFine_color.png",
        "frankfurt_000000_000294_leftImg8bit.png",
    ),
    "image.generation.lol": ("eval15/low/1.png", "eval15/high/1.png"),
    "image.generation.sidd": ("0001_NOISY_SRGB_010.PNG", "0001_GT_SRGB_010.PNG"),
    "image.generation.gopro": ("GOPR0384_11_00/blur/004001.png", "GOPR0384_11_00/sharp/004001.png"),
    "image.generation.hide": ("test/test-close-ups/1fromGOPR1096.MP4.png", "GT/1fromGOPR1096.MP4.png"),
}


@pytest.mark.parametrize("task", PAIRS)
def test_what_is_shown_and_what_is_wanted_are_not_mixed_up(task: str, tmp_path: Path):
    (record, sample), *_ = samples_of(dataset_of(case_of(task), tmp_path))
    shown, wanted = PAIRS[task]
    (part,) = (part for part in sample.input if part.kind == "image")
    assert part.path is not None and part.path.as_posix().endswith(shown)
    (named,) = record.value["output"].values()
    assert named.endswith(wanted)


def test_a_person_to_dress_is_shown_without_the_garment(tmp_path: Path):
    (record, _), *_ = samples_of(dataset_of(case_of("image.generation.viton-hd"), tmp_path))
    assert record.value["input"]["image_file_list"] == ["test/agnostic-v3.2/05006_00.jpg", "test/cloth/05006_00.jpg"]
    assert record.value["output"] == {"image_file": "test/image/05006_00.jpg"}
