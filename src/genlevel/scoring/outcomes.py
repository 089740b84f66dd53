"""What became of each sample: answered, unreadable, failed or missing. Every sample is in exactly one of these states."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import numpy as np

from genlevel.metrics.evidence import Array

# A reason is for a person to read; a model's 100 MB answer quoted in it helps nobody.
REASON_LIMIT = 300


class Outcome(IntEnum):
    """The state of one sample. Only ``ANSWERED`` can count as right."""

    ANSWERED = 0
    UNREADABLE = 1
    """The model answered, but not in a form that the task type can read. Counts as wrong."""
    FAILED = 2
    """The model failed on this sample (an error instead of an answer). Counts as wrong."""
    MISSING = 3
    """There is no answer at all. Counts as wrong."""


@dataclass
class Outcomes:
    """The states of a task's samples, in file order, each with the reason where it is not ``ANSWERED``."""

    ids: list[str] = field(default_factory=list)
    states: list[Outcome] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)

    def add(self, sample_id: str, state: Outcome, reason: str = "") -> None:
        """Note one more sample."""
        self.ids.append(sample_id)
        self.states.append(state)
        self.reasons.append(" ".join(reason.split())[:REASON_LIMIT])

    def count(self, state: Outcome) -> int:
        """Samples in this state."""
        return Counter(self.states)[state]

    def unreadable(self) -> dict[str, int]:
        """How often each reason why an answer could not be read stands here."""
        pairs = zip(self.states, self.reasons, strict=True)
        return dict(Counter(reason for state, reason in pairs if state is Outcome.UNREADABLE))

    def __len__(self) -> int:
        return len(self.ids)

    def to_arrays(self) -> dict[str, Array]:
        """Columns ``sample.id``, ``sample.state``, ``sample.reason`` for the evidence file."""
        return {
            "sample.id": np.array(self.ids, dtype=np.str_),
            "sample.state": np.array(self.states, dtype=np.uint8),
            "sample.reason": np.array(self.reasons, dtype=np.str_),
        }

    @classmethod
    def from_arrays(cls, arrays: Any) -> Outcomes:
        """The inverse of :meth:`to_arrays`."""
        return cls(
            [str(i) for i in arrays["sample.id"]],
            [Outcome(int(s)) for s in arrays["sample.state"]],
            [str(r) for r in arrays["sample.reason"]],
        )
