"""List the metrics that genlevel knows, or explain one.

genlevel metrics              all, one line each
genlevel metrics psnr         definition, source, range, unit, options
"""

from __future__ import annotations

import argparse
from typing import Any

from genlevel.cli.output import add_format, emit_csv, emit_json, emit_table, note

_COLUMNS = ("name", "title", "direction", "unit", "range", "needs", "source")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("name", nargs="?", help="explain this metric")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """List the metrics."""
    from genlevel.metrics.registry import METRICS

    rows = [describe(METRICS.load(name), name) for name in ([args.name] if args.name else METRICS)]
    if args.format == "json":
        emit_json(rows)
    elif args.format == "csv":
        emit_csv([*_COLUMNS, "definition", "answer", "missing", "options"], rows)
    elif args.name:
        for key, value in rows[0].items():
            print(f"{key + ':':<12} {value or '-'}")
    else:
        shown = _COLUMNS[:6]
        emit_table(shown, [[row[c] for c in shown] for row in rows])
        note(f"{len(rows)} metrics; 'genlevel metrics NAME' explains one")
    return 0


def describe(metric: Any, name: str) -> dict[str, str]:
    """What there is to say about a metric class, as strings."""
    from dataclasses import fields

    low, high = metric.range
    return {
        "name": name,
        "title": metric.title,
        "direction": metric.direction,
        "unit": metric.unit,
        "range": f"{low:g}..{high:g}",
        "needs": ", ".join(metric.needs),
        "source": metric.source,
        "definition": metric.definition,
        "answer": metric.answer,
        "missing": metric.missing_answer(),
        "options": ", ".join(f"{f.name}={f.default!r}" for f in fields(metric) if f.init),
    }
