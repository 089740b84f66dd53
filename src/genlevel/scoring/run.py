"""All tasks of a run, or of a folder of predictions made elsewhere: scored in parallel, then levelled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import NamedTuple, Protocol

from genlevel import metrics
from genlevel.catalog import Catalog
from genlevel.datasets.base import Dataset
from genlevel.errors import DataError
from genlevel.levels import ModelLevel, add_intervals, get_protocol, rate
from genlevel.records import Prediction, TaskScore
from genlevel.scoring.extent import not_asked
from genlevel.scoring.files import read_json, write_evidence
from genlevel.scoring.outcomes import Outcomes
from genlevel.scoring.pool import score_each
from genlevel.scoring.repeats import averaged
from genlevel.scoring.task import ScoredTask, score_task


class Answers(NamedTuple):
    """A task's answers by sample id, and one line for each that could not be used."""

    predictions: Mapping[str, Prediction]
    problems: Sequence[str] = ()


class Source(Protocol):
    """Where a task's answers come from. Must be picklable: tasks are scored in worker processes."""

    def __call__(self, dataset: Dataset, repeat: int = 1) -> Answers:
        """The answers of one task, of the first time that it was asked or of a further one."""
        ...


@dataclass(frozen=True)
class Settings:
    """How to score.

    ``limit`` scores only each task's first samples, or with ``sample_seed`` those that it draws. ``repeat`` is how often each
    sample was asked.

    ``jobs`` is the number of worker processes, 0 for one on each core. More than one needs a main module that may be imported
    again (``if __name__ == "__main__"``), which is why it is not the default.

    ``store`` is a run folder for the evidence: each task's is written as soon as the task is scored, and neither sent to this
    process nor held in memory. Without it the report's tasks hold it.
    """

    model: str
    dispatcher: bool = False
    protocol: str | None = None
    limit: int | None = None
    seed: int = 0
    intervals: bool = True
    jobs: int = 1
    store: Path | None = None
    ratings: Path | None = None
    """A folder of people's ratings, ``<task-id>.csv`` each, for the metrics that need them."""
    judge: str = ""
    """The SPEC of the model that judges, for the metrics that need one."""
    sample_seed: int | None = None
    repeat: int = 1


@dataclass(frozen=True)
class ScoreReport:
    """One model's task scores and its level, with everything that a reader needs to believe them."""

    settings: Settings
    catalog: Catalog
    tasks: tuple[ScoredTask, ...]
    level: ModelLevel
    problems: tuple[str, ...] = field(default=())
    notes: tuple[str, ...] = field(default=())
    """One line each on how the tasks were scored; they change no number."""

    @property
    def unreadable(self) -> Counter[str]:
        """Why answers could not be read, with how often in all tasks."""
        return sum((Counter(t.unreadable) for t in self.tasks), Counter[str]())

    @property
    def scores(self) -> list[TaskScore]:
        """The task scores, in catalog order."""
        return [t.score for t in self.tasks]


def score_all(
    datasets: Sequence[Dataset],
    source: Source,
    catalog: Catalog,
    settings: Settings,
    scored: Mapping[str, ScoredTask] | None = None,
    unsupported: Mapping[str, str] | None = None,
) -> ScoreReport:
    """Score every dataset and rate the model over the whole catalog: a task without data counts 0 and stays in the divisor.

    ``scored`` are tasks, by id, that have been scored with these settings before. ``unsupported`` are the reasons, by task id,
    why the model was not asked: such a task has a row and no value.
    """
    known = scored or {}
    left = [d for d in datasets if d.task.id not in known]
    fresh, notes = score_each(work_of(source, settings), left, settings.jobs)
    found = {**known, **{t.score.task_id: t for t in fresh}}
    tasks = [found[d.task.id] for d in datasets]
    if unsupported:
        tasks += [ScoredTask(score) for score in not_asked(catalog, unsupported, settings.model)]
        place = {task_id: i for i, task_id in enumerate(catalog.tasks)}
        tasks.sort(key=lambda task: place[task.score.task_id])
    protocol = get_protocol(settings.protocol or catalog.protocol)
    scores = {t.score.task_id: t.score for t in tasks}
    level = rate(catalog, scores, protocol, model=settings.model, dispatcher=settings.dispatcher)
    values = {t.score.task_id: t.replicates for t in tasks if t.replicates is not None}
    coverages = {t.score.task_id: t.coverages for t in tasks if t.coverages is not None}
    level = add_intervals(level, catalog, protocol, values, coverages)
    problems = tuple(line for t in tasks for line in t.problems)
    return ScoreReport(settings, catalog, tuple(tasks), level, problems, tuple(notes))


