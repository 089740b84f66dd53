"""A loopback server with the endpoints for media: it keeps what it was sent, and answers with what it was given."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

LIFETIME = 60.0


@dataclass
class Posted:
    """One request: its endpoint, its fields, and of each file the name of the field, its type, its name and its bytes."""

    path: str
    fields: dict[str, Any] = field(default_factory=dict)
    files: list[tuple[str, str, str, bytes]] = field(default_factory=list)


@dataclass
class MediaServer:
    url: str = ""
    posted: list[Posted] = field(default_factory=list)


async def _posted(request: web.Request) -> Posted:
    path = request.path.removeprefix("/v1")
    if request.content_type == "application/json":
        return Posted(path, await request.json())
    posted = Posted(path)
    async for part in await request.multipart():
        data = bytes(await part.read())
        if part.filename:
            posted.files.append((part.name, part.headers["Content-Type"], part.filename, data))
        else:
            posted.fields[part.name] = data.decode()
    return posted


@contextmanager
def serve_media(*answers: Any) -> Iterator[MediaServer]:
    """A server whose requests get the answers in turn: JSON values, bytes, or an int for a status; the last one stays."""
    server, left = MediaServer(), list(answers)
    started, stop = threading.Event(), threading.Event()

    async def handle(request: web.Request) -> web.StreamResponse:
        server.posted.append(await _posted(request))
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, int):
            return web.json_response({"error": {"message": "no"}}, status=answer)
        return web.Response(body=answer) if isinstance(answer, bytes) else web.json_response(answer)

    async def main() -> None:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/{rest:.*}", handle)
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        server.url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        started.set()
        for _ in range(int(LIFETIME / 0.02)):
            if stop.is_set():
                break
            await asyncio.sleep(0.02)
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert started.wait(20), "the test server did not start"
    try:
        yield server
    finally:
        stop.set()
        thread.join(10)
