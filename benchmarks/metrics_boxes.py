"""Metrics of boxes, masks, keypoints and boxes in space against the field's libraries, on the same data in one run.

What a line says stands in :mod:`benchmarks._race`. Data is held in memory in the form that each side takes; what a side does
with it on the way to the number is timed.
"""

from __future__ import annotations

import contextlib
import io
import sys
import types
from typing import Any

import numpy as np

from benchmarks._race import Groups, Race, Value, compute, mean, run, torchmetrics


def some_boxes(images: int, classes: int, seed: int = 0) -> tuple[list[Any], list[Any]]:
    """About 7 truths and 20 detections an image, as in COCO's validation set."""
    r = np.random.default_rng(seed)
    answers, references = [], []
    for _ in range(images):
        truth = [
            {"label": f"c{r.integers(classes)}", "box": [*map(float, (*r.uniform(0, 400, 2), *r.uniform(10, 200, 2)))]}
            for _ in range(r.integers(0, 15))
        ]
        found = []
        for _ in range(r.integers(0, 40)):
            base = truth[r.integers(len(truth))] if truth and r.random() < 0.6 else None
            box = np.array(base["box"]) + r.normal(0, 8, 4) if base else np.array([*r.uniform(0, 400, 2), 50.0, 50.0])
            label = base["label"] if base else f"c{r.integers(classes)}"
            found.append({"label": label, "box": np.abs(box).tolist(), "score": float(r.random())})
        answers.append(found)
        references.append(truth)
    return answers, references


