"""genlevel tells where a multimodal model stands on the road to a level-5 generalist.

The names here are the public interface. Each is loaded when first used, so that ``import genlevel`` costs nothing.

>>> import genlevel
>>> catalog = genlevel.load_catalog("2025")
>>> level = genlevel.rate(catalog, {"language.spam-detection": 100.0}, genlevel.PROTOCOLS["paper-2025"], model="mine")
>>> level.level, level.wins
(0, 1)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from genlevel._version import __version__

if TYPE_CHECKING:
    from genlevel.catalog import Catalog
    from genlevel.catalog import load as load_catalog
    from genlevel.datasets import find_datasets
    from genlevel.errors import GenlevelError
    from genlevel.levels import PROTOCOLS, rate
    from genlevel.metrics import compute
    from genlevel.models import load as load_model
    from genlevel.models.prediction_files import write_answer, write_predictions
    from genlevel.records import Part, Reply, Request, Task, TaskScore
    from genlevel.scoring import score_predictions, score_run

_WHERE = {
    "PROTOCOLS": "genlevel.levels:PROTOCOLS",
    "Catalog": "genlevel.catalog:Catalog",
    "GenlevelError": "genlevel.errors:GenlevelError",
    "Part": "genlevel.records:Part",
    "Reply": "genlevel.records:Reply",
    "Request": "genlevel.records:Request",
    "Task": "genlevel.records:Task",
    "TaskScore": "genlevel.records:TaskScore",
    "compute": "genlevel.metrics:compute",
    "find_datasets": "genlevel.datasets:find_datasets",
    "load_catalog": "genlevel.catalog:load",
    "load_model": "genlevel.models:load",
    "rate": "genlevel.levels:rate",
    "score_predictions": "genlevel.scoring:score_predictions",
    "score_run": "genlevel.scoring:score_run",
    "write_answer": "genlevel.models.prediction_files:write_answer",
    "write_predictions": "genlevel.models.prediction_files:write_predictions",
}

__all__ = [
    "PROTOCOLS",
    "Catalog",
    "GenlevelError",
    "Part",
    "Reply",
    "Request",
    "Task",
    "TaskScore",
    "__version__",
    "compute",
    "find_datasets",
    "load_catalog",
    "load_model",
    "rate",
    "score_predictions",
    "score_run",
    "write_answer",
    "write_predictions",
]


def __getattr__(name: str) -> Any:
    if name not in _WHERE:
        raise AttributeError(f"module 'genlevel' has no attribute '{name}'")
    module, _, attribute = _WHERE[name].partition(":")
    value = globals()[name] = getattr(import_module(module), attribute)
    return value
