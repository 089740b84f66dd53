"""A task whose samples were asked several times: the mean over the times, and how far they lie apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from genlevel.scoring.task import ScoredTask, interval


def averaged(times: Sequence[ScoredTask]) -> ScoredTask:
    """One score of a task from the scores of each time that it was asked.

    The value is the mean of the times' values; a time that could not be scored has none and is left to the coverage, which is
    the mean over all times. The interval comes from the means of the times' bootstrap values: each resampling takes a sample
    with all its answers. ``spread`` is the standard deviation over the times (n - 1). Counts are sums. Evidence and outcomes are
    those of the first time.
    """
    first = times[0]
    if len(times) == 1:
        return first
    values = [t.score.value for t in times if t.score.value is not None]
    drawn = [t.replicates for t in times if t.replicates is not None]
    shares = [t.coverages for t in times if t.coverages is not None]
    replicates = np.mean(drawn, axis=0) if drawn else None
    low, high = interval(replicates) if replicates is not None else (None, None)
    scores = [t.score for t in times]
    score = replace(
        first.score,
        value=float(np.mean(values)) if values else None,
        samples=sum(s.samples for s in scores),
        answered=sum(s.answered for s in scores),
        failed=sum(s.failed for s in scores),
        missing=sum(s.missing for s in scores),
        unreadable=sum(s.unreadable for s in scores),
        coverage=float(np.mean([s.coverage for s in scores])),
        low=low,
        high=high,
        note="; ".join(dict.fromkeys(s.note for s in scores if s.note)),
        repeats=len(times),
        spread=float(np.std(values, ddof=1)) if len(values) > 1 else None,
    )
    problems = tuple(dict.fromkeys(line for t in times for line in t.problems))
    return replace(
        first,
        score=score,
        replicates=replicates,
        coverages=np.sum(shares, axis=0) / len(times) if shares else None,
        problems=problems,
        unreadable=sum((Counter(t.unreadable) for t in times), Counter[str]()),
    )
