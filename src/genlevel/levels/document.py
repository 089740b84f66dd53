"""Levels as a JSON document: what ``genlevel level --format json`` prints and ``levels.json`` holds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from genlevel.catalog import Catalog
from genlevel.levels.rate import ModelLevel


def ranked(levels: Sequence[ModelLevel]) -> list[ModelLevel]:
    """By level, then by the score at that level, then by the lower ones, then by name."""

    def place(entry: ModelLevel) -> tuple[Any, ...]:
        own = entry.scores.get(f"S{entry.level}", 0.0)
        return -entry.level, -own, -entry.scores["S3"], -entry.scores["S2"], entry.model.casefold()

    return sorted(levels, key=place)


def document(levels: Sequence[ModelLevel], catalog: Catalog) -> dict[str, Any]:
    """The levels, best first, with what they rest on."""
    return {
        "edition": catalog.edition,
        "protocol": levels[0].protocol if levels else catalog.protocol,
        "sota_sha256": catalog.sota_sha256,
        "tasks": len(catalog),
        "models": [entry(level) for level in ranked(levels)],
    }


def entry(level: ModelLevel) -> dict[str, Any]:
    """One model's part of the document."""
    result: dict[str, Any] = {
        "model": level.model,
        "level": level.level,
        "scores": dict(level.scores),
        "modalities": {name: dict(values) for name, values in level.modalities.items()},
        "language": dict(level.language),
        "tasks": level.tasks,
        "supported": level.supported,
        "wins": level.wins,
        "dispatcher": level.dispatcher,
        "capped": level.capped,
    }
    if level.intervals is not None:
        result["intervals"] = {name: list(bounds) for name, bounds in level.intervals.items()}
    if level.probabilities is not None:
        result["probabilities"] = {str(k): share for k, share in level.probabilities.items()}
    return result
