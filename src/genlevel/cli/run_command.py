"""Let a model answer the tasks of a data folder; then score it and print its level.

  genlevel run --model 'openai:my-model?base_url=http://localhost:8000/v1' --data General-Bench-Openset --out runs/my-model
  genlevel run --model python:my_module:answer --data starter --tasks '*counting*' --limit 20

Every answer is stored as it arrives. The same command goes on where a stopped run was, and asks failed samples again.
'genlevel models' explains the kinds of model.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
import threading
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from genlevel.cli.catalog_options import add_catalog_options, load_catalog
from genlevel.cli.numbers import positive
from genlevel.cli.output import note
from genlevel.errors import DataError, GenlevelError, ModelError

if TYPE_CHECKING:
    from genlevel.models import Spec
    from genlevel.runner import RunFolder, RunSummary

_REASONS = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--model", required=True, metavar="SPEC", help="kind:name?option=value (see 'genlevel models')")
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="the data folder")
    parser.add_argument("--out", type=Path, metavar="RUN", help="the run folder (default: runs/<model>-<edition>)")
    parser.add_argument("--tasks", nargs="+", default=[], metavar="GLOB", help="only tasks whose id or name fits")
    parser.add_argument("--modality", help="only image, video, audio, 3d or language")
    parser.add_argument("--scope", metavar="BOARD", help="only the tasks of a board (see 'genlevel tasks --boards')")
    parser.add_argument("--limit", type=positive, metavar="N", help="only the first N samples of each task")
    parser.add_argument(
        "--concurrency", type=positive, default=0, metavar="N", help="requests in flight (default: the model's)"
    )
    parser.add_argument("--timeout", metavar="S", help="seconds for one try; the same as the SPEC's option timeout")
    parser.add_argument(
        "--max-attempts", metavar="N", help="tries for one request; the same as the SPEC's option attempts"
    )
    parser.add_argument("--prompts", type=Path, metavar="FILE", help="TOML of prompts by task type or task id")
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out; fails if there is none")
    parser.add_argument("--no-score", action="store_true", help="only ask the model")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    add_catalog_options(parser)


def run(args: argparse.Namespace) -> int:
    """Plan, ask, score, rate."""
    from genlevel import models
    from genlevel.cli.progress import watcher
    from genlevel.datasets import find_datasets
    from genlevel.runner import Settings, describe, make_plan, open_or_create
    from genlevel.runner import run as ask
    from genlevel.tasktypes.templates import read_templates

    model = models.load(_spec(args))
    catalog = load_catalog(args, args.data)
    chosen = catalog.select(tasks=args.tasks, modality=args.modality, scope=args.scope)
    found = find_datasets(args.data, catalog)
    wanted = [d for d in found.datasets if d.task.id in chosen.tasks]
    if not wanted:
        raise DataError(
            f"{args.data}: none of the {len(chosen)} chosen tasks is here ('genlevel data check' says what is)"
        )
    for unmatched in found.unmatched[:10]:
        note(f"not matched: {unmatched}")
    if len(found.unmatched) > 10:
        note(f"... and {len(found.unmatched) - 10} more ('genlevel data check' lists all)")
    plan = make_plan(model, wanted)
    if not plan.datasets:
        task_id, reason = next(iter(plan.unsupported.items()))
        raise ModelError(f"model '{model.name}' can do none of the {len(wanted)} tasks here; {task_id}: {reason}")
    templates = read_templates(args.prompts, catalog.tasks) if args.prompts else None
    settings = Settings(args.concurrency, args.limit, templates=templates)
    out = args.out or Path("runs") / f"{slug(model.name)}-{slug(catalog.edition)}"
    if args.resume and not (out / "run.json").exists():
        raise GenlevelError(f"--resume: {out} holds no run")
    own = args.data / "catalog.csv"
    used = args.catalog or (own if args.edition is None and own.is_file() else None)
    meta = describe(
        model, plan, catalog, settings, spec=args.model, data=args.data, catalog_file=used, sota_file=args.sota
    )
    folder = open_or_create(out, meta)
    for task_id, reason in plan.unsupported.items():
        note(f"{task_id}: not asked, counts 0: {reason}")
    display = watcher(args.quiet)
    try:
        with display or contextlib.nullcontext():
            summary: RunSummary = ask(model, plan, folder, settings, watcher=display)
    except KeyboardInterrupt:
        note(f"stopped; every answer so far is in {out}. The same command goes on from there.")
        _leave_if_hung()
        return 130
    except ModelError as error:
        raise ModelError(f"{error}; what was answered is in {out}, and the same command goes on from there") from None
    return _finish(args, folder, summary)


def _spec(args: argparse.Namespace) -> Spec:
    from genlevel.models import parse

    spec = parse(args.model)
    given = {"timeout": args.timeout, "attempts": args.max_attempts}
    return replace(spec, options={**spec.options, **{k: v for k, v in given.items() if v is not None}})


def _leave_if_hung() -> None:
    """End the process here if a model's function does not come back: Python would wait for its thread for ever."""
    if any(t.is_alive() and t.name.startswith("genlevel") for t in threading.enumerate()):
        time.sleep(1.0)
    if any(t.is_alive() and t.name.startswith("genlevel") for t in threading.enumerate()):
        sys.stderr.flush()
        os._exit(130)


def _finish(args: argparse.Namespace, folder: RunFolder, summary: RunSummary) -> int:
    out, total = folder.path, summary.total
    rate = f", {total.asked / summary.seconds:.1f}/s" if total.asked and summary.seconds else ""
    before = f", {total.stored_before} stored before" if total.stored_before else ""
    note(f"{out}: {total.answered} answered, {total.failed} failed{before} in {summary.seconds:.1f} s{rate}")
    for line in (*_reasons(folder, summary), *summary.notes, *summary.problems[:10]):
        note(line)
    if summary.problem_count > 10:
        note(f"... and {summary.problem_count - 10} more problems (see run.json)")
    if not args.no_score:
        from genlevel.cli.level_command import print_levels
        from genlevel.cli.score_command import print_scores
        from genlevel.scoring.workflow import locate, score_located, write_html_report

        located = locate(out, data=args.data, catalog=args.catalog, edition=args.edition, sota=args.sota)
        report = score_located(located, jobs=0)
        print_scores(report, "table")
        print_levels([report.level], report.catalog)
        write_html_report(located, out / "report.html")
        note(f"report: {out / 'report.html'}")
    return 1 if total.failed or summary.problem_count else 0


def _reasons(folder: RunFolder, summary: RunSummary) -> list[str]:
    """Why samples failed, the commonest reasons first."""
    tasks = [task_id for task_id, counts in summary.tasks.items() if counts.failed]
    reasons = Counter(p.error for task_id in tasks for p in folder.predictions(task_id) if p.error)
    lines = [f"{count} failed: {reason}" for reason, count in reasons.most_common(_REASONS)]
    rest = len(reasons) - len(lines)
    return lines + ([f"... and for {rest} more reasons (see {folder.path / 'predictions'})"] if rest else [])


def slug(name: str) -> str:
    """A name as part of a folder's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "model"
