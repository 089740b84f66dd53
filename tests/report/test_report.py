"""The report: what it works out, and that hostile names and answers stay text."""

from dataclasses import replace
from typing import Any

import pytest

from genlevel.report.html import render, sentence
from genlevel.report.samples import Card, Piece
from genlevel.report.view import groups, ladder, nearest_misses, number, share

from ..levels.factory import task as catalog_task

A = "image.comprehension.a"


def task(task_id: str, sigma: float, sota: float, **more: Any) -> dict[str, Any]:
    base = {"task_id": task_id, "metric": "accuracy", "value": sigma, "sigma": sigma, "sota": sota, "sota_sigma": sota}
    counts = {
        "samples": 10,
        "answered": 9,
        "failed": 1,
        "missing": 0,
        "unreadable": 0,
        "low": None,
        "high": None,
        "note": "",
    }
    return {**base, **counts, "wins": sigma >= sota, **more}


def scores(*tasks: dict[str, Any]) -> dict[str, Any]:
    return {
        "model": "m",
        "edition": "2025",
        "protocol": "paper-2025",
        "sota_sha256": "ab" * 32,
        "genlevel": "0",
        "scored": "2026-01-02T03:04:05+00:00",
        "data": "",
        "limit": None,
        "problems": [],
        "tasks": list(tasks),
    }


MODEL: dict[str, Any] = {
    "model": "m",
    "level": 3,
    "scores": {"S2": 40.0, "S3": 10.0, "S4": 0.0, "S5": 0.0},
    "modalities": {"image": {"S2": 40.0, "S3": 10.0, "S4": 0.0, "tasks": 316, "supported": 2, "wins": 1}},
    "language": {"SL": 0.0, "tasks": 115, "supported": 0, "wins": 0},
    "tasks": 699,
    "supported": 2,
    "wins": 1,
}
TWO = scores(task("image.comprehension.a", 80.0, 70.0), task("image.generation.b", 40.0, 45.0))


def test_ladder_says_how_far_the_model_got() -> None:
    assert [s.state for s in ladder(MODEL)] == ["reached", "reached", "current", "open", "open"]


def test_groups_put_wins_first_and_count_them() -> None:
    ids = ("image.comprehension.x", "image.comprehension.y")
    found = groups(scores(task(ids[0], 1, 9), task(ids[1], 9, 9)), {i: catalog_task(i) for i in ids})
    assert [(g.title, g.wins, [r.id[-1] for r in g.rows]) for g in found] == [("Image comprehension", 1, ["y", "x"])]


def test_groups_are_the_tasks_own_and_not_read_from_the_id() -> None:
    tasks = {
        "image.leaves": replace(catalog_task("image.comprehension.a"), id="image.leaves"),
        "drawing": replace(catalog_task("image.generation.a"), id="drawing"),
        "talk": replace(catalog_task("language.a"), id="talk"),
    }
    found = groups(scores(*(task(i, 10, 20) for i in tasks)), tasks)
    assert [g.title for g in found] == ["Image comprehension", "Image generation", "Language"]
    assert [title for title, _ in nearest_misses(found)] == [g.title for g in found]


def test_a_tie_is_called_a_tie() -> None:
    rows = [task("language.x", 9, 9), task("language.y", 84.2857, 84.285), task("language.z", 84.4, 84.285)]
    (group,) = groups(scores(*rows), {})
    assert {row.id[-1]: (row.wins, row.tie) for row in group.rows} == {
        "x": (True, True),
        "y": (True, True),  # a bar is rounded to five digits
        "z": (True, False),
    }


def test_nearest_misses_are_the_smallest_gaps() -> None:
    rows = [task(f"language.{i}", 50 - gap, 50) for i, gap in enumerate((30, 5, 0, 12))]
    assert [r.id for _, r in nearest_misses(groups(scores(*rows), {}), 2)] == ["language.1", "language.3"]


def test_a_gap_that_a_map_hides_is_neither_near_nor_hidden() -> None:
    # An MAE of 3.4 and one of 0.15 both map to a sigma of 100.00; 3.25 / 0.15 is 21.7.
    flat = {**task(A, 99.9999, 100.0), "value": 3.4, "sota": 0.15}
    close = task("image.comprehension.b", 63.0, 70.0)
    tasks = {A: catalog_task(A, "mae"), "image.comprehension.b": catalog_task("image.comprehension.b")}
    found = nearest_misses(groups(scores(flat, close), tasks))
    assert [(r.id[-1], share(r.gap or 0.0)) for _, r in found] == [("b", "10.0 %"), ("a", "22 times")]
    page = render(scores(flat), MODEL, {}, tasks=tasks)
    assert all(f'<td class="n">{text}</td>' in page for text in ("3.40", "0.15", "22 times"))


