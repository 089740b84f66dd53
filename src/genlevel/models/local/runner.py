"""What every family of checkpoints has in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from genlevel.models.batching import Answer
from genlevel.models.local.checkpoint import Checkpoint
from genlevel.records import Part, PartKind, Reply, Request

__all__ = ["OneByOne", "Runner", "said"]


class Runner(ABC):
    """Asks the checkpoints of one family.

    ``takes``, ``makes`` and ``task_types`` are known before the weights are loaded; ``answer`` is called after.
    """

    makes: frozenset[PartKind] = frozenset({"text"})
    task_types: frozenset[str] | None = None
    """The types of task that its checkpoints are made for; None where they can be asked anything."""

    def __init__(self, checkpoint: Checkpoint) -> None:
        self.checkpoint = checkpoint
        self.options = checkpoint.options

    @property
    @abstractmethod
    def takes(self) -> frozenset[PartKind]:
        """The kinds of part that it can be given."""

    @abstractmethod
    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """Answers to requests of one kind, in order.

        Raises:
            RequestFailed: which fails all of them; they are asked again one by one.
        """


class OneByOne(Runner):
    """Asks about one request at a time: each has a size, prompts or a seed of its own."""

    def answer(self, requests: Sequence[Request]) -> list[Answer]:
        """One after the other."""
        return [self.one(request) for request in requests]

    @abstractmethod
    def one(self, request: Request) -> Answer:
        """The answer to one request."""


def said(text: str) -> Reply:
    """A reply of one text."""
    return Reply((Part("text", text),))
