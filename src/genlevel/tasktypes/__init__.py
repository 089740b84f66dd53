"""Task types: one class per kind of task, found by name."""

from __future__ import annotations

from functools import cache

from genlevel.registry import Registry
from genlevel.tasktypes.base import TaskType

__all__ = ["TASK_TYPES", "TaskType", "get"]

TASK_TYPES = Registry(
    "task type",
    "genlevel.task_types",
    {},
)


@cache
def get(name: str) -> TaskType:
    """The task type called ``name``."""
    kind: type[TaskType] = TASK_TYPES.load(name)
    return kind()
