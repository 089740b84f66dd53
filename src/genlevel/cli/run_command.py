"""Let a model answer the tasks of a data folder; then score it and print its level.

  genlevel run --model 'openai:my-model?base_url=http://localhost:8000/v1' --data General-Bench-Openset --out runs/my-model
  genlevel run --model python:my_module:answer --data starter --tasks '*counting*' --limit 20

Every answer is stored as it arrives. The same command goes on where a stopped run was, and asks failed samples again.
'genlevel models' explains the kinds of model.

  a quick look         --limit 20 --sample-seed 1      20 samples of each task, drawn at random, the same for every model
  a noisy model        --repeat 5                      each sample five times: mean and spread (with temperature above 0)
  a paid API           --max-cost 20 --cache answers   stop before $20 are spent; keep what was paid for
  a limited API        --requests-per-minute 500 --tokens-per-minute 200000
  a batch job          --max-time 3h50m                stop cleanly in time; the same command goes on in the next job
  an unknown server    --concurrency auto              find out how many requests at a time it likes
"""

from __future__ import annotations

import argparse
import contextlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from genlevel.cli.catalog_options import add_catalog_options, catalog_file, load_catalog
from genlevel.cli.numbers import amount, count, duration, in_flight, positive
from genlevel.cli.output import note
from genlevel.counts import many
from genlevel.errors import DataError, GenlevelError, ModelError

if TYPE_CHECKING:
    from genlevel.catalog import Catalog
    from genlevel.datasets import Dataset, Found
    from genlevel.models import Spec
    from genlevel.runner import Plan, RunFolder, RunSummary, Settings, Watcher
    from genlevel.scoring import ScoredTask
    from genlevel.scoring.beside import Beside
    from genlevel.scoring.workflow import Located
    from genlevel.tasktypes.templates import Templates

