"""Metrics of boxes, masks, images, sound, tracks and clouds against the field's libraries, on the same data in one run.

What a line says stands in :mod:`benchmarks._race`. Data is held in memory in the form that each side takes; what a side does
with it on the way to the number is timed.
"""

from __future__ import annotations

import contextlib
import io
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from benchmarks._race import Race, Value, compute, run


def races() -> Iterator[Callable[[], list[Race]]]:
    """Groups of races; each makes its data when it is its turn, and is left out where a peer is not installed."""
    yield boxes
    yield label_maps
    yield torch_maps
    yield saliency
    yield video_objects
    yield images
    yield sound
    yield tracks
    yield clouds


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


def boxes() -> list[Race]:
    """COCO AP of 5,000 images and 80 classes; the peers begin with lists of annotations, we with lists per image."""
    import hotcoco
    from pycocotools.coco import COCO
    from pycocotools.cocoeval import COCOeval

    answers, references = some_boxes(5000, 80)
    truth = [
        {
            "image_id": i,
            "category_id": int(o["label"][1:]),
            "bbox": o["box"],
            "area": o["box"][2] * o["box"][3],
            "iscrowd": 0,
        }
        for i, items in enumerate(references)
        for o in items
    ]
    data = {
        "images": [{"id": i, "height": 600, "width": 600} for i in range(len(references))],
        "categories": [{"id": k, "name": str(k)} for k in range(80)],
        "annotations": [a | {"id": k + 1} for k, a in enumerate(truth)],
    }
    found = [
        {"image_id": i, "category_id": int(o["label"][1:]), "bbox": o["box"], "score": o["score"]}
        for i, items in enumerate(answers)
        for o in items
    ]

    def pycoco() -> float:
        with contextlib.redirect_stdout(io.StringIO()):
            coco = COCO()
            coco.dataset = {**data, "annotations": [dict(a) for a in data["annotations"]]}
            coco.createIndex()
            evaluation = COCOeval(coco, coco.loadRes([dict(d) for d in found]), "bbox")
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        return float(evaluation.stats[0])

    def hot() -> float:
        with contextlib.redirect_stdout(io.StringIO()):
            coco = hotcoco.COCO(data)
            evaluation = hotcoco.COCOeval(coco, coco.loadRes(found), "bbox")
            evaluation.evaluate()
            evaluation.accumulate()
            evaluation.summarize()
        return float(evaluation.stats[0])

    ours = compute("ap", answers, references)
    return [
        Race("ap", "pycocotools", len(answers), ours, pycoco),
        Race("ap", "hotcoco (Rust)", len(answers), ours, hot),
    ]


def some_maps(n: int, side: int, classes: int) -> tuple[list[Any], list[Any]]:
    r = np.random.default_rng(1)
    block = side // 16
    truth = [np.kron(r.integers(0, classes, (16, 16)), np.ones((block, block), int)).astype(np.uint8) for _ in range(n)]
    return [
        np.where(r.random(t.shape) < 0.8, t, r.integers(0, classes, t.shape)).astype(np.uint8) for t in truth
    ], truth


def label_maps() -> list[Race]:
    """mIoU of 40 maps of 512 x 512 with 150 classes, Dice of masks."""
    from sklearn.metrics import confusion_matrix, f1_score

    given, truth = some_maps(40, 512, 150)

    def sk_iou() -> float:
        table = sum(
            confusion_matrix(t.ravel(), g.ravel(), labels=range(150)) for g, t in zip(given, truth, strict=True)
        )
        return float(np.mean(np.diag(table) / (table.sum(0) + table.sum(1) - np.diag(table))))

    masks = [(g % 2).astype(np.uint8) for g in given], [(t % 2).astype(np.uint8) for t in truth]
    return [
        Race("miou", "scikit-learn confusion", 40, compute("miou", given, truth), sk_iou),
        Race("dice", "scikit-learn f1_score", 40, compute("dice", *masks),
             lambda: float(np.mean([f1_score(t.ravel(), g.ravel()) for g, t in zip(*masks, strict=True)]))),
    ]  # fmt: skip


