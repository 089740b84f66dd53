"""Small catalogs made by hand."""

from collections.abc import Iterable
from typing import Any

from genlevel.catalog import Catalog
from genlevel.catalog.catalog import sota_hash
from genlevel.catalog.metrics_table import METRICS_TABLE
from genlevel.records import Task


def task(task_id: str, metric: str = "accuracy", sota: float | None = 50.0, **changes: Any) -> Task:
    modality, paradigm = (*task_id.split("."), "")[:2]
    if modality == "language":
        paradigm = "language"
    known = METRICS_TABLE.get(metric)
    fields: dict[str, Any] = {
        "name": task_id,
        "task_type": "image-classification",
        "direction": known.direction if known else "lower",
        "scale": known.scale if known else "raw",
        **changes,
    }
    return Task(task_id, "test", modality, paradigm, metric=metric, sota=sota, **fields)  # type: ignore[arg-type]


def catalog(tasks: Iterable[Task]) -> Catalog:
    by_id = {t.id: t for t in tasks}
    return Catalog("test", by_id, sota_hash(by_id.values()))
