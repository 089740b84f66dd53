"""Every metric that needs no weights is in a race against something."""

import re
from pathlib import Path

from genlevel import metrics


def test_every_metric_without_weights_has_a_race() -> None:
    source = "".join(path.read_text() for path in (Path(__file__).parents[2] / "benchmarks").glob("metrics_*.py"))
    raced = {*re.findall(r'"([a-z0-9_]+)"', source)}
    raced |= {f"{stem}{n}" for stem in ("bleu", "recall_at_") for n in (1, 2, 3, 4, 5, 10, 20, 50, 100)}
    for name in metrics.names():
        needs = metrics.METRICS.load(name).needs
        if not any(need.startswith(("weights", "jar")) for need in needs):
            assert name in raced, f"no race for {name}"
