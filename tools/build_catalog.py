"""Writes the package's catalogs from the published tables: build_catalog.py SOURCE [OUT].

SOURCE holds edition-2024/tasks.csv and edition-2025/tasks.csv. What is decided and not printed stands in
catalog_rules.py (ids, task types, metrics) and catalog_notes.py.
"""

from __future__ import annotations

import csv
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import catalog_notes as notes
import catalog_rules as rules

from genlevel.catalog.read import COLUMNS

OUT = Path(__file__).parents[1] / "src" / "genlevel" / "catalog" / "data"
Row = dict[str, str]


def main(source: Path, out: Path = OUT) -> None:
    """Write both editions."""
    builders: dict[str, Callable[[Row], Row]] = {"2024": row_2024, "2025": row_2025}
    for edition, build in builders.items():
        rows = [build(row) for row in read(source / f"edition-{edition}" / "tasks.csv")]
        write(out / f"{edition}.csv", rows)


def read(path: Path) -> Iterator[Row]:
    """The rows of a published table."""
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def write(path: Path, rows: list[Row]) -> None:
    """A catalog in its columns."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [*COLUMNS, "aliases"], lineterminator="\n", restval="")
        writer.writeheader()
        writer.writerows(rows)


def row_2025(source: Row) -> Row:
    """A row of General-Bench."""
    identifier, aliases = clean(source["task_id"], rules.CLEAN_IDS_2025)
    own = ("modality", "paradigm", "skill_code", "skill", "name", "short_name", "metric", "metric_as_printed")
    row = {column: source[column] for column in (*own, "direction", "scale", "sota")}
    row |= {"id": identifier, "aliases": rules.OTHER_NAMES_2025.get(identifier, aliases)}
    row["task_type"] = task_type_2025(row)
    row["notes"] = "; ".join(dict.fromkeys(filter(None, notes_2025(row))))
    return row


def task_type_2025(row: Row) -> str:
    """The override for the task, else the rule of its skill."""
    short = row["id"].rpartition(".")[2]
    for kind, tasks in rules.TYPE_OVERRIDES_2025.items():
        if short in tasks:
            return kind
    for rule in rules.TYPE_BY_SKILL_2025[row["skill_code"]].split():
        metric, equals, kind = rule.rpartition("=")
        if not equals or metric == row["metric"]:
            return kind
    raise LookupError(row["id"])


def notes_2025(row: Row) -> Iterator[str]:
    """The notes of a task, of its skill and of its metric."""
    yield notes.BY_TASK_2025.get(row["id"].rpartition(".")[2], "")
    yield notes.BY_SKILL_2025.get((row["skill_code"], row["metric"]), "")
    yield notes.BY_METRIC_2025.get(row["metric"], "")
    if row["scale"] == "percent" and float(row["sota"]) == 100:
        yield notes.CEILING


def row_2024(source: Row) -> Row:
    """A row of the tutorial's tables: the printed task is the skill, and the dataset tells its rows apart."""
    identifier, aliases = clean(source["task_id"], rules.CLEAN_IDS_2024)
    row = {column: source[column] for column in ("modality", "paradigm", "dataset", "metric_as_printed", "specialist")}
    row |= {"id": identifier, "aliases": aliases, "skill": source["task"], "short_name": source["dataset"]}
    row["name"] = f"{source['task']} ({source['dataset']})"
    row["task_type"] = rules.TYPE_OVERRIDES_2024.get(identifier) or rules.TYPE_BY_TASK_2024[source["task"]]
    row["metric"], row["scale"] = rules.METRIC_2024[source["metric_as_printed"]]
    row["metric"] = rules.METRIC_OVERRIDES_2024.get(identifier, row["metric"])
    row |= {"direction": source["direction"], "sota": source["sota"]}
    said = [notes.BY_TASK_2024.get(identifier, "")]
    if row["metric"] == "f1" and row["task_type"] in rules.LABEL_KINDS:
        row["metric"] = "micro_f1"
        said.append(notes.LABEL_F1_2024)
    row["notes"] = "; ".join(filter(None, said))
    return row


def clean(source_id: str, table: dict[str, str]) -> tuple[str, str]:
    """The id without a misprint, and the source's id as an alias if it differs."""
    short = table.get(source_id)
    if short is None:
        return source_id, ""
    return f"{source_id.rpartition('.')[0]}.{short}", source_id


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
