"""One model on many replicas: whatever replicas do, every sample is answered once and what a lost one held is dealt again."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genlevel.catalog import Catalog
from genlevel.datasets.base import Dataset
from genlevel.errors import ModelError, RequestFailed
from genlevel.models.base import Model
from genlevel.records import Part, Reply, Request
from genlevel.runner import RunFolder, Settings, describe, make_plan, open_or_create, run
from genlevel.runner.replicas import Cluster, Replica, ReplicaLost, ReplicatedModel
from tests.runner.fakes import find, make_data


def text(request: Request) -> str:
    return " ".join(part.text for part in request.parts)


class Echo(Model):
    """What the driver knows of the model; it is never asked here."""

    name = "echo"

    def identity(self) -> dict[str, Any]:
        return {"kind": "echo"}

    async def generate(self, request: Request) -> Reply:
        raise AssertionError("the driver's own model was asked")


class Local(Replica):
    """A replica in this process that is lost as often as ``dies`` says, and takes ``seconds`` for a piece."""

    def __init__(self, dies: list[bool], seconds: float, poison: str, load: str = "") -> None:
        self.dies, self.seconds, self.poison, self.load = dies, seconds, poison, load
        self.asked: Counter[str] = Counter()
        self.held = self.most = 0

    async def ready(self) -> None:
        await asyncio.sleep(0)
        if self.load == "error":
            raise ModelError("no such checkpoint")
        if self.load == "lost":
            raise ReplicaLost("killed while loading")

    async def answer(self, requests: Sequence[Request]) -> list[Reply | RequestFailed]:
        self.held += 1
        self.most = max(self.most, self.held)
        try:
            await asyncio.sleep(self.seconds)
            if any(text(r) == self.poison for r in requests) or (self.dies and self.dies.pop()):
                raise ReplicaLost("killed")
            self.asked.update(map(text, requests))
            return [
                RequestFailed("odd", 2) if text(r).endswith("7") else Reply((Part("text", f"echo {text(r)}"),))
                for r in requests
            ]
        finally:
            self.held -= 1


class Room(Cluster):
    def __init__(self, replicas: list[Local]) -> None:
        self.replicas, self.closed = replicas, 0

    async def open(self, datasets: Sequence[Dataset]) -> list[Local]:
        return self.replicas

    async def close(self) -> None:
        self.closed += 1


def ask_all(folder: Path, room: Room, count: int, **options: Any) -> tuple[Any, RunFolder, ReplicatedModel]:
    data = make_data(folder / "data", {"one": count})
    model = ReplicatedModel(Echo(), room, replicas=len(room.replicas), **options)
    datasets = find(data)
    plan = make_plan(model, datasets)
    catalog = Catalog("test", {d.task.id: d.task for d in datasets}, "0" * 64)
    meta = describe(model, plan, catalog, Settings(), spec="echo:", data=data, catalog_file=None, sota_file=None)
    out = open_or_create(folder / "run", meta)
    return run(model, plan, out), out, model


@given(
    dies=st.lists(st.lists(st.booleans(), max_size=4), min_size=1, max_size=4),
    piece=st.integers(1, 7),
    ahead=st.integers(1, 3),
    seed=st.integers(0, 99),
)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_sample_is_stored_once(
    tmp_path_factory: pytest.TempPathFactory, dies: list[list[bool]], piece: int, ahead: int, seed: int
) -> None:
    rng = random.Random(seed)
    room = Room([Local(list(turns), rng.uniform(0, 0.002), "") for turns in dies])
    deaths = sum(map(sum, dies))
    summary, out, model = ask_all(tmp_path_factory.mktemp("r"), room, 40, piece=piece, ahead=ahead, tries=deaths + 1)
    lines = Counter(line["id"] for line in out.lines("one"))
    assert lines == Counter(str(i) for i in range(40))
    answers = {p.id: p.parts[0].text if p.parts else p.error for p in out.predictions("one")}
    assert answers == {str(i): "odd" if i % 10 == 7 else f"echo one:{i}" for i in range(40)}
    assert (summary.total.answered, summary.total.failed, model.lost) == (
        36,
        4,
        deaths - sum(map(sum, (r.dies for r in room.replicas))),
    )
    # What no replica was lost with was asked once.
    assert sum(sum(replica.asked.values()) for replica in room.replicas) == 40
    assert all(replica.most <= ahead for replica in room.replicas)
    assert room.closed == 1


def test_a_sample_that_kills_its_replica_fails_alone(tmp_path: Path) -> None:
    room = Room([Local([], 0.0, "one:5") for _ in range(3)])
    summary, out, _ = ask_all(tmp_path, room, 20, piece=4)
    errors = {p.id: p.error for p in out.predictions("one") if p.error}
    assert errors.keys() == {"5", "7", "17"}
    assert errors["5"] == "3 replicas were lost while they answered (killed)"
    assert summary.total.answered == 17


def test_replicas_that_cannot_load_are_done_without(tmp_path: Path) -> None:
    room = Room([Local([], 0.0, "", "error"), Local([], 0.0, ""), Local([], 0.0, "", "error")])
    summary, _, _ = ask_all(tmp_path, room, 30)
    assert summary.total.answered == 27
    assert [sum(replica.asked.values()) for replica in room.replicas] == [0, 30, 0]


@pytest.mark.parametrize(
    ("load", "reason"), [("error", "no such checkpoint"), ("lost", "all replicas are lost.*while loading")]
)
def test_without_a_replica_the_run_ends_in_one_line(
    tmp_path: Path, load: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("genlevel.runner.replicas._FIRST_WAIT", 0.0001)
    room = Room([Local([], 0.0, "", load) for _ in range(2)])
    with pytest.raises(ModelError, match=reason):
        ask_all(tmp_path, room, 30)
    assert room.closed == 1


def test_where_a_run_goes_on_changes_nothing(tmp_path: Path) -> None:
    """A run on replicas and one without are one run: the same identity, the same keys."""
    model = ReplicatedModel(Echo(), Room([]), replicas=1)
    assert model.identity() == Echo().identity()
    assert json.dumps(model.identity())


@pytest.mark.parametrize("fault", ["down", ""])
async def test_what_fails_for_a_new_replica_alone_does_not_end_the_run(fault: Any) -> None:
    """A replica that was restarted knows nothing of what others were answered, of the server and of the key."""

    class Gone(Local):
        gone = True

        async def answer(self, requests: Sequence[Request]) -> list[Reply | RequestFailed]:
            if self.gone:
                raise ModelError("http://h: cannot be reached, or refused", instead=RequestFailed("no", 2, fault=fault))
            return await super().answer(requests)

    replica = Gone([], 0.0, "")
    model = ReplicatedModel(Echo(), Room([replica]), replicas=1)
    await model.start([])
    requests = [Request("t", str(i), "test-say", (Part("text", str(i)),)) for i in range(2)]
    with pytest.raises(ModelError, match="cannot be reached"):
        await model.generate_many(requests)
    replica.gone = False
    assert all(isinstance(reply, Reply) for reply in await model.generate_many(requests))
    replica.gone = True
    if fault:
        failed = await model.generate_many(requests)
        assert [(type(f), f.fault) for f in failed if isinstance(f, RequestFailed)] == [(RequestFailed, "down")] * 2
    else:
        # Which of a piece was refused is not known: each is asked alone.
        with pytest.raises(RequestFailed, match="no"):
            await model.generate_many(requests)
        with pytest.raises(RequestFailed, match="no"):
            await model.generate(requests[0])
    await model.close()
