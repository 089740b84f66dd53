"""COCO AP of boxes, masks and keypoints against pycocotools."""

import contextlib
import io
from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from genlevel.metrics import masks
from genlevel.metrics.evidence import Evidence

COCO = pytest.importorskip("pycocotools.coco").COCO
COCOeval = pytest.importorskip("pycocotools.cocoeval").COCOeval
coco_mask = pytest.importorskip("pycocotools.mask")

# pycocotools predates NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

Items = list[list[dict[str, Any]]]


def boxes(
    seed: int, images: int = 30, classes: int = 4, *, ties: bool = False, crowd: float = 0.1, many: int = 15
) -> tuple[Any, Items]:
    """Random answers (some None) and references (some empty); near hits, false alarms, and classes without a truth."""
    r = np.random.default_rng(seed)
    answers: list[Any] = []
    references: Items = []
    for _ in range(images):
        truth = [
            {
                "label": f"c{r.integers(classes)}",
                "box": [*r.uniform(0, 200, 2), *r.uniform(5, 100, 2)],
                "crowd": bool(r.random() < crowd),
            }
            for _ in range(r.integers(0, 8))
        ]
        found = []
        for _ in range(r.integers(0, many)):
            label, box = f"c{r.integers(classes + 2)}", np.array([*r.uniform(0, 200, 2), *r.uniform(5, 100, 2)])
            if truth and r.random() < 0.7:
                base = truth[r.integers(len(truth))]
                label = base["label"] if r.random() < 0.9 else label
                box = np.array(base["box"]) + r.normal(0, 5, 4)
                box[2:] = np.abs(box[2:])
            score = round(float(r.random()), 1) if ties else float(r.random())
            found.append({"label": label, "box": box.tolist(), "score": score})
        answers.append(found if r.random() > 0.05 else None)
        references.append(truth)
    return answers, references


def pycoco(answers: Any, references: Items, kind: str = "bbox", thresholds: list[float] | None = None) -> float:
    names = sorted({o["label"] for items in [*references, *(a or [] for a in answers)] for o in items})
    ids = {name: k + 1 for k, name in enumerate(names)}

    def entry(image: int, item: dict[str, Any]) -> dict[str, Any]:
        out = {"image_id": image + 1, "category_id": ids[item["label"]]}
        if "box" in item:
            out |= {"bbox": list(item["box"]), "area": item["box"][2] * item["box"][3]}
        if "mask" in item:
            out |= {"segmentation": item["mask"], "area": float(coco_mask.area(item["mask"]))}
        if "keypoints" in item:
            flat = item["keypoints"]
            out |= {"keypoints": flat, "num_keypoints": int(sum(v > 0 for v in flat[2::3]))}
        return out | {k: item[k] for k in ("score", "area") if k in item}

    truth, found = COCO(), [entry(i, o) for i, items in enumerate(answers) for o in items or []]
    annotations = [
        entry(i, o) | {"iscrowd": int(o.get("crowd", 0))} for i, items in enumerate(references) for o in items
    ]
    truth.dataset = {
        "images": [{"id": i + 1, "height": 48, "width": 64} for i in range(len(references))],
        "annotations": [a | {"id": k + 1} for k, a in enumerate(annotations)],
        "categories": [{"id": k} for k in ids.values()],
    }
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        run = COCOeval(truth, truth.loadRes(found), kind)
        if thresholds is not None:
            run.params.iouThrs = np.array(thresholds)
        run.evaluate()
        run.accumulate()
    precision = run.eval["precision"][:, :, :, 0, -1]
    return float(precision[precision > -1].mean())


@pytest.mark.parametrize("seed", range(12))
def test_boxes(seed: int) -> None:
    answers, references = boxes(seed, classes=1 + 3 * (seed % 4), ties=seed % 2 == 0)
    assert metrics.compute("ap", answers, references) == pytest.approx(pycoco(answers, references), abs=1e-12)
    for name, threshold in (("ap10", 0.1), ("ap50", 0.5), ("ap75", 0.75)):
        want = pycoco(answers, references, thresholds=[threshold])
        assert metrics.compute(name, answers, references) == pytest.approx(want, abs=1e-12)


def test_more_than_a_hundred_detections_in_an_image() -> None:
    answers, references = boxes(5, images=4, classes=1, many=300)
    assert max(len(a or []) for a in answers) > 150
    assert metrics.compute("ap", answers, references) == pytest.approx(pycoco(answers, references), abs=1e-12)


def test_boxes_without_scores_rank_by_image() -> None:
    answers, references = boxes(8)
    for found in answers:
        for item in found or []:
            item["score"] = 1.0
    want = pycoco(answers, references)
    for found in answers:
        for item in found or []:
            del item["score"]
    assert metrics.compute("ap", answers, references) == pytest.approx(want, abs=1e-12)


