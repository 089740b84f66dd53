"""The kinds of model and what SPEC they take.

genlevel models               all, one line each
genlevel models openai        one kind with its options
genlevel models check SPEC    send one tiny request of each kind; print what the model can do, how fast, and what went wrong
"""

from __future__ import annotations

import argparse
import importlib
from typing import TYPE_CHECKING

from genlevel.cli.numbers import positive
from genlevel.cli.output import add_format, emit_csv, emit_json, emit_table, note
from genlevel.errors import GenlevelError

if TYPE_CHECKING:
    from genlevel.models import Model

# One hangs for each request that was not answered in time.
_THREADS = 32


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("kind", nargs="?", help="explain this kind; 'check' tries a model")
    parser.add_argument("spec", nargs="?", metavar="SPEC", help="the model to check")
    parser.add_argument(
        "--timeout", type=positive, default=120, metavar="S", help="seconds for an answer (default: 120)"
    )
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """List the kinds of model, or try one."""
    from genlevel.models import MODELS

    if args.kind == "check":
        return _check(args)
    if args.spec:
        raise GenlevelError(f"'{args.spec}': only 'genlevel models check' takes a SPEC")
    kinds = [args.kind] if args.kind else list(MODELS)
    rows = [{"kind": kind, "explanation": explanation(kind)} for kind in kinds]
    for row in rows:
        row["summary"] = row["explanation"].split("\n\n")[0].replace("\n", " ").replace("``", "")
    if args.format == "json":
        emit_json(rows)
    elif args.format == "csv":
        emit_csv(("kind", "summary", "explanation"), rows)
    elif args.kind:
        print(rows[0]["explanation"].replace("``", ""))
    else:
        emit_table(("kind", "what it is"), [(row["kind"], row["summary"]) for row in rows])
        note("SPEC is kind:name?option=value&option=value; 'genlevel models KIND' gives the options")
    return 0


def _check(args: argparse.Namespace) -> int:
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
        # A model that passes requests on: whose answer it was.
        several = any(f.part for f in findings)
        columns = (
            "given",
            "asked for",
            "result",
            "seconds",
            "tokens in",
            "out",
            "answer",
            *(["model"] if several else []),
        )
        emit_table(
            columns,
            [
                (
                    f.given,
                    f.asked,
                    _result(f.error, f.outside),
                    f.seconds,
                    f.input_tokens,
                    f.output_tokens,
                    f.answer or f.error,
                    *([f.part] if several else []),
                )
                for f in findings
            ],
            right=(3, 4, 5),
            title=f"{model.name}: takes {', '.join(sorted(model.takes))}; makes {', '.join(sorted(model.makes))}{_types(model)}",
        )
    failed = [f for f in findings if f.error and not f.outside]
    if failed:
        note(
            f"{len(failed)} of {len(findings)} failed; tasks of these kinds would score 0 (say what it can by takes= and makes=)"
        )
    return 1 if failed else 0


def _types(model: Model) -> str:
    return "" if model.task_types is None else f"; is for {', '.join(sorted(model.task_types))}"


def _result(error: str, outside: bool) -> str:
    return "not for it" if outside else "failed" if error else "ok"


def explanation(kind: str) -> str:
    """The docstring of the module that makes this kind of model."""
    from genlevel.models import MODELS

    module = importlib.import_module(MODELS.load(kind).__module__)
    return (module.__doc__ or "").strip()
