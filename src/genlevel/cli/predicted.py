"""What a run with ``predictions:`` says of answers that it could not use, as ``genlevel score --predictions`` does."""

from __future__ import annotations

from collections.abc import Sequence

from genlevel.datasets import Dataset
from genlevel.models import Model
from genlevel.models.predictions import NO_FILE, PredictionsModel
from genlevel.runner import RunFolder

__all__ = ["unused_answers", "unused_files"]


def unused_files(model: Model, datasets: Sequence[Dataset]) -> list[str]:
    """A line for each prediction file that none of the tasks takes; nothing for other models.

    Raises:
        DataError: there is no file for any of the tasks.
    """
    return model.source.unused(datasets) if isinstance(model, PredictionsModel) else []


def unused_answers(model: Model, datasets: Sequence[Dataset], folder: RunFolder, *, all_asked: bool) -> list[str]:
    """A line for each answer that could not be used; where ``all_asked`` also for those of ids that are not in the data.

    What stopped a whole file is said of its samples in any case, so that it is left out here.
    """
    lines: list[str] = []
    if not isinstance(model, PredictionsModel):
        return lines
    for dataset in datasets:
        found = model.told(dataset)
        lines += [line for line in found.problems if NO_FILE not in line]
        if all_asked:
            asked = {p.id for p in folder.predictions(dataset.task.id)}
            lines += [f"{dataset.task.id}: answer for unknown id '{i}'" for i in found.ids if i not in asked]
    return lines