def test_touching_and_equal_boxes() -> None:
    square = {"label": "a", "box": [0, 0, 10, 10]}
    references = [[square, square], [square | {"crowd": True}], [{"label": "a", "box": [0, 0, 0, 0]}]]
    answers = [
        [square | {"score": 0.9}, {"label": "a", "box": [10, 0, 10, 10], "score": 0.8}, square | {"score": 0.7}],
        [square | {"score": 0.95}, square | {"score": 0.5}, {"label": "a", "box": [50, 50, 2, 2], "score": 0.6}],
        [{"label": "a", "box": [0, 0, 0, 0], "score": 0.3}],
    ]
    assert metrics.compute("ap", answers, references) == pytest.approx(pycoco(answers, references), abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_weights_are_repetitions(seed: int) -> None:
    # Scores differ: how a repeated image's equal scores interleave is nobody's definition.
    answers, references = boxes(seed, images=20)
    counts = np.random.default_rng(seed).integers(0, 4, size=(3, 20))
    metric = metrics.get("ap")
    weighted = metric.reduce(metric.measure(answers, references), counts.astype(float))
    for value, times in zip(weighted, counts, strict=True):
        rows = np.repeat(np.arange(20), times)
        want = pycoco([answers[i] for i in rows], [references[i] for i in rows])
        assert value == pytest.approx(want, abs=1e-12)


def test_shards_give_the_whole() -> None:
    answers, references = boxes(3, images=25, ties=True)
    metric = metrics.get("ap")
    shards = [metric.measure(answers[k : k + 4], references[k : k + 4]) for k in range(0, 25, 4)]
    stored = [Evidence.from_arrays(s.to_arrays()) for s in shards]
    assert float(metric.reduce(Evidence.concat(stored))) == metrics.compute("ap", answers, references)


def blob(r: np.random.Generator, centre: Any, radius: float) -> Any:
    y, x = np.mgrid[:48, :64]
    ripple = r.uniform(0.7, 1.0)
    return ((x - centre[0]) ** 2 + ((y - centre[1]) * ripple) ** 2 < radius**2) & (r.random((48, 64)) > 0.02)


@pytest.mark.parametrize("seed", range(3))
def test_masks(seed: int) -> None:
    r = np.random.default_rng(seed)
    ours: tuple[list[Any], list[Any]] = ([], [])
    theirs: tuple[list[Any], list[Any]] = ([], [])
    for _ in range(12):
        for side in range(2):
            ours[side].append([])
            theirs[side].append([])
        for _ in range(r.integers(0, 6)):
            centre, radius, label = r.uniform(8, 40, 2), r.uniform(3, 14), f"c{r.integers(3)}"
            truth, given = blob(r, centre, radius), blob(r, centre + r.normal(0, 2, 2), radius * r.uniform(0.7, 1.3))
            for side, shape in enumerate((given, truth)):
                extra = {"score": float(r.random())} if side == 0 else {"crowd": bool(r.random() < 0.15)}
                ours[side][-1].append({"label": label, "mask": shape} | extra)
                theirs[side][-1].append(
                    {"label": label, "mask": coco_mask.encode(np.asfortranarray(shape, np.uint8))} | extra
                )
    want = pycoco(theirs[0], theirs[1], "segm")
    assert metrics.compute("ap", *ours, kind="mask") == pytest.approx(want, abs=1e-12)
    assert metrics.compute("ap", *theirs, kind="mask") == pytest.approx(want, abs=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_keypoints(seed: int) -> None:
    r = np.random.default_rng(seed)
    answers: list[Any] = []
    references: list[Any] = []
    for _ in range(15):
        truth, found = [], []
        for _ in range(r.integers(0, 4)):
            box = [*r.uniform(0, 200, 2), *r.uniform(40, 120, 2)]
            points = np.column_stack([r.uniform(box[0], box[0] + box[2], 17), r.uniform(box[1], box[1] + box[3], 17)])
            seen = r.integers(0, 3, 17) * (r.random() > 0.2)
            flat = np.column_stack([points, seen]).ravel().tolist()
            area = box[2] * box[3] * 0.5
            truth.append(
                {"label": "person", "keypoints": flat, "box": box, "area": area, "crowd": bool(r.random() < 0.1)}
            )
            guess = np.column_stack([points + r.normal(0, 5, (17, 2)), np.ones(17)]).ravel().tolist()
            found.append({"label": "person", "keypoints": guess, "score": float(r.random())})
        found += [
            {"label": "person", "keypoints": r.uniform(0, 200, 51).tolist(), "score": float(r.random())}
            for _ in range(r.integers(0, 25))
        ]
        answers.append(found)
        references.append(truth)
    want = pytest.approx(pycoco(answers, references, "keypoints"), abs=1e-9)
    assert metrics.compute("ap", answers, references, kind="keypoints") == want
    # One that cannot be read, or of another form, has every item looked at alone.
    odd = [[*items, {"label": "person", "keypoints": "none"}] for items in answers]
    rows = [[o | {"keypoints": np.reshape(o["keypoints"], (17, 3))} for o in items] for items in references]
    assert metrics.compute("ap", odd, rows, kind="keypoints") == want


def test_polygons_and_run_lengths_are_read_as_coco_reads_them() -> None:
    r = np.random.default_rng(4)
    for _ in range(30):
        polygons = [r.uniform(-5, 60, 2 * r.integers(3, 9)).tolist() for _ in range(r.integers(1, 3))]
        want = coco_mask.decode(coco_mask.merge(coco_mask.frPyObjects(polygons, 40, 55))).astype(bool)
        assert (masks.decode(masks.read(polygons, [40, 55])) == want).all()
        rle = coco_mask.encode(np.asfortranarray(want, np.uint8))
        assert masks.read(rle) == rle
        assert (masks.decode(rle) == want).all()
        assert masks.area(rle) == want.sum()
