"""The errors that a user can cause. Each is one line that names the file, row or option at fault and says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from genlevel.records import Usage


class GenlevelError(Exception):
    """Wrong use or bad input. The command line prints it as one line and exits with 2."""


class CatalogError(GenlevelError):
    """A catalog, specialists' or scores table has a row that cannot be used."""


class DataError(GenlevelError):
    """A dataset folder or annotation file cannot be read."""


class RecordError(GenlevelError):
    """One record of a dataset cannot be read. Counted and listed; the rest of the task goes on."""


class UnreadableAnswer(GenlevelError):
    """A model's answer cannot be read as its task type asks. It counts as wrong and the reason is stored."""


class AnswerError(GenlevelError):
    """A value cannot be written as an answer: it has not the shape, type or range that its task type states."""


class MetricError(GenlevelError):
    """A metric got input that its definition does not cover."""


class NotScorable(GenlevelError):
    """A metric needs something that is not here (weights, a judge, people's ratings). The task is reported, not scored 0."""


Fault = Literal["", "busy", "down"]
"""Whose fault a failure is: the request's own (``""``), or the server's: ``busy`` (overloaded, broken, silent) or ``down``."""


class RequestFailed(GenlevelError):
    """A model failed on one request for good, after all retries. Recorded as that sample's error.

    With a ``fault`` of the server's, a run does not take it for the sample's at once: when nothing is answered any more, it
    pauses and asks again. ``usage`` is what it cost all the same: a refusal or an answer that was cut off is paid for.
    """

    def __init__(self, message: str, attempts: int = 1, *, fault: Fault = "", usage: Usage | None = None) -> None:
        super().__init__(message)
        self.attempts = attempts
        self.fault: Fault = fault
        self.usage = usage


class ModelError(GenlevelError):
    """A model cannot be built or reached at all: wrong SPEC, missing extra, refused credentials.

    ``instead`` is what it is where the model is known to answer others: a failure of this request alone; None if it is not.
    """

    def __init__(self, message: str, *, instead: RequestFailed | None = None) -> None:
        super().__init__(message)
        self.instead = instead


class RunError(GenlevelError):
    """A run folder does not fit the command or cannot be used."""


class ScoreError(GenlevelError):
    """A score lies outside its metric's range or belongs to no task."""
