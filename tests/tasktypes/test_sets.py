"""Sets of labels in text."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.tasktypes.sets import read_set, split_labels

RELATIONS = ["(ann (per) => per:friends => bo (per))", "(bo (per) => per:title => chef (string))"]


@pytest.mark.parametrize(
    "text",
    [
        "a, b",
        "A, B",
        "a<p>b",
        "a <p> b",
        "a; b",
        "a\nb",
        "- a\n- b",
        "* a\n* b",
        "• a\n• b",
        "1. a\n2. b",
        "1) a\n2) b",
        '["a", "b"]',
        "['a', 'b']",
        '```json\n["a", "b"]\n```',
        "```\na\nb\n```",
        "Labels: a, b",
        "The answer is a, b.",
        "Here are the labels:\n- a\n- b",
        "**a**, **b**",
        '"a", "b"',
        "a, b, a",
        "`a`\n`b`",
    ],
)
def test_all_usual_forms(text: str) -> None:
    assert read_set(text) == ["a", "b"]


@pytest.mark.parametrize("text", ["none", "None.", "[]", "N/A", "No entities", "{}"])
def test_the_empty_set(text: str) -> None:
    assert read_set(text) == []


@pytest.mark.parametrize(
    "text",
    [
        # as the benchmark writes them: without the last bracket, separated by a space
        "(Ann (PER) => per:friends => Bo (PER) (Bo (PER) => per:title => chef (STRING)",
        "(Ann (PER) => per:friends => Bo (PER)), (Bo (PER) => per:title => chef (STRING))",
        "- (Ann (PER) => per:friends => Bo (PER))\n- (Bo (PER) => per:title => chef (STRING))",
        "1. Ann (PER) => per:friends => Bo (PER)\n2. Bo (PER) => per:title => chef (STRING)",
        "(Ann (PER)=>per:friends=>Bo (PER))\n(Bo  (PER) => per:title => chef (STRING))",
    ],
)
def test_relations(text: str) -> None:
    found = read_set(text)
    assert [r.removeprefix("(1. ").removeprefix("(2. ") for r in found] in (RELATIONS, [r[1:] for r in RELATIONS])


def test_tuples_keep_together() -> None:
    assert read_set("(food, great, positive), (service, slow, negative)") == [
        "(food, great, positive)",
        "(service, slow, negative)",
    ]
    assert read_set('[["food", "great"], ["service", "slow"]]') == ["(food, great)", "(service, slow)"]


def test_objects_by_type() -> None:
    assert read_set('{"PER": ["Ann", "Bo"], "LOC": "Rome"}') == ["per: ann", "per: bo", "loc: rome"]


def test_commas_inside_numbers_and_list_items() -> None:
    assert read_set("1,200, 3") == ["1,200", "3"]
    assert read_set('["New York, NY"]', splits=False) == ["new york, ny"]
    assert read_set('["New York, NY"]', splits=True) == ["new york", "ny"]


LABEL = st.text("abcdefgh", min_size=1, max_size=6)


@given(st.lists(LABEL, min_size=1, max_size=6, unique=True), st.sampled_from([", ", "<p>", "\n", "; ", "\n- "]))
def test_joined_labels_are_read_again(labels: list[str], mark: str) -> None:
    if {"a", "none", "null", "empty", "nothing"} & set(labels):
        return
    assert sorted(read_set(mark.join(labels))) == sorted(labels)
    assert sorted(split_labels(mark.join(labels))) == sorted(labels)


@settings(deadline=None)
@given(st.text(max_size=200) | st.text("()[]{}=>,;<p>ab \n:-\"'", max_size=200))
def test_any_text_is_read(text: str) -> None:
    labels = read_set(text)
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    "text",
    [
        "(" * 20_000,
        "=>" * 10_000,
        "a (b) => " * 2_000,
        "," * 20_000,
        "[[" * 10_000,
        "<p>" * 7_000,
        "a (" * 6_000,
        " " * 19_000 + "=>",
    ],
)
def test_takes_no_time(text: str) -> None:
    start = time.perf_counter()
    read_set(text)
    assert time.perf_counter() - start < 2
