"""The whole way on the starter set: small real tasks in five modalities, made by code; nothing to download.

genlevel demo --out demo

Makes the set, lets two systems answer it, scores them, and rates them:
  nearest             one mechanism for all modalities: the answer of the most similar training example
  composite:starter   a dispatcher that sends each task to that task's own specialist

The same command goes on where a stopped one was. Needs pip install 'genlevel[demo]'.
"""

from __future__ import annotations

import argparse
import contextlib
import sys
import textwrap
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genlevel.cli.numbers import count
from genlevel.cli.output import emit_table, note
from genlevel.errors import GenlevelError

if TYPE_CHECKING:
    from genlevel.levels import ModelLevel
    from genlevel.scoring import ScoreReport

_SYSTEMS = (("nearest", "nearest:"), ("dispatcher", "composite:starter"))
_SEED_FILE = "seed.txt"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--out", type=Path, default=Path("demo"), metavar="DIR", help="where to work (default: demo)")
    parser.add_argument("--seed", type=count, default=0, metavar="N", help="another seed, other samples (default: 0)")
    parser.add_argument("--quiet", action="store_true", help="no progress")


def run(args: argparse.Namespace) -> int:
    """Make the set, ask both systems, score, rate, explain."""
    from genlevel.starter.make import make_starter
    from genlevel.starter.specialists.base import require_extra

    require_extra()
    started = time.monotonic()
    _claim(args.out, args.seed)
    data = args.out / "starter"
    _tell(args, f"making the starter set in {data} ...")
    make_starter(data, args.seed)
    reports = [_answered(args, data, args.out / name, spec) for name, spec in _SYSTEMS]
    _show(reports)
    print("\n".join(f"report: {args.out / name / 'report.html'}" for name, _ in _SYSTEMS))
    note(f"{time.monotonic() - started:.0f} s; the data is in {data}, the answers are in {args.out}/*/predictions")
    return 0 if all(s.failed == 0 for report in reports for s in report.scores) else 1


def _tell(args: argparse.Namespace, text: str) -> None:
    if not args.quiet:
        note(text)


def _claim(out: Path, seed: int) -> None:
    """Make ``out`` this demo's folder, or see that it is that already."""
    marker = out / _SEED_FILE
    try:
        if marker.is_file():
            earlier = marker.read_text(encoding="utf-8").strip()
            if earlier != str(seed):
                raise GenlevelError(f"{out}: holds the demo of seed {earlier}, not {seed}; give another --out")
            return
        if out.exists() and (not out.is_dir() or any(out.iterdir())):
            raise GenlevelError(f"{out}: is there already and holds no demo; give another --out")
        out.mkdir(parents=True, exist_ok=True)
        marker.write_text(f"{seed}\n", encoding="utf-8")
    except OSError as error:
        raise GenlevelError(f"{out}: cannot be written ({error.strerror}); give another --out") from None


def _answered(args: argparse.Namespace, data: Path, out: Path, spec: str) -> ScoreReport:
    """Run one system over the set, as 'genlevel run' does, and score it."""
    from genlevel import models
    from genlevel.catalog import load
    from genlevel.cli.progress import watcher
    from genlevel.datasets import find_datasets
    from genlevel.runner import Settings, describe, make_plan, open_or_create
    from genlevel.runner import run as ask
    from genlevel.scoring.workflow import locate, score_located, write_html_report

    own = data / "catalog.csv"
    catalog, settings = load(catalog=own), Settings()
    model = models.load(spec)
    plan = make_plan(model, find_datasets(data, catalog).datasets)
    meta = describe(model, plan, catalog, settings, spec=spec, data=data, catalog_file=own, sota_file=None)
    folder = open_or_create(out, meta)
    _tell(args, f"{spec} answers {len(plan.datasets)} tasks ...")
    display = watcher(args.quiet or not sys.stderr.isatty())
    with display or contextlib.nullcontext():
        summary = ask(model, plan, folder, settings, watcher=display)
    for problem in summary.problems[:10]:
        note(problem)
    located = locate(out)
    report = score_located(located)
    write_html_report(located, out / "report.html")
    return report


