"""Task scores from files: what every reader gives, and the checks that all of them share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from genlevel.catalog import Catalog
from genlevel.errors import GenlevelError
from genlevel.records import TaskScore

Score = TaskScore | float | None

# With so many scores of a percentage, and none above 1, they are fractions, or the model is hopeless.
_SUSPICIOUS_FROM = 2


@dataclass
class ScoreTable:
    """Scores by model and task id.

    ``notes`` say what a reader had to decide; ``problems`` say what it could not use, and what therefore counts as missing.
    ``units_noted`` is True where the notes say already that percentages look like fractions.
    """

    scores: dict[str, dict[str, Score]] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    dispatchers: set[str] = field(default_factory=set)
    units_noted: bool = False

    def only(self, model: str) -> ScoreTable:
        """The table of one model.

        Raises:
            GenlevelError: if there is no such model, naming near ones.
        """
        if model not in self.scores:
            same = [name for name in self.scores if name.casefold() == model.casefold()]
            if len(same) != 1:
                from genlevel.catalog.catalog import did_you_mean

                hint = did_you_mean(model, self.scores) or f"; there are {', '.join(list(self.scores)[:8])}"
                raise GenlevelError(f"no scores of a model '{model}'{hint}")
            model = same[0]
        return ScoreTable(
            {model: self.scores[model]}, self.notes, self.problems, self.dispatchers & {model}, self.units_noted
        )


def suspicious_units(catalog: Catalog, scores: Mapping[str, Mapping[str, Score]]) -> list[str]:
    """A line for each model and modality whose percentages all look like fractions."""
    lines = []
    for model, by_task in scores.items():
        by_modality: dict[str, list[float]] = {}
        for task_id, score in by_task.items():
            task = catalog.resolve(task_id)
            value = score.value if isinstance(score, TaskScore) else score
            if value and task.scale == "percent" and task.direction == "higher":
                by_modality.setdefault(task.modality, []).append(value)
        for modality, values in by_modality.items():
            if len(values) >= _SUSPICIOUS_FROM and max(values) <= 1.0:
                lines.append(
                    f"{model}: all {len(values)} {modality} scores of percentages lie between 0 and 1; if they are "
                    "fractions, multiply them by 100 (they are taken as percentages)"
                )
    return lines
