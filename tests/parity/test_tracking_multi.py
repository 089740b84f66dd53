"""MOTA, IDF1 and HOTA against trackeval; AMOTA against nuScenes' algorithm over py-motmetrics' matching."""

from typing import Any

import numpy as np
import pytest

from genlevel import metrics

trackeval_metrics = pytest.importorskip("trackeval.metrics")


def film(seed: int, frames: int = 30, people: int = 8) -> tuple[Any, Any]:
    """Objects that walk, come and go; answers that lose them, swap their identities and invent others."""
    r = np.random.default_rng(seed)
    place, speed = r.uniform(0, 300, (people, 2)), r.normal(0, 4, (people, 2))
    size = r.uniform(30, 60, (people, 2))
    names = [f"t{k}" for k in range(people)]
    truth, given = [], []
    for _ in range(frames):
        place = place + speed
        here = [k for k in range(people) if r.random() > 0.15]
        truth.append([{"id": k, "box": [*place[k], *size[k]]} for k in here])
        if r.random() < 0.2:
            a, b = r.integers(0, people, 2)
            names[a], names[b] = names[b], names[a]
        found = [
            {"id": names[k], "box": [*(place[k] + r.normal(0, 5, 2)), *size[k]]} for k in here if r.random() > 0.15
        ]
        found += [{"id": f"x{j}", "box": [*r.uniform(0, 300, 2), 40, 40]} for j in range(r.integers(0, 3))]
        truth[-1], given = (truth[-1] if r.random() > 0.05 else []), [*given, found if r.random() > 0.05 else []]
    return given, truth


def crowd(seed: int) -> tuple[Any, Any]:
    """Objects that stand close together, many of them answered twice, and videos with empty frames between."""
    r = np.random.default_rng(seed)
    given, truth = [], []
    for _ in range(25):
        place = r.uniform(0, 40, (6, 2))
        truth.append([{"id": k, "box": [*place[k], 30.0, 30.0]} for k in range(6) if r.random() > 0.2])
        found = [{"id": int(k), "box": [*(place[k % 6] + r.normal(0, 4, 2)), 30.0, 30.0]} for k in r.permutation(12)]
        given.append(found[: r.integers(0, 13)])
        if r.random() < 0.3:
            (given if r.random() < 0.5 else truth)[-1].clear()
    return given, truth


def iou(a: Any, b: Any) -> float:
    w = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    h = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(w, 0) * max(h, 0)
    return both / (a[2] * a[3] + b[2] * b[3] - both)


def trackeval_data(given: Any, truth: Any) -> dict[str, Any]:
    def ids(frames: Any) -> Any:
        number: dict[Any, int] = {}
        return [np.array([number.setdefault(o["id"], len(number)) for o in frame], int) for frame in frames], len(
            number
        )

    (gt, gt_ids), (tr, tr_ids) = ids(truth), ids(given)
    likeness = [
        np.array([[iou(t["box"], g["box"]) for g in b] for t in a]).reshape(len(a), len(b))
        for a, b in zip(truth, given, strict=True)
    ]
    return {
        "gt_ids": gt,
        "tracker_ids": tr,
        "similarity_scores": likeness,
        "num_gt_ids": gt_ids,
        "num_tracker_ids": tr_ids,
        "num_gt_dets": sum(map(len, gt)),
        "num_tracker_dets": sum(map(len, tr)),
        "num_timesteps": len(gt),
    }


def test_trackeval() -> None:
    films = [film(seed) for seed in range(5)]
    films.append(([[] for _ in films[0][1]], films[0][1]))
    given, truth = [f[0] for f in films], [f[1] for f in films]
    config = {"PRINT_CONFIG": False}
    for name, kind, field in (
        ("mota", trackeval_metrics.CLEAR(config), "MOTA"),
        ("idf1", trackeval_metrics.Identity(config), "IDF1"),
        ("hota", trackeval_metrics.HOTA(), "HOTA"),
    ):
        results = {str(k): kind.eval_sequence(trackeval_data(*f)) for k, f in enumerate(films)}
        want = float(np.mean(kind.combine_sequences(results)[field]))
        assert 0.2 < want < 0.9
        assert metrics.compute(name, given, truth) == pytest.approx(want, abs=1e-9), name
        assert metrics.compute(name, [*given[:-1], None], truth) == pytest.approx(want, abs=1e-9), name
        alone = float(np.mean(results["0"][field]))
        assert metrics.compute(name, given[:1], truth[:1]) == pytest.approx(alone, abs=1e-9), name


