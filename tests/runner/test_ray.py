"""Runs on a real Ray on this machine: the same answers as without, and none lost or asked twice when workers are killed."""

from __future__ import annotations

import importlib.util
import json
import os
import pickle
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from genlevel import models
from genlevel.errors import ModelError, RequestFailed
from genlevel.models.base import Model
from genlevel.models.spec import parse
from genlevel.records import Part, Reply, Request
from genlevel.runner.ray import _layout

pytestmark = pytest.mark.skipif(importlib.util.find_spec("ray") is None, reason="Ray is not installed")

SUMS = 120
MODEL = """
import os, pathlib, time
from genlevel.records import Part

LOG = pathlib.Path(os.environ["ASKED"])

def answer(requests):
    time.sleep(float(os.environ.get("SECONDS", "0")))
    with LOG.open("a") as log:
        for request in requests:
            log.write(f"{os.getpid()} {request.sample_id}\\n")
    return [f"{request.seed} {' '.join(part.text for part in request.parts)}" for request in requests]

def draw(requests):
    return [Part("image", path=pathlib.Path(__file__).with_name("a.png"), media_type="image/png") for _ in requests]
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "data/nlp/sums"
    folder.mkdir(parents=True)
    entries = [{"id": i, "input": {"question": f"{i} + 1 = ?"}, "output": {"text": str(i + 1)}} for i in range(SUMS)]
    (folder / "annotation.json").write_text(json.dumps({"task": "sums", "data": entries}))
    (tmp_path / "data/catalog.csv").write_text(
        "id,modality,paradigm,name,task_type,metric\nsums,language,language,Sums,question-answering,exact_match\n"
    )
    (tmp_path / "model.py").write_text(MODEL)
    return tmp_path


def start(place: Path, out: str, *options: str, **env: str) -> subprocess.Popen[str]:
    command = [
        sys.executable, "-m", "genlevel", "run", "--model", "python:model.py:answer?batch=4", "--data", "data",
        "--out", out, "--no-score",
    ]  # fmt: skip
    return subprocess.Popen(
        [*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=place,
        env={**os.environ, "ASKED": str(place / f"{out}.log"), "RAY_DEDUP_LOGS": "0", **env},
    )  # fmt: skip


def finish(process: subprocess.Popen[str], code: int = 0) -> str:
    _, err = process.communicate(timeout=120)
    assert process.returncode == code, err
    return err


def answers(place: Path, out: str) -> dict[str, Any]:
    lines = [json.loads(line) for line in (place / out / "predictions/sums.jsonl").read_text().splitlines()]
    assert len({line["id"] for line in lines}) == len(lines), "an answer was stored twice"
    return {line["id"]: (line["key"], line["parts"], line["error"]) for line in lines}


def asked(place: Path, out: str) -> list[tuple[str, str]]:
    return [tuple(line.split()) for line in (place / f"{out}.log").read_text().splitlines()]  # type: ignore[misc]


def test_the_same_answers_and_killed_workers_cost_only_what_they_held(place: Path) -> None:
    finish(start(place, "local"))
    process = start(place, "ray", "--on", "ray?replicas=2&cpus=0.1", SECONDS="0.15")
    end = time.monotonic() + 90
    while not (place / "ray.log").exists() or len(asked(place, "ray")) < 20:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)
    workers = {int(pid) for pid, _ in asked(place, "ray")}
    for worker in workers:
        os.kill(worker, signal.SIGKILL)
    finish(process)
    # Byte for byte what a run without Ray stores: ids, keys, parts.
    assert answers(place, "ray") == answers(place, "local")
    assert len(answers(place, "local")) == SUMS
    # Two pieces of four at the most were with each worker, and are all that was asked again.
    assert SUMS <= len(asked(place, "ray")) <= SUMS + 8 * len(workers)
    # They came back.
    assert {int(pid) for pid, _ in asked(place, "ray")} > workers


def test_a_killed_driver_leaves_no_worker_and_the_run_goes_on_without_ray(place: Path) -> None:
    process = start(place, "run", "--on", "ray?replicas=1&cpus=0.1&piece=4", SECONDS="0.1")
    file = place / "run/predictions/sums.jsonl"
    end = time.monotonic() + 90
    while not file.exists() or file.read_text().count("\n") < 16:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.02)
    process.kill()
    process.communicate(timeout=30)
    stored = set(answers(place, "run"))
    (worker,) = {int(pid) for pid, _ in asked(place, "run")}
    end = time.monotonic() + 30
    while _alive(worker):
        assert time.monotonic() < end, "a worker outlived its driver"
        time.sleep(0.1)
    before = len(asked(place, "run"))
    finish(start(place, "run"))
    assert len(answers(place, "run")) == SUMS
    assert not {sample for _, sample in asked(place, "run")[before:]} & stored


@pytest.mark.parametrize(
    ("place", "has", "replicas", "gpus"),
    [
        ("ray:", {"CPU": 16.0, "GPU": 8.0}, 8, 1.0),
        ("ray:?gpus=0.5", {"CPU": 16.0, "GPU": 8.0}, 16, 0.5),
        ("ray:", {"CPU": 16.0}, 8, 0.0),
        ("ray:", {"CPU": 1.0}, 1, 0.0),
        ("ray:?replicas=3", {"CPU": 16.0, "GPU": 8.0}, 3, 1.0),
    ],
)
def test_there_are_as_many_replicas_as_fit(place: str, has: dict[str, float], replicas: int, gpus: float) -> None:
    layout = _layout(parse(place), has)
    assert (layout.replicas, layout.gpus) == (replicas, gpus)


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("ray:?replicas=2&gpus=1", "2 replicas with 1 GPUs each need 2; the cluster has 0 GPUs"),
        ("ray:?replicas=5", "5 replicas with 1 CPUs each need 5; the cluster has 4 CPUs"),
    ],
)
def test_what_does_not_fit_is_refused(place: str, message: str) -> None:
    with pytest.raises(ModelError, match=message):
        _layout(parse(place), {"CPU": 4.0})


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("spark", "only 'ray' is known"),
        ("ray?replica=2", "unknown option 'replica'"),
        ("ray:127.0.0.1:9", "no Ray at '127.0.0.1:9'"),
    ],
)
def test_what_is_wrong_is_one_line(place: Path, where: str, message: str) -> None:
    err = finish(start(place, "bad", "--on", where), 2)
    assert message in err
    assert err.strip().splitlines()[-1].startswith("genlevel: error: --on")
    assert "Traceback" not in err


async def test_why_no_request_can_work_reaches_the_driver_whole() -> None:
    """That it may be one request's failure too must outlive the way between processes."""
    from genlevel.runner.ray import Holder

    class Refused(Model):
        name = "refused"

        def identity(self) -> dict[str, Any]:
            return {}

        async def generate(self, request: Request) -> Reply:
            raise ModelError("refused access", instead=RequestFailed("HTTP 403", 2, fault="down"))

    models.MODELS.register("test-refused", lambda spec: Refused())
    holder = Holder(parse("test-refused:"))
    assert await holder.answer([]) is None
    assert await holder.ready([]) == ""
    error = pickle.loads(pickle.dumps(await holder.answer([Request("t", "1", "test-say", (Part("text", "a"),))])))
    assert (type(error), str(error), str(error.instead)) == (ModelError, "refused access", "HTTP 403")
    assert (error.instead.attempts, error.instead.fault) == (2, "down")
