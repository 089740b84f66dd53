"""Providers by way of litellm: what is sent, what is read, what it costs and what becomes of faults."""

from __future__ import annotations

import asyncio
import base64
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel import models
from genlevel.errors import ModelError, RequestFailed
from genlevel.media import encode_png
from genlevel.models.http import Retries
from genlevel.records import Part, Request
from genlevel.runner import RunFolder
from tests.runner.fakes import do_run, make_data
from tests.servers import Server, after, completion, in_turn, serve, status

pytest.importorskip("litellm")
PNG = encode_png(np.zeros((2, 3, 3), np.uint8))


@pytest.fixture(autouse=True)
def surroundings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A key, short waits, and the library's own warnings left aside."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-never-to-be-seen")
    wait = Retries.wait
    monkeypatch.setattr(
        Retries, "wait", lambda self, n, asked: wait(self, n, asked) * (1 if asked is not None else 0.02)
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@asynccontextmanager
async def opened(name: str) -> AsyncIterator[models.Model]:
    model = models.load(f"litellm:{name}")
    await model.start([])
    try:
        yield model
    finally:
        await model.close()


def at(server: Server, options: str = "", name: str = "openai/gpt-4o") -> Any:
    return opened(f"{name}?api_base={server.url}{options}")


def ask(*parts: Part, **fields: Any) -> Request:
    return Request("t", "1", "test", parts or (Part("text", "hello"),), **fields)


async def test_parts_go_out_as_for_openai_and_the_answer_has_its_price() -> None:
    with serve() as server:
        async with at(server, "&system=Be%20brief&max_tokens=9&seed=sample") as model:
            reply = await model.generate(ask(Part("image", data=PNG), Part("text", "What?"), seed=77))
    body = server.seen[0].body
    url = "data:image/png;base64," + base64.b64encode(PNG).decode()
    assert body["messages"] == [
        {"role": "system", "content": "Be brief"},
        {"role": "user", "content": [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": "What?"}]},
    ]  # fmt: skip
    assert (body["model"], body["temperature"], body["max_tokens"], body["seed"]) == ("gpt-4o", 0, 9, 77)
    assert server.seen[0].headers["Authorization"] == "Bearer sk-never-to-be-seen"
    assert reply.parts == (Part("text", "echo What?"),)
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (7, 3)
    # 2.50 and 10.00 US dollars for a million tokens.
    assert reply.usage.cost == pytest.approx(7 * 2.5e-6 + 3 * 10e-6)


async def test_your_prices_come_before_the_table_and_an_unknown_model_has_none() -> None:
    with serve() as server:
        async with at(server, "&price_input=1&price_output=2") as model:
            assert (await model.generate(ask())).usage.cost == pytest.approx(13e-6)
        async with at(server, name="openai/nobody-knows-it") as model:
            async with at(server) as other:
                assert (await other.generate(ask())).usage.cost > 0
            assert (await model.generate(ask())).usage.cost == 0, "the other one has not closed what both use"


async def test_another_provider_has_its_own_words(monkeypatch: pytest.MonkeyPatch) -> None:
    """The library's own stand-in for an answer of a provider, with its price of it."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-none")
    async with opened("anthropic/claude-sonnet-4-5") as model:
        library = model._litellm  # type: ignore[attr-defined]
        monkeypatch.setattr(library, "acompletion", partial(library.acompletion, mock_response="a cat"))
        reply = await model.generate(ask(Part("text", "What is it?")))
    assert reply.parts == (Part("text", "a cat"),)
    tokens = reply.usage
    # 3 and 15 US dollars for a million tokens.
    assert tokens.output_tokens > 0
    assert tokens.cost == pytest.approx(tokens.input_tokens * 3e-6 + tokens.output_tokens * 15e-6)


async def test_faults_that_may_pass_are_tried_again_here_alone() -> None:
    with serve(in_turn(status(429), status(500), status(503), status(200))) as server:
        async with at(server, "&attempts=3") as model:
            with pytest.raises(RequestFailed) as error:
                await model.generate(ask())
    assert len(server.seen) == 3
    assert (error.value.attempts, error.value.fault) == (3, "busy")
    assert "(3 tries)" in str(error.value)


async def test_a_fault_that_passes_costs_a_try() -> None:
    from tests.servers import echo

    with serve(in_turn(status(429), status(500), echo)) as server:
        async with at(server) as model:
            reply = await model.generate(ask())
    assert (reply.attempts, reply.parts[0].text) == (3, "echo hello")


async def test_a_silent_server_is_not_waited_for_longer_than_said() -> None:
    with serve(after(5)) as server:
        async with at(server, "&attempts=2&timeout=0.3") as model:
            async with asyncio.timeout(4):
                with pytest.raises(RequestFailed, match=r"\(2 tries\)") as error:
                    await model.generate(ask())
    assert error.value.fault == "busy"


async def test_a_refusal_fails_its_request_and_a_refused_key_the_run() -> None:
    with serve(status(400, "too long, says sk-never-to-be-seen")) as server:
        async with at(server) as model:
            with pytest.raises(RequestFailed, match=r"too long, says \[key\]") as error:
                await model.generate(ask())
    assert (error.value.attempts, error.value.fault, len(server.seen)) == (1, "", 1)
    for code in (401, 403, 404):
        with serve(status(code, "no, sk-never-to-be-seen")) as server:
            async with at(server) as model:
                with pytest.raises(ModelError, match=r"no, \[key\]"):
                    await model.generate(ask())
        assert len(server.seen) == 1
    with serve(lambda seen, _: _empty()) as server:
        async with at(server) as model:
            with pytest.raises(RequestFailed, match="empty answer"):
                await model.generate(ask())


async def test_after_an_answer_only_a_refused_key_and_an_empty_account_end_the_run() -> None:
    from tests.servers import echo

    for code, error in ((403, RequestFailed), (404, RequestFailed), (401, ModelError), (402, ModelError)):
        with serve(in_turn(echo, status(code, "moderated"))) as server:
            async with at(server) as model:
                await model.generate(ask())
                with pytest.raises(error, match="moderated" if code != 402 else "has no credit.*moderated"):
                    await model.generate(ask())
    with serve(status(429, "insufficient_quota: no money")) as server:
        async with at(server) as model:
            with pytest.raises(ModelError, match="has no credit"):
                await model.generate(ask())
    assert len(server.seen) == 1


async def test_a_refusal_before_the_first_answer_waits_for_those_on_their_way() -> None:
    async def behave(seen: Any, got: Any) -> Any:
        return await (status(403, "no") if seen.text == "bad" else after(0.5))(seen, got)

    with serve(behave) as server:
        async with at(server) as model:
            asked = [model.generate(ask(Part("text", text))) for text in ("bad", "good")]
            outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(outcome).__name__ for outcome in outcomes] == ["RequestFailed", "Reply"]


async def test_a_named_key_is_taken_out_of_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_WORD", "eight-18")
    with serve() as server:
        async with at(server, "&api_key_env=MY_WORD") as model:
            reply = await model.generate(ask(Part("text", "is it eight-18?")))
    assert server.seen[0].headers["Authorization"] == "Bearer eight-18"
    assert reply.parts == (Part("text", "echo is it [key]?"),)


async def test_a_sound_is_asked_for_and_read() -> None:
    sound = {"id": "a", "data": base64.b64encode(b"RIFF1234WAVE").decode(), "expires_at": 0, "transcript": "hello"}

    async def speaks(_seen: Any, _request: Any) -> Any:
        from aiohttp import web

        return web.json_response(completion(None, audio=sound))

    with serve(speaks) as server:
        async with at(server, "&makes=text,audio&voice=echo") as model:
            reply = await model.generate(ask(makes=frozenset({"audio"})))
    assert server.seen[0].body["modalities"] == ["text", "audio"]
    assert server.seen[0].body["audio"] == {"voice": "echo", "format": "wav"}
    assert [(part.kind, part.data) for part in reply.parts] == [("audio", b"RIFF1234WAVE")]


async def _empty() -> Any:
    from aiohttp import web

    return web.json_response(completion(""))


async def test_what_cannot_be_known_ends_before_the_first_request() -> None:
    with pytest.raises(ModelError, match="LLM Provider NOT provided"):
        async with opened("nobody-knows-it"):
            pass
    for options, reason in (
        ("?api_key_env=NO_SUCH_KEY", "NO_SUCH_KEY holds no key"),
        ("?api_base=localhost", "api_base is no address"),
        ("?api_base=https://me:sesame@host/v1", "api_base holds more than an address"),
        ("?api_base=https://host/v1?key=1", "api_base holds more than an address"),
        ("?sped=1", "unknown option 'sped'"),
    ):
        with pytest.raises(ModelError, match=reason):
            models.load(f"litellm:openai/gpt-4o{options}")
    with pytest.raises(ModelError, match="needs the model's name"):
        models.load("litellm:")


def test_a_run_stores_answers_and_costs_and_no_key(tmp_path: Path) -> None:
    data, out = make_data(tmp_path / "data", {"one": 5}), tmp_path / "run"
    with serve() as server:
        summary = do_run(data, out, f"litellm:openai/gpt-4o?api_base={server.url}")
    assert (summary.total.answered, summary.total.failed) == (5, 0)
    predictions = list(RunFolder.open(out).predictions("one"))
    assert {p.parts[0].text for p in predictions} == {f"echo one:{i}" for i in range(5)}
    assert sum(p.usage.cost for p in predictions) == pytest.approx(5 * (7 * 2.5e-6 + 3 * 10e-6))
    for path in out.rglob("*"):
        assert not path.is_file() or b"sk-never" not in path.read_bytes()
