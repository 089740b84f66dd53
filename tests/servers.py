"""A chat-completions server on loopback for tests: a real process's real faults, without a network.

It runs in a thread with its own event loop, on a port that the system chooses, and stops with its context (or by itself
after ``LIFETIME`` seconds, so that no test can leave one behind). What it does with a request is up to ``behave``.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

LIFETIME = 120.0


@dataclass
class Seen:
    """One request as the server got it."""

    body: dict[str, Any]
    headers: dict[str, str]

    @property
    def content(self) -> Any:
        return self.body["messages"][-1]["content"]

    @property
    def text(self) -> str:
        """All text of the last message."""
        content = self.content
        return content if isinstance(content, str) else " ".join(p["text"] for p in content if p["type"] == "text")


Behave = Callable[[Seen, web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Server:
    url: str = ""
    seen: list[Seen] = field(default_factory=list)
    answered: list[str] = field(default_factory=list)
    """Texts of the requests that got an answer."""
    in_flight: int = 0
    most_in_flight: int = 0


def completion(text: Any, **message: Any) -> dict[str, Any]:
    return {
        "choices": [{"message": {"role": "assistant", "content": text, **message}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 7, "completion_tokens": 3},
    }


async def echo(seen: Seen, _: web.Request) -> web.StreamResponse:
    """Answers with the question."""
    return web.json_response(completion(f"echo {seen.text}"))


def after(seconds: float, behave: Behave = echo) -> Behave:
    async def slow(seen: Seen, request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(seconds)
        return await behave(seen, request)

    return slow


def in_turn(*behaviours: Behave) -> Behave:
    """Each request gets the next behaviour; the last one stays."""
    left = list(behaviours)

    async def turn(seen: Seen, request: web.Request) -> web.StreamResponse:
        return await (left.pop(0) if len(left) > 1 else left[0])(seen, request)

    return turn


def status(code: int, message: str = "no", **headers: str) -> Behave:
    async def refuse(_seen: Seen, _request: web.Request) -> web.StreamResponse:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return web.json_response({"error": {"message": message}}, status=code, headers=named)

    return refuse


def raw(body: bytes, content_type: str = "application/json") -> Behave:
    async def give(_seen: Seen, _request: web.Request) -> web.StreamResponse:
        return web.Response(body=body, content_type=content_type)

    return give


async def closes(_: Seen, request: web.Request) -> web.StreamResponse:
    """Closes the connection before a byte of the answer."""
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


async def closes_midway(_: Seen, request: web.Request) -> web.StreamResponse:
    """Promises 1,000 bytes, sends ten and closes."""
    response = web.StreamResponse(headers={"Content-Length": "1000"})
    await response.prepare(request)
    await response.write(b'{"choices"')
    assert request.transport is not None
    request.transport.abort()
    return response


def endless(block: bytes = b" " * 2**20) -> Behave:
    """Sends for ever (bounded here at 1 GiB)."""

    async def pour(_: Seen, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        for _i in range(1024):
            await response.write(block)
        return response

    return pour


@contextmanager
def serve(behave: Behave = echo, port: int = 0) -> Iterator[Server]:
    """A running server; ``server.url`` is its base URL."""
    server = Server()
    started, stop = threading.Event(), threading.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        seen = Seen(json.loads(await request.read()), dict(request.headers))
        server.seen.append(seen)
        server.in_flight += 1
        server.most_in_flight = max(server.most_in_flight, server.in_flight)
        try:
            response = await behave(seen, request)
            if response.status == 200:
                server.answered.append(seen.text)
            return response
        finally:
            server.in_flight -= 1

    async def main() -> None:
        app = web.Application(client_max_size=256 * 2**20)
        app.router.add_post("/v1/chat/completions", handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port, reuse_address=True)
        await site.start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        started.set()
        try:
            async with asyncio.timeout(LIFETIME):
                while not stop.is_set():
                    await asyncio.sleep(0.02)
        except TimeoutError:
            pass
        finally:
            await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert started.wait(10), "the test server did not start"
    try:
        yield server
    finally:
        stop.set()
        thread.join(10)
