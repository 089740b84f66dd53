"""The loopback server of the comparison: answers "yes" after a while, and counts what it was sent.

``python -m benchmarks.peers.server --latency 0.02`` prints its port, serves until stdin closes, and then prints what it saw as
JSON: requests, bytes, most in flight at a time, and when the first came and the last was answered (the system's clock, seconds).
Only what is needed of HTTP, so that the server is not what is measured; it runs on Python alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

_ANSWER = {
    "id": "1",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [{"index": 0, "message": {"role": "assistant", "content": "yes"}, "finish_reason": "stop"}],
    "usage": {"prompt_tokens": 9, "completion_tokens": 1, "total_tokens": 10},
}
_MODELS = {"object": "list", "data": [{"id": "m", "object": "model", "created": 1, "owned_by": "b"}]}
_SEEN: dict[str, float] = {"requests": 0, "bytes": 0, "in_flight": 0, "most_in_flight": 0, "first": 0.0, "last": 0.0}


def _http(value: Any) -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class Server(asyncio.Protocol):
    """One connection."""

    latency = 0.02
    answer, models = _http(_ANSWER), _http(_MODELS)

    def connection_made(self, transport: Any) -> None:
        self.transport, self.waiting, self.left, self.posted = transport, b"", -1, False

    def data_received(self, data: bytes) -> None:
        _SEEN["bytes"] += len(data)
        while data or (self.left == 0):
            if self.left < 0:
                head, end, rest = (self.waiting + data).partition(b"\r\n\r\n")
                if not end:
                    self.waiting = head
                    return
                lines = head.split(b"\r\n")
                lengths = [line for line in lines if line.lower().startswith(b"content-length:")]
                self.posted = lines[0].startswith(b"POST")
                self.waiting, self.left, data = b"", int(lengths[0].split(b":")[1]) if lengths else 0, rest
                if any(line.lower() == b"expect: 100-continue" for line in lines):
                    self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            taken = min(self.left, len(data))
            self.left -= taken
            data = data[taken:]
            if self.left == 0:
                self.left = -1
                self._asked()

    def _asked(self) -> None:
        if not self.posted:
            self.transport.write(self.models)
            return
        _SEEN["first"] = _SEEN["first"] or time.time()
        _SEEN["requests"] += 1
        _SEEN["in_flight"] += 1
        _SEEN["most_in_flight"] = max(_SEEN["most_in_flight"], _SEEN["in_flight"])
        asyncio.get_running_loop().call_later(self.latency, self._answer)

    def _answer(self) -> None:
        _SEEN["in_flight"] -= 1
        _SEEN["last"] = time.time()
        if not self.transport.is_closing():
            self.transport.write(self.answer)


async def serve(latency: float) -> None:
    Server.latency = latency
    server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0, backlog=4096)
    print(server.sockets[0].getsockname()[1], flush=True)
    # The parent closes stdin when it ends, however it ends.
    await asyncio.to_thread(sys.stdin.read)
    print(json.dumps(_SEEN), flush=True)


@contextlib.contextmanager
def running(latency: float, seen: dict[str, float] | None = None) -> Iterator[str]:
    """The address of a server in a process of its own; what it saw is in ``seen`` at the end."""
    command = [sys.executable, "-m", "benchmarks.peers.server", "--latency", str(latency)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        yield f"http://127.0.0.1:{process.stdout.readline().strip()}/v1"
    finally:
        out, _ = process.communicate("", timeout=20)
        if seen is not None:
            seen.update(json.loads(out))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--latency", type=float, default=0.02)
    asyncio.run(serve(parser.parse_args().latency))