def work_of(source: Source, settings: Settings) -> Callable[[Dataset], ScoredTask]:
    """What scores one dataset; picklable."""
    return partial(_score_one, source=source, settings=settings)


def _score_one(dataset: Dataset, *, source: Source, settings: Settings) -> ScoredTask:
    try:
        times = [_score_once(dataset, source, settings, repeat) for repeat in range(1, settings.repeat + 1)]
    except DataError as error:
        task = dataset.task
        score = TaskScore(task.id, settings.model, task.metric, None, note=f"not scorable: {error}")
        return ScoredTask(score, problems=(str(error),))
    scored = averaged(times)
    if settings.store is not None:
        write_evidence(settings.store, scored)
        scored = replace(scored, evidence=None, outcomes=Outcomes())
    return scored


def _score_once(dataset: Dataset, source: Source, settings: Settings, repeat: int) -> ScoredTask:
    answers = source(dataset, repeat)
    with _judge(settings.judge, dataset) as judge:
        scored = score_task(
            dataset,
            answers.predictions,
            model=settings.model,
            limit=settings.limit,
            sample_seed=settings.sample_seed,
            seed=settings.seed,
            intervals=settings.intervals,
            ratings=_ratings(settings.ratings, dataset),
            judge=judge,
        )
    if repeat > 1:
        # The evidence of one time is enough to look at; the others are in their answers.
        scored = replace(scored, evidence=None, outcomes=Outcomes())
    return replace(scored, problems=(*answers.problems, *scored.problems))


def _judge(spec: str, dataset: Dataset) -> AbstractContextManager[Callable[[str], str] | None]:
    name = dataset.task.metric
    if not spec or name not in metrics.METRICS or "judge" not in metrics.get(name).needs:
        return nullcontext()
    from genlevel.scoring.judge import Judge

    return Judge(spec)


def _ratings(folder: Path | None, dataset: Dataset) -> dict[str, list[float]] | None:
    path = folder / f"{dataset.task.id}.csv" if folder else None
    if path is None or not path.is_file():
        return None
    from genlevel.metrics.judged import read_ratings

    return read_ratings(path)


@dataclass(frozen=True)
class RunSource:
    """Answers from a run folder."""

    folder: Path

    def __call__(self, dataset: Dataset, repeat: int = 1) -> Answers:
        """The answers of one task."""
        from genlevel.runner.store import RunFolder

        run = RunFolder.open(self.folder)
        predictions = {p.id: p for p in run.predictions(dataset.task.id, repeat)}
        return Answers(predictions, run.notes)


@dataclass(frozen=True)
class FolderSource:
    """Answers made elsewhere, in a folder that mirrors the data."""

    folder: Path

    def __call__(self, dataset: Dataset, repeat: int = 1) -> Answers:
        """The answers of one task."""
        from genlevel.models.predictions import PredictionFolder

        predictions, problems = PredictionFolder(self.folder).predictions(dataset)
        return Answers({p.id: p for p in predictions}, problems)


def score_predictions(folder: Path, datasets: Sequence[Dataset], catalog: Catalog, settings: Settings) -> ScoreReport:
    """Score finished predictions against labelled data.

    Raises:
        DataError: if the folder is not there, or holds no file for any of the tasks.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder of predictions")
    from genlevel.models.predictions import PredictionFolder

    unused = PredictionFolder(folder).unused(datasets)
    report = score_all(datasets, FolderSource(folder), catalog, settings)
    return replace(report, problems=(*unused, *report.problems))


def score_run(
    folder: Path,
    datasets: Sequence[Dataset],
    catalog: Catalog,
    settings: Settings,
    scored: Mapping[str, ScoredTask] | None = None,
) -> ScoreReport:
    """Score a run folder's answers, but for those tasks that have been ``scored`` with these settings.

    The tasks that the run found the model unable to do have a row each.
    """
    meta = read_json(folder / "run.json")
    if "unsupported" in meta:
        read_json(folder / "run.json", unsupported=dict)
    asked = {d.task.id for d in datasets}
    cannot = {task_id: str(why) for task_id, why in meta.get("unsupported", {}).items() if task_id not in asked}
    return score_all(datasets, RunSource(folder), catalog, settings, scored, cannot)
