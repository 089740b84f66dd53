"""Models of the transformers library from local folders, without its progress bars and advice."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from genlevel.errors import NotScorable
from genlevel.metrics.learned.weights import torch_or_explain


def transformers_or_explain() -> Any:
    """The transformers module.

    Raises:
        NotScorable: naming the extra that brings it.
    """
    torch_or_explain()
    try:
        import transformers
    except ImportError:
        raise NotScorable("needs transformers: pip install 'genlevel[learned]'") from None
    return transformers


@contextmanager
def quiet() -> Iterator[None]:
    """Inside, transformers prints errors alone; afterwards it is as it was."""
    from transformers.utils import logging as theirs

    log: Any = theirs
    bars, verbosity = log.is_progress_bar_enabled(), log.get_verbosity()
    log.disable_progress_bar()
    log.set_verbosity_error()
    try:
        yield
    finally:
        log.set_verbosity(verbosity)
        if bars:
            log.enable_progress_bar()


def first_line(error: Exception) -> str:
    """What an error says, at most 120 characters of its first line."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:120]
