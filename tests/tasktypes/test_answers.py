"""Short answers: labels, yes and no, numbers; and what of a long answer is read."""

from __future__ import annotations

import contextlib
import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.errors import UnreadableAnswer
from genlevel.records import Part
from genlevel.tasktypes.answers import (
    final_answers,
    last_statement,
    normal,
    read_label,
    read_number,
    read_text,
    read_yes_no,
    text_of,
)
from genlevel.tasktypes.numbers import as_fraction, as_number, find_numbers


def said(text: str) -> list[Part]:
    return [Part("text", text)]


class TestTextOf:
    def test_joins_text_parts_and_drops_others(self) -> None:
        assert text_of([Part("text", "a"), Part("image", data=b"x"), Part("text", "b")]) == "a\nb"

    @pytest.mark.parametrize(
        ("text", "kept"),
        [
            ("<think>A or B?</think> B", "B"),
            ("<THINKING>\nno\n</THINKING>\nyes", "yes"),
            ("the template opened it: A?</think>B", "B"),
            ("<think>a<think>b</think>c</think>d", "d"),
            ("B <think>was it?", "B"),
            ("1 < 2 and <b>bold</b>", "1 < 2 and <b>bold</b>"),
        ],
    )
    def test_reasoning_is_not_the_answer(self, text: str, kept: str) -> None:
        assert text_of(said(text)) == kept

    @pytest.mark.parametrize(
        "parts",
        [[], said(""), said(" \n\t"), said("<think>so A"), said("<think>A</think>\n"), [Part("image", data=b"x")]],
    )
    def test_nothing_to_read(self, parts: list[Part]) -> None:
        with pytest.raises(UnreadableAnswer):
            text_of(parts)

    def test_a_huge_answer_keeps_both_ends(self) -> None:
        start = time.perf_counter()
        text = text_of(said("first " + "x" * 100_000_000 + " last"))
        assert time.perf_counter() - start < 5
        assert len(text) < 25_000 and text.startswith("first") and text.endswith("last")


class TestNormal:
    @pytest.mark.parametrize(
        ("a", "b"),
        [
            ("Land-Rover", "land rover"),
            ("don't", "DON’T"),
            ("1,200", "1200"),
            ("Citroën", "citroen"),
            ("“a”", "a"),
            ("ＡＢ", "ab"),
            ("−5", "-5"),
        ],
    )
    def test_the_same(self, a: str, b: str) -> None:
        assert normal(a) == normal(b)

    @pytest.mark.parametrize(
        ("a", "b"),
        [
            ("C", "C++"),
            ("C", "C#"),
            ("5", "-5"),
            ("1.5", "15"),
            ("1.5", "5"),
            ("3:30", "330"),
            ("1/2", "12"),
            ("a b", "ab"),
            ("5%", "5"),
            ("कि", "का"),
        ],
    )
    def test_not_the_same(self, a: str, b: str) -> None:
        assert normal(a) != normal(b)

    @given(st.text(max_size=60))
    def test_is_stable_and_squeezed(self, text: str) -> None:
        once = normal(text)
        assert "  " not in once and once == once.strip()


class TestFinalAnswers:
    @pytest.mark.parametrize(
        ("text", "answer"),
        [
            ("The answer is 4.", "4."),
            ("Answer: red\nThat is all.", "red"),
            ("**Final Answer:** red", "red"),
            ("so #### 42", "42"),
            (r"\boxed{\frac{1}{2}} is it", r"\frac{1}{2}"),
            ("<answer>red</answer> done", "red"),
            ("answer: a, no: the answer is b", "b"),
            ("Label: spam", "spam"),
            ("The answer should be 3", "3"),
        ],
    )
    def test_the_last_one_first(self, text: str, answer: str) -> None:
        assert final_answers(text)[0] == answer

    @pytest.mark.parametrize("text", ["red", "I answered", "the answers differ", ""])
    def test_none(self, text: str) -> None:
        assert final_answers(text) == []

    @pytest.mark.parametrize(
        ("text", "last"),
        [("A. B. C.", "C."), ("one\ntwo\n\n", "two"), ("It is 3.5 m", "It is 3.5 m"), ("a! **b**", "**b**")],
    )
    def test_last_statement(self, text: str, last: str) -> None:
        assert last_statement(text) == last


class TestLabel:
    """Where the labels are not known, the whole answer counts, or what it calls its answer."""

    @pytest.mark.parametrize(
        "text",
        [
            "Land Rover",
            "land rover",
            "Land-Rover.",
            "**Land Rover**",
            "The answer is Land Rover.",
            "Label: land rover",
            "a Land Rover",
            "I look.\nLand Rover",
        ],
    )
    def test_right(self, text: str) -> None:
        assert read_label(text, ["Land Rover"]) == "Land Rover"

    @pytest.mark.parametrize(
        "text",
        ["Rover", "Not a Land Rover", "Land Rovers", "Land Rover or Jeep", "The answer is not Land Rover", "Jeep"],
    )
    def test_wrong(self, text: str) -> None:
        assert read_label(text, ["Land Rover"]) != "Land Rover"

    def test_any_of_several_references(self) -> None:
        assert read_label("2 PM.", ["two o'clock", "2 pm"]) == "2 pm"

    def test_without_references_it_is_what_the_answer_says(self) -> None:
        assert read_label("The answer is **blue**.") == "blue"
        assert read_label("Blue.") == "Blue"


