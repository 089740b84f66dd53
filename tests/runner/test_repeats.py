"""Samples drawn at random, asked several times, with seeds of their own; scored as the mean over the times."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from genlevel.catalog import Catalog
from genlevel.cli import main
from genlevel.datasets import find_datasets
from genlevel.errors import RunError
from genlevel.runner import RunFolder
from genlevel.scoring import Settings, score_run
from tests.runner.fakes import do_run, find, make_data
from tests.servers import serve


def ids(out: Path, task: str = "one") -> list[str]:
    return [p.id for p in RunFolder.open(out).predictions(task)]


def test_drawn_samples_are_the_same_for_every_model_and_grow_with_the_limit(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", {"one": 200, "two": 200})
    with serve() as server:
        spec = f"openai:m?base_url={server.url}"
        do_run(data, tmp_path / "a", spec, limit=20, sample_seed=7)
        do_run(data, tmp_path / "b", spec.replace(":m?", ":other?"), limit=20, sample_seed=7)
        do_run(data, tmp_path / "c", spec, limit=20, sample_seed=8)
        chosen, other = set(ids(tmp_path / "a")), set(ids(tmp_path / "c"))
        assert len(chosen) == len(other) == 20
        assert set(ids(tmp_path / "b")) == chosen != other
        # Another task has another draw, and a draw is no run of neighbours.
        assert set(ids(tmp_path / "a", "two")) != chosen
        assert np.std([int(i) for i in chosen]) > 30
        total = do_run(data, tmp_path / "a", spec, limit=50, sample_seed=7).total
        assert (total.answered, total.stored_before) == (60, 40)
        assert chosen < set(ids(tmp_path / "a"))
        with pytest.raises(RunError, match="--sample-seed 7, not --sample-seed 8"):
            do_run(data, tmp_path / "a", spec, limit=50, sample_seed=8)
        with pytest.raises(RunError, match="--seed 0, not --seed 3"):
            do_run(data, tmp_path / "a", spec, limit=50, sample_seed=7, seed=3)


def test_each_draw_is_uniform(tmp_path: Path) -> None:
    from genlevel import tasktypes
    from genlevel.tasktypes.samples import read_samples

    (dataset,) = find(make_data(tmp_path / "data", {"one": 10}))
    kind, counts = tasktypes.for_task(dataset.task), np.zeros(10)
    for seed in range(600):
        for _, sample in read_samples(dataset, kind, pytest.fail, limit=3, sample_seed=seed):
            counts[int(sample.id)] += 1
    # 600 draws of 3 in 10: each about 180 times, standard deviation 11.
    assert abs(counts - 180).max() < 5 * 11.3


def test_repeats_have_seeds_and_files_of_their_own_and_resume(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 5}), tmp_path / "run"
    with serve() as server:
        spec = f"openai:m?base_url={server.url}&seed=sample"
        assert do_run(data, out, spec, repeat=2).total.answered == 10
        total = do_run(data, out, spec, repeat=3).total
        assert (total.answered, total.stored_before, total.samples) == (5, 10, 15)
        seeds = [seen.body["seed"] for seen in server.seen]
        assert len(set(seeds)) == 15
        assert all(0 <= seed < 2**31 for seed in seeds)
        with pytest.raises(RunError, match="--repeat 3, not 2"):
            do_run(data, out, spec, repeat=2)
        assert do_run(data, out, spec, repeat=3).total.asked == 0
        do_run(data, tmp_path / "other", spec, seed=5)
        assert not {seen.body["seed"] for seen in server.seen[15:]} & set(seeds)
    folder = RunFolder.open(out)
    assert sorted(p.relative_to(out).as_posix() for p in out.rglob("*.jsonl")) == [
        "predictions/one.jsonl", "repeats/2/one.jsonl", "repeats/3/one.jsonl",
    ]  # fmt: skip
    keys = [p.key for repeat in (1, 2, 3) for p in folder.predictions("one", repeat)]
    assert len(set(keys)) == 15


@pytest.fixture
def sums(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    (root / "nlp" / "sums").mkdir(parents=True)
    (root / "catalog.csv").write_text(
        "id,modality,paradigm,name,task_type,metric\nsums,language,language,Sums,question-answering,exact_match\n"
    )
    entries = [{"id": i, "input": {"question": f"{i} + 1 = ?"}, "output": {"text": str(i + 1)}} for i in range(20)]
    (root / "nlp" / "sums" / "annotation.json").write_text(json.dumps({"task": "sums", "data": entries}))
    return root


# Right on 18, 10 and 8 of 20 samples in the three times: a time is known by the seed's file of answers, so by its call.
NOISY = """
from collections import Counter
calls = Counter()
def answer(request):
    calls[request.sample_id] += 1
    n, turn = int(request.sample_id), calls[request.sample_id]
    right = {1: n < 18, 2: n < 10, 3: n < 8}[turn]
    return str(n + 1) if right else "wrong"
