"""The command line: parsing and printing only.

Each command is a module here with ``add_arguments(parser)`` and ``run(args) -> int``, imported only when it is the one
called, so that ``genlevel --help`` starts at once. Exit 0: done. 1: the work failed in part. 2: wrong use or bad input,
with one line that says what is at fault.
"""

from __future__ import annotations

import argparse
import contextlib
import difflib
import os
import re
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import Any, NoReturn

from genlevel._version import __version__
from genlevel.cli.output import shown
from genlevel.errors import GenlevelError
from genlevel.redact import redacted

COMMANDS: dict[str, str] = {
    "demo": "the whole way on the starter set: nothing to download",
    "run": "let a model answer the tasks of a data folder, then score it",
    "score": "score a run, or predictions made elsewhere",
    "level": "levels from a run, a table of scores or a result workbook",
    "report": "write a run's one-page HTML report",
    "tasks": "list the tasks of an edition, its skills and boards",
    "metrics": "list the metrics: definition, source, range, unit",
    "models": "the kinds of model and what SPEC they take",
    "data": "fetch tasks from the hub, check a data folder, make the starter set",
}

# A word after the command that has options and a usage of its own.
_WITHIN: dict[tuple[str, ...], str] = {("models", "check"): "models_check"}

_EXAMPLES = """\
examples:
  genlevel demo --out demo
  genlevel run --model 'openai:gpt-4o?base_url=http://localhost:8000/v1' --data General-Bench-Openset --out runs/gpt-4o
  genlevel level runs/gpt-4o
  genlevel level --published 2025
"""


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, like all others of genlevel."""

    _given: tuple[str, ...] = ()

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As always; what was given is kept for the messages."""
        self._given = tuple(args or ())
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Print one line and exit with 2; a slip in an option or a subcommand gets the nearest name."""
        options = [a.partition("=")[0] for a in self._given if a.startswith("--") and a != "--"]
        slip = next((o for o in options if o not in self._option_string_actions and not self._subparsers), "")
        choice = re.search(r"invalid choice: '(.*?)' \(choose from (.*)\)", message, re.DOTALL)
        if slip and message.startswith("the following arguments are required"):
            message = f"unknown option {slip}{_near(slip, self._option_string_actions)}"
        elif slip and message.startswith("unrecognized arguments"):
            message += _near(slip, self._option_string_actions)
        elif choice:
            message += _near(choice[1], [name.strip(" '") for name in choice[2].split(",")])
        sys.stderr.write(f"genlevel: error: {message} (see '{self.prog} --help')\n")
        raise SystemExit(2)


def _near(word: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(word, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    before = set(threading.enumerate())
    code = _run(list(sys.argv[1:] if argv is None else argv))
    _leave_if_hung(code, before)
    return code


def _run(args: list[str]) -> int:
    try:
        return _dispatch(args)
    except GenlevelError as error:
        sys.stderr.write(f"genlevel: error: {shown(redacted(str(error)))}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("genlevel: interrupted\n")
        return 130
    except BrokenPipeError:
        # The reader of a pipe went away (e.g. `genlevel tasks | head`); keep Python from complaining at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _leave_if_hung(code: int, before: set[threading.Thread]) -> None:
    """End the process here if a model's function does not come back: Python would wait for its thread for ever."""
    threads = [t for t in threading.enumerate() if t.name.startswith("genlevel") and t not in before]
    end = time.monotonic() + 1.0
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    if any(thread.is_alive() for thread in threads):
        for stream in (sys.stdout, sys.stderr):
            with contextlib.suppress(OSError, ValueError):
                stream.flush()
        os._exit(code)


def _dispatch(args: list[str]) -> int:
    if not args or args[0] in {"-h", "--help"}:
        sys.stdout.write(_help())
        return 0
    if args[0] in {"-V", "--version"}:
        sys.stdout.write(f"genlevel {__version__}\n")
        return 0
    name = args[0]
    if name not in COMMANDS:
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        raise GenlevelError(f"unknown command '{name}'{hint} (see 'genlevel --help')")
    within = _WITHIN.get(tuple(args[:2]))
    words = 2 if within else 1
    module = import_module(f"genlevel.cli.{within or f'{name}_command'}")
    parser = Parser(
        prog=f"genlevel {' '.join(args[:words])}",
        description=module.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    code: int = module.run(parser.parse_args(args[words:]))
    return code


def _help() -> str:
    width = max(map(len, COMMANDS))
    lines = "\n".join(f"  {name:<{width}}  {summary}" for name, summary in COMMANDS.items())
    return (
        "usage: genlevel COMMAND [options]\n\n"
        "Tells where a multimodal model stands on the road to a level-5 generalist: runs it over comprehension and\n"
        "generation tasks, scores each with the field's own metric, compares with the specialists, gives the level.\n\n"
        f"commands:\n{lines}\n\n"
        "options:\n  -h, --help     this text; 'genlevel COMMAND --help' for one command\n"
        "  -V, --version  print the version\n\n" + _EXAMPLES
    )
