"""``command:PROGRAM ARGS``: any program that answers, in any language, by JSON lines on its standard input and output.

  command:./answer.py            command:python answer.py --fast?makes=image&timeout=60

The program is started once and kept. It gets a line for each request and writes a line for each answer, in any order:

  {"id": "1", "task_id": ..., "sample_id": ..., "task_type": ..., "seed": 7, "makes": ["text"], "parts": [{"kind": "text",
   "text": "What is it?"}, {"kind": "image", "path": "/data/a.png", "media_type": "image/png"}]}
  {"id": "1", "text": "a cat"}
  or {"id": "1", "parts": [{"kind": "image", "path": "out.png"}]}   or, in base64, "data" in place of "path"
  or {"id": "1", "error": "why not"}

"choices" and "content" (the words that a generator works from) are there where the task has them. An answer may also have
"usage": {"input_tokens", "output_tokens", "cost"}. A program ends when its input does. In Python:

  import json, sys
  for line in sys.stdin:
      request = json.loads(line)
      question = " ".join(part["text"] for part in request["parts"] if part["kind"] == "text")
      print(json.dumps({"id": request["id"], "text": question.upper()}), flush=True)

Options, all of which may be left out:
  takes, makes   kinds of part, with commas (default: takes all, makes=text)
  types          types of task, with commas, where it is to be asked no others (default: any)
  processes      so many copies of the program (default 1)
  batch          lines in flight to each (default 1); a program that reads several before it answers can work in batches
  timeout        seconds for one answer (default 300); startup: for the first one of all (default 600)
  attempts       how often a request is asked when the program ends, hangs or writes nonsense over it (default 2)
  cwd            working folder of the program (default: this one)
  env            names of environment variables that it gets besides the usual ones, with commas; * for all
  dispatcher     1 for a system that only routes work to specialists
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import shlex
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from genlevel.datasets.base import Dataset
from genlevel.errors import ModelError, RequestFailed
from genlevel.models.base import Model
from genlevel.models.command_lines import answer_of, request_line
from genlevel.models.command_process import Fault, Program
from genlevel.models.spec import Spec
from genlevel.records import PART_KINDS, Reply, Request

_OPTIONS: Final = (
    "takes", "makes", "types", "processes", "batch", "timeout", "startup", "attempts", "cwd", "env", "dispatcher",
)  # fmt: skip
_USUAL: Final = frozenset([
    "PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TERM", "TMPDIR", "TEMP", "TMP",
    "PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "CONDA_PREFIX", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CUDA_HOME",
    "CUDA_PATH", "CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES",
    "HF_HOME", "HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "TORCH_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME",
    "XDG_DATA_HOME", "OMP_NUM_THREADS", "MKL_NUM_THREADS",
])  # fmt: skip
_HASHED: Final = 256 * 2**20
_NEVER: Final = 5
_INNOCENT: Final = 4
_PROOF: Final = 60.0


@dataclass
class _Seat:
    """A place for one process, which is replaced after a fault."""

    program: Program | None = None
    busy: int = 0
    alone: bool = False
    """Whether the request in hand must not share the process."""
    renewing: asyncio.Lock = field(default_factory=asyncio.Lock)


class CommandModel(Model):
    """Programs that are asked by lines."""

    def __init__(self, spec: Spec, command: Sequence[str]) -> None:
        self._spec = str(spec)
        self._command = list(command)
        self.name = shlex.join([Path(command[0]).name, *command[1:]])
        self.takes = spec.kinds("takes", frozenset(PART_KINDS))
        self.makes = spec.kinds("makes", frozenset({"text"}))
        self.task_types = spec.task_types()
        self.dispatcher = spec.flag("dispatcher")
        self._batch = spec.integer("batch", 1, low=1, high=4096)
        self._seats = [_Seat() for _ in range(spec.integer("processes", 1, low=1, high=1024))]
        self.concurrency = self._batch * len(self._seats)
        self._timeout = spec.number("timeout", 300.0, low=0.01)
        self._startup = spec.number("startup", max(600.0, self._timeout), low=0.01)
        self._attempts = spec.integer("attempts", 2, low=1, high=100)
        self._cwd = Path(spec.text("cwd", ".")).absolute()
        if not self._cwd.is_dir():
            raise ModelError(f"model '{spec}': there is no folder {self._cwd} (option cwd)")
        self._environment, self._secrets = _environment(spec)
        self._files = {word: _digest(path) for word in command if (path := self._cwd / word).is_file()}
        self._number = 0
        self._answered = False
        self._failed = 0
        self._proven = False
        self._lived = 0.0  # seconds that a process lasted which gave no answer
        self._first = 0.0  # seconds until a process gave its first answer
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        self._free = asyncio.Condition()
        self._queued = 0  # requests that wait for a process of their own: they go first

    def identity(self) -> Mapping[str, Any]:
        """The command line, and the hashes of the program and of those arguments that are files."""
        return {"kind": "command", "command": [Path(self._command[0]).name, *self._command[1:]], "files": self._files}

    async def start(self, datasets: Sequence[Dataset]) -> None:
        """Start the programs, so that all load what they need at the same time."""
        self._scratch = tempfile.TemporaryDirectory(prefix="genlevel-")
        self._free = asyncio.Condition()
        for seat in self._seats:
            seat.program = await self._open()

    async def close(self) -> None:
        """End the programs."""
        programs = [seat.program for seat in self._seats if seat.program is not None]
        try:
            await asyncio.gather(*(program.close() for program in programs))
        finally:
            for seat in self._seats:
                seat.program = None
            if self._scratch is not None:
                self._scratch.cleanup()

    async def generate(self, request: Request) -> Reply:
        """Ask a program, and another one if the first ends, hangs or writes nonsense."""
        faults, asked, alone = 0, 0, False
        while True:
            try:
                async with self._seat(alone) as seat:
                    asked += 1
                    return await self._ask(seat, request)
            except Fault as fault:
                # Who of several requests was to blame shows when each is asked alone.
                faults += not fault.shared
                alone = True
                if faults < self._attempts and asked < self._attempts + _INNOCENT:
                    continue
                reason = await self._why(f"the program {fault}", request)
            except RequestFailed as error:
                raise RequestFailed(await self._why(str(error), request), asked) from None
            self._failed += 1
            if not self._answered and self._failed >= _NEVER:
                raise ModelError(f"model '{self._spec}': has answered none of {self._failed} requests; {reason}")
            raise RequestFailed(f"{reason}{f' ({asked} tries)' if asked > 1 else ''}", asked)

    @asynccontextmanager
    async def _seat(self, alone: bool) -> AsyncIterator[_Seat]:
        """The seat with the fewest requests, once it has room; with ``alone`` one that has none, and gets no other."""
        most = 0 if alone else self._batch - 1
        async with self._free:
            self._queued += alone
            try:
                while (seat := self._room(most)) is None or (self._queued and not alone):
                    await self._free.wait()
            finally:
                self._queued -= alone
            seat.busy += 1
            seat.alone = alone
        try:
            yield seat
        finally:
            seat.busy -= 1
            seat.alone = False
            async with self._free:
                self._free.notify_all()

    def _room(self, most: int) -> _Seat | None:
        seat = min((seat for seat in self._seats if not seat.alone), key=lambda seat: seat.busy, default=None)
        return seat if seat is not None and seat.busy <= most else None

    async def _ask(self, seat: _Seat, request: Request) -> Reply:
        assert self._scratch is not None, "start() comes first"
        program = await self._program(seat)
        self._number += 1
        number = str(self._number)
        line, made = await asyncio.to_thread(request_line, request, number, Path(self._scratch.name))
        try:
            new = not program.answered
            answer = await program.ask(number, line, self._patience(new))
            self._answered = True
            if new:
                self._first = max(self._first, time.monotonic() - program.began)
            return await asyncio.to_thread(answer_of, answer, self._cwd)
        except Fault:
            self._lived = max(self._lived, time.monotonic() - program.began)
            raise
        finally:
            for path in made:
                path.unlink(missing_ok=True)

    def _patience(self, new: bool) -> float:
        """Seconds to wait for an answer; from a new process, that has to load what it needs, as long as the first one took."""
        if not new:
            return self._timeout
        return min(self._startup, self._timeout + 3 * self._first + 1.0) if self._answered else self._startup

    async def _program(self, seat: _Seat) -> Program:
        """The seat's program, a new one if it came to its end."""
        async with seat.renewing:
            if seat.program is not None and seat.program.fault is None:
                return seat.program
            if seat.program is not None:
                await seat.program.close()
            seat.program = await self._open()
            if not (self._answered or self._proven):
                await self._prove(seat.program)
            return seat.program

    async def _prove(self, program: Program) -> None:
        """See that a program of which none has answered yet does not end by itself, with no request in hand.

        Raises:
            ModelError: it does: it cannot start, and no request is to blame.
        """
        await program.wait(min(_PROOF, 2 * self._lived + 0.5))
        if program.fault is not None:
            raise ModelError(f"model '{self._spec}': the program {self._clean(str(program.fault))}")
        self._proven = True

    async def _open(self) -> Program:
        try:
            return await Program.open(self._command, self._cwd, self._environment)
        except OSError as error:
            raise ModelError(f"model '{self._spec}': {self._command[0]} cannot be started ({error.strerror})") from None

    async def _why(self, reason: str, request: Request) -> str:
        """A failure's reason, with the file that is to blame, as few programs name it."""
        from genlevel.media.broken import blamed

        return self._clean(await asyncio.to_thread(blamed, reason, request.parts))

    def _clean(self, text: str) -> str:
        """One line without the values of variables that the user let through: they may be keys."""
        for name, value in self._secrets.items():
            text = text.replace(value, f"[{name}]")
        return " ".join(text.split())[:1000]