@pytest.mark.parametrize("seed", range(6))
def test_a_crowd_is_counted_as_trackeval_counts_it(seed: int) -> None:
    given, truth = crowd(seed)
    data = trackeval_data(given, truth)
    for kind, field, name in (
        (trackeval_metrics.CLEAR({"PRINT_CONFIG": False}), "MOTA", "mota"),
        (trackeval_metrics.Identity({"PRINT_CONFIG": False}), "IDF1", "idf1"),
        (trackeval_metrics.HOTA(), "HOTA", "hota"),
    ):
        want = float(np.mean(kind.eval_sequence(data)[field]))
        assert metrics.compute(name, [given], [truth]) == pytest.approx(want, abs=1e-9), name


def test_a_perfect_track_and_none() -> None:
    truth = film(1)[1]
    for name in ("mota", "idf1", "hota"):
        assert metrics.compute(name, [truth], [truth]) == pytest.approx(1.0)
        assert metrics.compute(name, [None], [truth]) == 0.0
        assert metrics.compute(name, [[]], [[[], []]]) == 0.0


def scene(seed: int) -> tuple[Any, Any]:
    given, truth = film(seed, frames=15, people=6)
    r = np.random.default_rng(seed)

    def metres(frames: Any, scored: bool) -> Any:
        quality = {o["id"]: float(r.random()) for frame in frames for o in frame}
        return [
            [
                {
                    "id": o["id"],
                    "label": "car" if str(o["id"])[-1] in "01245" else "bus",
                    "box": [o["box"][0] / 8, o["box"][1] / 8, 0.0],
                }
                | ({"score": quality[o["id"]] + float(r.normal(0, 0.05))} if scored else {})
                for o in frame
            ]
            for frame in frames
        ]

    return metres(given, True), metres(truth, False)


def nuscenes_class(scenes: Any, label: str) -> float:
    """NuScenes' TrackingEvaluation for one class, with the accumulation of py-motmetrics."""
    motmetrics = pytest.importorskip("motmetrics")
    scenes = [tuple([[o for o in frame if o["label"] == label] for frame in side] for side in pair) for pair in scenes]
    mean: list[dict[Any, float]] = []
    for given, _ in scenes:
        own: dict[Any, list[float]] = {}
        for frame in given:
            for o in frame:
                own.setdefault(o["id"], []).append(o["score"])
        mean.append({k: float(np.mean(v)) for k, v in own.items()})
    total = sum(len(frame) for _, truth in scenes for frame in truth)

    def accumulate(threshold: float) -> tuple[list[float], int, int]:
        scores, false, switches = [], 0, 0
        for (given, truth), score in zip(scenes, mean, strict=True):
            run = motmetrics.MOTAccumulator(auto_id=True)
            number: dict[Any, int] = {}
            for found, true in zip(given, truth, strict=True):
                found = [o for o in found if score[o["id"]] >= threshold]
                apart = np.array([[np.hypot(*(np.subtract(t["box"], f["box"])[:2])) for f in found] for t in true])
                apart = apart.reshape(len(true), len(found))
                known = [number.setdefault(f["id"], len(number)) for f in found]  # it takes numbers only
                run.update([t["id"] for t in true], known, np.where(apart < 2.0, apart, np.nan))
            events, name = run.mot_events, list(number)
            scores += [score[name[int(h)]] for h in events.HId[events.Type.isin(["MATCH", "SWITCH"])]]
            false += int((events.Type == "FP").sum())
            switches += int((events.Type == "SWITCH").sum())
        return scores, false, switches

    scores = np.sort(accumulate(-np.inf)[0])[::-1]
    recall = np.arange(1, len(scores) + 1) / total
    levels = np.linspace(0.1, 1, 40).round(12)
    thresholds = np.interp(levels, recall, scores, right=0)
    accuracy = []
    for level, threshold in zip(levels, thresholds, strict=True):
        if level > recall.max():
            accuracy.append(0.0)
            continue
        found, false, switches = accumulate(threshold)
        reached = len(found) / total
        missed = total - len(found)
        accuracy.append(max(0.0, 1 - (missed + switches + false - (1 - reached) * total) / (reached * total)))
    return float(np.mean(accuracy))


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_amota() -> None:
    scenes = [scene(seed) for seed in range(2)]
    want = [nuscenes_class(scenes, label) for label in ("car", "bus")]
    assert min(want) > 0.1
    got = metrics.compute("amota", [s[0] for s in scenes], [s[1] for s in scenes])
    assert got == pytest.approx(np.mean(want), abs=1e-9)


def test_amota_of_a_perfect_track() -> None:
    truth = scene(4)[1]
    # All scores are 1: every recall is reached by all tracks at once.
    assert metrics.compute("amota", [truth], [truth]) == pytest.approx(1.0)
    assert metrics.compute("amota", [None], [truth]) == 0.0
