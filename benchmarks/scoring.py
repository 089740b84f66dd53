"""Scoring finished answers to a benchmark of the size of the 2025 edition: 325,800 samples of text, boxes, masks and pictures.

Data and answers are made in a temporary folder: text to write, choose, classify and extract, boxes, label maps and pictures in
PNG files, tracks, labelled points, in about the edition's shares of modalities. Tasks whose metric needs weights, or whose
type has no maker here, are left out and the other tasks of the modality are made larger. Scoring runs in a process of its own,
with a worker on each core; a second one scores a part of the tasks without workers and tells where the time goes.
Run it with ``python -m benchmarks.scoring [--samples N] [--pixels N]``.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from genlevel.records import Task

SAMPLES = 325_800
MIX = {"language": 58, "image": 151, "video": 61, "audio": 21, "3d": 34}
"""Thousands of samples of each modality."""
_FILES = 8
"""Different references, and answers, of a task with pictures; its samples take turns."""
_PART = 12
"""The times of the steps are taken on one of so many tasks."""
_WORDS = [a + b + c for a in "bdfgklmnprstv" for b in "aeiou" for c in ("n", "r", "st", "la", "mo", "x")]
_LABELS = [f"{word} class" for word in _WORDS[:20]]

Entry = tuple[dict[str, Any], Any, Any]
"""Input, output and a right answer of one sample."""
Maker = Callable[[random.Random, int], Entry]


def _sentence(dice: random.Random, least: int, most: int) -> str:
    return " ".join(dice.choices(_WORDS, k=dice.randint(least, most)))


def _writing(dice: random.Random, i: int) -> Entry:
    right = _sentence(dice, 8, 20)
    words = right.split()
    given = " ".join(w if dice.random() < 0.8 else dice.choice(_WORDS) for w in words)
    return {"prompt": f"{i}: continue. {_sentence(dice, 30, 60)}"}, {"text": right}, given


def _labelling(dice: random.Random, i: int) -> Entry:
    right = dice.choice(_LABELS)
    listed = ", ".join(_LABELS[:12])
    return {"prompt": f"{i}: {_sentence(dice, 10, 30)} Which is it?", "classes": listed}, {"text": right}, right


def _choosing(dice: random.Random, i: int) -> Entry:
    options = dice.sample(_LABELS, 4)
    right = dice.randrange(4)
    return (
        {"question": f"{i}: {_sentence(dice, 10, 30)}?", "options": options},
        {"answer": options[right]},
        f"The answer is ({'ABCD'[right]}).",
    )


def _extracting(dice: random.Random, i: int) -> Entry:
    right = dice.sample(_LABELS, dice.randint(1, 5))
    return (
        {"raw_text": f"{i} {_sentence(dice, 30, 60)}", "prompt": "Name all in: <<<raw_text>>>"},
        {"text": right},
        ", ".join(right),
    )


def _counting(dice: random.Random, i: int) -> Entry:
    right = dice.randrange(1, 200)
    return {"prompt": f"{i}: how many?"}, {"text": right}, f"There are {right + dice.randint(-2, 2)}."


def _forecasting(dice: random.Random, i: int) -> Entry:
    series = [round(dice.gauss(0, 1), 3) for _ in range(12)]
    return {"data": series[:8]}, {"target": series[8:]}, json.dumps([v + 0.1 for v in series[8:]])


def _detecting(dice: random.Random, i: int) -> Entry:
    boxes: dict[str, list[list[int]]] = {}
    found = []
    for _ in range(dice.randint(1, 8)):
        box = [dice.randrange(400), dice.randrange(400), dice.randint(10, 200), dice.randint(10, 200)]
        label = dice.choice(_LABELS[:5])
        boxes.setdefault(label, []).append(box)
        near = [v + dice.randint(-8, 8) for v in box[:2]] + box[2:]
        found.append({"label": label, "box": near, "score": round(dice.random(), 3)})
    return {"prompt": f"{i}: detect all."}, {"text": boxes}, json.dumps(found)


def _tracking(dice: random.Random, i: int) -> Entry:
    x, y = dice.randrange(200), dice.randrange(200)
    track = [[x + 2 * t, y + t, 40, 30] for t in range(60)]
    given = [[a + dice.randint(-9, 9), b + dice.randint(-9, 9), c, d] for a, b, c, d in track]
    return {"box": track[0], "frame_count": len(track)}, {"answer": track}, json.dumps(given)


def _segmenting_points(dice: random.Random, i: int) -> Entry:
    labels = [t // 128 for t in range(512)]
    given = [label if dice.random() < 0.9 else dice.randrange(4) for label in labels]
    return {"classes": {str(k): _WORDS[k] for k in range(4)}}, {"labels": labels}, json.dumps(given)


def _filing(key: str) -> Maker:
    """Samples whose references and answers are the files that :func:`_write_pictures` makes."""

    def make(dice: random.Random, i: int) -> Entry:
        return {"prompt": f"{i}: make it."}, {key: f"right/{i % _FILES}.png"}, f"media/{i % _FILES}.png"

    return make


MAKERS: dict[str, Maker] = {
    **dict.fromkeys(
        ["audio-captioning", "code-generation", "dialogue", "image-captioning", "image-to-text", "question-answering"],
        _writing,
    ),
    **dict.fromkeys(["summarization", "text-generation", "text-to-sql", "translation", "video-captioning"], _writing),
    **dict.fromkeys(["audio-classification", "image-classification", "point-cloud-classification"], _labelling),
    **dict.fromkeys(["text-classification", "video-classification", "mathematical-reasoning"], _labelling),
    **dict.fromkeys(["multiple-choice", "multiple-choice-visual-question-answering"], _choosing),
    **dict.fromkeys(["visual-question-answering", "video-question-answering"], _labelling),
    **dict.fromkeys(["audio-question-answering", "point-cloud-question-answering"], _labelling),
    "token-extraction": _extracting,
    "image-counting": _counting,
    "time-series-forecasting": _forecasting,
    "object-detection": _detecting,
    "visual-tracking": _tracking,
    "point-cloud-segmentation": _segmenting_points,
    "image-segmentation": _filing("mask_file"),
    **dict.fromkeys(["image-to-image", "text-to-image", "sketch-to-image", "layout-to-image"], _filing("image_file")),
    **dict.fromkeys(["image-denoising", "image-inpainting", "video-frame-interpolation"], _filing("image_file")),
}
_NAMES = {"image": ("image_file", "png"), "video": ("video_file", "mp4"), "audio": ("audio_file", "wav")}


def choose() -> list[Task]:
    """The edition's tasks that can be made here: type and metric exist, and the metric needs nothing to be brought."""
    from genlevel.catalog import load
    from genlevel.metrics import METRICS
    from genlevel.tasktypes import TASK_TYPES

    types, known = set(TASK_TYPES), set(METRICS)
    return [
        t
        for t in load("2025")
        if t.task_type in types and t.task_type in MAKERS and t.metric in known and not METRICS.load(t.metric).needs
    ]


