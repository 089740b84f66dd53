"""A routed model keeps its calls at a time, batches, image size and kinds of part; and each route can be checked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel.cli import main
from genlevel.datasets import Dataset
from genlevel.errors import ModelError, RequestFailed
from genlevel.media import encode_png, load_image
from genlevel.models.base import Model
from genlevel.models.composite import CompositeModel, Route
from genlevel.models.python_function import PythonModel
from genlevel.records import Part, PartKind, Reply, Request, Task, Usage


class Counts(Model):
    """Answers with the text, in batches if ``batch_size`` says so, and counts what it is given at a time."""

    name = "counts"

    def __init__(self, concurrency: int = 1, batch_size: int = 1, window: int = 0) -> None:
        self.concurrency, self.batch_size, self.window = concurrency, batch_size, window
        self.batches: list[list[str]] = []
        self.images: list[tuple[int, ...]] = []
        self.inside = self.most = 0
        self.seconds = 0.005

    def identity(self) -> dict[str, Any]:
        return {"kind": "counts"}

    async def generate(self, request: Request) -> Reply:
        return (await self._all([request]))[0]

    async def generate_many(self, requests: Sequence[Request]) -> Sequence[Reply | RequestFailed]:
        return await self._all(requests)

    async def _all(self, requests: Sequence[Request]) -> list[Reply]:
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.inside -= 1
        texts = [next(p.text for p in r.parts if p.kind == "text") for r in requests]
        self.images += [load_image(p).shape for r in requests for p in r.parts if p.kind == "image"]
        self.batches.append(texts)
        if "bad" in texts:
            raise ValueError("bad")
        if "end" in texts:
            raise ModelError("the key is refused")
        return [Reply((Part("text", text),)) for text in texts]


def dataset(task_id: str) -> Dataset:
    task = Task(task_id, "x", "image", "comprehension", "A task", "image-counting", "mae", "lower", "raw")
    return Dataset(task, Path(), Path("annotation.json"), task_id)


def ask(task_id: str, text: str, *more: Part, makes: PartKind = "text") -> Request:
    return Request(task_id, "1", "image-counting", (Part("text", text), *more), frozenset({makes}))


async def composite(**models: Model) -> CompositeModel:
    made = CompositeModel("system", [Route({"task": task}, model) for task, model in models.items()])
    await made.start([dataset(task) for task in models])
    return made


async def all_of(model: Model, requests: Sequence[Request]) -> list[Any]:
    async with asyncio.timeout(20):
        return await asyncio.gather(*map(model.generate, requests), return_exceptions=True)


async def test_each_model_has_its_own_concurrency() -> None:
    one, many = Counts(1), Counts(5)
    model = await composite(a=one, b=many)
    replies = await all_of(model, [ask(task, f"{task}{i}") for i in range(12) for task in "ab"])
    assert [reply.parts[0].text for reply in replies] == [f"{task}{i}" for i in range(12) for task in "ab"]
    assert (one.most, many.most) == (1, 5)
    assert model.concurrency == 6
    # A second round: the lanes go on after they had nothing to do.
    assert len(await all_of(model, [ask("a", "x"), ask("a", "y")])) == 2
    await model.close()


async def test_a_plain_function_beside_an_async_one_is_called_alone() -> None:
    import threading
    import time

    inside = 0
    seen: list[int] = []
    lock = threading.Lock()

    def plain(request: Request) -> str:
        nonlocal inside
        with lock:
            inside += 1
            seen.append(inside)
        time.sleep(0.005)
        with lock:
            inside -= 1
        return "plain"

    async def other(request: Request) -> str:
        return "async"

    model = await composite(a=PythonModel(plain, name="plain"), b=PythonModel(other, name="other"))
    await all_of(model, [ask("a", "?") for _ in range(12)])
    assert seen == [1] * 12
    await model.close()


@pytest.mark.parametrize(("window", "sizes"), [(0, [4, 4, 2]), (8, [8, 2])])
async def test_requests_are_gathered_into_batches(window: int, sizes: list[int]) -> None:
    counts = Counts(1, batch_size=4, window=window)
    model = await composite(a=counts, b=Counts())
    await all_of(model, [ask("a", str(i)) for i in range(10)])
    assert [len(batch) for batch in counts.batches] == sizes
    assert [text for batch in counts.batches for text in batch] == [str(i) for i in range(10)]
    await model.close()


async def test_a_call_does_not_wait_for_more_than_can_be_in_flight() -> None:
    counts = Counts(1, batch_size=64)
    model = CompositeModel("system", [Route({}, counts)])
    model.concurrency = 2  # --concurrency 2
    await model.start([dataset("a")])
    began = asyncio.get_running_loop().time()
    for _ in range(5):
        await all_of(model, [ask("a", "1"), ask("a", "2")])
    assert counts.batches == [["1", "2"]] * 5
    assert asyncio.get_running_loop().time() - began < 0.5, "each waited 0.2 s for 62 more"
    await model.close()


async def test_a_bad_sample_fails_alone_and_a_model_error_all() -> None:
    counts = Counts(1, batch_size=2, window=4)
    model = await composite(a=counts)
    good = await all_of(model, [ask("a", text) for text in ("1", "2", "bad", "4")])
    assert [str(one) if isinstance(one, Exception) else one.parts[0].text for one in good] == ["1", "2", "bad", "4"]
    assert isinstance(good[2], ValueError)
    assert counts.batches == [["1", "2", "bad", "4"], ["1", "2"], ["bad", "4"], ["bad"], ["4"]]
    ended = await all_of(model, [ask("a", text) for text in ("1", "end")])
    assert [type(one) for one in ended] == [ModelError, ModelError]
    await model.close()


class Paid(Counts):
    """Fails each batch after it was paid for, and answers one request alone."""

    async def _all(self, requests: Sequence[Request]) -> list[Reply]:
        if len(requests) > 1:
            raise RequestFailed("no", usage=Usage(10, 0, 1.0))
        if requests[0].parts[0].text == "odd":
            raise ValueError("odd")
        return [Reply((Part("text", "a"),), Usage(1, 1, 0.25))]


@pytest.mark.parametrize(("first", "alone"), [("good", 0.25), ("odd", 0.0)])
async def test_a_batch_that_fails_when_it_was_paid_for_counts_once(first: str, alone: float) -> None:
    model = await composite(a=Paid(1, batch_size=3))
    answers = await all_of(model, [ask("a", text) for text in (first, "2", "3")])
    assert [answer.usage.cost for answer in answers] == [1.0 + alone, 0.25, 0.25]
    await model.close()


async def test_images_are_reduced_for_the_model_that_wants_it_and_the_identity_says_so() -> None:
    small, large = Counts(), Counts()
    small.image_limit = 8
    model = await composite(a=small, b=large)
    picture = Part("image", data=encode_png(np.zeros((16, 32, 3), np.uint8)))
    await all_of(model, [ask("a", "?", picture), ask("b", "?", picture)])
    assert (small.images, large.images) == ([(4, 8, 3)], [(16, 32, 3)])
    assert [route["model"] for route in model.identity()["routes"]] == [
        {"kind": "counts", "image_limit": 8, "makes": ["text"]},
        {"kind": "counts", "makes": ["text"]},
    ]
    await model.close()


async def test_what_a_route_does_not_take_or_make_is_not_asked() -> None:
    deaf, draws = Counts(), Counts()
    deaf.takes, draws.makes = frozenset({"text"}), frozenset({"image"})
    model = await composite(a=deaf, b=draws)
    with pytest.raises(RequestFailed, match="counts takes no image") as taken:
        await model.generate(ask("a", "?", Part("image", data=b"x")))
    with pytest.raises(RequestFailed, match="counts makes no text") as made:
        await model.generate(ask("b", "?"))
    assert (taken.value.attempts, made.value.attempts) == (0, 0)
    assert deaf.batches == draws.batches == []
    await model.close()


async def test_a_request_that_nobody_waits_for_any_more_is_not_asked() -> None:
    counts = Counts(1)
    counts.seconds = 0.2
    model = await composite(a=counts)
    tasks = [asyncio.create_task(model.generate(ask("a", str(i)))) for i in range(3)]
    await asyncio.sleep(0.002)
    tasks[1].cancel()
    await asyncio.wait(tasks)
    assert counts.batches == [["0"], ["2"]]
    counts.seconds = 10.0
    hanging = asyncio.create_task(model.generate(ask("a", "3")))
    await asyncio.sleep(0.002)
    await model.close()
    await asyncio.wait([hanging])
    assert hanging.cancelled()


def test_check_asks_every_route(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.py").write_text(
        "def words(request):\n    return 'Paris'\n\n\ndef broken(request):\n    raise ValueError('no film')\n"
    )
    mine = (tmp_path / "mine.py").as_posix()
    (tmp_path / "system.toml").write_text(
        f'[[route]]\nmodality = "image"\nmodel = "python:{mine}:words?takes=text,image"\n'
        f'[[route]]\nmodel = "python:{mine}:broken?takes=text"\n'
    )
    spec = f"composite:{tmp_path / 'system.toml'}"
    assert main(["models", "check", spec, "--format", "json"]) == 1
    rows = json.loads(capsys.readouterr().out)["requests"]
    assert [(r["part"], r["given"], r["result"]) for r in rows] == [
        ("route 1: mine:words", "text", "ok"),
        ("route 1: mine:words", "image + text", "ok"),
        ("route 2: mine:broken", "text", "failed"),
    ]
    assert main(["models", "check", spec]) == 1
    assert "route 2: mine:broken" in capsys.readouterr().out
