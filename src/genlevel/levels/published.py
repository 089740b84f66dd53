"""The published score tables that come with the package.

``data/published-E.csv`` is what an edition's publication prints: one row for every task and model whose table it prints. An
empty cell stands for what the publication leaves blank or prints as a dash, 0 or an infinity sign: the model does not
support the task. It counts 0 and stays in the divisor, as any missing score does.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from genlevel.errors import GenlevelError

PUBLISHED_EDITIONS = ("2024", "2025")


@dataclass(frozen=True)
class Published:
    """An edition's published task scores: by model, then task id; ``None`` for a task that is not supported."""

    edition: str
    scores: Mapping[str, Mapping[str, float | None]]
    dispatchers: frozenset[str]
    """Models that the publication describes as agents which call other models."""
    slides_level: Mapping[str, int]
    """The level at which the tutorial's Table 1 lists a model, where it does."""
    tables: Mapping[str, str]
    """Models that the published level tables call otherwise: that name to the one here."""


@dataclass(frozen=True, slots=True)
class PublishedLevel:
    """One printed level score. ``modality`` is one of the four or ``overall``; ``paradigm`` is C, G, C+G, / or empty."""

    model: str
    modality: str
    level: int
    score: float
    paradigm: str = ""
    note: str = ""


@cache
def published_scores(edition: str) -> Published:
    """The published task scores of an edition.

    Raises:
        GenlevelError: for an edition that none are known of.
    """
    _check(edition)
    scores: dict[str, dict[str, float | None]] = {}
    for row in _rows(f"published-{edition}.csv"):
        scores.setdefault(row["model"], {})[row["task_id"]] = float(row["score"]) if row["score"] else None
    models = [row for row in _rows("published-models.csv") if row["edition"] == edition]
    return Published(
        edition,
        scores,
        frozenset(row["model"] for row in models if row["dispatcher"] == "yes"),
        {row["model"]: int(row["slides_level"]) for row in models if row["slides_level"]},
        {row["levels_name"]: row["model"] for row in models if row["levels_name"]},
    )


@cache
def published_levels(edition: str) -> tuple[PublishedLevel, ...]:
    """The published level scores of an edition, in printed order; a cell printed as a dash is 0.

    Raises:
        GenlevelError: for an edition that none are known of.
    """
    _check(edition)
    rows = _rows(f"published-levels-{edition}.csv")
    if edition == "2024":
        return tuple(
            PublishedLevel(row["model"], "overall", k, float(row[f"S{k}"])) for row in rows for k in (2, 3, 4, 5)
        )
    return tuple(
        PublishedLevel(
            row["model"], row["modality"], int(row["level"]), float(row["score"]), row["paradigm"], row["note"]
        )
        for row in rows
    )


def _check(edition: str) -> None:
    if edition not in PUBLISHED_EDITIONS:
        raise GenlevelError(
            f"no scores are published of edition '{edition}'; there are {', '.join(PUBLISHED_EDITIONS)}"
        )


def _rows(name: str) -> Iterator[dict[str, str]]:
    text = files("genlevel.levels").joinpath("data", name).read_text(encoding="utf-8")
    yield from csv.DictReader(text.splitlines())
