"""docs/metrics.md is what the metrics say of themselves."""

import runpy
from pathlib import Path

from genlevel import metrics

ROOT = Path(__file__).parents[2]


def test_the_page_is_current_and_holds_every_metric_once() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "metrics_page.py"))
    page = tool["PAGE"].read_text(encoding="utf-8")
    assert page == tool["page"](), "run python tools/metrics_page.py"
    for name in metrics.names():
        assert page.count(f"\n| `{name}` |") == 2, name  # its definition, and what it takes
    assert tool["main"](["--check"]) == 0


def test_rows_have_as_many_cells_as_their_heads() -> None:
    cells = 0
    for line in (ROOT / "docs" / "metrics.md").read_text(encoding="utf-8").splitlines():
        if line.startswith("|"):
            count = line.replace("\\|", "").count("|")
            assert cells in (0, count), line
            cells = count
        else:
            cells = 0


def test_examples_on_the_page_and_the_table_of_edge_cases_hold() -> None:
    assert metrics.compute("rouge_l", ["a cat sat"], [["the cat sat", "a cat sits"]]) > 0.6
    assert metrics.compute("pcc", [1.0, 1.0, 1.0], [1.0, 2.0, 3.0]) == 0.0
    signal = [0.1, -0.3, 0.2, 0.4] * 100
    assert metrics.compute("si_sdr", [signal], [signal]) == 100.0
    assert metrics.compute("mae", [None], [1.0]) == float("inf")
