"""One running program: lines in, lines out, its last words, and an end that takes its children with it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import orjson

__all__ = ["LINE_LIMIT", "Fault", "Program"]

LINE_LIMIT: Final = 64 * 2**20
"""Most bytes of one line; a longer one is a fault, and reading on would only fill the memory."""
_TAIL: Final = 8 * 1024
_STRAY_LINES: Final = 10_000
_POLITE: Final = 2.0
_SHOWN: Final = 300


class Fault(Exception):
    """The program ended, hangs or answers nonsense. ``shared``: while it had several requests in hand."""

    def __init__(self, reason: str, *, shared: bool, ended: bool = False) -> None:
        super().__init__(reason)
        self.shared = shared
        self.ended = ended


class Program:
    """A process that reads requests and writes answers. Used once: after a fault there is a new one."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._pending: dict[str, asyncio.Future[dict[str, Any]]] = {}
        self._last = 0
        self._killed = False
        self._tail = b""
        self._stray = ""
        self._strays = 0
        self._fault: Fault | None = None
        self._writing = asyncio.Lock()
        self.began = time.monotonic()
        self.answered = False
        """Whether it ever gave an answer."""
        self._errors = asyncio.create_task(self._drain())
        self._reader = asyncio.create_task(self._read())

    @classmethod
    async def open(cls, command: Sequence[str], cwd: Path, environment: Mapping[str, str]) -> Program:
        """Start a program in a process group of its own.

        Raises:
            OSError: it cannot be started.
        """
        process = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            cwd=cwd,
            env=dict(environment),
            start_new_session=True,
            limit=LINE_LIMIT,
        )
        return cls(process)

    @property
    def fault(self) -> Fault | None:
        """What brought it to its end; None while it can be asked."""
        return self._fault

    @property
    def last_words(self) -> str:
        """The last line on its standard error; '' without one."""
        lines = [line for line in self._tail.decode("utf-8", "replace").splitlines() if line.strip()]
        return " ".join(lines[-1].split())[:_SHOWN] if lines else ""

    async def ask(self, number: str, line: bytes, seconds: float) -> dict[str, Any]:
        """The answer with this number; ``seconds`` is the limit for each request that it has in hand.

        Raises:
            Fault: there is none. The program is at its end then.
        """
        if self._fault is not None:
            raise Fault(str(self._fault), shared=True)  # it came to its end before this request
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._pending[number] = future
        self._last = int(number)
        limit = seconds * len(self._pending)
        try:
            async with asyncio.timeout(limit):
                await self._send(line)
                return await future
        except TimeoutError:
            future.cancel()
            await self._fail(f"did not answer within {limit:g} s")
            assert self._fault is not None
            raise self._fault from None
        finally:
            self._pending.pop(number, None)

    async def _send(self, line: bytes) -> None:
        stdin = self._process.stdin
        assert stdin is not None
        # One at a time: a line that is longer than the pipe's buffer would let another in between.
        async with self._writing:
            # A program that has gone is reported by the reader, who knows how it ended. uvloop says so by a RuntimeError.
            with contextlib.suppress(ConnectionError, RuntimeError):
                stdin.write(line)
                await stdin.drain()

    async def _read(self) -> None:
        stdout = self._process.stdout
        assert stdout is not None
        reason = ""
        while not reason:
            try:
                line = await stdout.readline()
            except ValueError:
                reason = f"wrote a line of more than {LINE_LIMIT >> 20} MiB"
                break
            if not line:
                break
            reason = self._take(line)
        if reason:
            await self._fail(reason)
        else:
            await self._ended()

    def _take(self, line: bytes) -> str:
        """Hand on an answer; the reason if the line makes the program useless."""
        try:
            answer = orjson.loads(line)
        except orjson.JSONDecodeError:
            answer = None
        if not isinstance(answer, dict):
            return self._passed_over(line)
        number = answer.get("id")
        number = str(number) if isinstance(number, (str, int)) else None
        future = self._pending.pop(number, None) if number is not None else None
        if future is None or future.done():
            if (
                number is not None
                and number.isascii()
                and number.isdigit()
                and len(number) < 19
                and int(number) <= self._last
            ):
                return self._passed_over(line)  # a second answer, or one that nobody waits for any more
            return f"answered without the id of a request: {_shown(line)}"
        self.answered = True
        self._strays, self._stray = 0, ""
        future.set_result(answer)
        return ""

    def _passed_over(self, line: bytes) -> str:
        """Count a line that is no answer: programs and their libraries do print."""
        self._strays += 1
        self._stray = _shown(line)
        return f"wrote {_STRAY_LINES} lines that are no answers" if self._strays >= _STRAY_LINES else ""

    async def _drain(self) -> None:
        stderr = self._process.stderr
        assert stderr is not None
        while block := await stderr.read(65536):
            self._tail = (self._tail + block)[-_TAIL:]

    async def _ended(self) -> None:
        """The output is at its end: say how the program ended, or that it goes on without."""
        await self._gone(1.0)
        code = self._process.returncode
        if code is None:
            await self._fail("closed its output")
        elif code < 0:
            await self._fail(f"was killed by {_signal_name(-code)}", ended=True)
        else:
            await self._fail(f"ended with code {code}", ended=True)

    async def _fail(self, reason: str, *, ended: bool = False) -> None:
        """Put an end to the program and tell all who wait."""
        if self._fault is not None:
            return  # whoever came first tells them
        shared = len(self._pending) > 1
        self._fault = Fault(reason, shared=shared, ended=ended)  # no new requests from here on
        try:
            await self._kill()
            self._fault = Fault(f"{reason}{self._said()}", shared=shared, ended=ended)
        finally:
            for future in self._pending.values():
                if not future.done():
                    future.set_exception(self._fault)

    def _said(self) -> str:
        words = [f"its last words: {self.last_words}"] if self.last_words else []
        words += [f"its last line that is no answer: {self._stray}"] if self._stray else []
        return f" ({'; '.join(words)})" if words else ""

    async def wait(self, seconds: float) -> None:
        """Until it ends, or so many seconds."""
        await asyncio.wait({self._reader}, timeout=seconds)

    async def close(self) -> None:
        """Let it end: its input ends; then it is asked to; then it is made to, with all its children."""
        if self._fault is None:
            self._fault = Fault("was closed", shared=False)
            if self._process.stdin is not None:
                self._process.stdin.close()
            if not await self._gone(_POLITE):
                self._signal(signal.SIGTERM)
                await self._gone(_POLITE / 4)
        self._reader.cancel()
        await asyncio.gather(self._reader, return_exceptions=True)
        await self._kill()
        await asyncio.gather(self._errors, return_exceptions=True)

    async def _kill(self) -> None:
        """End the whole group, wait for the program and take its last words. Once: the group's number may be used again."""
        if self._killed:
            return
        self._signal(signal.SIGKILL)
        await self._gone(_POLITE)
        self._killed = True
        # Children that left the group can hold the pipe open for ever.
        await asyncio.wait({self._errors}, timeout=0.5)
        self._errors.cancel()
        # Closes the pipes on our side, whoever has the other ends.
        self._process._transport.close()  # type: ignore[attr-defined]

    async def _gone(self, seconds: float) -> bool:
        """Whether the program ends within so many seconds. Not by its wait(), which can wait for its pipes too."""
        end = time.monotonic() + seconds
        while self._process.returncode is None:
            if time.monotonic() > end:
                return False
            await asyncio.sleep(0.005)
        return True

    def _signal(self, number: int) -> None:
        # The group has the program's id, and outlives it while a child is left.
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, number)


def _shown(line: bytes) -> str:
    return " ".join(line[:_SHOWN].decode("utf-8", "replace").split())[:100]


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
