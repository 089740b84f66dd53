"""How a run begins: where all that was asked first failed, asking on would only use up samples and money.

A task whose first requests all fail for one reason is put aside: another may be one that the model can do. Three such tasks, or
as many failures of smaller ones, end the run; so does one when there is no other left to try.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Final, Literal

# Numbers and ids of requests differ from one message to the next.
_VARIES: Final = re.compile(r"\S*\d\S*")
_TASKS: Final = 3


class Opening:
    """Over with the first answer, or with a task's failure for another reason than the one before.

    Args:
        most: how many failures of a task, all for one reason, are enough.
    """

    def __init__(self, most: int) -> None:
        self.most = most
        self._reasons: dict[str, str] = {}
        self._failures: Counter[str] = Counter()
        self._ends: dict[str, int] = {}
        self.over = False

    @property
    def tasks(self) -> int:
        """How many tasks have failed so far."""
        return len(self._failures)

    def failed(self, task_id: str, error: str, in_flight: int) -> Literal["", "task", "run"]:
        """Count a failure; whether it is the one that says that nothing of the task, or of the run, will be answered.

        ``in_flight`` requests were sent before that was known. Beyond them a task has to fail as often again to end the run.
        """
        reason = _VARIES.sub("#", error)
        self.over = self.over or self._reasons.setdefault(task_id, reason) != reason
        if self.over:
            return ""
        self._failures[task_id] += 1
        own, together = self._failures[task_id], sum(min(count, self.most) for count in self._failures.values())
        if own >= self._ends.get(task_id, own + 1) or (own <= self.most and together >= _TASKS * self.most):
            return "run"
        if own < self.most or task_id in self._ends:
            return ""
        self._ends[task_id] = own + in_flight + self.most
        return "task"
