"""Which option an answer means, as a person who grades would say."""

from __future__ import annotations

import contextlib
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.errors import UnreadableAnswer
from genlevel.tasktypes.answers import normal
from genlevel.tasktypes.choices import LETTERS, read_choice, read_letter

FRUIT = ["red apple", "green pear", "a dark red apple"]
SEX = ["male", "female"]
TUMOUR = ["benign", "malignant"]
NUMBERS = ["1", "10", "100", "1.5"]
SOLUTIONS = ["Solution B", "Solution A", "neither; their concentrations are the same"]
NOTES = ["C", "C sharp", "D", "E", "A", "A sharp"]
CODE = ["C", "C++", "C#", "Objective-C"]


@pytest.mark.parametrize(
    ("text", "choices", "index"),
    [
        *[(t, FRUIT, 1) for t in ("B", "b", "(B)", "[b]", "{B}", "B.", "B)", "B:", " B \n", "**B**", "`B`", '"B"', "*B*.")],
        *[(t, FRUIT, 1) for t in ("B) green pear", "(B) green pear", "B. Green pear.", "B: green pear", "B - green pear")],
        *[(t, FRUIT, 1) for t in ("Answer: B", "answer: (b)", "**Answer:** B", "The answer is B.", "Final answer: B")],
        *[(t, FRUIT, 1) for t in ("The correct answer is: (B) green pear.", "The correct option is B", "Option B", "Answer B")],
        *[(t, FRUIT, 1) for t in (r"\boxed{B}", r"$\boxed{\text{B}}$", "<answer>B</answer>", "#### B")],
        *[(t, FRUIT, 1) for t in ("green pear", "Green  Pear!", "GREEN PEAR", "a green pear", "The green pear.", "green-pear")],
        *[(t, FRUIT, 1) for t in ("It is a green pear.", "I see a green pear on the table", "A green pear would be my guess.")],
        *[(t, FRUIT, 1) for t in ("B is correct.", "B, because it is green", "B\n\nBecause it is green.", "I choose B")],
        *[(t, FRUIT, 1) for t in ("I would go with B.", "Answer: **B**", "Choice: B")],
        *[(t, FRUIT, 1) for t in ("Not the red apple, so the green pear.", "It cannot be a red apple. It is the green pear.")],
        *[(t, FRUIT, 1) for t in ("A looks right at first, as the red apple does.\nBut it is green.\n\nAnswer: B",)],
        *[(t, FRUIT, 1) for t in ("Let me think. A is wrong because it is red.\n\nB", "A is red. C is dark.\n**B**")],
        # Options that are gone through first, or explained afterwards.
        *[(t, FRUIT, 1) for t in ("A. too red\nB. fits\nThe answer is B.", "A) No.\nB) Yes.\n\nAnswer: B")],
        *[(t, FRUIT, 1) for t in ("A: it cannot be. The answer is B.",)],
        *[(t, FRUIT, 1) for t in ("B\n\nExplanation: it is green, which apples (A) are not.", "B\nOption A is red.")],
        *[(t, FRUIT, 1) for t in ("green pear\n\nBeside it lies a red apple.", "The answer is B, because a red apple is round.")],
        *[(t, FRUIT, 1) for t in ("Answer: B (A is wrong)", "B (not A)", "B rather than A", "It's B.", "Answer - B")],
        # Chinese, full-width signs, markup of other kinds.
        *[(t, FRUIT, 1) for t in ("Ｂ", "（Ｂ）", "【B】", "选B", "答案是B", "答案：B", "正确答案是 B。", "B、green pear")],
        ("\u200bB", FRUIT, 1),
        *[(t, FRUIT, 1) for t in (r"\textbf{B}", r"The answer is $\mathbf{B}$", "<b>B</b>", "B</s>", "B<|im_end|>")],
        ("A. The red apple is right, not the green pear", FRUIT, 0),
        ("I would go with A.", FRUIT, 0),
        ("The answer is A", FRUIT, 0),
        ("Final answer: A", FRUIT, 0),
        # The longer option holds the shorter one.
        ("It's a dark red apple", FRUIT, 2),
        ("I think it's the dark red apple.", FRUIT, 2),
        # Never by a part of a word or number.
        ("female", SEX, 1),
        ("The speaker is female.", SEX, 1),
        ("male", SEX, 0),
        ("10", NUMBERS, 1),
        ("There are 10.", NUMBERS, 1),
        ("1.5", NUMBERS, 3),
        ("It is 1.5 m.", NUMBERS, 3),
        ("1", NUMBERS, 0),
        # What is denied is not named.
        ("It is not benign but malignant.", TUMOUR, 1),
        ("This isn't malignant; it looks benign.", TUMOUR, 0),
        ("I am not sure, but it looks malignant", TUMOUR, 1),
        ("malignant rather than benign", TUMOUR, 1),
        # Signs that matter.
        ("C++", CODE, 1),
        ("C#", CODE, 2),
        ("**C#**", CODE, 2),
        ("The program is in C++.", CODE, 1),
        ("<", ["<", ">", "="], 0),
        (">", ["<", ">", "="], 1),
        # Other scripts and accents.
        ("Citroën", ["BMW", "Citroen"], 1),
        ("那是猫", ["猫", "狗"], -1),
        ("答案是猫", ["猫", "狗"], 0),
        ("猫。", ["猫", "狗"], 0),
    ],
)  # fmt: skip
def test_reads_the_option(text: str, choices: list[str], index: int) -> None:
    if index < 0:  # words of scripts without spaces cannot be told from parts of words
        with pytest.raises(UnreadableAnswer):
            read_choice(text, choices)
    else:
        lettered = choices is not CODE
        assert read_choice(text, choices, lettered=lettered) == index


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("A or B", FRUIT),
        ("both the red apple and the green pear", FRUIT),
        ("(A) and (B)", FRUIT),
        ("B) red apple", FRUIT),
        ("A dog is on the table", FRUIT),
        ("A banana.", FRUIT),
        ("I do not know", FRUIT),
        ("apple", FRUIT),
        ("E", FRUIT),
        ("It is rich in vitamin B complex", FRUIT),
        ("males", SEX),
        ("11", NUMBERS),
        ("It is not malignant.", TUMOUR),
        ("neither benign nor malignant", TUMOUR),
        ("Either benign or malignant", TUMOUR),
        ("...", TUMOUR),
        *[
            (t, FRUIT)
            for t in (
                "A, B, C",
                "A/B",
                "B (or A)",
                "The answer is A, B or C.",
                '["A", "B"]',
                '{"answer": ["A", "B", "C"]}',
            )
        ],
        *[(t, FRUIT) for t in (r"\boxed{A,B}", "A\nB\nC", "A) red apple\nB) green pear\nC) a dark red apple")],
        *[
            (t, FRUIT)
            for t in (
                "B is wrong",
                "B is not the answer",
                "I would not choose B.",
                "I cannot choose B",
                "Anything but B",
            )
        ],
        *[(t, FRUIT) for t in ("everything except the green pear", "It's anything other than a green pear")],
    ],
)
def test_names_none_or_several(text: str, choices: list[str]) -> None:
    with pytest.raises(UnreadableAnswer):
        read_choice(text, choices)


