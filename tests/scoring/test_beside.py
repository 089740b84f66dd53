"""Scoring beside the run gives the same files as scoring after it, and gets out of the way when something goes wrong."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel.catalog import load
from genlevel.cli import main
from genlevel.datasets import find_datasets
from genlevel.runner import Counts, RunFolder, Watcher
from genlevel.scoring.beside import Beside
from genlevel.scoring.workflow import Located, score_located, settings_of

TASKS = 10


@pytest.fixture
def run(tmp_path: Path) -> Located:
    """A run of ten tasks that has been asked and not scored."""
    data = tmp_path / "data"
    rows = ["id,modality,paradigm,name,task_type,metric"]
    for task in range(TASKS):
        folder = data / "nlp" / f"sums{task}"
        folder.mkdir(parents=True)
        rows.append(f"sums{task},language,language,Sums {task},question-answering,exact_match")
        entries = [{"id": i, "input": {"question": f"{i} + 1"}, "output": {"text": str(i + 1)}} for i in range(8)]
        (folder / "annotation.json").write_text(json.dumps({"task": f"sums{task}", "data": entries}))
    (data / "catalog.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "adder.py").write_text(
        "import zlib\ndef answer(request):\n    n = int(request.sample_id)\n"
        "    return str(n + (zlib.crc32(f'{request.task_id}{n}'.encode()) % 3 > 0))\n"
    )
    command = ["run", "--model", f"python:{tmp_path / 'adder.py'}:answer", "--data", str(data), "--quiet"]
    assert main([*command, "--out", str(tmp_path / "run"), "--no-score"]) == 0
    catalog = load(catalog=data / "catalog.csv")
    folder = RunFolder.open(tmp_path / "run")
    return Located(folder.path, folder.meta, catalog, find_datasets(data, catalog).datasets, data)


def result(folder: Path) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    """What scoring has written, but for the time of day."""
    scores = json.loads((folder / "scores.json").read_text())
    scores.pop("scored")
    evidence = {}
    for file in (folder / "evidence").iterdir():
        with np.load(file) as arrays:
            evidence[file.stem] = {name: arrays[name].tolist() for name in arrays.files}
    return scores, evidence


def test_the_result_is_the_same(run: Located) -> None:
    score_located(run)
    afterwards = result(run.folder)
    assert 0 < afterwards[0]["tasks"][0]["value"] < 100
    for file in (run.folder / "evidence").iterdir():
        file.unlink()
    told: list[str] = []

    class Told(Watcher):
        def finished(self, task_id: str, counts: Counts) -> None:
            told.append(task_id)

    with Beside(run.datasets, run.folder, settings_of(run, jobs=1), Told()) as beside:
        for dataset in run.datasets[:9]:
            began = time.perf_counter()
            beside.finished(dataset.task.id, Counts())
            assert time.perf_counter() - began < 0.05
        scored = beside.scored()
    assert told == [d.task.id for d in run.datasets[:9]] == list(scored)
    score_located(run, scored=scored)
    assert result(run.folder) == afterwards


def test_few_tasks_start_no_process(run: Located) -> None:
    with Beside(run.datasets[:3], run.folder, settings_of(run, jobs=1), None) as beside:
        for dataset in run.datasets[:3]:
            beside.finished(dataset.task.id, Counts())
        assert beside.scored() == {}


def test_a_killed_worker_leaves_its_tasks_to_be_scored_afterwards(run: Located) -> None:
    with Beside(run.datasets, run.folder, settings_of(run, jobs=1), None) as beside:
        beside.finished(run.datasets[0].task.id, Counts())
        first = beside.scored()
        (worker,) = beside._pool._processes.values()
        os.kill(worker.pid, signal.SIGKILL)
        worker.join()
        for dataset in run.datasets[1:]:
            beside.finished(dataset.task.id, Counts())
        assert set(first) <= set(beside.scored()) < {d.task.id for d in run.datasets}
    assert len(score_located(run, scored=first).scores) == TASKS


def test_the_command_scores_beside_and_a_killed_command_leaves_no_worker(run: Located, tmp_path: Path) -> None:
    code = (
        "import time\ndef answer(request):\n"
        "    if request.task_id == 'sums9' and request.sample_id == '7': time.sleep(60)\n    return 'x'\n"
    )
    (tmp_path / "slow.py").write_text(code)
    out = tmp_path / "second"
    command = [sys.executable, "-m", "genlevel", "run", "--model", f"python:{tmp_path / 'slow.py'}:answer"]
    with subprocess.Popen([*command, "--data", str(run.data), "--out", str(out), "--quiet"]) as driver:
        end = time.monotonic() + 30
        # Nine tasks are scored while the last sample of the tenth is still being asked.
        while len(list((out / "evidence").glob("*.npz") if (out / "evidence").exists() else [])) < 9:
            assert driver.poll() is None and time.monotonic() < end
            time.sleep(0.05)
        workers = children(driver.pid)
        assert any("spawn_main" in Path(f"/proc/{pid}/cmdline").read_text() for pid in workers)
        driver.kill()
    end = time.monotonic() + 10
    while any(Path(f"/proc/{pid}/cmdline").exists() and alive(pid) for pid in workers):
        assert time.monotonic() < end, "a worker outlived the command"
        time.sleep(0.05)


def children(pid: int) -> list[int]:
    """The processes that any thread of a process has started."""
    return [int(p) for file in Path(f"/proc/{pid}/task").glob("*/children") for p in file.read_text().split()]


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