_REASONS = 3
_TOLD = 10
_UNUSED = 20


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the command."""
    parser.add_argument("--model", required=True, metavar="SPEC", help="kind:name?option=value (see 'genlevel models')")
    parser.add_argument("--data", required=True, type=Path, metavar="DIR", help="the data folder")
    parser.add_argument("--out", type=Path, metavar="RUN", help="the run folder (default: runs/<model>-<edition>)")
    parser.add_argument("--tasks", nargs="+", default=[], metavar="GLOB", help="only tasks whose id or name fits")
    parser.add_argument("--modality", help="only image, video, audio, 3d or language")
    parser.add_argument("--scope", metavar="BOARD", help="only the tasks of a board (see 'genlevel tasks --boards')")
    parser.add_argument(
        "--concurrency",
        type=in_flight,
        default=0,
        metavar="N",
        help="requests in flight (default: the model's); 'auto' grows until answers come no faster or the server refuses",
    )
    parser.add_argument(
        "--on",
        metavar="PLACE",
        help="answer on replicas, e.g. 'ray:auto?replicas=8&gpus=1'; docs/running.md lists its options",
    )
    parser.add_argument("--timeout", metavar="S", help="seconds for one try; the same as the SPEC's option timeout")
    parser.add_argument(
        "--max-attempts", metavar="N", help="tries for one request; the same as the SPEC's option attempts"
    )
    parser.add_argument("--prompts", type=Path, metavar="FILE", help="TOML of prompts by task type or task id")
    parser.add_argument(
        "--cache", type=Path, metavar="DIR", help="take answers from this folder and keep new ones there, for all runs"
    )
    parser.add_argument("--resume", action="store_true", help="go on with the run in --out; fails if there is none")
    parser.add_argument("--no-score", action="store_true", help="only ask the model")
    parser.add_argument("--quiet", action="store_true", help="no progress")
    _add_sampling(parser.add_argument_group("which samples, and how often"))
    _add_limits(parser.add_argument_group("limits (the same command goes on where one stopped the run)"))
    add_catalog_options(parser)


def _add_sampling(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--limit", type=positive, metavar="N", help="only N samples of each task: the first ones")
    group.add_argument(
        "--sample-seed",
        type=count,
        metavar="S",
        help="with --limit: draw the samples at random, the same for every model",
    )
    group.add_argument(
        "--repeat", type=positive, default=1, metavar="K", help="ask each sample K times; scores are means"
    )
    group.add_argument("--seed", type=count, default=0, metavar="S", help="what the seeds of requests are made from")


def _add_limits(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--max-cost", type=amount, default=0.0, metavar="USD", help="what this command may spend")
    group.add_argument(
        "--max-time",
        type=duration,
        default=0.0,
        metavar="T",
        help="how long this command may ask: seconds, or as 1h30m",
    )
    group.add_argument("--requests-per-minute", type=amount, default=0.0, metavar="N", help="evenly spread")
    group.add_argument(
        "--tokens-per-minute", type=amount, default=0.0, metavar="N", help="input and output, as the model reports them"
    )
    group.add_argument(
        "--patience",
        type=duration,
        default=300.0,
        metavar="T",
        help="how long to wait for a server that is gone before the run ends (default: 300 s)",
    )


def run(args: argparse.Namespace) -> int:
    """Plan, ask, score, rate."""
    from genlevel import models
    from genlevel.cli.predicted import unused_answers, unused_files
    from genlevel.cli.progress import watcher
    from genlevel.datasets import find_datasets
    from genlevel.runner import describe, make_plan, open_or_create
    from genlevel.runner import run as ask
    from genlevel.scoring.extent import not_asked_lines

    spec = _spec(args)
    _check_options(args)
    try:
        model = models.load(spec)
    except ModelError as error:
        raise ModelError(_in_flags(str(error), args)) from None
    catalog = load_catalog(args, args.data)
    chosen = catalog.select(tasks=args.tasks, modality=args.modality, scope=args.scope)
    found = find_datasets(args.data, catalog)
    wanted = _wanted(args, found, chosen)
    if args.on:
        from genlevel.runner.ray import distributed

        model = distributed(args.on, model, spec)
    plan = make_plan(model, wanted)
    if not plan.datasets:
        task_id, reason = next(iter(plan.unsupported.items()))
        raise ModelError(
            f"model '{model.name}' can do none of the {many(len(wanted), 'task')} here; {task_id}: {reason}"
        )
    _check_fit(args, plan)
    files = unused_files(model, wanted)
    templates = _templates(args, catalog)
    settings = _settings(args, templates)
    out = args.out or Path("runs") / f"{slug(model.name)}-{slug(catalog.edition)}"
    if args.resume and not (out / "run.json").exists():
        raise GenlevelError(f"--resume: {out} holds no run")
    used = catalog_file(args, args.data)
    meta = describe(
        model, plan, catalog, settings, spec=args.model, data=args.data, catalog_file=used, sota_file=args.sota
    )
    folder = open_or_create(out, meta)
    for line in not_asked_lines(plan.unsupported):
        note(line)
    located = _located(args, folder, catalog, found.datasets)
    display = watcher(args.quiet)
    try:
        with display or contextlib.nullcontext(), _beside(args, plan, located, display) as beside:
            summary: RunSummary = ask(model, plan, folder, settings, watcher=beside or display)
            scored = beside.scored() if beside is not None and not summary.stopped else {}
    except KeyboardInterrupt:
        note(f"stopped; every answer so far is in {out}. The same command goes on from there.")
        return 130
    except ModelError as error:
        raise ModelError(f"{error}; what was answered is in {out}, and the same command goes on from there") from None
    whole = args.limit is None and not summary.stopped
    unused = [*files, *unused_answers(model, plan.datasets, folder, all_asked=whole)]
    _tell(folder, summary, args.repeat)
    _list(unused)
    if summary.stopped:
        left = "" if args.no_score else f" It is not scored; 'genlevel score {out}' takes what is there."
        note(f"{summary.stopped}; every answer so far is in {out}, and the same command goes on from there.{left}")
    elif not args.no_score:
        _score(args, folder, located, scored, summary.problems[:_TOLD])
    return 1 if summary.total.failed or summary.problem_count or summary.stopped or unused else 0


def _wanted(args: argparse.Namespace, found: Found, chosen: Catalog) -> list[Dataset]:
    """The datasets of the chosen tasks; what belongs to no task is told."""
    wanted = [d for d in found.datasets if d.task.id in chosen.tasks]
    if not wanted:
        raise DataError(
            f"{args.data}: none of the {len(chosen)} chosen tasks is here ('genlevel data check' says what is)"
        )
    for unmatched in found.unmatched[:10]:
        note(f"not matched: {unmatched}")
    if len(found.unmatched) > 10:
        note(f"... and {len(found.unmatched) - 10} more ('genlevel data check' lists all)")
    return wanted


def _check_fit(args: argparse.Namespace, plan: Plan) -> None:
    """Refuse to ask what could not be scored."""
    from genlevel.scoring.fit import misfits

    lines = [] if args.no_score else misfits(plan.datasets)
    if lines:
        more = f" (and {len(lines) - 1} more)" if len(lines) > 1 else ""
        raise DataError(f"{lines[0]}; give another metric or task type in the catalog (nothing was asked){more}")


def _check_options(args: argparse.Namespace) -> None:
    """What no single option can tell."""
    if args.on and args.concurrency != 0:
        raise GenlevelError(
            "--concurrency does not go with --on: give 'replicas' and 'ahead' (pieces of work that each has at a time) in --on, "
            "and the requests in flight on each replica as 'concurrency' in the SPEC"
        )
    if args.sample_seed is not None and args.limit is None:
        raise GenlevelError("--sample-seed goes with --limit N: it draws N samples of each task")


def _templates(args: argparse.Namespace, catalog: Catalog) -> Templates | None:
    """The prompts of one's own."""
    from genlevel.tasktypes.templates import read_templates

    templates = read_templates(args.prompts, catalog.tasks) if args.prompts else None
    for line in templates.notes() if templates else ():
        note(line)
    return templates