def _environment(spec: Spec) -> tuple[dict[str, str], dict[str, str]]:
    """What a program gets, and what of it must be in no message."""
    asked = {name.strip() for name in spec.text("env", "").split(",") if name.strip()}
    for name in sorted(asked - {"*"}):
        if name not in os.environ:
            raise ModelError(f"model '{spec}': the environment variable {name} is not set (option env)")
    given = {name: value for name, value in os.environ.items() if name in _USUAL | asked or "*" in asked}
    secrets = {name: value for name, value in given.items() if name not in _USUAL and len(value) >= 6}
    # A Python program that forgets to flush would wait for its next request, and we for its answer.
    return {**given, "PYTHONUNBUFFERED": "1"}, secrets


def _digest(path: Path) -> str:
    """A file's SHA-256; of a large one (weights, say) that of its size and beginning."""
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size <= _HASHED:
                return hashlib.file_digest(file, "sha256").hexdigest()
            return hashlib.sha256(f"{size}\0".encode() + file.read(2**20)).hexdigest()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from None


def from_spec(spec: Spec) -> CommandModel:
    """The model of a SPEC."""
    spec.check(_OPTIONS)
    try:
        command = shlex.split(spec.name)
    except ValueError as error:
        raise ModelError(f"model '{spec}': the command cannot be split into words ({error})") from None
    if not command:
        raise ModelError(f"model '{spec}': give a program, as in command:./answer.py")
    found = shutil.which(command[0])
    if found is None:
        place = "" if os.sep in command[0] else " (it is looked for on PATH)"
        there = "is not executable" if Path(command[0]).is_file() else f"is not there{place}"
        raise ModelError(f"model '{spec}': the program {command[0]} {there}")
    if os.sep in command[0]:
        command[0] = str(Path(found).absolute())
    return CommandModel(spec, command)