def test_options_whose_texts_end_with_letters() -> None:
    """With the choices listed as they are, "A" may be the first one or "Solution A": ambiguous unless letters were shown."""
    assert read_choice("A", SOLUTIONS, lettered=True) == 0
    with pytest.raises(UnreadableAnswer, match="Solution A"):
        read_choice("A", SOLUTIONS, lettered=False)
    for lettered in (True, False):
        assert read_choice("The answer is Solution A.", SOLUTIONS, lettered=lettered) == 1
        assert read_choice("(A) Solution B", SOLUTIONS, lettered=lettered) == 0
        assert read_choice("neither; their concentrations are the same", SOLUTIONS, lettered=lettered) == 2
        with pytest.raises(UnreadableAnswer):
            read_choice("A) Solution A", SOLUTIONS, lettered=lettered)
        with pytest.raises(UnreadableAnswer):
            read_choice("Solution A has more than Solution B", SOLUTIONS, lettered=lettered)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("C", "C"),
        ("A", "A"),
        ("It is E.", "E"),
        ("The note is A.", "A"),
        ("A sharp", "A sharp"),
        ("I hear a C sharp.", "C sharp"),
        ("(D)", "D"),
    ],
)
def test_options_that_are_letters(text: str, note: str) -> None:
    assert NOTES[read_choice(text, NOTES, lettered=False)] == note