def _settings(args: argparse.Namespace, templates: Templates | None) -> Settings:
    from genlevel.runner import Settings

    return Settings(
        concurrency=args.concurrency or 0,
        adaptive=args.concurrency is None,
        limit=args.limit,
        sample_seed=args.sample_seed,
        repeat=args.repeat,
        seed=args.seed,
        templates=templates,
        cache=args.cache,
        max_cost=args.max_cost,
        max_time=args.max_time,
        requests_per_minute=args.requests_per_minute,
        tokens_per_minute=args.tokens_per_minute,
        patience=args.patience,
    )


def _located(
    args: argparse.Namespace, folder: RunFolder, catalog: Catalog, datasets: Sequence[Dataset]
) -> Located | None:
    """The run with the data that are at hand; None if it has tasks that are not among them."""
    from genlevel.scoring.workflow import Located

    asked = set(folder.meta["tasks"])
    if args.no_score or asked - {d.task.id for d in datasets}:
        return None
    return Located(folder.path, folder.meta, catalog, [d for d in datasets if d.task.id in asked], args.data)


@contextlib.contextmanager
def _beside(
    args: argparse.Namespace, plan: Plan, located: Located | None, display: Watcher | None
) -> Iterator[Beside | None]:
    """What scores tasks while others are being asked, where that is wanted."""
    if located is None:
        yield None
        return
    from genlevel.scoring.beside import Beside
    from genlevel.scoring.workflow import settings_of

    with Beside(plan.datasets, located.folder, settings_of(located, jobs=0), display) as beside:
        yield beside


def _spec(args: argparse.Namespace) -> Spec:
    from genlevel.models import parse

    spec = parse(args.model)
    given = {"timeout": args.timeout, "attempts": args.max_attempts}
    return replace(spec, options={**spec.options, **{k: v for k, v in given.items() if v is not None}})


def _in_flags(message: str, args: argparse.Namespace) -> str:
    """The message in terms of what was typed: --timeout is an option of the SPEC in the end."""
    for flag, option, value in (
        ("--timeout", "timeout", args.timeout),
        ("--max-attempts", "attempts", args.max_attempts),
    ):
        if value is not None and f"unknown option '{option}'" in message:
            return f"{flag}: this kind of model has no such option"
    return message


def _tell(folder: RunFolder, summary: RunSummary, repeats: int) -> None:
    """What became of the run, on stderr."""
    out, total = folder.path, summary.total
    stored = total.answered + total.failed
    rate = f", {stored / summary.seconds:.1f}/s" if stored and summary.seconds else ""
    before = f", {total.stored_before} stored before" if total.stored_before else ""
    cached = f" ({total.cached} from the cache)" if total.cached else ""
    cost = f", ${summary.cost:.4g}" if summary.cost else ""
    note(
        f"{out}: {total.answered} answered{cached}, {total.failed} failed{before} in {summary.seconds:.1f} s{rate}{cost}"
    )
    for line in (*_reasons(folder, summary, repeats), *summary.notes, *summary.problems[:_TOLD]):
        note(line)
    if summary.problem_count > _TOLD:
        note(f"... and {many(summary.problem_count - _TOLD, 'more problem')} (see run.json)")


def _list(lines: Sequence[str]) -> None:
    """The first of the answers that could not be used, and how many more there are."""
    for line in lines[:_UNUSED]:
        note(line)
    if len(lines) > _UNUSED:
        note(
            f"... and {many(len(lines) - _UNUSED, 'more answer')} that {'is' if len(lines) - _UNUSED == 1 else 'are'} not used"
        )


def _score(
    args: argparse.Namespace,
    folder: RunFolder,
    located: Located | None,
    scored: Mapping[str, ScoredTask],
    told: Sequence[str],
) -> None:
    from genlevel.cli.level_command import print_levels
    from genlevel.cli.score_command import print_scores
    from genlevel.scoring.extent import partial
    from genlevel.scoring.workflow import locate, score_located, settings_of, write_html_report

    out = folder.path
    if located is None:
        located = locate(out, data=args.data, catalog=args.catalog, edition=args.edition, sota=args.sota)
    report = score_located(located, settings_of(located, jobs=0), scored)
    print_scores(report, "table", told)
    print_levels([report.level], report.catalog)
    left_out = partial([(s.value, s.note) for s in report.scores], len(report.catalog), report.settings.limit)
    if left_out:
        note(f"note: {left_out}")
    write_html_report(located, out / "report.html")
    note(f"report: {out / 'report.html'}")


def _reasons(folder: RunFolder, summary: RunSummary, repeats: int) -> list[str]:
    """Why samples failed, the commonest reasons first, and where their names are."""
    from genlevel.runner.failures import FILE, grouped, write_failures

    tasks = [task_id for task_id, counts in summary.tasks.items() if counts.failed]
    reasons = grouped(write_failures(folder, tasks, repeats))
    if not reasons:
        return []
    lines = [f"{count} failed: {reason}" for reason, count in reasons.most_common(_REASONS)]
    rest = len(reasons) - len(lines)
    more = f"... and for {many(rest, 'more reason')}; " if rest else ""
    return [*lines, f"{more}which samples failed is in {folder.path / FILE}"]


def slug(name: str) -> str:
    """A name as part of a folder's name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "model"
