"""Writes docs/published-levels.md: our levels from the published task scores beside the published levels, cell by cell.

Run it as ``python tools/published_levels.py``. Why a cell differs stands in published_level_notes.csv; a difference without
a reason, or a reason without a difference, is an error.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from genlevel.catalog import Catalog, load
from genlevel.levels import ModelLevel, get_protocol, rate_all
from genlevel.levels.published import PublishedLevel, published_levels, published_scores
from genlevel.records import MODALITIES

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "published-levels.md"
CLAIMED = {"C": ("comprehension",), "G": ("generation",), "C+G": ("comprehension", "generation")}

Key = tuple[str, str, str, int]


@dataclass(frozen=True)
class Cell:
    """A published level score beside the computed one; ``reason`` says why they differ, if they do."""

    model: str
    modality: str
    level: int
    published: float
    computed: float
    reason: str

    @property
    def verdict(self) -> str:
        """``equal`` up to rounding, ``last digit`` where a digit was cut off instead, else ``differs``."""
        difference = abs(self.published - self.computed)
        if (self.published == 0.0) != (self.computed == 0.0) and difference > 0.005:
            return "differs"
        return "equal" if difference <= 0.00501 else "last digit" if difference <= 0.01001 else "differs"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), encoding="utf-8")


def page() -> str:
    """The page's text.

    Raises:
        SystemExit: if a difference has no reason, or a reason no difference.
    """
    reasons = read_reasons()
    used: set[Key] = set()
    sections = []
    for edition in ("2024", "2025"):
        cells, left_out = compare(edition, reasons)
        used |= {(edition, c.model, c.modality, c.level) for c in cells if c.verdict == "differs"}
        sections.append(section(edition, cells, left_out))
    if unused := set(reasons) - used:
        raise SystemExit(f"published_level_notes.csv: no difference for {sorted(unused)}")
    return HEAD + "\n".join(sections)


def read_reasons() -> dict[Key, str]:
    """Why cells differ, by edition, model, modality and level."""
    with (HERE / "published_level_notes.csv").open(newline="", encoding="utf-8") as file:
        return {(r["edition"], r["model"], r["modality"], int(r["level"])): r["reason"] for r in csv.DictReader(file)}


def compare(edition: str, reasons: Mapping[Key, str]) -> tuple[list[Cell], list[str]]:
    """The cells whose task scores are published in full, and a line for each model whose are not."""
    catalog = load(edition)
    published = published_scores(edition)
    levels = {level.model: level for level in rate_all(catalog, published.scores, get_protocol(catalog.protocol))}
    cells: list[Cell] = []
    left_out: list[str] = []
    for name, printed in by_model(edition).items():
        model = published.tables.get(name, name)
        if model not in levels:
            continue
        gaps = incomplete(model, printed, published.scores[model], catalog)
        if gaps:
            left_out.append(f"{name}: {', '.join(gaps)}")
        parts = {(cell.level, cell.modality): cell for cell in printed if cell.modality != "overall"}
        for cell in printed:
            # No table is printed for level 5.
            if cell.modality in gaps or (edition == "2025" and cell.level == 5):
                continue
            computed = computed_score(levels[model], cell)
            # What is not published could only add to an overall score: one that is smaller all the same differs.
            if cell.modality == "overall" and gaps and cell.score >= computed - 0.01:
                continue
            found = Cell(name, cell.modality, cell.level, cell.score, computed, "")
            if found.verdict == "differs":
                noted = reasons.get((edition, name, cell.modality, cell.level))
                reason = noted or of_parts(cell, parts, levels[model])
                if not reason:
                    raise SystemExit(f"no reason for {edition} {found}")
                found = replace(found, reason=reason)
            cells.append(found)
    return cells, left_out


def by_model(edition: str) -> dict[str, list[PublishedLevel]]:
    """The printed cells of each model, in printed order."""
    found: dict[str, list[PublishedLevel]] = {}
    for cell in published_levels(edition):
        found.setdefault(cell.model, []).append(cell)
    return found


def incomplete(
    model: str, printed: list[PublishedLevel], scores: Mapping[str, float | None], catalog: Catalog
) -> list[str]:
    """The modalities in which the model has a printed level, but not the task scores of all that it claims to do."""
    claimed = next((CLAIMED[c.paradigm] for c in printed if c.paradigm in CLAIMED), ())
    have = {(task.modality, task.paradigm) for task in map(catalog.resolve, scores)}
    shown = {cell.modality for cell in printed if cell.score and cell.modality != "overall"}
    return [m for m in MODALITIES if m in shown and any((m, paradigm) not in have for paradigm in claimed)]


def computed_score(level: ModelLevel, cell: PublishedLevel) -> float:
    """What we have for a printed cell."""
    scores = level.scores if cell.modality == "overall" else level.modalities[cell.modality]
    return float(scores[f"S{cell.level}"])


def of_parts(
    cell: PublishedLevel,
    parts: Mapping[tuple[int, str], PublishedLevel],
    level: ModelLevel,
) -> str:
    """Why an overall score differs, if its modalities' scores say it; else nothing."""
    if cell.modality != "overall":
        return ""
    own = [part for (k, _), part in parts.items() if k == cell.level]
    mean = sum(part.score for part in own) / 4
    differing = [p.modality for p in own if abs(p.score - computed_score(level, p)) > 0.01001]
    if abs(mean - cell.score) <= 0.01001 and differing:
        return f"follows from the printed {' and '.join(differing)} score"
    if own and not differing:
        return f"is not the mean of its modalities' printed scores, which is {mean:.2f}"
    if differing:
        return f"is not the mean of its modalities' printed scores ({mean:.2f}), of which {' and '.join(differing)} differs too"
    return ""


def section(edition: str, cells: list[Cell], left_out: list[str]) -> str:
    """One edition's part of the page."""
    return "\n".join(lines(edition, cells, left_out)) + "\n"


def lines(edition: str, cells: list[Cell], left_out: list[str]) -> Iterator[str]:
    """The lines of one edition's part."""
    catalog = load(edition)
    count = {verdict: sum(c.verdict == verdict for c in cells) for verdict in ("equal", "last digit", "differs")}
    models = len({c.model for c in cells})
    yield f"## Edition {edition}, protocol {catalog.protocol}\n"
    yield f"Specialists' table `{catalog.sota_sha256[:12]}`. {len(cells)} cells of {models} models: {count['equal']} equal,"
    yield f"{count['last digit']} off by the last digit, {count['differs']} different.\n"
    yield "| model | cell | published | computed | verdict | reason |"
    yield "|---|---|--:|--:|---|---|"
    for c in cells:
        where = f"S{c.level}" if c.modality == "overall" else f"{c.modality} S{c.level}"
        yield f"| {c.model} | {where} | {c.published:g} | {c.computed:.4f} | {c.verdict} | {c.reason} |"
    if left_out:
        yield "\nNot compared, because the task scores of what the model claims to do are not all published (and so, for these"
        yield "models, the overall score):\n"
        yield from (f"- {line}" for line in left_out)


HEAD = """# Published levels, cell by cell

Written by `tools/published_levels.py`; a test keeps it as the code computes it. `genlevel level --published 2024` (or
`2025`) prints the computed side.

"equal" is within the rounding of two decimals, "last digit" means that print has cut a digit off or rounded it otherwise. In the
published task scores an empty cell, a dash, 0 or an infinity sign of a task all mean that the model does not support it; the
tables that come with the package have an empty cell for each of these, and no score in them lies outside its metric's range.

"""

if __name__ == "__main__":
    main()
