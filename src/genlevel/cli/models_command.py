"""The kinds of model and what SPEC they take.

genlevel models               all, one line each
genlevel models openai        one kind with its options
genlevel models check SPEC    send one tiny request of each kind; print what the model can do, how fast, and what went wrong
"""

from __future__ import annotations

import argparse
import importlib

from genlevel.cli import models_check
from genlevel.cli.output import emit_csv, emit_json, emit_table, note
from genlevel.errors import GenlevelError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("kind", nargs="?", help="explain this kind; 'check' tries a model")
    models_check.add_arguments(parser, nargs="?")


def run(args: argparse.Namespace) -> int:
    """List the kinds of model, or try one."""
    from genlevel.models import MODELS

    if args.kind == "check":
        return models_check.run(args)
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


def explanation(kind: str) -> str:
    """The docstring of the module that makes this kind of model."""
    from genlevel.models import MODELS

    module = importlib.import_module(MODELS.load(kind).__module__)
    return (module.__doc__ or "").strip()
