"""Boxes in answers, in all shapes that models write."""

from __future__ import annotations

import contextlib
import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.errors import RecordError, UnreadableAnswer
from genlevel.records import Record
from genlevel.tasktypes.boxes import BoxFormat, box_format, read_box, read_detections

XYWH, XYXY, CENTER = BoxFormat("xywh"), BoxFormat("xyxy"), BoxFormat("cxcywh")
BIRD = [{"label": "bird", "box": [10.0, 20.0, 30.0, 40.0], "score": 1.0}]


def read(text: str, form: BoxFormat = XYWH, labels: tuple[str, ...] = ("bird",)) -> list[dict[str, object]]:
    return read_detections(text, form, labels, (100, 200))


@pytest.mark.parametrize(
    "text",
    [
        '[{"label": "bird", "box": [10, 20, 30, 40]}]',
        '{"label": "bird", "box": [10, 20, 30, 40]}',
        '```json\n[{"label": "bird", "box": [10, 20, 30, 40]}]\n```',
        'Here is the bird:\n```\n[{"label": "bird", "box": [10, 20, 30, 40]}]\n```\nI hope this helps [a lot].',
        "[{'label': 'bird', 'box': (10, 20, 30, 40)}]",
        '[{"category": "Bird", "bbox": [10.0, 20.0, 30.0, 40.0]}]',
        '[{"name": "bird", "bbox_2d": [10, 20, 30, 40]}]',
        '{"bird": [[10, 20, 30, 40]]}',
        '{"bird": [10, 20, 30, 40]}',
        '[{"bird": [10, 20, 30, 40]}]',
        '[["bird", [10, 20, 30, 40]]]',
        "[10, 20, 30, 40]",
        "[[10, 20, 30, 40]]",
        "The bird is at [10, 20, 30, 40].",
        '{"detections": [{"label": "bird", "box": [10, 20, 30, 40]}]}',
        '{"bird": [{"bbox": [10, 20, 30, 40]}]}',
        '[{"label": "bird", "box": {"x": 10, "y": 20, "width": 30, "height": 40}}]',
        '[{"label": "bird", "x1": 10, "y1": 20, "x2": 40, "y2": 60}]',
        '[{"label": "bird", "box": {"xmin": 10, "ymin": 20, "xmax": 40, "ymax": 60}}]',
        '[{"label": "bird", "box": ["10", "20", "30", "40"]}]',
        '[{"label": "bird", "box": [[10, 20, 30, 40]]}]',
    ],
)
def test_one_bird(text: str) -> None:
    assert read(text) == BIRD


def test_the_order_of_the_numbers_is_the_tasks() -> None:
    assert read("[10, 20, 40, 60]", XYXY) == BIRD
    assert read("[25, 40, 30, 40]", CENTER) == BIRD
    assert read("[0.05, 0.2, 0.15, 0.4]", BoxFormat("xywh", relative=True)) == BIRD
    # keys that say what they are beat the task's order
    assert read('{"label": "bird", "box": {"x": 10, "y": 20, "w": 30, "h": 40}}', XYXY) == BIRD


def test_several_objects_labels_and_scores() -> None:
    text = '[{"label": "Cat", "box": [1, 2, 3, 4], "confidence": 0.5}, {"label": "dodo", "box": [5, 6, 7, 8], "score": "0.25"}]'
    assert read(text, labels=("bird", "cat")) == [
        {"label": "cat", "box": [1, 2, 3, 4], "score": 0.5},
        {"label": "dodo", "box": [5, 6, 7, 8], "score": 0.25},
    ]
    assert len(read('{"bird": [[1, 2, 3, 4], [5, 6, 7, 8]], "cat": [[1, 1, 1, 1]]}', labels=("bird", "cat"))) == 3
    assert len(read("[[1, 2, 3, 4], [5, 6, 7, 8]]")) == 2


