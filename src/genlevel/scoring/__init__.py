"""From stored answers to task scores. Pure: the same files give the same numbers, at any time, without the model."""

from genlevel.scoring.outcomes import Outcome, Outcomes
from genlevel.scoring.run import ScoreReport, Settings, score_predictions, score_run
from genlevel.scoring.task import ScoredTask, score_task

__all__ = [
    "Outcome",
    "Outcomes",
    "ScoreReport",
    "ScoredTask",
    "Settings",
    "score_predictions",
    "score_run",
    "score_task",
]
