"""OpenAI-compatible servers: what is sent, what is read, and every way in which a server can fail."""

from __future__ import annotations

import asyncio
import base64
import io
import json
import time
import wave
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlevel import models
from genlevel.errors import ModelError, RequestFailed
from genlevel.media import encode_mp4, encode_png
from genlevel.models.completion import read_completion
from genlevel.models.http import Retries, retry_after
from genlevel.records import Part, Request, Usage
from tests.servers import Server, after, closes, closes_midway, completion, echo, endless, in_turn, raw, serve, status

PNG = encode_png(np.zeros((2, 3, 3), np.uint8))
Ask = Callable[..., AbstractAsyncContextManager[Any]]


def request(*parts: Part, **fields: Any) -> Request:
    return Request("t", "1", "test", parts or (Part("text", "hello"),), **fields)


@asynccontextmanager
async def opened(server: Server, options: str = "") -> AsyncIterator[models.Model]:
    model = models.load(f"openai:m?base_url={server.url}{options}")
    await model.start([])
    try:
        yield model
    finally:
        await model.close()


@pytest.fixture(autouse=True)
def no_key_and_short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    wait = Retries.wait
    monkeypatch.setattr(
        Retries, "wait", lambda self, n, asked: wait(self, n, asked) * (1 if asked is not None else 0.02)
    )


async def sent(parts: tuple[Part, ...], options: str = "", **fields: Any) -> dict[str, Any]:
    with serve() as server:
        async with opened(server, options) as model:
            await model.generate(request(*parts, **fields))
        return server.seen[0].body


async def test_text_is_sent_and_read_with_its_cost() -> None:
    with serve() as server:
        async with opened(server, "&system=Be%20brief&seed=7&max_tokens=9&top_p=0.5") as model:
            reply = await model.generate(request(Part("text", "a"), Part("text", "b")))
    assert reply.parts == (Part("text", "echo a\n\nb"),)
    assert (reply.usage, reply.attempts) == (Usage(7, 3), 1)
    assert server.seen[0].body == {
        "model": "m", "temperature": 0.0, "top_p": 0.5, "seed": 7, "max_tokens": 9,
        "messages": [{"role": "system", "content": "Be brief"}, {"role": "user", "content": "a\n\nb"}],
    }  # fmt: skip
    assert "Authorization" not in server.seen[0].headers


async def test_the_key_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "sk-123456")
    with serve(status(400, "your key sk-123456 is odd")) as server:
        async with opened(server, "&api_key_env=MY_KEY") as model:
            with pytest.raises(RequestFailed, match=r"your key \[key\] is odd"):
                await model.generate(request())
            assert "sk-123456" not in json.dumps(dict(model.identity()))
    assert server.seen[0].headers["Authorization"] == "Bearer sk-123456"


async def test_temperature_can_be_left_to_the_server() -> None:
    assert "temperature" not in await sent((Part("text", "a"),), "&temperature=default")


@pytest.mark.parametrize("as_path", [True, False])
async def test_an_image_goes_out_with_its_own_bytes_and_type(tmp_path: Path, as_path: bool) -> None:
    (tmp_path / "called.jpg").write_bytes(PNG)  # a PNG under a wrong name
    image = Part("image", path=tmp_path / "called.jpg") if as_path else Part("image", data=PNG, media_type="image/jpeg")
    body = await sent((Part("text", "see"), image), "&image_detail=low")
    assert body["messages"][0]["content"] == [
        {"type": "text", "text": "see"},
        {
            "type": "image_url",
            "image_url": {"url": f"data:image/png;base64,{base64.b64encode(PNG).decode()}", "detail": "low"},
        },
    ]


async def test_an_image_of_a_rare_format_goes_out_as_png() -> None:
    cv2 = pytest.importorskip("cv2")
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    bmp = cv2.imencode(".bmp", pixels[:, :, ::-1])[1].tobytes()
    body = await sent((Part("image", data=bmp),))
    head, data = body["messages"][0]["content"][0]["image_url"]["url"].split(",")
    assert head == "data:image/png;base64"
    decoded = cv2.imdecode(np.frombuffer(base64.b64decode(data), np.uint8), cv2.IMREAD_COLOR)[:, :, ::-1]
    assert np.array_equal(decoded, pixels)


