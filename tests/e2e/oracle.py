"""An OpenAI-compatible server on loopback that knows the right answers: it looks the request up by its text and images."""

import asyncio
import base64
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from aiohttp import web

Answerer = Callable[[str], str]


def right_answer(output: Any) -> str:
    """An annotation's output as a person would type it: the first wording, boxes as JSON."""
    value = next(iter(output.values())) if isinstance(output, dict) else output
    if isinstance(value, list) and value and isinstance(value[0], str):
        return str(value[0])
    return value if isinstance(value, str) else json.dumps(value)


def fingerprint(texts: list[str], images: list[bytes]) -> str:
    """What identifies a question: the words of the data that it holds, and its images."""
    digest = hashlib.sha256(" ".join(" ".join(texts).split()).encode())
    for image in images:
        digest.update(hashlib.sha256(image).digest())
    return digest.hexdigest()


def key_of_request(body: dict[str, Any]) -> str:
    content = body["messages"][-1]["content"]
    pieces = [{"type": "text", "text": content}] if isinstance(content, str) else content
    texts = [p["text"] for p in pieces if p["type"] == "text"]
    urls = [p["image_url"]["url"] for p in pieces if p["type"] == "image_url"]
    return fingerprint(texts, [base64.b64decode(url.split(",", 1)[1]) for url in urls])


@contextmanager
def serve(answer: Callable[[dict[str, Any]], str]) -> Iterator[str]:
    """Run the server in a thread; gives its base URL."""
    ready = threading.Event()
    state: dict[str, Any] = {}

    async def completions(request: web.Request) -> web.Response:
        text = answer(await request.json())
        return web.json_response({"choices": [{"message": {"role": "assistant", "content": text}}]})

    async def main() -> None:
        app = web.Application(client_max_size=64 * 2**20)
        app.router.add_post("/v1/chat/completions", completions)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        state["port"] = runner.addresses[0][1]
        state["stop"], state["loop"] = asyncio.Event(), asyncio.get_running_loop()
        ready.set()
        await asyncio.wait_for(state["stop"].wait(), 300)
        await runner.cleanup()

    thread = threading.Thread(target=lambda: asyncio.run(main()), daemon=True)
    thread.start()
    assert ready.wait(10)
    try:
        yield f"http://127.0.0.1:{state['port']}/v1"
    finally:
        state["loop"].call_soon_threadsafe(state["stop"].set)
        thread.join(10)


def annotations(root: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    for path in sorted(root.rglob("*.json")):
        yield path, json.loads(path.read_text())
