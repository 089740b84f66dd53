"""List the metrics that genlevel knows, or explain one.

genlevel metrics              all, one line each
genlevel metrics psnr         definition, source, range, unit, options and edge cases
"""

from __future__ import annotations

import argparse
from typing import Any

from genlevel.cli.output import add_format, emit_csv, emit_json, emit_table, note

_POINTER = r"(?:as\s+in|see)\s+:class:`(\w+)`"
_COLUMNS = ("name", "title", "direction", "unit", "range", "needs", "source")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("name", nargs="?", help="explain this metric")
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """List the metrics."""
    from genlevel.metrics.registry import METRICS

    classes = {name: METRICS.load(name) for name in ([args.name] if args.name else METRICS)}
    rows = [describe(metric, name) for name, metric in classes.items()]
    if args.format == "json":
        emit_json(rows)
    elif args.format == "csv":
        emit_csv([*_COLUMNS, "definition", "answer", "missing", "options"], rows)
    elif args.name:
        for key, value in rows[0].items():
            print(f"{key + ':':<12} {value or '-'}")
        print(f"\n{explanation(classes[args.name])}")
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


def explanation(metric: type) -> str:
    """What the docstring of a metric class says of options and edge cases, and those that it says to look into."""
    import inspect
    import re
    import sys

    # What a docstring may point to. A dataclass without a docstring gets its signature for one.
    near = {**vars(sys.modules[metric.__module__]), **{cls.__name__: cls for cls in metric.__mro__}}
    wanted = [next(cls.__name__ for cls in metric.__mro__ if not (cls.__doc__ or "").startswith(f"{cls.__name__}("))]
    texts: dict[str, str] = {}
    for name in wanted:
        text = inspect.cleandoc(getattr(near.get(name), "__doc__", None) or "")
        if name not in texts and text:
            wanted += re.findall(_POINTER, text)
            texts[name] = re.sub(_POINTER, lambda found: "see below" if found[0][0] == "s" else "as below", text)
    plain = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"\1", "\n\n".join(texts.values()))
    return plain.replace("``", "`")
