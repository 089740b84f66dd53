"""GenEval's rules on detections, by hand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlevel import metrics
from genlevel.errors import MetricError
from genlevel.metrics.learned.objects import Detected, granted, read_frames, read_wish, relations


def found(
    label: str, x: float = 0, y: float = 0, *, score: float = 0.9, color: str = "", side: float = 10
) -> dict[str, Any]:
    return {"label": label, "box": [x, y, side, side], "score": score, "color": color}


DOG, CAT = found("dog", color="red"), found("cat", 50, 0)


@pytest.mark.parametrize(
    ("reference", "answer", "expected"),
    [
        ("dog", [DOG], 1), ("Dog ", [found("DOG")], 1), ("dog", [CAT], 0), ("dog", [], 0),
        ("dog", [found("dog", score=0.3)], 0), ("dog", [found("dog", score=0.31)], 1),
        (["dog", "cat"], [DOG, CAT], 1), (["dog", "cat"], [DOG], 0),
        ({"include": [{"class": "dog", "count": 2}]}, [DOG, DOG], 1),
        ({"include": [{"class": "dog", "count": 2}]}, [DOG], 0),
        ({"include": [{"class": "dog", "count": 2}], "exclude": [{"class": "dog", "count": 3}]}, [DOG, DOG, DOG], 0),
        ({"include": [{"class": "dog", "color": "red"}]}, [DOG], 1),
        ({"include": [{"class": "dog", "color": "blue"}]}, [DOG], 0),
        # Only the dog with the highest score is looked at.
        ({"include": [{"class": "dog", "color": "red"}]}, [DOG, found("dog", color="blue", score=0.95)], 0),
        ({"include": [{"class": "dog"}, {"class": "cat", "position": ["right of", 0]}]}, [DOG, CAT], 1),
        ({"include": [{"class": "dog"}, {"class": "cat", "position": ["left of", 0]}]}, [DOG, CAT], 0),
        ({"include": [{"class": "cat"}, {"class": "dog", "position": ["left of", 0]}]}, [DOG, CAT], 1),
        ("dog", [[DOG], [CAT], [DOG, CAT], []], 0.5),
        ("anything", True, 1), ("anything", False, 0), (None, True, 1), ("dog", None, 0), ("dog", "no detections", 0),
        ("dog", [{"label": "dog"}], 0), ("dog", [{"label": "dog", "box": [0, 0, "x", 1]}], 0),
    ],
)  # fmt: skip
def test_what_is_a_success(reference: Any, answer: Any, expected: float) -> None:
    assert metrics.compute("success_rate", [answer], [reference]) == expected


def test_relations_by_hand() -> None:
    """Boxes of 10: the offset counts from 2 pixels on (0.1 of both sizes), and 45 degrees is in both directions."""

    def at(x: float, y: float) -> Detected:
        return Detected("x", 1.0, (x, y, 10.0, 10.0))

    origin = at(0, 0)
    assert relations(at(-30, 0), origin) == {"left of"}
    assert relations(at(0, 30), origin) == {"below"}
    assert relations(at(30, -30), origin) == {"right of", "above"}
    assert relations(at(1.9, 0), origin) == set()
    # 4 pixels apart: 2 are left, half of the offset, which is not above one half.
    assert relations(at(4, 0), origin) == set()
    assert relations(at(4.1, 0), origin) == {"right of"}
    assert relations(origin, origin) == set()


boxes = st.tuples(*[st.floats(-1e3, 1e3)] * 2, *[st.floats(1, 100)] * 2)


@given(boxes, boxes)
def test_relations_mirror(a: Any, b: Any) -> None:
    mirror = {"left of": "right of", "right of": "left of", "above": "below", "below": "above"}
    x, y = Detected("a", 1.0, a), Detected("b", 1.0, b)
    assert relations(y, x) == {mirror[r] for r in relations(x, y)}


def test_one_and_several_objects() -> None:
    assert metrics.compute("single_object_success_rate", [[DOG], [CAT]], ["dog", "dog"]) == 0.5
    assert metrics.compute("multi_object_success_rate", [[[DOG, CAT], [DOG]]], [["dog", "cat"]]) == 0.5
    with pytest.raises(MetricError, match="one object"):
        metrics.compute("single_object_success_rate", [[DOG]], [["dog", "cat"]])
    with pytest.raises(MetricError, match="several"):
        metrics.compute("multi_object_success_rate", [[DOG]], ["dog"])


@pytest.mark.parametrize(
    "reference",
    [{}, {"include": []}, {"include": [{"count": 1}]}, {"include": [{"class": "dog", "count": 0}]}, 3, [], [3], "",
     {"include": [{"class": "dog", "position": ["left of", 0]}]}, {"include": 5},
     {"include": [{"class": "a"}, {"class": "b", "position": ["beneath", 0]}]}],
)  # fmt: skip
def test_an_odd_wish_is_refused_in_one_line(reference: Any) -> None:
    with pytest.raises(MetricError) as caught:
        read_wish(reference, "success_rate")
    assert "\n" not in str(caught.value)


anything = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["label", "box", "score", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(anything)
def test_any_answer_is_read_or_counts_as_missing(answer: Any) -> None:
    try:
        frames = read_frames(answer)
    except MetricError:
        return
    wish = read_wish("dog", "success_rate")
    assert all(granted(wish, frame, 0.3) in (True, False) for frame in frames)
