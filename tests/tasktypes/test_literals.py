"""JSON and what models write in its place."""

from __future__ import annotations

import json
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.tasktypes.literals import LiteralError, _Reader, find_literals, parse_literal

PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


def own(text: str) -> object:
    """The value by the own reader alone, without the fast path."""
    reader = _Reader(text)
    value = reader.value(0)
    reader.skip()
    assert reader.at == len(text)
    return value


@given(PLAIN)
def test_json_is_read(value: object) -> None:
    assert own(json.dumps(value)) == value
    assert parse_literal(json.dumps(value)) == value


@given(PLAIN)
def test_python_is_read(value: object) -> None:
    assert parse_literal(ascii(value).replace("\\x", "\\u00").replace("\\U", "?")) is not None or value is None


@given(
    st.recursive(
        st.integers() | st.text("ab'\"\\ \n", max_size=8), lambda inner: st.lists(inner, max_size=3), max_leaves=8
    )
)
def test_python_lists_and_quotes(value: object) -> None:
    assert parse_literal(repr(value)) == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1, 2, 3,]", [1, 2, 3]),
        ("(1, 2)", [1, 2]),
        ("{'a': None, 'b': True, \"c\": false}", {"a": None, "b": True, "c": False}),
        ("{1: [.5, -2e3, +3]}", {"1": [0.5, -2000.0, 3]}),
        ("['it\\'s', \"it's\"]", ["it's", "it's"]),
        (" [ ] ", []),
    ],
)
def test_nearly_json(text: str, value: object) -> None:
    assert parse_literal(text) == value


@pytest.mark.parametrize(
    "text",
    ["", "[", "[1 2]", "{1}", "'a", "abc", "[1] 2", "[" * 100 + "]" * 100, "1.2.3", "__import__('os')", "[1, x]"],
)
def test_no_value(text: str) -> None:
    with pytest.raises(LiteralError):
        own_or_fail = parse_literal(text) if text != "[" * 100 + "]" * 100 else own(text)
        assert own_or_fail is None


def test_not_a_number_and_infinity() -> None:
    value = parse_literal("[NaN, Infinity, nan, inf]")
    assert math.isnan(value[0]) and math.isinf(value[1]) and math.isnan(value[2])


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("```json\n[1]\n```", [[1]]),
        ("Here it is:\n```\n[1, 2]\n```\nDone [x].", [[1, 2]]),
        ("The boxes are [1, 2] and [3].", [[1, 2], [3]]),
        ("x [oops [1]", [[1]]),
        ("```python\nx = [1]\n```", [[1]]),
        ("nothing", []),
    ],
)
def test_values_in_a_text(text: str, values: list[object]) -> None:
    found = list(find_literals(text))
    assert found[: len(values)] == values


@settings(deadline=None)
@given(st.text(max_size=200) | st.text("[]{}(),:'\"\\0123.eE-+ `nul", max_size=200))
def test_any_text_ends(text: str) -> None:
    list(find_literals(text))


@pytest.mark.parametrize(
    "text",
    ["[" * 10**6, '["' * 500_000, "{'a':" * 200_000, "```" * 300_000, "[1," * 300_000, "'" + "\\" * 10**6, "9" * 10**6],
)
def test_takes_no_time(text: str) -> None:
    start = time.process_time()
    list(find_literals(text))
    assert time.process_time() - start < 3