def make(root: Path, samples: int, pixels: int) -> Counter[str]:
    """Write data and answers; samples by modality."""
    tasks = choose()
    of = Counter(t.modality for t in tasks)
    made: Counter[str] = Counter()
    left = {m: samples * share // sum(MIX.values()) for m, share in MIX.items()}
    left["image"] += samples - sum(left.values())
    for task in tasks:
        count = left[task.modality] // of[task.modality]
        left[task.modality] -= count
        of[task.modality] -= 1
        made[task.modality] += count
        _write_task(root, task, count, pixels)
    return made


def _write_task(root: Path, task: Task, count: int, pixels: int) -> None:
    name = task.id.rpartition(".")[2]
    relative = Path(*(["nlp"] if task.modality == "language" else [task.modality, task.paradigm]), name)
    data, answers = root / "data" / relative, root / "answers" / relative
    dice = random.Random(task.id)
    maker = MAKERS[task.task_type]
    key, suffix = _medium(task)
    for folder in (data, answers):
        folder.mkdir(parents=True)
    if key:
        (data / "shown").mkdir()
        for k in range(_FILES):
            (data / "shown" / f"{k}.{suffix}").write_bytes(b"0")
    if maker.__qualname__.startswith("_filing"):
        _write_pictures(data / "right", answers / "media", task.task_type == "image-segmentation", pixels)
    entries, given = [], []
    for i in range(count):
        shown, output, right = maker(dice, i)
        if key:
            shown[key] = f"shown/{i % _FILES}.{suffix}"
        entries.append({"id": i, "input": shown, "output": output})
        fate = dice.random()
        if fate < 0.98:  # the others are missing
            answer = right if fate < 0.9 else None if fate < 0.92 else "" if fate < 0.93 else dice.choice(_LABELS)
            given.append({"id": i, "prediction": answer})
    header = {"task": task.name, "type": "", "others": {"bbox_format": "(x_min, y_min, width, height)"}}
    (data / "annotation.json").write_text(json.dumps({**header, "data": entries}))
    (answers / "prediction.json").write_text(json.dumps(given))


def _medium(task: Task) -> tuple[str, str]:
    """Key and suffix of what the task type wants to see; '' where that is text."""
    from genlevel.tasktypes import get

    media = getattr(get(task.task_type), "media", None) or {
        "object-detection": "image",
        "visual-tracking": "video",
    }.get(task.task_type)
    if media is None:
        return "", ""
    return ("point_file", "ply") if media == "points" else _NAMES[media]


def _write_pictures(right: Path, given: Path, masks: bool, pixels: int) -> None:
    from genlevel.media import encode_png

    rng = np.random.default_rng(0)
    y, x = np.mgrid[:pixels, :pixels]
    for folder in (right, given):
        folder.mkdir()
    for k in range(_FILES):
        waves = np.sin(x / (9 + k)) + np.cos(y / (7 + k))
        if masks:
            one = np.digitize(waves, [-1, 0, 1]).astype(np.uint8)
            other = np.roll(one, 3, axis=1)
        else:
            one = np.stack([60 * waves + 127] * 3, axis=-1).clip(0, 255).astype(np.uint8)
            other = (one + rng.normal(0, 8, one.shape)).clip(0, 255).astype(np.uint8)
        (right / f"{k}.png").write_bytes(encode_png(one))
        (given / f"{k}.png").write_bytes(encode_png(other))


def score(root: Path, jobs: int, every: int) -> dict[str, Any]:
    """Find, score and write all (or one of ``every``) tasks; seconds, samples and peaks of memory in MiB."""
    from genlevel.catalog import load
    from genlevel.datasets import find_datasets
    from genlevel.scoring import Settings, score_predictions
    from genlevel.scoring.files import write_report

    catalog = load("2025")
    start = time.perf_counter()
    datasets = find_datasets(root / "data", catalog).datasets[::every]
    at_found = time.perf_counter()
    with tempfile.TemporaryDirectory() as out:
        report = score_predictions(root / "answers", datasets, catalog, Settings("m", jobs=jobs, store=Path(out)))
        at_scored = time.perf_counter()
        write_report(Path(out), report)
        at_written = time.perf_counter()
        stored = sum(path.stat().st_size for path in Path(out).rglob("*.npz"))
    unscored = [f"{s.task_id} ({s.note})" for s in report.scores if s.value is None]
    assert not unscored, unscored[:5]
    mine, workers = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return {
        "tasks": len(datasets),
        "samples": sum(s.samples for s in report.scores),
        "unreadable": sum(s.unreadable for s in report.scores),
        "find": at_found - start,
        "score": at_scored - at_found,
        "write": at_written - at_scored,
        "stored": stored / 2**20,
        "problems": len(report.problems),
        "parent": mine.ru_maxrss / 1024,
        "worker": workers.ru_maxrss / 1024,
        "cpu": sum(u.ru_utime + u.ru_stime for u in (mine, workers)),
    }


def steps(root: Path) -> dict[str, Any]:
    """Seconds of each step of a part of the tasks, in this process."""
    from genlevel.scoring import files, run
    from genlevel.scoring import task as scorer

    spent: Counter[str] = Counter()

    def timed(step: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def timing(*args: Any, **options: Any) -> Any:
            start = time.perf_counter()
            try:
                return call(*args, **options)
            finally:
                spent[step] += time.perf_counter() - start

        return timing

    samples = scorer._samples

    def timed_samples(*args: Any, **options: Any) -> Iterator[Any]:
        advance = timed("read records and references", samples(*args, **options).__next__)
        while True:
            try:
                yield advance()
            except StopIteration:
                return

    classes: set[type] = set()
    get = scorer.metrics.get

    def timed_metric(*args: Any, **options: Any) -> Any:
        metric = get(*args, **options)
        if type(metric) not in classes:
            classes.add(type(metric))
            type(metric).measure = timed("measure", type(metric).measure)
        return metric

    scorer._samples = timed_samples  # type: ignore[assignment]
    scorer._answer = timed("read answers (parse)", scorer._answer)
    scorer.replicates = timed("bootstrap", scorer.replicates)
    scorer.metrics.get = timed_metric
    run.FolderSource.__call__ = timed("read predictions", run.FolderSource.__call__)  # type: ignore[method-assign]
    files._evidence_bytes = timed("compress evidence", files._evidence_bytes)
    result = score(root, jobs=1, every=_PART)
    rest = result["score"] + result["write"] - sum(spent.values())
    return {**result, "spent": {**spent, "the rest": rest}}


def main(argv: Sequence[str] | None = None) -> None:
    """Generate, score, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=int, default=60_000, help="how many in all (default: 60,000)")
    parser.add_argument("--pixels", type=int, default=128, help="side of masks and pictures (default: 128)")
    parser.add_argument("--jobs", type=int, default=0, help="worker processes (default: one on each core)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="make the data here, or use what is here")
    parser.add_argument("--side", nargs=2, metavar=("SIDE", "ROOT"), help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    if args.side:
        side, root = args.side[0], Path(args.side[1])
        print(json.dumps(steps(root) if side == "steps" else score(root, args.jobs, 1)))
        return
    with tempfile.TemporaryDirectory(prefix="genlevel-bench-") as folder:
        root = args.keep or Path(folder)
        if not (root / "data").is_dir():
            start = time.perf_counter()
            made = make(root, args.samples, args.pixels)
            parts = ", ".join(f"{count:,} {modality}" for modality, count in made.items())
            print(f"made {made.total():,} samples ({parts}) in {time.perf_counter() - start:.1f} s", flush=True)
        _report(_measure("score", root, args.jobs), args.jobs or os.cpu_count() or 1)
        _report_steps(_measure("steps", root, 1))


def _measure(side: str, root: Path, jobs: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.scoring", "--side", side, str(root), "--jobs", str(jobs)]
    result: dict[str, Any] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return result


def _report(found: dict[str, Any], jobs: int) -> None:
    total = found["find"] + found["score"] + found["write"]
    print(
        f"{found['samples']:,} samples of {found['tasks']} tasks with {jobs} workers in {total:.1f} s "
        f"({found['cpu']:.1f} s of CPU time, start included): find {found['find']:.1f}, score, bootstrap and store evidence "
        f"{found['score']:.1f} ({found['stored']:.1f} MiB), scores and level {found['write']:.1f}"
    )
    print(f"scoring: {found['samples'] / total:,.0f} samples/s, peak {found['parent']:.0f} MiB", end=" ")
    print(f"in the parent and {found['worker']:.0f} MiB in the largest worker")
    if found["samples"] < SAMPLES:
        print(
            f"at this rate (an estimate, not measured) {SAMPLES:,} samples take {total * SAMPLES / found['samples']:.0f} s"
        )


def _report_steps(found: dict[str, Any]) -> None:
    spent = found["spent"]
    total = sum(spent.values())
    print(f"one task of {_PART} without workers: {found['samples']:,} samples in {total:.1f} s")
    for step, seconds in sorted(spent.items(), key=lambda pair: -pair[1]):
        print(f"  {step:28}{seconds / total:6.1%}{1e6 * seconds / found['samples']:8.0f} us a sample")


if __name__ == "__main__":
    main()
