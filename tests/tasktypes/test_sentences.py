"""A label at the end of a sentence counts; one that is denied, doubted or one of several does not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlevel.tasktypes.answers import read_label, read_text

BRANDS = ["Honda"]


@pytest.mark.parametrize(
    "text",
    [
        "The car in the image is a Honda.",
        "It is Honda",
        "This is a **Honda**.",
        "I looked at the grille.\nThe brand is the Honda.",
        "The logo has an H. The car brand is: Honda",
        "The image shows a Honda.",
    ],
)
def test_a_sentence_that_ends_with_the_answer(text: str) -> None:
    assert read_label(text, BRANDS) == "Honda"


@pytest.mark.parametrize(
    "text",
    [
        "It is not a Honda.",
        "This isn't a Honda.",
        "It is a Ford or a Honda.",
        "It is either a Ford or a Honda.",
        "It is a Honda or a Ford.",
        "It is a Hondata.",
        "It is a car unlike a Honda.",
        "Maybe it is a Honda.",
        "It is Ford, Toyota, Honda",
        "It is a Honda. No, it is a Ford.",
    ],
)
def test_what_does_not_name_it(text: str) -> None:
    assert read_label(text, BRANDS) != "Honda"


def test_male_is_not_in_female() -> None:
    assert read_label("The speaker is female.", ["male"]) != "male"
    assert read_label("The count is 10.", ["1"]) != "1"


@given(st.text(max_size=200), st.lists(st.text(max_size=20), max_size=3))
def test_any_text_gives_a_label(text: str, references: list[str]) -> None:
    assert isinstance(read_label(text, references), str)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The answer is 4:00 PM.", "4:00 PM."),
        ("**4:00 PM**", "4:00 PM"),
        ("Answer: four o'clock", "four o'clock"),
        ("The final answer is: **noon**", "noon"),
        ("The answer isochronous", "The answer isochronous"),
        ("He said the answer is no.", "He said the answer is no."),
        ("a **bold** word", "a **bold** word"),
    ],
)
def test_lead_ins_and_bold_are_no_part_of_a_text(text: str, expected: str) -> None:
    assert read_text(text) == expected
