"""Metrics of tracks against the field's libraries, on the same data in one run; see :mod:`benchmarks._race`."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks._race import Groups, Race, Value, compute, mean, run


def tracks() -> list[Race]:
    """HOTA, MOTA and IDF1 of 4 videos of 300 frames with 20 objects; both begin with the same lists."""
    from trackeval.datasets._base_dataset import _BaseDataset
    from trackeval.metrics import CLEAR, HOTA, Identity

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

    def side(film: list[Any]) -> tuple[list[Any], list[Any], int]:
        number: dict[int, int] = {}
        ids = [np.array([number.setdefault(o["id"], len(number)) for o in frame], int) for frame in film]
        return ids, [np.array([o["box"] for o in frame]).reshape(-1, 4) for frame in film], len(number)

    def data(g: list[Any], t: list[Any]) -> dict[str, Any]:
        """What trackeval's own readers hand to its metrics."""
        (found, boxes, tracks), (true, gold, truths) = side(g), side(t)
        alike = _BaseDataset._calculate_box_ious
        return {
            "gt_ids": true,
            "tracker_ids": found,
            "similarity_scores": [alike(a, b, box_format="xywh") for a, b in zip(gold, boxes, strict=True)],
            "num_gt_ids": truths,
            "num_tracker_ids": tracks,
            "num_timesteps": len(t),
            "num_gt_dets": sum(map(len, true)),
            "num_tracker_dets": sum(map(len, found)),
        }

    def reference(kind: Any, field: str) -> Value:
        def value() -> float:
            pairs = enumerate(zip(given, truth, strict=True))
            results = {str(k): kind.eval_sequence(data(g, t)) for k, (g, t) in pairs}
            return float(np.mean(kind.combine_sequences(results)[field]))

        return value

    quiet = {"PRINT_CONFIG": False}
    return [
        Race("hota", "trackeval", 4, compute("hota", given, truth), reference(HOTA(), "HOTA")),
        Race("mota", "trackeval", 4, compute("mota", given, truth), reference(CLEAR(quiet), "MOTA")),
        Race("idf1", "trackeval", 4, compute("idf1", given, truth), reference(Identity(quiet), "IDF1")),
    ]


def single_tracks() -> list[Race]:
    """One object in 200 videos of 300 frames: success and precision curves by NumPy as the OTB and LaSOT toolkits write them."""
    r = np.random.default_rng(6)
    truth = [
        np.column_stack([np.cumsum(r.normal(0, 4, (300, 2)), axis=0) + 200, r.uniform(30, 60, (300, 2))])
        for _ in range(200)
    ]
    given = [t + r.normal(0, 7, t.shape) * [1, 1, 0.3, 0.3] for t in truth]

    def overlaps(a: Any, b: Any) -> Any:
        low, high = np.maximum(a[:, :2], b[:, :2]), np.minimum(a[:, :2] + a[:, 2:], b[:, :2] + b[:, 2:])
        both = np.prod(np.clip(high - low, 0, None), axis=1)
        return both / (np.prod(a[:, 2:], axis=1) + np.prod(b[:, 2:], axis=1) - both)

    def success() -> float:
        levels = np.arange(0, 1.05, 0.05)
        return mean((overlaps(g, t)[:, None] > levels).mean() for g, t in zip(given, truth, strict=True))

    def near() -> float:
        centres = [
            np.linalg.norm(g[:, :2] + g[:, 2:] / 2 - t[:, :2] - t[:, 2:] / 2, axis=1)
            for g, t in zip(given, truth, strict=True)
        ]
        return mean((c <= 20).mean() for c in centres)

    return [
        Race("success_auc", "numpy", 200, compute("success_auc", given, truth), success),
        Race("precision_20px", "numpy", 200, compute("precision_20px", given, truth), near),
    ]


def tracks_in_space() -> list[Race]:
    """AMOTA of 3 scenes of 30 frames with 10 objects; the peer is py-motmetrics' accumulation at each of 40 recalls."""
    import motmetrics

    r = np.random.default_rng(7)
    given, truth = [], []
    for _ in range(3):
        place, quality = r.uniform(0, 60, (10, 2)), r.random(10)
        films: tuple[list[Any], list[Any]] = ([], [])
        for _ in range(30):
            place = place + r.normal(0, 0.4, place.shape)
            films[1].append([{"id": k, "label": "car", "box": [*map(float, p), 0.0]} for k, p in enumerate(place)])
            seen = [k for k in range(10) if r.random() < 0.9]
            films[0].append(
                [
                    {
                        "id": k,
                        "label": "car",
                        "box": [*map(float, place[k] + r.normal(0, 0.3, 2)), 0.0],
                        "score": float(quality[k]),
                    }
                    for k in seen
                ]
            )
        given.append(films[0])
        truth.append(films[1])

    def accumulate(least: float) -> Any:
        events = []
        for g, t in zip(given, truth, strict=True):
            accumulator = motmetrics.MOTAccumulator(auto_id=True)
            for a, b in zip(g, t, strict=True):
                kept = [o for o in a if o["score"] >= least]
                apart = np.array(
                    [[np.hypot(o["box"][0] - p["box"][0], o["box"][1] - p["box"][1]) for p in kept] for o in b]
                )
                apart = apart.reshape(len(b), len(kept))
                accumulator.update([o["id"] for o in b], [p["id"] for p in kept], np.where(apart < 2.0, apart, np.nan))
            kinds = accumulator.mot_events["Type"].value_counts()
            events.append([kinds.get(k, 0) for k in ("MATCH", "SWITCH", "FP")])
        return np.array(events).sum(axis=0)

    def amota() -> float:
        wanted = sum(len(frame) for film in truth for frame in film)
        # As many passes as there are levels of score; recalls take the level that reaches them.
        levels = sorted({o["score"] for film in given for frame in film for o in frame}, reverse=True)
        tables = [accumulate(level) for level in levels]
        recalls = np.array([match + switch for match, switch, _ in tables]) / wanted
        total = 0.0
        for recall in np.linspace(0.1, 1.0, 40):
            k = int(np.searchsorted(recalls, recall - 1e-12))
            if k < len(tables):
                match, switch, false = tables[k]
                total += max(0.0, 1 - (false + switch) / (match + switch))
        return total / 40

    return [Race("amota", "py-motmetrics", 3, compute("amota", given, truth), amota)]  # fmt: skip


GROUPS: Groups = (tracks, single_tracks, tracks_in_space)


def main() -> None:
    """Run all races, or those of the metrics named on the command line."""
    run(GROUPS)


if __name__ == "__main__":
    main()
