"""Corners where implementations part: nested cells and header cells, empty frames, crowds, small pictures."""

import json
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel import metrics
from tests.parity.test_image_quality import pairs
from tests.parity.without_torchvision import reference_module

NESTED = [
    "<b>{}</b>", "<b><i>{}</i></b>x", "<sup>{}</sup><sub>2</sub>", "{}<br>y", "<table><tr><td>{}</td></tr></table>",
    "<div><p>{}</p><p>z</p></div>", "<span>{}</span> tail", "<ul><li>{}</li></ul>", "",
]  # fmt: skip


def nested_table(rng: random.Random) -> str:
    def cell() -> str:
        tag = rng.choice(["td", "td", "th"])
        inner = rng.choice(NESTED).format("".join(rng.choice("ab1é") for _ in range(rng.randint(0, 4))))
        span = rng.choice(["", ' colspan="2"'])
        return f"<{tag}{span}>{inner}</{tag}>"

    rows = ["<tr>" + "".join(cell() for _ in range(rng.randint(1, 3))) + "</tr>" for _ in range(rng.randint(1, 3))]
    return f"<html><body><table><thead>{rows[0]}</thead><tbody>{''.join(rows[1:])}</tbody></table></body></html>"


@pytest.mark.parametrize("structure_only", [False, True])
def test_teds_of_nested_tags_and_header_cells(structure_only: bool) -> None:
    """The reference knows ``td`` alone as a cell; what is in a ``th`` are nodes to it, as with header_cells=False."""
    reference = pytest.importorskip("table_recognition_metric").TEDS(structure_only=structure_only)
    metric = metrics.get("teds_struct" if structure_only else "teds", header_cells=False)
    rng = random.Random(4)
    with_header = 0
    for _ in range(80):
        gold, answer = nested_table(rng), nested_table(rng)
        with_header += "<th" in gold
        value = float(metric.reduce(metric.measure([answer], [gold])))
        assert value == pytest.approx(reference(answer, gold), abs=1e-9), (answer, gold)
    assert with_header > 30


def test_hota_mota_idf1_of_empty_frames() -> None:
    trackeval_metrics = pytest.importorskip("trackeval.metrics")
    from tests.parity.test_tracking_multi import film, trackeval_data

    def emptied(frames: Any, every: int) -> Any:
        return [[] if k % every == 0 else frame for k, frame in enumerate(frames)]

    given, truth = film(3)
    films = [
        (emptied(given, 2), truth),
        (given, emptied(truth, 2)),
        (emptied(given, 3), emptied(truth, 2)),
        (emptied(given, 2), emptied(truth, 2)),
        ([[] for _ in given], truth),
        (given, [[] for _ in truth]),
        ([[], *given[1:2], *([[]] * (len(given) - 2))], [[], *truth[1:2], *([[]] * (len(truth) - 2))]),
    ]
    config = {"PRINT_CONFIG": False}
    for name, kind, field in (
        ("mota", trackeval_metrics.CLEAR(config), "MOTA"),
        ("idf1", trackeval_metrics.Identity(config), "IDF1"),
        ("hota", trackeval_metrics.HOTA(), "HOTA"),
    ):
        results = {str(k): kind.eval_sequence(trackeval_data(*f)) for k, f in enumerate(films)}
        want = float(np.mean(kind.combine_sequences(results)[field]))
        got = metrics.compute(name, [f[0] for f in films], [f[1] for f in films])
        assert got == pytest.approx(want, abs=1e-9), name
        for k, (a, t) in enumerate(films):
            alone = float(np.mean(results[str(k)][field]))
            if any(t):  # MOTA of nothing true is no number in the reference but a large negative one
                assert metrics.compute(name, [a], [t]) == pytest.approx(alone, abs=1e-9), (name, k)
    for name in ("mota", "idf1", "hota"):
        assert np.isfinite(metrics.compute(name, [given], [[[] for _ in truth]])) or name == "mota"