async def test_sound_goes_out_as_wav() -> None:
    import soundfile

    samples = np.sin(np.arange(800) / 9) / 2
    flac, wav = io.BytesIO(), io.BytesIO()
    soundfile.write(flac, samples, 8000, format="FLAC")
    soundfile.write(wav, samples, 8000, format="WAV")
    body = await sent((Part("audio", data=wav.getvalue()), Part("audio", data=flac.getvalue())))
    first, second = (piece["input_audio"] for piece in body["messages"][0]["content"])
    assert base64.b64decode(first["data"]) == wav.getvalue()
    assert (first["format"], second["format"]) == ("wav", "wav")
    with wave.open(io.BytesIO(base64.b64decode(second["data"]))) as file:
        assert (file.getframerate(), file.getnframes(), file.getnchannels()) == (8000, 800, 1)


async def test_a_video_goes_out_as_frames_or_whole() -> None:
    frames = np.zeros((11, 16, 16, 3), np.uint8)
    frames[:] = np.linspace(0, 250, 11)[:, None, None, None]
    video = Part("video", data=encode_mp4(frames, 5), media_type="video/mp4")
    content = (await sent((video,), "&frames=3"))["messages"][0]["content"]
    import cv2

    grey = [
        cv2.imdecode(np.frombuffer(base64.b64decode(p["image_url"]["url"].split(",")[1]), np.uint8), 0).mean()
        for p in content
    ]
    assert grey == pytest.approx([0, 125, 250], abs=8)
    (piece,) = (await sent((video,), "&video=url"))["messages"][0]["content"]
    assert piece["video_url"]["url"] == f"data:video/mp4;base64,{base64.b64encode(video.data or b'').decode()}"


async def test_points_are_taken_by_no_such_server() -> None:
    with serve() as server:
        async with opened(server) as model:
            assert "points" not in model.takes
            with pytest.raises(RequestFailed, match="points"):
                await model.generate(request(Part("points", data=b"ply\n")))
    assert not server.seen


async def test_images_are_asked_for_and_read() -> None:
    url = f"data:image/webp;base64,{base64.b64encode(PNG).decode()}"
    forms: list[dict[str, Any]] = [
        completion([{"type": "text", "text": "here"}, {"type": "image_url", "image_url": {"url": url}}]),
        completion("here", images=[{"type": "image_url", "image_url": {"url": url}}]),
    ]
    for form in forms:
        with serve(raw(json.dumps(form).encode())) as server:
            async with opened(server, "&makes=text,image") as model:
                reply = await model.generate(request(makes=frozenset({"image"})))
        assert server.seen[0].body["modalities"] == ["text", "image"]
        assert reply.parts == (Part("text", "here"), Part("image", data=PNG, media_type="image/png"))


@pytest.mark.parametrize(
    "fault",
    [
        status(429),
        status(500),
        status(503),
        status(408),
        closes,
        closes_midway,
        raw(b"<html>busy</html>"),
        raw(b""),
        raw(b'{"ch'),
    ],
)
async def test_a_passing_fault_is_tried_again(fault: Any) -> None:
    with serve(in_turn(fault, fault, echo)) as server:
        async with opened(server) as model:
            reply = await model.generate(request())
    assert reply.parts[0].text == "echo hello"
    assert reply.attempts == len(server.seen) == 3


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (status(500, "out of\nmemory"), "HTTP 500: out of memory"),
        (status(429, "slow down"), "HTTP 429: slow down"),
        (closes, "connection failed"),
        (closes_midway, "connection failed"),
        (after(5), "no answer within 0.1 s"),
        (raw(b"\xff\xfe garbage"), "not JSON"),
    ],
)
async def test_a_fault_that_stays_fails_after_the_attempts(fault: Any, reason: str) -> None:
    with serve(fault) as server:
        async with opened(server, "&attempts=3&timeout=0.1" if "within" in reason else "&attempts=3") as model:
            with pytest.raises(RequestFailed, match=reason) as caught:
                await model.generate(request())
    assert "(3 tries)" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.attempts == len(server.seen) == 3


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (status(400, "too\nlong"), "HTTP 400: too long"),
        (status(413), "HTTP 413"),
        (raw(b"null"), "no chat completion"),
        (raw(b"[]"), "no chat completion"),
        (raw(b'"text"'), "no chat completion"),
        (raw(b'{"choices": []}'), "no chat completion"),
        (raw(b'{"choices": [{"message": "text"}]}'), "no chat completion"),
        (raw(b'{"error": {"message": "overloaded"}}'), "no chat completion: overloaded"),
        (raw(json.dumps(completion(None)).encode()), r"empty answer \(stop\)"),
        (raw(json.dumps(completion("")).encode()), "empty answer"),
        (raw(json.dumps(completion(None, refusal="I will not")).encode()), "I will not"),
        (
            raw(json.dumps(completion([{"type": "image_url", "image_url": {"url": "http://x/y.png"}}])).encode()),
            "no data URL",
        ),
        (raw(json.dumps(completion([{"image_url": "data:image/png;base64,%%"}])).encode()), "damaged"),
    ],
)
async def test_a_fault_that_no_second_try_would_mend(fault: Any, reason: str) -> None:
    with serve(fault) as server:
        async with opened(server) as model:
            with pytest.raises(RequestFailed, match=reason):
                await model.generate(request())
    assert len(server.seen) == 1