def test_a_letter_that_is_another_options_text_is_ambiguous_where_letters_were_shown() -> None:
    with pytest.raises(UnreadableAnswer):
        read_choice("A", ["B", "A"], lettered=True)
    assert read_choice("A", ["B", "A"], lettered=False) == 1


@pytest.mark.parametrize(
    ("text", "index"),
    [
        ("yes", 0),
        ("Yes.", 0),
        ("A", 0),
        ("(b)", 1),
        ("B. No", 1),
        ("No, it is not.", 1),
        ("The answer is A", 0),
        ("so the answer is no", 1),
    ],
)
def test_options_yes_and_no(text: str, index: int) -> None:
    assert read_choice(text, ["Yes", "No"]) == index


@pytest.mark.parametrize("text", ["I do not know", "no idea", "yes and no", "There is no doubt"])
def test_yes_and_no_inside_phrases_are_no_answers(text: str) -> None:
    with pytest.raises(UnreadableAnswer):
        read_choice(text, ["yes", "no"])


@pytest.mark.parametrize(
    ("text", "letter"), [("B", "B"), ("b)", "B"), ("The answer is C.", "C"), ("**D**", "D"), ("A. He ran", "A")]
)
def test_a_letter_without_known_options(text: str, letter: str) -> None:
    assert read_letter(text) == letter


WORDS = st.text("abcdefghij", min_size=2, max_size=8)


@settings(max_examples=200, deadline=None)
@given(st.lists(WORDS, min_size=2, max_size=6, unique=True), st.data())
def test_every_usual_form_of_an_option_is_read(choices: list[str], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(choices) - 1))
    letter, text = LETTERS[index], choices[index]
    forms = [
        letter,
        f"({letter})",
        f"{letter}.",
        f"{letter}) {text}",
        f"**{letter}**",
        f"Answer: {letter}",
        f"The answer is {letter}.",
    ]
    forms += [text, text.upper(), f" {text}. ", f"The answer is {text}.", f"I see {text}"]
    assert read_choice(data.draw(st.sampled_from(forms)), choices) == index


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=200), st.lists(st.text(max_size=12), min_size=1, max_size=8), st.booleans())
def test_any_text_gives_an_option_or_is_unreadable(text: str, choices: list[str], lettered: bool) -> None:
    try:
        index = read_choice(text, choices, lettered=lettered)
    except UnreadableAnswer as error:
        assert "\n" not in str(error)
    else:
        assert 0 <= index < len(choices)


@settings(max_examples=200, deadline=None)
@given(WORDS, WORDS, WORDS)
def test_an_option_inside_a_word_is_never_read(option: str, other: str, around: str) -> None:
    text = f"so {around}{option} it"
    if {option, other} & set(normal(text).split()):
        return
    with pytest.raises(UnreadableAnswer):
        read_choice(text, [option, other])


@pytest.mark.parametrize(
    "text",
    [
        "answer is " * 100_000,
        "(A" * 300_000,
        "a " * 500_000,
        "not " * 250_000,
        "." * 1_000_000,
        "A. \n" * 250_000,
        "\\boxed{" * 100_000,
    ],
)
def test_long_answers_take_no_time(text: str) -> None:
    from genlevel.records import Part
    from genlevel.tasktypes.answers import text_of

    start = time.perf_counter()
    with contextlib.suppress(UnreadableAnswer):
        read_choice(text_of([Part("text", text)]), FRUIT)
    assert time.perf_counter() - start < 1.0