def crowded(seed: int) -> tuple[Any, Any]:
    """Segments over crowds, void and each other; two crowds of one class in some images."""
    r = np.random.default_rng(seed)
    truth = np.kron(r.integers(0, 9, (5, 6)), np.ones((6, 6), int))
    given = np.kron(r.integers(0, 7, (5, 6)), np.ones((6, 6), int))
    keep = r.random(truth.shape) < 0.75
    given = np.where(keep & (truth > 0) & (r.random() < 0.8), truth, given)
    given[:, :3] = 30
    present = [int(i) for i in np.unique(truth) if i]
    crowds = set(present[:: 1 + seed % 3])
    reference = {
        "map": truth,
        "segments": [{"id": i, "label": f"c{i % 2}", "crowd": i in crowds} for i in present],
    }
    found = [int(i) for i in np.unique(given) if i]
    return {"map": given, "segments": [{"id": i, "label": f"c{i % 2}"} for i in found]}, reference


def write_coco(folder: Path, name: str, items: list[Any]) -> Path:
    import cv2

    (folder / name).mkdir()
    notes, images = [], []
    for k, item in enumerate(items):
        ids = item["map"]
        colour = np.stack([ids // 65536 % 256, ids // 256 % 256, ids % 256], axis=2).astype(np.uint8)
        cv2.imwrite(str(folder / name / f"{k}.png"), colour)  # OpenCV writes the last channel as red
        segments = [
            {
                "id": s["id"],
                "category_id": 1 + int(s["label"][1:]),
                "iscrowd": int(s.get("crowd", False)),
                "area": int((ids == s["id"]).sum()),
                "bbox": [0, 0, 1, 1],
            }
            for s in item["segments"]
        ]
        images.append({"id": k, "file_name": f"{k}.jpg", "height": ids.shape[0], "width": ids.shape[1]})
        notes.append({"image_id": k, "file_name": f"{k}.png", "segments_info": segments})
    kinds = [{"id": 1 + c, "name": f"c{c}", "isthing": 1} for c in range(2)]
    path = folder / f"{name}.json"
    path.write_text(json.dumps({"images": images, "annotations": notes, "categories": kinds}))
    return path


def test_panoptic_quality_with_crowds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    panoptic = pytest.importorskip("hotcoco.panoptic")
    items = [crowded(seed) for seed in range(12)]
    answers, references = [a for a, _ in items], [r for _, r in items]
    assert sum(s["crowd"] for r in references for s in r["segments"]) > 10
    result = panoptic.pq_compute(
        str(write_coco(tmp_path, "truth", references)), str(write_coco(tmp_path, "given", answers))
    )["All"]
    for part in ("pq", "sq", "rq"):
        assert metrics.compute("pq", answers, references, part=part) == pytest.approx(result[part], abs=1e-9), part
    assert 0.1 < result["pq"] < 0.9


@pytest.mark.parametrize("side", [48, 64, 96, 128])
def test_ms_ssim_of_pictures_too_small_for_five_scales(side: int) -> None:
    """Piq takes any number of weights and divides them by their sum; halvings of even sides are the same in both."""
    torch = pytest.importorskip("torch")
    piq = reference_module("piq.ms_ssim")
    weights = torch.tensor([0.0448, 0.2856, 0.3001, 0.2363, 0.1333], dtype=torch.float64)
    scales = sum(side / 2**k >= 11 for k in range(5))
    assert 3 <= scales <= 4
    given, truth = pairs(side, (side, side + 32, 3))
    for g, t in zip(given, truth, strict=True):
        tensors = [torch.from_numpy(i.astype(np.float64)).permute(2, 0, 1)[None] for i in (g, t)]
        want = piq.multi_scale_ssim(*tensors, data_range=255.0, scale_weights=weights[:scales])
        assert metrics.compute("ms_ssim", [g], [t]) == pytest.approx(float(want), abs=1e-6)


@pytest.mark.parametrize("side", [161, 170, 175])
def test_ms_ssim_from_161_pixels_on_has_five_scales(side: int) -> None:
    torch = pytest.importorskip("torch")
    msssim = pytest.importorskip("pytorch_msssim")
    window = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    win = torch.tensor(window / window.sum()).reshape(1, 1, 1, 11).repeat(3, 1, 1, 1)
    given, truth = pairs(side, (side, 200, 3), n=1)
    tensors = [torch.tensor(i[0].astype(np.float64)).permute(2, 0, 1)[None] for i in (given, truth)]
    want = float(msssim.ms_ssim(*tensors, data_range=255, win=win))
    assert metrics.compute("ms_ssim", given, truth) == pytest.approx(want, abs=1e-9)