@pytest.mark.parametrize("code", [401, 403, 404])
async def test_what_no_request_can_mend_ends_the_run(code: int) -> None:
    with serve(status(code, "no\nway")) as server:
        async with opened(server) as model:
            with pytest.raises(ModelError, match=f"HTTP {code}: no way"):
                await model.generate(request())


@pytest.mark.parametrize(("code", "ends"), [(401, True), (403, False), (404, False)])
async def test_after_an_answer_a_refusal_is_the_requests_own(code: int, ends: bool) -> None:
    with serve(in_turn(echo, status(code, "moderated"), echo)) as server:
        async with opened(server) as model:
            await model.generate(request())
            with pytest.raises(ModelError if ends else RequestFailed, match=f"HTTP {code}: moderated"):
                await model.generate(request())
            assert (await model.generate(request())).attempts == 1


MODERATED = [
    {"message": "Your request was rejected", "type": "image_generation_user_error", "code": "moderation_blocked"},
    {"message": "no", "type": "invalid_request_error", "code": "content_policy_violation"},
    {"message": "no", "code": None, "innererror": {"code": "ResponsibleAIPolicyViolation"}},
    {"message": "no", "code": 403, "metadata": {"reasons": ["violence"], "flagged_input": "a"}},
]


@pytest.mark.parametrize("error", MODERATED)
async def test_what_is_refused_for_its_content_is_the_requests_own_from_the_first_on(error: Any) -> None:
    with serve(in_turn(raw_status(403, {"error": error}), echo)) as server:
        async with opened(server) as model:
            with pytest.raises(RequestFailed, match="HTTP 403"):
                await model.generate(request())
            assert (await model.generate(request())).attempts == 1


async def test_a_refusal_before_the_first_answer_waits_for_those_on_their_way() -> None:
    """Without a word on why, only the other answers tell a moderated sample from a refused key."""

    async def behave(seen: Any, got: Any) -> Any:
        return await (status(403, "no") if seen.text == "bad" else after(0.3))(seen, got)

    with serve(behave) as server:
        async with opened(server) as model:
            asked = [model.generate(request(Part("text", text))) for text in ("bad", "good", "good", "bad")]
            outcomes = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(outcome).__name__ for outcome in outcomes] == ["RequestFailed", "Reply", "Reply", "RequestFailed"]


async def test_a_refusal_of_all_ends_the_run_when_the_last_is_refused() -> None:
    delays = iter((0.0, 0.1, 0.2, 0.3))

    async def behave(seen: Any, got: Any) -> Any:
        return await after(next(delays), status(403, "no"))(seen, got)

    with serve(behave) as server:
        async with opened(server) as model:
            outcomes = await asyncio.gather(*(model.generate(request()) for _ in range(4)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [ModelError] * 4
    assert len(server.seen) == 4


def raw_status(code: int, body: Any) -> Any:
    async def refuse(_seen: Any, _request: Any) -> Any:
        from aiohttp import web

        return web.json_response(body, status=code)

    return refuse


def coded(code: int, name: str) -> Any:
    async def refuse(_seen: Any, _request: Any) -> Any:
        from aiohttp import web

        return web.json_response({"error": {"message": "no money", "type": name, "code": name}}, status=code)

    return refuse


@pytest.mark.parametrize("fault", [status(402, "no money"), coded(429, "insufficient_quota")])
async def test_an_account_without_credit_ends_the_run_at_once(fault: Any) -> None:
    with serve(in_turn(echo, fault)) as server:
        async with opened(server) as model:
            await model.generate(request())
            with pytest.raises(ModelError, match=r"the account has no credit \(HTTP 4\d\d: no money\)"):
                await model.generate(request())
    assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("options", "stored"),
    [("&api_key_env=MY_WORD", "said Bearer [key]"), ("", "said Bearer eight-18")],
)
async def test_a_short_key_is_taken_out_of_answers_where_it_was_named(
    options: str, stored: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_WORD", "eight-18")
    monkeypatch.setenv("OPENAI_API_KEY", "eight-18")

    async def says_it(seen: Any, _: Any) -> Any:
        from aiohttp import web

        return web.json_response(completion(f"said {seen.headers['Authorization']}"))

    with serve(says_it) as server:
        async with opened(server, options) as model:
            assert (await model.generate(request())).parts[0].text == stored


@pytest.mark.parametrize("kind", ["openai:m?", "litellm:openai/m?"])
@pytest.mark.parametrize(
    "given", ["sk-abc-123", "hf_0815", "a1b2c3d4e5f6a7b8c9d0e1f2", "AIzaSyNobodysKey", "MY KEY", "9LIVES"]
)
def test_a_key_given_for_its_variable_is_refused_and_not_repeated(kind: str, given: str) -> None:
    with pytest.raises(ModelError, match="the name of the environment variable") as error:
        models.load(f"{kind}api_key_env={given}")
    assert given not in str(error.value)


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ("code=1", True),
        ("x-auth=1", True),
        ("PWD=1", True),
        ("pass=1", True),
        ("api-version=2024", False),
        ("decoder=1", False),
    ],
)
def test_an_address_with_a_key_in_it_is_refused(query: str, refused: bool) -> None:
    spec = f"openai:m?base_url=http://localhost/v1%3F{query}"
    if not refused:
        assert models.load(spec)
        return
    with pytest.raises(ModelError, match="holds a password or key"):
        models.load(spec)


