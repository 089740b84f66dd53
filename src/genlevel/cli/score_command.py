"""Score the answers of a run, or predictions made elsewhere, against labelled data.

  genlevel score runs/gpt-4o
  genlevel score --predictions answers/ --data General-Bench-Openset

A folder of predictions mirrors the data: <task folder>/prediction.json, or <task-id>.json. Each file is the object
{"task": ..., "data": [{"id", "prediction"}]} or the bare list [{"id", "prediction"}].
A sample without an answer, with an error, or with an answer that cannot be read counts as wrong.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from genlevel.cli.catalog_options import add_catalog_options, catalog_file, load_catalog
from genlevel.cli.numbers import count, positive
from genlevel.cli.output import add_format, emit_csv, emit_json, emit_table, note
from genlevel.counts import many
from genlevel.errors import GenlevelError

if TYPE_CHECKING:
    from genlevel.records import TaskScore
    from genlevel.scoring import ScoreReport

_REASONS = 3
_COLUMNS = ("task_id", "metric", "value", "sigma", "samples", "answered", "failed", "sota", "wins")
_EXTRA = ("missing", "unreadable", "coverage", "low", "high", "sota_sigma", "repeats", "spread", "note")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("run", nargs="?", type=Path, help="a run folder, made by 'genlevel run'")
    parser.add_argument("--predictions", type=Path, metavar="DIR", help="predictions made elsewhere, instead of a run")
    parser.add_argument("--data", type=Path, metavar="DIR", help="the labelled data (default: the data of the run)")
    parser.add_argument("--model", metavar="NAME", help="the model's name (default: from the run or the folder's name)")
    parser.add_argument("--dispatcher", action="store_true", help="the system only routes tasks to specialists")
    parser.add_argument(
        "--out", type=Path, metavar="RUN", help="with --predictions: where to write scores and evidence"
    )
    parser.add_argument(
        "--ratings", type=Path, metavar="DIR", help="people's ratings: <task-id>.csv with columns id, rater, rating"
    )
    parser.add_argument(
        "--judge", metavar="SPEC", default="", help="the model that judges answers, where a metric needs one"
    )
    parser.add_argument("--limit", type=positive, metavar="N", help="score only the first N samples of each task")
    parser.add_argument("--jobs", type=count, default=0, metavar="N", help="worker processes (default: all cores)")
    add_catalog_options(parser)
    add_format(parser)


def run(args: argparse.Namespace) -> int:
    """Score and print the task scores."""
    if (args.run is None) == (args.predictions is None):
        raise GenlevelError("give either a run folder or --predictions DIR with --data DIR")
    if args.run and (args.out or args.model or args.dispatcher):
        raise GenlevelError("--out, --model and --dispatcher go with --predictions; a run folder says these itself")
    if args.ratings and not args.ratings.is_dir():
        raise GenlevelError(f"--ratings {args.ratings}: there is no such folder")
    from genlevel.scoring.extent import was_not_asked

    report = _score_predictions(args) if args.predictions else _score_run(args)
    print_scores(report, args.format)
    unscored = any(s.value is None and not was_not_asked(s.note) for s in report.scores)
    return 1 if report.problems or unscored else 0


def _score_run(args: argparse.Namespace) -> ScoreReport:
    from genlevel.scoring.workflow import locate, score_located, settings_of

    run = locate(args.run, data=args.data, edition=args.edition, catalog=args.catalog, sota=args.sota)
    if run.meta.get("end") is None:
        note(f"{args.run}: this run has not ended; samples that were not asked yet count as missing, which is wrong")
    settings = settings_of(run, jobs=args.jobs, limit=args.limit, ratings=args.ratings, judge=args.judge)
    return score_located(run, settings)


def _score_predictions(args: argparse.Namespace) -> ScoreReport:
    from genlevel.datasets import find_datasets
    from genlevel.scoring import Settings, score_predictions
    from genlevel.scoring.files import write_report

    if args.data is None:
        raise GenlevelError("--predictions needs --data DIR, the folder with the labels")
    catalog = load_catalog(args, args.data)
    found = find_datasets(args.data, catalog)
    for unmatched in found.unmatched:
        note(f"not matched: {unmatched}")
    settings = Settings(
        model=args.model or args.predictions.resolve().name,
        dispatcher=args.dispatcher,
        limit=args.limit,
        jobs=args.jobs,
        ratings=args.ratings,
        judge=args.judge,
    )
    report = score_predictions(args.predictions, found.datasets, catalog, settings)
    if args.out:
        named = {"catalog": catalog_file(args, args.data), "sota": args.sota}
        files = {name: str(path.resolve()) for name, path in named.items() if path}
        write_report(args.out, report, data=str(args.data), files=files)
    return report


def print_scores(report: ScoreReport, how: str, told: Collection[str] = ()) -> None:
    """The task scores, as asked for; problems, but for those that were ``told`` before, and the level on stderr."""
    from genlevel.scoring.extent import state, was_not_asked
    from genlevel.scoring.files import scores_document

    document = scores_document(report)
    if how == "json":
        emit_json(document)
    elif how == "csv":
        emit_csv([*_COLUMNS, *_EXTRA], document["tasks"])
    else:
        rows = [
            (
                t["task_id"],
                t["metric"],
                _with_interval(t),
                t["sigma"],
                (not t["samples"] and state(t["note"])) or f"{t['answered']}/{t['samples']}",
                t["failed"] + t["missing"],
                t["unreadable"],
                t["sota"],
                "yes" if t["wins"] else "",
            )
            for t in document["tasks"]
        ]
        emit_table(
            ("task", "metric", "score [95 %]", "sigma", "answered", "no answer", "unreadable", "specialist", "win"),
            rows,
            right=(2, 3, 4, 5, 6, 7),
        )
    _note_not_asked(report.scores)
    for score in report.scores:
        if score.note and not was_not_asked(score.note):
            what, _, reason = score.note.partition(": ")
            note(f"{score.task_id}: {f'{what}, as said above' if reason and reason in told else score.note}")
            told = {*told, reason}
    for reason, times in report.unreadable.most_common(_REASONS):
        note(f"{times} unreadable: {reason}")
    for line in report.notes:
        note(f"note: {line}")
    _note_problems(report, told)


def _note_not_asked(scores: Sequence[TaskScore]) -> None:
    """The tasks that the model cannot do, a line for each reason."""
    from genlevel.scoring.extent import not_asked_lines, was_not_asked

    for line in not_asked_lines({score.task_id: score.note for score in scores if was_not_asked(score.note)}):
        note(line)


def _note_problems(report: ScoreReport, told: Collection[str]) -> None:
    from genlevel.models.predictions import NO_FILE

    absent = [line for line in report.problems if NO_FILE in line]
    problems = [line for line in report.problems if NO_FILE not in line and line not in told]
    if len(absent) > 1:
        tasks = ", ".join(line.partition(":")[0] for line in absent[:3])
        more = f" and {len(absent) - 3} more" if len(absent) > 3 else ""
        note(f"{len(absent)} of {len(report.tasks)} tasks have {NO_FILE} and count 0: {tasks}{more}")
    else:
        problems += absent
    for line in problems[:20]:
        note(line)
    if len(problems) > 20:
        note(f"... and {many(len(problems) - 20, 'more problem')} (scores.json has all)")


def _with_interval(task: dict[str, object]) -> str:
    if task["value"] is None:
        return "-"
    text = f"{task['value']:.2f}"
    if task["low"] is not None and task["high"] is not None:
        text += f" [{task['low']:.2f}, {task['high']:.2f}]"
    if task["spread"] is not None:
        text += f" ±{task['spread']:.2f}"
    return text
