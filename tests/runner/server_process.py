"""The tests' server as a process of its own, to be killed: ``python -m tests.runner.server_process PORT LOG [SECONDS]``.

Each question that is answered is a line of LOG.
"""

from __future__ import annotations

import asyncio
import sys
import time

from aiohttp import web

from tests.servers import LIFETIME, Seen, echo, serve


def main() -> None:
    port, log, *rest = sys.argv[1:]
    seconds = float(rest[0]) if rest else 0.0
    with open(log, "a", encoding="utf-8", buffering=1) as file:

        async def behave(seen: Seen, request: web.Request) -> web.StreamResponse:
            await asyncio.sleep(seconds)
            file.write(f"{seen.text}\n")
            return await echo(seen, request)

        with serve(behave, int(port)) as server:
            print(server.url, flush=True)
            time.sleep(LIFETIME)


if __name__ == "__main__":
    main()