"""


def test_the_score_is_the_mean_with_its_spread(sums: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "noisy.py").write_text(NOISY)
    command = ["run", "--model", f"python:{tmp_path / 'noisy.py'}:answer", "--data", str(sums), "--repeat", "3"]
    assert main([*command, "--out", str(tmp_path / "run"), "--quiet"]) == 0
    (task,) = json.loads((tmp_path / "run" / "scores.json").read_text())["tasks"]
    times = [90.0, 50.0, 40.0]
    assert task["value"] == pytest.approx(np.mean(times))
    assert task["spread"] == pytest.approx(np.std(times, ddof=1))
    assert (task["repeats"], task["samples"], task["answered"]) == (3, 60, 60)
    # The samples are what is drawn anew, each with its three answers: its own mean is 1 (n < 8), 2/3, 1/3 (n >= 10) or 0.
    means = np.array([1.0] * 8 + [2 / 3] * 2 + [1 / 3] * 8 + [0.0] * 2) * 100
    error = 1.96 * means.std() / np.sqrt(20)
    assert task["low"] == pytest.approx(60 - error, abs=4)
    assert task["high"] == pytest.approx(60 + error, abs=4)
    assert re.search(r"60\.00 \[.*\] ±26\.46", capsys.readouterr().out)


def test_the_level_uses_the_mean(sums: Path, tmp_path: Path) -> None:
    from genlevel.catalog import load

    (tmp_path / "noisy.py").write_text(NOISY)
    catalog = load(catalog=sums / "catalog.csv")
    command = ["run", "--model", f"python:{tmp_path / 'noisy.py'}:answer", "--data", str(sums), "--no-score", "--quiet"]
    assert main([*command, "--out", str(tmp_path / "run"), "--repeat", "3"]) == 0
    report = score_run(tmp_path / "run", find_datasets(sums, catalog).datasets, catalog, Settings("noisy", repeat=3))
    assert isinstance(catalog, Catalog)
    (row,) = report.level.rows
    assert row.value == row.sigma == pytest.approx(60)


def test_a_draw_needs_a_limit(sums: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--model", "nearest:", "--data", str(sums), "--sample-seed", "1"]) == 2
    assert "--sample-seed goes with --limit N" in capsys.readouterr().err


def test_drawn_samples_alone_are_scored(sums: Path, tmp_path: Path) -> None:
    (tmp_path / "adder.py").write_text("def answer(request):\n    return str(int(request.sample_id) + 1)\n")
    command = ["run", "--model", f"python:{tmp_path / 'adder.py'}:answer", "--data", str(sums), "--limit", "6"]
    assert main([*command, "--sample-seed", "3", "--out", str(tmp_path / "run"), "--quiet"]) == 0
    (task,) = json.loads((tmp_path / "run" / "scores.json").read_text())["tasks"]
    assert (task["value"], task["samples"], task["missing"]) == (100, 6, 0)