def coco_lists(answers: list[Any], references: list[Any], **more: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The data set and the results as COCO's tools take them; ``more`` gives fields of items under COCO's names."""

    def item(image: int, thing: Any) -> dict[str, Any]:
        made = {"image_id": image, "category_id": int(thing["label"][1:]), "bbox": thing["box"]}
        return made | {theirs: thing[ours] for ours, theirs in more.items()}

    truth = [
        item(i, o) | {"area": float(o.get("area", o["box"][2] * o["box"][3])), "iscrowd": 0}
        for i, items in enumerate(references)
        for o in items
    ]
    data = {
        "images": [{"id": i, "height": 600, "width": 600} for i in range(len(references))],
        "categories": [{"id": k, "name": str(k)} for k in range(80)],
        "annotations": [a | {"id": k + 1} for k, a in enumerate(truth)],
    }
    found = [item(i, o) | {"score": o["score"]} for i, items in enumerate(answers) for o in items]
    return data, found


def whole_range_only(params: Any) -> None:
    """One AP of objects of all sizes, as ours is; by default the peers compute it for four ranges of size."""
    params.areaRng, params.areaRngLbl, params.maxDets = [[0, 1e10]], ["all"], params.maxDets[-1:]


def coco_value(data: dict[str, Any], found: list[dict[str, Any]], kind: str, ious: Any = None) -> Value:
    """AP of pycocotools."""
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    def value() -> float:
        with contextlib.redirect_stdout(io.StringIO()):
            coco = COCO()
            coco.dataset = {**data, "annotations": [dict(a) for a in data["annotations"]]}
            coco.createIndex()
            evaluation = COCOeval(coco, coco.loadRes([dict(d) for d in found]), kind)
            whole_range_only(evaluation.params)
            if ious is not None:
                evaluation.params.iouThrs = np.array(ious)
            evaluation.evaluate()
            evaluation.accumulate()
        precision = evaluation.eval["precision"][:, :, :, 0, -1]
        return float(precision[precision > -1].mean())

    return value


def boxes() -> list[Race]:
    """COCO AP of 5,000 images and 80 classes; the peers begin with lists of annotations, we with lists per image."""
    import hotcoco

    answers, references = some_boxes(5000, 80)
    data, found = coco_lists(answers, references)

    def hot() -> float:
        with contextlib.redirect_stdout(io.StringIO()):
            coco = hotcoco.COCO(data)
            evaluation = hotcoco.COCOeval(coco, coco.loadRes(found), "bbox")
            whole_range_only(evaluation.params)
            evaluation.evaluate()
            evaluation.accumulate()
        precision = evaluation.eval["precision"]
        return float(precision[precision > -1].mean())

    few = answers[:1000], references[:1000]
    small = coco_lists(*few)
    return [
        Race("ap", "pycocotools", 5000, compute("ap", answers, references), coco_value(data, found, "bbox")),
        Race("ap", "hotcoco (Rust)", 5000, compute("ap", answers, references), hot),
        *(
            Race(name, "pycocotools", 1000, compute(name, *few), coco_value(*small, "bbox", [iou]))
            for name, iou in (("ap10", 0.1), ("ap50", 0.5), ("ap75", 0.75))
        ),
    ]


def masks_and_keypoints() -> list[Race]:
    """COCO AP of masks and of keypoints, 500 images."""
    from pycocotools import mask as coco_mask

    answers, references = some_boxes(500, 10, seed=1)
    r = np.random.default_rng(2)
    for items in (*answers, *references):
        for o in items:
            x, y, w, h = o["box"]
            corners = [[x, y, x + w, y, x + w, y + h, x, y + h / 2]]
            o["mask"] = coco_mask.merge(coco_mask.frPyObjects(corners, 700, 700))
            places = np.array([x, y]) + r.random((17, 2)) * (w, h)
            o["keypoints"] = np.column_stack([places, np.full(17, 2.0)]).ravel().tolist()
    for items in references:
        for o in items:
            o["area"], o["number"] = float(coco_mask.area(o["mask"])), 17
    ours = [[{"label": o["label"], "keypoints": o["keypoints"], "score": o["score"]} for o in i] for i in answers]
    truth = [[o | {"label": "c0"} for o in i] for i in references]
    people = [[o | {"label": "c0"} for o in i] for i in ours]
    lists = coco_lists([[o | {"label": "c0"} for o in i] for i in answers], truth, keypoints="keypoints")
    for annotation in lists[0]["annotations"]:
        annotation["num_keypoints"] = 17
    named = {"mask": "segmentation"}
    return [
        Race("ap", "pycocotools, masks", 500, compute("ap", answers, references, kind="mask"),
             coco_value(*coco_lists(answers, references, **named), "segm")),
        Race("ap", "pycocotools, keypoints", 500, compute("ap", people, truth, kind="keypoints"),
             coco_value(*lists, "keypoints")),
    ]  # fmt: skip


def torch_boxes() -> list[Race]:
    """COCO AP of 500 images by torchmetrics."""
    torchmetrics()
    import torch
    import torchmetrics.detection.mean_ap as peer

    answers, references = some_boxes(500, 80, seed=3)
    if "torchvision" not in sys.modules:  # all that it needs of torchvision: boxes stay as they are
        operations: Any = types.ModuleType("torchvision.ops")
        operations.box_convert = lambda boxes, in_fmt, out_fmt: boxes
        sys.modules |= {"torchvision": types.ModuleType("torchvision"), "torchvision.ops": operations}
        peer._TORCHVISION_AVAILABLE = True

    def tensors(items: list[Any]) -> dict[str, Any]:
        made = {"boxes": torch.tensor([o["box"] for o in items]).reshape(-1, 4)}
        made["labels"] = torch.tensor([int(o["label"][1:]) for o in items], dtype=torch.int64)
        return made | {"scores": torch.tensor([o.get("score", 0.0) for o in items])}

    given, truth = [list(map(tensors, side)) for side in (answers, references)]

    def value() -> float:
        metric = peer.MeanAveragePrecision(box_format="xywh")
        metric.update(given, truth)
        return float(metric.compute()["map"])

    return [Race("ap", "torchmetrics", 500, compute("ap", answers, references), value)]


def one_box() -> list[Race]:
    """Grounding of 5,000 boxes and 2,000 tubes of 60 frames, in plain loops (there is no library)."""

    def iou(a: Any, b: Any) -> float:
        w = max(min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0]), 0.0)
        h = max(min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1]), 0.0)
        return w * h / (a[2] * a[3] + b[2] * b[3] - w * h)

    r = np.random.default_rng(4)
    truth = np.column_stack([r.uniform(0, 300, (5000, 2)), r.uniform(20, 90, (5000, 2))])
    given = truth + r.normal(0, 6, truth.shape)
    a, t = given.tolist(), truth.tolist()
    tubes = [[{f: box for f, box in enumerate(side[k : k + 60])} for k in range(2000)] for side in (a, t)]

    def viou() -> float:
        return mean(sum(iou(g[f], w[f]) for f in w) / len(w) for g, w in zip(*tubes, strict=True))

    spans = [[[x, x + w] for x, _, w, _ in side] for side in (a, t)]

    def time_iou() -> float:
        pairs = [(max(min(g[1], w[1]) - max(g[0], w[0]), 0.0), g, w) for g, w in zip(*spans, strict=True)]
        return mean(both / (g[1] - g[0] + w[1] - w[0] - both) for both, g, w in pairs)

    def over(value: float) -> Value:
        return lambda: mean(sum(iou(g[f], w[f]) for f in w) / len(w) > value for g, w in zip(*tubes, strict=True))

    return [
        Race("grounding_accuracy", "loop", 5000, compute("grounding_accuracy", a, t),
             lambda: mean(iou(g, w) >= 0.5 for g, w in zip(a, t, strict=True))),
        Race("m_viou", "loop", 2000, compute("m_viou", *tubes), viou),
        Race("viou_30", "loop", 2000, compute("viou_30", *tubes), over(0.3)),
        Race("viou_50", "loop", 2000, compute("viou_50", *tubes), over(0.5)),
        Race("temporal_iou", "loop", 5000, compute("temporal_iou", *spans), time_iou),
        Race("temporal_recall", "loop", 5000, compute("temporal_recall", *spans, iou=0.5),
             lambda: mean((b := max(min(g[1], w[1]) - max(g[0], w[0]), 0.0)) / (g[1] - g[0] + w[1] - w[0] - b) >= 0.5
                          for g, w in zip(*spans, strict=True))),
    ]  # fmt: skip


def triplets() -> list[Race]:
    """Scene-graph recall of 500 images with 108 scored triplets each, in plain loops (no boxes); case and spaces do not count."""
    r = np.random.default_rng(5)
    names = [f"thing{k}" for k in range(40)]
    parts = ("subject", "predicate", "object")

    def some(n: int) -> list[dict[str, Any]]:
        return [{part: names[i] for part, i in zip(parts, r.integers(0, 40, 3), strict=True)} for _ in range(n)]

    truth = [some(12) for _ in range(500)]
    given = [[t | {"score": float(r.random())} for t in (*some(100), *wanted[:8])] for wanted in truth]

    def words(triplet: dict[str, Any]) -> tuple[str, ...]:
        return tuple(" ".join(triplet[part].lower().split()) for part in parts)

    def recall(k: int) -> Value:
        def value() -> float:
            total = []
            for g, t in zip(given, truth, strict=True):
                left = list(map(words, t))
                for triplet in map(words, sorted(g, key=lambda o: -o["score"])[:k]):
                    if triplet in left:
                        left.remove(triplet)
                total.append(1 - len(left) / len(t))
            return mean(total)

        return value

    return [
        Race(f"recall_at_{k}", "loop", 500, compute(f"recall_at_{k}", given, truth), recall(k)) for k in (20, 50, 100)
    ]


def space() -> list[Race]:
    """Turned boxes in space, 100 scenes of 20 truths and 40 detections, IoU by shapely and matching by pycocotools' rule."""
    from shapely import Polygon, intersection, prepare

    from genlevel.metrics.detection_3d import footprint

    r = np.random.default_rng(6)

    def box() -> list[float]:
        return [*r.uniform(-20, 20, 2).tolist(), 0.0, *r.uniform(1, 5, 3).tolist(), float(r.uniform(-3, 3))]

    truth = [[{"label": "car", "box": box()} for _ in range(20)] for _ in range(100)]
    given = []
    for scene in truth:
        near = [[v + float(r.normal(0, 0.1)) for v in o["box"]] for o in scene]
        given.append(
            [{"label": "car", "box": b, "score": float(r.random())} for b in [*near, *(box() for _ in range(20))]]
        )

    def iou(a: Any, b: Any, p: Any, q: Any) -> float:
        tall = min(a[2] + a[5] / 2, b[2] + b[5] / 2) - max(a[2] - a[5] / 2, b[2] - b[5] / 2)
        if tall <= 0 or np.hypot(a[0] - b[0], a[1] - b[1]) > 8:
            return 0.0
        both = intersection(p, q).area * tall
        return float(both / (np.prod(a[3:6]) + np.prod(b[3:6]) - both))

    def value(levels: Any) -> Value:
        def ap() -> float:
            scenes = []
            for g, t in zip(given, truth, strict=True):
                boxes = [np.array([o["box"] for o in side]) for side in (g, t)]
                polygons = [[Polygon(c) for c in footprint(side)] for side in boxes]
                for polygon in polygons[1]:
                    prepare(polygon)
                scenes.append(
                    [
                        [iou(a, b, p, q) for b, q in zip(boxes[1], polygons[1], strict=True)]
                        for a, p in zip(boxes[0], polygons[0], strict=True)
                    ]
                )
            return mean(_area(given, scenes, level) for level in levels)

        return ap

    return [
        Race("map50", "shapely and a loop", 100, compute("map50", given, truth), value([0.5])),
        Race("map", "shapely and a loop", 100, compute("map", given, truth), value(np.linspace(0.5, 0.95, 10))),
    ]  # fmt: skip


def _area(given: Any, scenes: Any, level: float) -> float:
    """Area under the precision envelope of one class over all scenes."""
    hits: list[tuple[float, bool]] = []
    for found, table in zip(given, scenes, strict=True):
        free = set(range(len(table[0])))
        for k in sorted(range(len(found)), key=lambda k: -found[k]["score"]):
            best = max(free, key=lambda j: table[k][j], default=None)
            hit = best is not None and table[k][best] >= level
            if hit and best is not None:
                free.remove(best)
            hits.append((found[k]["score"], hit))
    right = np.cumsum([hit for _, hit in sorted(hits, key=lambda pair: -pair[0])])
    envelope = np.maximum.accumulate((right / np.arange(1, len(right) + 1))[::-1])[::-1]
    return float((envelope * np.diff(right, prepend=0)).sum() / sum(len(table[0]) for table in scenes))


GROUPS: Groups = (boxes, masks_and_keypoints, torch_boxes, one_box, triplets, space)


def main() -> None:
    """Run all races, or those of the metrics named on the command line."""
    run(GROUPS)


if __name__ == "__main__":
    main()