class TestYesNo:
    @pytest.mark.parametrize(
        "text",
        [
            "yes",
            "Yes.",
            "**Yes**",
            "YES!",
            "Yes, it is.",
            "Yes it is",
            "The answer is yes.",
            "Answer: Yes",
            "It is large, so the answer is yes",
            "true",
        ],
    )
    def test_yes(self, text: str) -> None:
        assert read_yes_no(text) == "yes"

    @pytest.mark.parametrize(
        "text",
        [
            "no",
            "No.",
            "No, it is not malignant.",
            "No it isn't",
            "answer: no",
            "I looked.\nNo.",
            "false",
            "Yes or no? No.",
            "Yes? But the answer is no",
        ],
    )
    def test_no(self, text: str) -> None:
        assert read_yes_no(text) == "no"

    @pytest.mark.parametrize(
        "text",
        [
            "I do not know",
            "No idea",
            "no one is there",
            "There is no nodule",
            "yes and no",
            "maybe",
            "yesterday",
            "north",
        ],
    )
    def test_neither(self, text: str) -> None:
        with pytest.raises(UnreadableAnswer):
            read_yes_no(text)


class TestNumbers:
    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("12", 12),
            ("There are 12 birds.", 12),
            ("twelve", 12),
            ("There are twenty-one birds", 21),
            ("one hundred and five", 105),
            ("two thousand three hundred", 2300),
            ("1,200", 1200),
            ("1,234,567", 1234567),
            ("-5", -5),
            ("−5", -5),
            ("2.50", 2.5),
            ("12.", 12),
            ("1e3", 1000),
            ("**12**", 12),
            (r"$\boxed{42}$", 42),
            ("The answer is 42.", 42),
            ("I count 3 + 4 = 7", 7),
            ("I see 5 left and 7 right.\nIn total there are 12.", 12),
            ("Answer: 12 (5 left, 7 right)", 12),
            ("none", 0),
            ("There are no birds", 0),
            ("a dozen", 12),
            ("10-12", None),
            ("12 of 15", None),
            ("between three and five", None),
            ("3D", None),
            ("the 12th", None),
            ("many", None),
            ("1e999", None),
            ("version 1.2.3", None),
        ],
    )
    def test_the_number_of_an_answer(self, text: str, value: float | None) -> None:
        if value is None:
            with pytest.raises(UnreadableAnswer):
                read_number(text)
        else:
            assert read_number(text) == value

    @given(st.integers(-(10**12), 10**12))
    def test_all_ways_to_write_a_whole_number(self, number: int) -> None:
        assert as_number(f"{number}") == as_number(f"{number:,}") == number
        assert find_numbers(f"so {number} it is") == [number]

    @given(st.floats(-1e9, 1e9).map(lambda x: round(x, 4)))
    def test_decimals(self, number: float) -> None:
        assert read_number(f"The value is {number:.4f} m.") == float(f"{number:.4f}")

    @pytest.mark.parametrize(
        ("text", "value"),
        [
            ("1/2", Fraction(1, 2)),
            (r"\frac{3}{4}", Fraction(3, 4)),
            (r"-\frac{3}{4}", Fraction(-3, 4)),
            ("50%", Fraction(1, 2)),
            ("0.1", Fraction(1, 10)),
            ("72.", 72),
            ("1/0", None),
            ("x", None),
        ],
    )
    def test_exact_values(self, text: str, value: Fraction | None) -> None:
        assert as_fraction(text) == value

    @pytest.mark.parametrize(
        "text",
        ["1" * 20_000, "1," * 10_000, "1.1" * 9_000, "-" * 20_000, "one " * 5_000, "hundred " * 2_000, "1e" * 10_000],
    )
    def test_takes_no_time(self, text: str) -> None:
        start = time.perf_counter()
        with contextlib.suppress(UnreadableAnswer):
            read_number(text)
        assert time.perf_counter() - start < 1


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=300) | st.text("answer is:.,-0123456789*\\{}boxedyn#\n()[]<>/think", max_size=300))
def test_any_text_is_read_or_unreadable(text: str) -> None:
    read_label(text, ["a"])
    read_text(text)
    as_fraction(text)
    for reader in (read_yes_no, read_number):
        try:
            reader(text)
        except UnreadableAnswer as error:
            assert "\n" not in str(error)
