"""Copies of image sets from the hub: fetched, found by the reader that knows them, read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from genlevel import tasktypes
from genlevel.catalog import load
from genlevel.cli import main
from genlevel.datasets import find_datasets
from genlevel.datasets.public.copies import copies
from genlevel.datasets.public.sources import sources
from genlevel.media import encode_png, load_image
from genlevel.records import Record
from tests.datasets.hub_server import Repo, serve_hub
from tests.datasets.public import seen

IMAGE = "image.comprehension."
PICTURE = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)


def row(**columns: Any) -> list[dict[str, Any]]:
    return [{"image": {"bytes": encode_png(PICTURE), "path": "a.jpg"}, "question": "What?", **columns}]


ASKED: dict[str, tuple[str, list[dict[str, Any]], str, list[str]]] = {
    # task: file of the repository, rows in the shape of its card, the sample's id, what the annotators said
    "vqav2": (
        "data/validation-00000-of-00001.parquet",
        row(question_id=42, answers=[{"answer": "net", "answer_id": i} for i in range(10)], image_id=4),
        "42",
        ["net"] * 10,
    ),
    "vizwiz": (
        "data/val-00000-of-00001.parquet",
        row(question_id="VizWiz_val_0.jpg", answers=["a", "b"]),
        "VizWiz_val_0.jpg",
        ["a", "b"],
    ),
    "ok-vqa": (
        "data/val2014-00000-of-00001.parquet",
        row(question_id="297147", answers=["racing"] * 10),
        "297147",
        ["racing"] * 10,
    ),
    "docvqa": (
        "DocVQA/validation-00000-of-00001.parquet",
        row(questionId="49153", docId=14465, answers=["0.28"]),
        "49153",
        ["0.28"],
    ),
}


def written(rows: list[dict[str, Any]], path: Path) -> bytes:
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path.read_bytes()


def test_every_copy_is_read(tmp_path: Path, monkeypatch):
    repos: dict[str, Repo] = {}
    for name, (path, rows, _, _) in ASKED.items():
        test = path.replace("validation", "test").replace("val-", "test-")
        data = written(rows, tmp_path / "made.parquet")
        repos[sources()[IMAGE + name].hub] = Repo({path: data, test.replace("val2014", "test2014"): data})
    makers = {
        "cifar-100": seen.cifar100_parquet,
        **dict.fromkeys(("refcoco", "refcoco-plus", "refcocog"), seen.refcoco_parquet),
    }
    for name, make in makers.items():
        folder = tmp_path / "made" / name
        make(folder)
        files = {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*.parquet")}
        repos[sources()[IMAGE + name].hub] = Repo({**files, "data/testA-00000-of-00001.parquet": b"PAR1"})
    assert {IMAGE + name for name in (*ASKED, *makers)} == {i for i in copies() if i.startswith("image.")}
    with serve_hub(**{name.replace("/", "__"): repo for name, repo in repos.items()}) as hub:
        hub.page = 50
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        chosen = sorted(i for i in copies() if i.startswith("image."))
        assert (
            main(["data", "download", "--edition", "2024", "--tasks", *chosen, "--out", str(tmp_path / "d"), "--quiet"])
            == 0
        )
        assert not [p for p in hub.paths() if "test" in p and "/resolve/" in p and "cifar" not in p]
    found = {d.task.id: d for d in find_datasets(tmp_path / "d", load("2024")).datasets}
    assert set(found) == set(chosen)
    for task_id, dataset in found.items():
        kind = tasktypes.for_task(dataset.task)
        records = list(dataset.records())
        assert records and all(isinstance(record, Record) for record in records), records
        samples = [kind.read(record) for record in records if isinstance(record, Record)]
        name = task_id.removeprefix(IMAGE)
        if name in ASKED:
            (sample,) = samples
            _, _, key, said = ASKED[name]
            wanted = said if len(said) > 1 else said[0]
            assert (sample.id, sample.reference) in ((key, wanted), (key, said))
            assert np.array_equal(load_image(sample.input[0]), PICTURE)
