"""TEDS against table-recognition-metric (APTED) and by hand."""

from __future__ import annotations

import random

import numpy as np
import pytest

from genlevel import metrics
from genlevel.errors import MetricError
from genlevel.metrics.treedistance import Label, Tree, tree_distance


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


def random_tree(rng: random.Random, nodes: int, near: int) -> tuple[Tree, str]:
    """A tree of any form, and the same in the brackets that APTED reads; without contents, since a cost there is 0 or 1."""
    children: list[list[int]] = [[] for _ in range(nodes)]
    tags = [rng.choice(["a", "b", "c"]) for _ in range(nodes)]
    for node in range(1, nodes):
        children[rng.randrange(max(0, node - near), node)].append(node)
    labels: list[Label] = []
    leftmost: list[int] = []

    def visit(node: int) -> tuple[int, str]:
        below = [visit(child) for child in children[node]]
        first = below[0][0] if below else len(labels)
        labels.append((tags[node], (1, 1), ()))
        leftmost.append(first)
        return first, f"{{{tags[node]}{''.join(text for _, text in below)}}}"

    text = visit(0)[1]
    return Tree(labels, leftmost), text


def test_any_trees_are_as_far_apart_as_apted_says() -> None:
    apted = pytest.importorskip("apted")
    read = apted.helpers.Tree.from_text
    rng = random.Random(7)
    for _ in range(150):
        one, two = (random_tree(rng, rng.randint(1, 22), rng.choice([1, 3, 30])) for _ in range(2))
        distance = tree_distance(one[0], two[0])
        assert distance == pytest.approx(apted.APTED(read(one[1]), read(two[1])).compute_edit_distance(), abs=1e-9)


def test_trees_that_would_take_minutes_are_none() -> None:
    rng = random.Random(8)
    one, two = (random_tree(rng, 900, 3)[0] for _ in range(2))
    assert tree_distance(one, two) is None
    assert tree_distance(one, one) == 0.0
    wide = "<table>" + "<tr><td>a</td><td>b</td></tr>" * 400
    longer = wide + "<tr><td>c</td></tr>" * 12
    assert metrics.compute("teds", [longer], [wide]) == pytest.approx(1 - 24 / 1225)
