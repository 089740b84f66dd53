"""What answers and failures cost together."""

from __future__ import annotations

from collections.abc import Iterable

from genlevel.errors import RequestFailed
from genlevel.records import Reply, Usage

__all__ = ["paid", "total"]


def total(usages: Iterable[Usage | None]) -> Usage:
    """The sum; None counts as nothing."""
    known = [usage for usage in usages if usage is not None]
    return Usage(
        sum(usage.input_tokens for usage in known),
        sum(usage.output_tokens for usage in known),
        sum(usage.cost for usage in known),
    )


def paid(answers: Iterable[object]) -> Usage:
    """What those answers of a batch cost that are replies or failures."""
    return total(answer.usage for answer in answers if isinstance(answer, (Reply, RequestFailed)))