def torch_maps() -> list[Race]:
    """mIoU, PQ, PSNR and SSIM as torchmetrics computes them (its SSIM keeps a border: another number)."""
    from tests.parity.without_torchvision import reference_module

    reference_module("torchmetrics")
    import torch
    from torchmetrics.functional.classification import multiclass_confusion_matrix
    from torchmetrics.functional.detection import panoptic_quality
    from torchmetrics.functional.image import peak_signal_noise_ratio, structural_similarity_index_measure

    given, truth = some_maps(40, 512, 150)
    as_torch = [[torch.tensor(m.astype(np.int64)) for m in side] for side in (given, truth)]

    def torch_iou() -> float:
        table = sum(multiclass_confusion_matrix(g, t, 150) for g, t in zip(*as_torch, strict=True)).numpy()
        return float(np.mean(np.diag(table) / (table.sum(0) + table.sum(1) - np.diag(table))))

    segments = some_maps(10, 256, 60)

    def panoptic(ids: Any) -> Any:
        ids = ids.astype(np.int64) + 1
        return {"map": ids, "segments": [{"id": int(i), "label": str(i % 5)} for i in np.unique(ids)]}

    ours = [[panoptic(m) for m in side] for side in segments]
    stacks = [
        torch.tensor(np.stack([np.stack([m % 5, m], -1) for m in (s.astype(np.int64) + 1 for s in side)]))
        for side in segments
    ]

    pictures = some_images(20, 512)
    tensors = [torch.tensor(np.stack(side)).permute(0, 3, 1, 2).float() for side in pictures]

    def torch_psnr() -> float:
        return float(peak_signal_noise_ratio(*tensors, data_range=255.0, reduction="elementwise_mean", dim=(1, 2, 3)))

    return [
        Race("miou", "torchmetrics", 40, compute("miou", given, truth), torch_iou),
        Race("pq", "torchmetrics", 10, compute("pq", *ours),
             lambda: float(panoptic_quality(*stacks, things=set(range(5)), stuffs={99}))),
        Race("psnr", "torchmetrics", 20, compute("psnr", *pictures), torch_psnr),
        Race("ssim", "torchmetrics", 20, compute("ssim", *pictures),
             lambda: float(structural_similarity_index_measure(*tensors, data_range=255.0))),
    ]  # fmt: skip


def saliency() -> list[Race]:
    """S-, E-, F- and weighted F-measure of 20 maps of 400 x 400."""
    import py_sod_metrics

    r = np.random.default_rng(2)
    y, x = np.mgrid[:400, :400]
    truth = [
        (np.hypot(x - r.uniform(100, 300), y - r.uniform(100, 300)) < r.uniform(30, 120)).astype(np.uint8) * 255
        for _ in range(20)
    ]
    given = [np.clip(t * 0.7 + r.normal(30, 25, t.shape), 0, 255).astype(np.uint8) for t in truth]

    def reference(kind: str, read: Callable[[Any], Any]) -> Value:
        def value() -> float:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                measure = getattr(py_sod_metrics, kind)()
            for g, t in zip(given, truth, strict=True):
                measure.step(pred=g, gt=t)
            return float(read(measure.get_results()))

        return value

    return [
        Race("s_measure", "pysodmetrics", 20, compute("s_measure", given, truth), reference("Smeasure", lambda x: x["sm"])),
        Race("e_measure", "pysodmetrics", 20, compute("e_measure", given, truth),
             reference("Emeasure", lambda x: x["em"]["curve"].mean())),
        Race("f_measure", "pysodmetrics", 20, compute("f_measure", given, truth),
             reference("Fmeasure", lambda x: x["fm"]["curve"].max())),
        Race("weighted_f_measure", "pysodmetrics", 20, compute("weighted_f_measure", given, truth),
             reference("WeightedFmeasure", lambda x: x["wfm"])),
    ]  # fmt: skip


def video_objects() -> list[Race]:
    """Boundary F of 40 frames of 480 x 854."""
    from pycocotools import mask as coco_mask
    from trackeval.metrics.j_and_f import JAndF

    y, x = np.mgrid[:480, :854]
    truth = np.stack([np.hypot(x - 200 - 9 * k, y - 240) < 90 for k in range(40)])
    given = np.roll(truth, 3, axis=2)
    rle = [[[coco_mask.encode(np.asfortranarray(m, np.uint8))] for m in side] for side in (truth, given)]

    def reference() -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return float(np.mean(JAndF._compute_f(rle[0], rle[1], 0, 0, 0.008)))

    return [Race("boundary_f", "trackeval", 40, compute("boundary_f", [{"a": given}], [{"a": truth}]), reference)]