def test_a_good_score_of_half_of_the_samples_lacks_the_other_half() -> None:
    # FID 20 is better than 25, but half of the samples have no answer: sigma 28 of 46.
    row = {**task(A, 28.0, 46.0, wins=False), "value": 20.0, "sota": 25.0, "coverage": 0.5}
    ((_, found),) = nearest_misses(groups(scores(row), {A: catalog_task(A, "fid")}))
    assert found.gap == pytest.approx(18 / 46)


def test_tasks_that_the_model_cannot_do_and_parts_are_told() -> None:
    row = task("image.generation.b", 0.0, 45.0, value=None, samples=0, answered=0, failed=0)
    found = {**scores(task(A, 80.0, 70.0), {**row, "note": "not asked: the model makes no image"}), "limit": 3}
    page = render(found, {**MODEL, "tasks": 2}, {}, tasks={})
    assert "2 of 2 tasks with data, 1 that the model cannot do" in page
    assert "not asked: the model makes no image</span>" in page
    assert "first 3" not in page  # they may be drawn
    assert "at most 3 samples of each (--limit): not comparable with a full run" in page
    assert "not comparable" not in render({**found, "limit": None}, {**MODEL, "tasks": 2}, {}, tasks={})
    assert "1 of 699 tasks has a score, 698 count 0: not" in render({**found, "limit": None}, MODEL, {}, tasks={})


def test_a_task_without_counts_says_why() -> None:
    none = {"value": None, "samples": 0, "answered": 0, "failed": 0}
    for note, cell in (("not scorable: no judge", "not scorable"), ("not asked: no image", "not asked"), ("", "–")):
        ((row,),) = (g.rows for g in groups(scores(task(A, 0.0, 45.0, **none, note=note)), {}))
        assert row.answered == cell


def test_a_catalog_of_one_half_is_told_beside_the_level() -> None:
    text = "the catalog has no task of generation"
    tasks = {A: catalog_task(A)}
    assert text in render(scores(task(A, 80.0, 70.0)), {**MODEL, "level": 2}, {}, tasks=tasks)
    assert text not in render(scores(task(A, 0.0, 70.0)), {**MODEL, "level": 0}, {}, tasks=tasks)
    other = "image.generation.b"
    assert text not in render(TWO, MODEL, {}, tasks={**tasks, other: catalog_task(other)})


def test_level_0_does_not_deny_the_answers() -> None:
    page = render(scores(task(A, 0.0, 70.0)), {**MODEL, "level": 0, "supported": 0, "wins": 0}, {}, tasks={})
    assert "no task of comprehension or generation scores above 0" in page


def test_wins_in_language_alone_are_explained() -> None:
    language = {**MODEL["language"], "wins": 1}
    text = "Its win is in language only, which counts from level 5 on."
    assert text in sentence({**MODEL, "level": 2, "language": language})
    assert text not in sentence({**MODEL, "level": 2, "wins": 2, "language": language})


@pytest.mark.parametrize(
    ("value", "text"), [(None, "–"), (12.345, "12.35"), (0.0, "0.00"), (9.32e-05, "9.32e-05"), (0.25, "0.25")]
)
def test_number(value: float | None, text: str) -> None:
    assert number(value) == text


def test_page_shows_level_tasks_and_specialists_line() -> None:
    meta = {"identity": {"kind": "openai", "system": "", "temperature": 0}}
    page = render(TWO, MODEL, meta, tasks={A: catalog_task(A, name="Bird Detection")})
    assert "Level 3" in page
    assert "<dd>kind=openai, temperature=0</dd>" in page
    assert "Bird Detection" in page
    assert 'class="mark" style="left:70.00%"' in page
    assert "1 failed" in page
    assert sentence(MODEL) in page


def test_text_of_models_and_data_is_never_markup() -> None:
    evil = "<script>alert(1)</script>"
    card = Card(evil, "failed", evil, (Piece(text=evil),), (Piece(text=evil),), (Piece(text=evil),))
    page = render(
        {**TWO, "problems": [evil]},
        {**MODEL, "model": evil},
        {"identity": {"name": evil}},
        tasks={A: catalog_task(A, name=evil)},
        samples=[(evil, [card])],
    )
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_page_loads_nothing_from_elsewhere() -> None:
    page = render(TWO, MODEL, {}, tasks={})
    assert "http://" not in page
    assert "https://" not in page


def test_a_capped_dispatcher_is_told_so() -> None:
    assert "dispatcher" in render(TWO, {**MODEL, "level": 2, "capped": True}, {}, tasks={})
