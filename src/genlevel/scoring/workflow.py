"""What the commands do with a run folder: find its data again, score it, rate it, write the report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from genlevel.catalog import Catalog, load
from genlevel.datasets import Dataset, find_datasets
from genlevel.errors import RunError
from genlevel.scoring.files import read_json, write_report
from genlevel.scoring.run import ScoreReport, Settings, score_run
from genlevel.scoring.task import ScoredTask


@dataclass(frozen=True)
class Located:
    """A run folder with the catalog and the datasets that it was made from."""

    folder: Path
    meta: dict[str, Any]
    catalog: Catalog
    datasets: Sequence[Dataset]
    data: Path


def locate(
    folder: Path,
    *,
    data: Path | None = None,
    edition: str | None = None,
    catalog: Path | None = None,
    sota: Path | None = None,
) -> Located:
    """A run with its catalog and data; what is given here wins over what the run says.

    Raises:
        RunError: if the folder is no run, or its data is not where it was.
    """
    meta = read_json(folder / "run.json", data=str, tasks=dict, model=str)
    root = data or Path(meta["data"])
    if not root.is_dir():
        raise RunError(f"{folder}: its data folder {root} is not there; give it with --data DIR")
    if catalog is None and edition is None:
        edition = meta.get("edition")
        stored = meta.get("catalog")
        catalog = Path(stored) if stored else None
        if catalog is not None and not catalog.is_file() and (root / "catalog.csv").is_file():
            catalog = root / "catalog.csv"
    if sota is None and meta.get("sota"):
        sota = Path(meta["sota"])
    chosen = load(edition, catalog=catalog, sota=sota)
    asked = set(meta["tasks"])
    datasets = [d for d in find_datasets(root, chosen).datasets if d.task.id in asked]
    gone = asked - {d.task.id for d in datasets}
    if gone:
        raise RunError(
            f"{folder}: {len(gone)} of its tasks are not in {root}, e.g. {min(gone)}; give the right --data DIR"
        )
    return Located(folder, meta, chosen, datasets, root)


def settings_of(
    located: Located,
    *,
    jobs: int = 1,
    limit: int | None = None,
    ratings: Path | None = None,
    judge: str = "",
) -> Settings:
    """How a run is scored: as it was asked, or fewer samples of each task."""
    meta = located.meta
    return Settings(
        model=meta["model"],
        dispatcher=bool(meta.get("dispatcher")),
        limit=limit or meta.get("limit"),
        jobs=jobs,
        store=located.folder,
        ratings=ratings,
        judge=judge,
        sample_seed=meta.get("sample_seed"),
        repeat=meta.get("repeat") or 1,
    )


def score_located(
    located: Located, settings: Settings | None = None, scored: Mapping[str, ScoredTask] | None = None
) -> ScoreReport:
    """Score a run and write its scores, evidence and level into the folder.

    ``settings`` are by default those of :func:`settings_of`. ``scored`` are tasks, by id, that were scored beside the run with
    the same ones.
    """
    settings = settings or settings_of(located)
    report = score_run(located.folder, located.datasets, located.catalog, settings, scored)
    write_report(located.folder, report, data=str(located.data))
    return report


def write_html_report(located: Located, out: Path, *, samples_per_task: int = 3) -> None:
    """The HTML report of a scored run."""
    from genlevel.report.html import write_html

    write_html(located.folder, out, located.catalog, located.datasets, samples_per_task=samples_per_task)