def some_images(n: int, side: int) -> tuple[list[Any], list[Any]]:
    r = np.random.default_rng(3)
    truth = [
        np.kron(r.integers(0, 256, (side // 8, side // 8, 3)), np.ones((8, 8, 1), int)).astype(np.uint8)
        for _ in range(n)
    ]
    return [np.clip(t + r.normal(0, 12, t.shape), 0, 255).astype(np.uint8) for t in truth], truth


def images() -> list[Race]:
    """PSNR, SSIM and MS-SSIM of 20 colour images of 512 x 512."""
    import pytorch_msssim
    import torch
    from skimage.metrics import peak_signal_noise_ratio, structural_similarity

    given, truth = some_images(20, 512)
    tensors = [torch.tensor(np.stack(side)).permute(0, 3, 1, 2).float() for side in (given, truth)]

    def sk_ssim() -> float:
        options: Any = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "channel_axis": 2}
        return float(np.mean([structural_similarity(t, g, **options) for g, t in zip(given, truth, strict=True)]))

    return [
        Race("psnr", "scikit-image", 20, compute("psnr", given, truth),
             lambda: float(np.mean([peak_signal_noise_ratio(t, g) for g, t in zip(given, truth, strict=True)]))),
        Race("ssim", "scikit-image", 20, compute("ssim", given, truth), sk_ssim),
        Race("ssim", "pytorch-msssim (32 bits)", 20, compute("ssim", given, truth),
             lambda: float(pytorch_msssim.ssim(*tensors))),
        Race("ms_ssim", "pytorch-msssim (32 bits)", 20, compute("ms_ssim", given, truth),
             lambda: float(pytorch_msssim.ms_ssim(*tensors))),
    ]  # fmt: skip


def sound() -> list[Race]:
    """STOI of 30 signals of 4 s."""
    from pystoi import stoi

    r = np.random.default_rng(4)
    t = np.arange(64000) / 16000
    clean = [
        np.sin(2 * np.pi * r.uniform(100, 900) * t) * (1.1 + np.sin(9 * t)) + 0.01 * r.normal(size=64000)
        for _ in range(30)
    ]
    given = [c + 0.3 * r.normal(size=64000) for c in clean]
    return [
        Race("stoi", "pystoi", 30, compute("stoi", given, clean),
             lambda: float(np.mean([stoi(c, g, 16000) for c, g in zip(clean, given, strict=True)]))),
    ]  # fmt: skip


def tracks() -> list[Race]:
    """HOTA, MOTA and IDF1 of 4 videos of 300 frames with 20 objects; the peer's lists are read by our code."""
    from trackeval.metrics import CLEAR, HOTA, Identity

    from genlevel.metrics.tracking_multi import aligned

    r = np.random.default_rng(5)
    given, truth = [], []
    for _ in range(4):
        place = r.uniform(0, 900, (20, 2))
        films: tuple[list[Any], list[Any]] = ([], [])
        for _ in range(300):
            place = place + r.normal(0, 3, place.shape)
            films[1].append([{"id": k, "box": [*map(float, p), 50.0, 80.0]} for k, p in enumerate(place)])
            films[0].append(
                [
                    {"id": k, "box": [*map(float, p + r.normal(0, 5, 2)), 50.0, 80.0]}
                    for k, p in enumerate(place)
                    if r.random() < 0.9
                ]
            )
        given.append(films[0])
        truth.append(films[1])

    def reference(kind: Any, field: str) -> Value:
        def value() -> float:
            results = {}
            for k, video in enumerate(aligned(g, t, 0) for g, t in zip(given, truth, strict=True)):
                data = {"gt_ids": video.truth, "tracker_ids": video.given, "similarity_scores": video.likeness}
                data |= {"num_gt_ids": video.truths, "num_tracker_ids": video.tracks, "num_timesteps": len(video.truth)}
                data |= {"num_gt_dets": sum(map(len, video.truth)), "num_tracker_dets": sum(map(len, video.given))}
                results[str(k)] = kind.eval_sequence(data)
            return float(np.mean(kind.combine_sequences(results)[field]))

        return value

    quiet = {"PRINT_CONFIG": False}
    return [
        Race("hota", "trackeval", 4, compute("hota", given, truth), reference(HOTA(), "HOTA")),
        Race("mota", "trackeval", 4, compute("mota", given, truth), reference(CLEAR(quiet), "MOTA")),
        Race("idf1", "trackeval", 4, compute("idf1", given, truth), reference(Identity(quiet), "IDF1")),
    ]


def clouds() -> list[Race]:
    """Chamfer distance of 5 pairs of 4,096 points, against all pairs of distances in torch."""
    import torch

    r = np.random.default_rng(6)
    truth = [r.normal(size=(4096, 3)) for _ in range(5)]
    given = [t + r.normal(0, 0.05, t.shape) for t in truth]
    tensors = [[torch.tensor(c) for c in side] for side in (given, truth)]

    def all_pairs() -> float:
        total = 0.0
        for g, t in zip(*tensors, strict=True):
            apart = torch.cdist(g, t) ** 2
            total += float(apart.min(1).values.mean() + apart.min(0).values.mean())
        return total / 5

    return [Race("chamfer_distance", "torch.cdist", 5, compute("chamfer_distance", given, truth), all_pairs)]


def main() -> None:
    """Run all races, or those of the metrics named on the command line."""
    run(races())


if __name__ == "__main__":
    main()
