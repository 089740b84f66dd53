"""Numbers as people write them in an answer: 0 in words, and a number before its explanation."""

import pytest

from genlevel.errors import UnreadableAnswer
from genlevel.tasktypes.answers import read_number, read_yes_no


@pytest.mark.parametrize(
    "text", ["No birds.", "none", "There are no birds in the image.", "None of them", "I see no cars.", "zero", "No"]
)
def test_zero_in_words(text: str) -> None:
    assert read_number(text) == 0


@pytest.mark.parametrize(
    "text",
    [
        "No idea",
        "No, I can't count them.",
        "Nothing to see, sorry",
        "There is no way to tell.",
        "I have no clue",
        "no, too many",
    ],
)
def test_not_knowing_is_not_zero(text: str) -> None:
    with pytest.raises(UnreadableAnswer):
        read_number(text)


@pytest.mark.parametrize(
    "text",
    [
        "7\n\nI counted 3 on the left and 4 on the right.",
        "Answer: 7 (3 red + 4 blue)",
        "7 (3 red + 4 blue)",
        "**7**\n3 red, 4 blue",
        "The answer is 7 (3 + 4).",
    ],
)
def test_a_number_before_its_explanation(text: str) -> None:
    assert read_number(text) == 7


@pytest.mark.parametrize("text", ["7 red and 3 blue", "12 of 15", "between 3 and 4"])
def test_several_numbers_are_unreadable(text: str) -> None:
    with pytest.raises(UnreadableAnswer):
        read_number(text)


def test_yes_and_no_marked_together_is_neither() -> None:
    with pytest.raises(UnreadableAnswer):
        read_yes_no("Answer: yes, no")
