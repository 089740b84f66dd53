"""TEDS against table-recognition-metric (APTED) and by hand."""

from __future__ import annotations

import random

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError


def table(rng: random.Random, body: bool) -> str:
    rows = []
    for _ in range(rng.randint(1, 5)):
        cells = []
        for _ in range(rng.randint(1, 4)):
            span = rng.choice(["", "", "", ' colspan="2"', ' rowspan="3"'])
            text = "".join(rng.choice("ab1.é中 ") for _ in range(rng.randint(0, 6)))
            cells.append(
                f"<td{span}>{rng.choice([text, f'<b>{text}</b>', f'{text}<i>x</i>y', f'{text}&amp;<br>'])}</td>"
            )
        rows.append(f"<tr>{''.join(cells)}</tr>")
    split = rng.randint(0, len(rows))
    inner = f"<thead>{''.join(rows[:split])}</thead><tbody>{''.join(rows[split:])}</tbody>" if body else "".join(rows)
    return f"<html><body><table>{inner}</table></body></html>"


def mutate(rng: random.Random, html: str) -> str:
    cells = html.split("</td>")
    i = rng.randrange(len(cells))
    roll = rng.random()
    if roll < 0.4 and len(cells) > 2:
        del cells[rng.randrange(1, len(cells) - 1) if len(cells) > 2 else 0]
    elif roll < 0.8:
        cells[i] = cells[i].replace("a", "zz", 1)
    return "</td>".join(cells)


@pytest.mark.parametrize("structure_only", [False, True])
def test_teds_is_the_reference(structure_only: bool) -> None:
    reference = pytest.importorskip("table_recognition_metric").TEDS(structure_only=structure_only)
    rng = random.Random(1)
    metric = metrics.get("teds_struct" if structure_only else "teds")
    for n in range(80):
        gold = table(rng, body=n % 2 == 0)
        answer = mutate(rng, gold) if rng.random() < 0.6 else table(rng, body=rng.random() < 0.5)
        value = metric.reduce(metric.measure([answer], [gold]))
        assert value == pytest.approx(reference(answer, gold), abs=1e-9), (answer, gold)


def test_by_hand() -> None:
    gold = "<table><tr><td>ab</td><td>c</td></tr></table>"
    assert metrics.compute("teds", [gold], [gold]) == 1.0
    assert metrics.compute("teds", ["<table><tr><td>ab</td></tr></table>"], [gold]) == 1 - 1 / 4
    assert metrics.compute("teds", ["<table><tr><td>ax</td><td>c</td></tr></table>"], [gold]) == 1 - 0.5 / 4
    assert metrics.compute("teds_struct", ["<table><tr><td>ax</td><td>c</td></tr></table>"], [gold]) == 1.0
    assert metrics.compute("teds", ["<table><tr><td>ab<td>c</table> trailing"], [gold]) == 1.0
    assert metrics.compute("teds", ["<TABLE ><tr><th>ab</th><th>c</th></tr>"], [gold]) == 1.0
    assert (
        metrics.compute("teds", ["<table><tr><th>ab</th><th>c</th></tr></table>"], [gold], header_cells=False)
        == 1 - 2 / 4
    )
    assert metrics.compute("teds", [None, "", "no table", "<table>"], [gold] * 4) == pytest.approx(1 / 16)


def test_wild_input() -> None:
    gold = "<table><tr><td>ab</td></tr></table>"
    deep = "<table>" + "<div>" * 100_000
    wide = "<table>" + "<tr><td>" * 5000
    odd = '<table><tr><td colspan="99999999999999">ab</td colspan="-1"></tr></td></table><table></table>'
    values = metrics.get("teds").measure([deep, wide, odd], [gold] * 3)
    assert np.isfinite(metrics.get("teds").reduce(values))
    with pytest.raises(MetricError, match="sample 0"):
        metrics.compute("teds", ["x"], ["no table"])
