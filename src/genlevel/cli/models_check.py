"""Send a model one tiny request of each kind; print what it can do, how fast, and what went wrong.

genlevel models check 'openai:my-model?base_url=http://localhost:8000/v1'
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from genlevel.cli.numbers import positive
from genlevel.cli.output import add_format, emit_csv, emit_json, emit_table, note
from genlevel.errors import GenlevelError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genlevel.models import Model
    from genlevel.models.probe import Finding

# One hangs for each request that was not answered in time.
_THREADS = 32


def add_arguments(parser: argparse.ArgumentParser, nargs: str | None = None) -> None:
    """Options of the command; ``nargs`` says how often the SPEC is given, once unless said otherwise."""
    parser.add_argument("spec", nargs=nargs, metavar="SPEC", help="the model to check")
    parser.add_argument(
        "--timeout", type=positive, default=120, metavar="S", help="seconds for an answer (default: 120)"
    )
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Try a model."""
    import asyncio
    from dataclasses import asdict

    from genlevel.models import load
    from genlevel.models.probe import probe
    from genlevel.runner.loop import run_detached

    if not args.spec:
        raise GenlevelError("check: give the model's SPEC, as in: genlevel models check 'openai:my-model?base_url=...'")
    model = load(args.spec)
    asking = probe(model, args.timeout, lambda f: note(f"asked for {f.asked}, given {f.given} ..."))
    try:
        findings = run_detached(asking, _THREADS)
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    rows = [{**asdict(f), "result": _result(f.error, f.outside)} for f in findings]
    if args.format == "json":
        types = None if model.task_types is None else sorted(model.task_types)
        kinds = {"takes": sorted(model.takes), "makes": sorted(model.makes), "task_types": types}
        emit_json({"model": model.name, **kinds, "requests": rows})
    elif args.format == "csv":
        emit_csv(tuple(rows[0]) if rows else ("given",), rows)
    else:
        _emit_table(model, findings)
    failed = [f for f in findings if f.error and not f.outside]
    if failed:
        note(
            f"{len(failed)} of {len(findings)} failed; tasks of these kinds would score 0 (say what it can by takes= and makes=)"
        )
    return 1 if failed else 0


def _emit_table(model: Model, findings: Sequence[Finding]) -> None:
    # A model that passes requests on: whose answer it was. One for certain types: two of them may be asked for the same kinds.
    several, typed = any(f.part for f in findings), any(f.task_type for f in findings)
    columns = ("given", "asked for", "result", "seconds", "tokens in", "out", "answer")
    emit_table(
        (*columns, *(["type"] if typed else []), *(["model"] if several else [])),
        [
            (
                f.given,
                f.asked,
                _result(f.error, f.outside),
                f.seconds,
                f.input_tokens,
                f.output_tokens,
                f.answer or f.error,
                *([f.task_type] if typed else []),
                *([f.part] if several else []),
            )
            for f in findings
        ],
        right=(3, 4, 5),
        title=f"{model.name}: takes {', '.join(sorted(model.takes))}; makes {', '.join(sorted(model.makes))}{_types(model)}",
    )


def _types(model: Model) -> str:
    return "" if model.task_types is None else f"; is for {', '.join(sorted(model.task_types))}"


def _result(error: str, outside: bool) -> str:
    return "not for it" if outside else "failed" if error else "ok"