@pytest.mark.parametrize("host", ["exa mple", "a%2500b", "[fe80::1%2525lo]", "x:99999"])
def test_an_address_that_cannot_be_sent_to_is_refused_at_once(host: str) -> None:
    with pytest.raises(ModelError, match="base_url is no address of the form"):
        models.load(f"openai:m?base_url=http://{host}/v1")


async def test_a_redirect_is_named_and_not_followed() -> None:
    with serve(status(307, "moved", Location="http://127.0.0.1:9/elsewhere")) as server:
        async with opened(server) as model:
            with pytest.raises(ModelError, match=r"redirects .* http://127\.0\.0\.1:9/elsewhere"):
                await model.generate(request())


async def test_an_endless_answer_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genlevel.models.http.ANSWER_LIMIT", 8 * 2**20)
    with serve(endless()) as server:
        async with opened(server) as model:
            with pytest.raises(RequestFailed, match="longer than 8 MiB"):
                await model.generate(request())
            assert len(server.seen) == 1


async def test_a_large_answer_is_read_whole() -> None:
    text = "word " * 1_000_000
    with serve(raw(json.dumps(completion(text)).encode())) as server:
        async with opened(server) as model:
            assert (await model.generate(request())).parts[0].text == text


async def test_retry_after_is_honoured() -> None:
    with serve(in_turn(status(429, "wait", Retry_After="0.4"), echo)) as server:
        async with opened(server) as model:
            began = time.monotonic()
            await model.generate(request())
    assert 0.4 <= time.monotonic() - began < 2
    assert len(server.seen) == 2


def test_retry_after_in_all_its_forms() -> None:
    assert retry_after("7") == 7
    assert retry_after("-7") == 0
    assert retry_after(formatdate(1_000_060, usegmt=True), now=1_000_000) == 60
    assert retry_after(formatdate(1_000_000, usegmt=True), now=1_000_060) == 0
    assert [retry_after(value) for value in (None, "", "soon", "nan", "inf", "99 Foo")] == [None] * 6
    # A server cannot make the run wait for a day.
    assert Retries().wait.__func__(Retries(), 0, 86_400.0) <= 120  # type: ignore[attr-defined]


def test_waits_grow_and_differ() -> None:
    waits = [[Retries(first=1.0).wait(n, None) / 0.02 for _ in range(50)] for n in range(10)]
    for n, some in enumerate(waits):
        assert min(120, 2**n) / 2 <= min(some) <= max(some) <= min(120, 2**n)
        assert len(set(some)) > 10


NAMES = st.sampled_from(["choices", "message", "content", "text", "image_url", "url", "usage", "images"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)


@given(JSON | st.builds(completion, JSON) | st.builds(lambda c, u: {**completion(c), "usage": u}, st.just("x"), JSON))
def test_no_json_of_a_server_is_another_error(answer: Any) -> None:
    try:
        reply = read_completion(answer)
    except RequestFailed as error:
        assert "\n" not in str(error)
    else:
        assert all(isinstance(part, Part) for part in reply.parts)
        assert reply.usage.input_tokens >= 0
