"""The run: ask a model, store each answer as it arrives, go on where it stopped."""

from genlevel.runner.ledger import Counts, Watcher
from genlevel.runner.plan import Plan, Settings, describe, make_plan, open_or_create
from genlevel.runner.run import RunSummary, run
from genlevel.runner.store import RunFolder

__all__ = [
    "Counts",
    "Plan",
    "RunFolder",
    "RunSummary",
    "Settings",
    "Watcher",
    "describe",
    "make_plan",
    "open_or_create",
    "run",
]