def _show(reports: Sequence[ScoreReport]) -> None:
    nearest, dispatcher = (report.level for report in reports)
    catalog = reports[0].catalog
    rows = []
    for ours, theirs in zip(nearest.rows, dispatcher.rows, strict=True):
        task = catalog[ours.id]
        arrow = "" if task.direction == "higher" else ", lower is better"
        marks = ("WIN" if ours.wins else "", "tie" if theirs.wins else "")
        rows.append(
            (
                ours.id,
                task.metric + arrow,
                _number(ours.value),
                marks[0],
                _number(theirs.value),
                marks[1],
                _number(ours.sota),
            )
        )
    emit_table(
        ("task", "metric", "nearest", "", "dispatcher", "", "specialist"), rows, right=(2, 4, 6),
        title=f"{len(catalog)} tasks of the starter set; the specialist's score is the bar",
    )  # fmt: skip
    print()
    columns = ("system", "level", "S2", "S3", "S4", "S5", "comprehension", "generation", "language")
    emit_table(columns, [_level_row(level, reports[0]) for level in (nearest, dispatcher)], right=(2, 3, 4, 5))
    print()
    print("\n".join(_explained(nearest, dispatcher)))
    print()


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.2f}" if abs(value) >= 10 else f"{value:.3f}"


def _level_row(level: ModelLevel, report: ScoreReport) -> tuple[str, ...]:
    wins = [_wins(level, report, paradigm) for paradigm in ("comprehension", "generation", "language")]
    name = f"{level.level} (capped)" if level.capped else str(level.level)
    return (level.model, name, *(f"{level.scores[s]:.2f}" for s in ("S2", "S3", "S4", "S5")), *wins)


def _wins(level: ModelLevel, report: ScoreReport, paradigm: str) -> str:
    rows = [row for row in level.rows if report.catalog[row.id].paradigm == paradigm]
    return f"{sum(row.wins for row in rows)} of {len(rows)} won"


def _explained(nearest: ModelLevel, dispatcher: ModelLevel) -> list[str]:
    """What the numbers mean, in a few lines that follow from them."""
    ties = f"reaches the specialists on {dispatcher.wins} of {dispatcher.tasks} tasks because it is the specialists"
    cap = f"S2 to S5 stand as computed, and would make it level {_uncapped(dispatcher)}; its level is capped at 2."
    return [
        "What a level takes",
        "  2  tasks of comprehension and of generation in one system: S2, the mean of sigma (scores mapped to 0-100)",
        "  3  the specialist's score somewhere: S3, the same mean, counting only sigma of tasks at or above the bar",
        "  4  that in comprehension and in generation of one modality: S4, the harmonic mean of the two",
        "  5  that in language as well: S5 = S4 x S_L / 100",
        "",
        *_wrapped(f"nearest, one mechanism for everything, stands at level {nearest.level}: {_standing(nearest)}"),
        "",
        *_wrapped(
            f"composite:starter {ties}. No task helps another in it: it can tie with them and go no further. {cap}"
        ),
    ]


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, 110, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)


def _standing(level: ModelLevel) -> str:
    won = [row.id for row in level.rows if row.wins]
    if not won:
        return "it does a little of everything and reaches no specialist."
    names = ", ".join(won[:4]) + (" and others" if len(won) > 4 else "")
    missing = {
        3: "Level 4 needs wins in comprehension and in generation of one modality. ",
        4: "Level 5 needs a win in language. ",
    }.get(level.level, "")
    return (
        f"it reaches the specialist on {len(won)} of {level.tasks} tasks ({names}). {missing}"
        "The rule takes a win as a sign of synergy and cannot see where it comes from: tone-synthesis, for one, was "
        "made so that whoever remembers examples wins it (docs/starter.md). Read a level with its wins."
    )


def _uncapped(level: ModelLevel) -> int:
    return max((k for k in range(2, 6) if level.scores[f"S{k}"] > 0.0), default=0)