@pytest.mark.parametrize("text", ["[]", "```json\n[]\n```", '{"detections": []}', '{"bird": []}'])
def test_nothing_there_is_an_answer(text: str) -> None:
    assert read(text) == []


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("no bird", XYWH),
        ("[10, 20, 30]", XYWH),
        ("[10, 20, 30, 40, 50, 60]", XYWH),
        ('[{"label": "bird"}]', XYWH),
        ('[{"label": "bird", "box": [NaN, 20, 30, 40]}]', XYWH),
        ('[{"label": "bird", "box": [1e300, 20, 30, 40]}]', XYWH),
        ('[{"label": "bird", "box": [1e999, 20, 30, 40]}]', XYWH),
        ('[{"label": "bird", "box": [' + "9" * 400 + ", 20, 30, 40]}]", XYWH),
        ('[{"label": "bird", "box": [10, 20, -30, 40]}]', XYWH),
        ('[{"label": "bird", "box": [40, 60, 10, 20]}]', XYXY),
        ('[{"label": "bird", "box": [10, 20, 30, true]}]', XYWH),
        ('[{"label": "bird", "box": [10, 20, 30, "x"]}]', XYWH),
        ('[{"label": "bird", "box": [10, 20, 30, 40], "score": NaN}]', XYWH),
        ('{"a": 1}', XYWH),
        ('["bird"]', XYWH),
    ],
)
def test_unreadable(text: str, form: BoxFormat) -> None:
    with pytest.raises(UnreadableAnswer):
        read(text, form)


def test_boxes_without_a_label_need_a_task_with_one_label() -> None:
    with pytest.raises(UnreadableAnswer, match="label"):
        read("[[10, 20, 30, 40]]", labels=("bird", "cat"))


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("(x_min, y_min, width, height)", XYWH),
        ("[x, y, w, h]", XYWH),
        ("xywh", XYWH),
        ("(x_min, y_min, x_max, y_max)", XYXY),
        ("[x1, y1, x2, y2]", XYXY),
        ("xyxy", XYXY),
        ("(x_center, y_center, width, height), normalized", BoxFormat("cxcywh", relative=True)),
        ("", XYWH),
        (None, XYWH),
    ],
)
def test_the_header_says_the_order(text: str | None, form: BoxFormat) -> None:
    header = {} if text is None else {"others": {"bbox_format": text}}
    assert box_format(Record("1", {}, Path(), "here", header)) == form


def test_an_unknown_order_is_an_error() -> None:
    with pytest.raises(RecordError, match="bbox_format"):
        box_format(Record("1", {}, Path(), "here", {"others": {"bbox_format": "polar"}}))


@given(st.lists(st.floats(0, 1e5), min_size=4, max_size=4))
def test_the_same_box_in_all_orders(box: list[float]) -> None:
    x, y, w, h = box
    assert read_box([x, y, w, h], XYWH) == box
    assert read_box([x, y, x + w, y + h], XYXY) == pytest.approx(box, abs=1e-6)
    assert read_box([x + w / 2, y + h / 2, w, h], CENTER) == pytest.approx(box, abs=1e-6)
    assert read_box(json.loads(json.dumps({"x": x, "y": y, "width": w, "height": h})), XYXY) == box


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(
            st.sampled_from(["box", "label", "bbox", "x", "y", "w", "h", "score", "bird"]), inner, max_size=5
        )
    ),
    max_leaves=15,
)


@settings(max_examples=300, deadline=None)
@given(JSON)
def test_any_value_gives_sound_boxes_or_is_unreadable(value: object) -> None:
    try:
        found = read(json.dumps(value))
    except UnreadableAnswer as error:
        assert "\n" not in str(error)
    else:
        assert all(len(d["box"]) == 4 and d["box"][2] >= 0 and d["box"][3] >= 0 for d in found)  # type: ignore[arg-type,index]


@pytest.mark.parametrize("text", ["[" * 10**6, "[[1,2,3,4]," * 90_000, '{"a":' * 200_000, "[1,2,3,4] " * 100_000])
def test_takes_no_time(text: str) -> None:
    start = time.perf_counter()
    with contextlib.suppress(UnreadableAnswer):
        read(text)
    assert time.perf_counter() - start < 3
