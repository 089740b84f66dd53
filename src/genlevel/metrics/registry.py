"""Which metrics there are, and where. Listing them imports none."""

from __future__ import annotations

from genlevel.registry import Registry

METRICS = Registry(
    "metric",
    "genlevel.metrics",
    {
        "accuracy": "genlevel.metrics.classification:Accuracy",
    },
)
