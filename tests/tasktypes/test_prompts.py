"""What a model is shown, and where options are found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genlevel import tasktypes
from genlevel.errors import RecordError
from genlevel.records import Record, Sample, Task
from genlevel.tasktypes.options import listed_labels, options_of
from genlevel.tasktypes.prompts import compose, is_placeholder, render


def read(task_type: str, value: dict[str, Any], **header: Any) -> Sample:
    return tasktypes.get(task_type).read(
        Record(str(value.get("id", "1")), value, Path("/nowhere"), "file, entry 0", header)
    )


def prompt(task_type: str, value: dict[str, Any], **header: Any) -> str:
    return read(task_type, value, **header).input[-1].text


def test_places_are_filled_and_not_shown_twice() -> None:
    text = compose(
        {"raw_text": "It rains.", "aspect": "rain", "prompt": "<<<raw_text>>> Opinion on <<< aspect >>>? <<<other>>>"},
        "",
    )
    assert text == "It rains. Opinion on rain? <<<other>>>"


def test_texts_without_a_place_come_first() -> None:
    text = compose({"question": "Who?", "context": "Ann came.", "prompt": "Answer."}, "default")
    assert text.splitlines() == ["Context: Ann came.", "Answer.", "Who?"]


@pytest.mark.parametrize("own", ["users' specifically-defined prompts for different models", "", "  ", None])
def test_a_placeholder_gives_way_to_the_default(own: str | None) -> None:
    shown = {"question": "Who?"} | ({} if own is None else {"prompt": own})
    assert compose(shown, "The default.") == "The default.\nWho?"
    assert own is None or is_placeholder(own)


def test_the_form_is_added_unless_the_record_says_it() -> None:
    form = "Answer with the label alone."
    assert compose({"prompt": "Name the brand."}, "", form=form).endswith(form)
    for own in (
        "Provide only the category name as output.",
        "Answer with one word.",
        "Return JSON.",
        "Reply in the format x.",
    ):
        assert compose({"prompt": own}, "", form=form) == own
    # what the default prompt says is no reason
    assert compose({}, "Answer with care.", form=form).endswith(form)


def test_tables_lists_and_objects() -> None:
    assert render({"header": ["a", "b"], "rows": [[1, 2.5], ["x", None]]}) == "a | b\n1 | 2.5\nx | None"
    assert render([["a", "b"], [1, 2]]) == "a | b\n1 | 2"
    assert render(["one", "two"]) == "one\ntwo"
    assert render([{"type": "text", "content": "Hello"}]) == "Hello"
    assert render({"text": "2 + 2?", "constraints": []}) == "2 + 2?"
    assert render([1, 2, 3.0]) == "1, 2, 3"


def test_options_are_listed_with_letters() -> None:
    text = prompt("multiple-choice", {"input": {"question": "Which?", "options": ["red", "blue"]}})
    assert "A. red\nB. blue" in text and "letter" in text


def test_options_that_are_letters_get_none() -> None:
    text = prompt("multiple-choice", {"input": {"question": "Which note?", "options": ["C", "D", "C sharp"]}})
    assert "- C\n- D\n- C sharp" in text and "letter" not in text


@pytest.mark.parametrize(
    ("shown", "options"),
    [
        ({"options": ["red", "blue"]}, ("red", "blue")),
        ({"choices": {"A": "red", "B": "blue"}}, ("red", "blue")),
        ({"Options": ["A. red", "B. blue"]}, ("red", "blue")),
        ({"options": "['red', 'blue']"}, ("red", "blue")),
        ({"options": "A. red\nB. blue"}, ("red", "blue")),
        ({"options": [1, 2.0, "x"]}, ("1", "2", "x")),
        ({"A": "red", "B": "blue", "question": "?"}, ("red", "blue")),
        ({"question": "Which? The candidate choices are ['red', 'blue']."}, ("red", "blue")),
        ({"question": """Which? The candidate choices are ["it's [x]", 'blue'], all."""}, ("it's [x]", "blue")),
        ({"question": "Options: ['a', 'b']. Which?"}, ("a", "b")),
        ({"question": "Which?\nA. red\nB. blue"}, ("red", "blue")),
        ({"question": "Which?\n(A) red\n(B) blue"}, ("red", "blue")),
        ({"question": "Which? (A) red (B) blue"}, ("red", "blue")),
        ({"question": "Which?"}, ()),
        ({"question": "A. Smith wrote it.\nWho?"}, ()),
        ({"question": "choices are [__import__('os'), 'b']"}, ()),
    ],
)
def test_where_options_are_found(shown: dict[str, Any], options: tuple[str, ...]) -> None:
    assert options_of(shown, "here", closed=True).texts == options


@pytest.mark.parametrize("value", [[], 7, "red", [["x"]], {}])
def test_options_that_are_none(value: object) -> None:
    with pytest.raises(RecordError, match="here"):
        options_of({"options": value}, "here", closed=True)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        (
            "Choose from: entailment, contradiction, or neutral. Provide only the name.",
            ("entailment", "contradiction", "neutral"),
        ),
        ("Select one of the following labels: spam / ham", ("spam", "ham")),
        ("The labels are: 'a', 'b' and 'c'.", ("a", "b", "c")),
        ("Classify the text into one of these categories: world, sports; politics", ("world", "sports", "politics")),
        ("What is the topic?", ()),
        ("Choose well. There are two: yes", ()),
    ],
)
def test_labels_that_a_prompt_lists(text: str, labels: tuple[str, ...]) -> None:
    assert listed_labels(text, None) == labels


def test_a_list_without_the_right_answer_is_no_list_of_labels() -> None:
    assert listed_labels("Choose from: a, b, c.", ("d",)) == ()


@pytest.mark.parametrize(
    ("task_type", "value", "words"),
    [
        (
            "translation",
            {"in": "English", "out": "French", "input": {"text": "Hello"}},
            ["from English to French", "Hello"],
        ),
        ("translation", {"in": "English", "out": "French", "input": "Hello"}, ["from English to French", "Hello"]),
        ("dialogue", {"dialog": ["Hi.", "Hello!"]}, ["A: Hi.\nB: Hello!"]),
        ("summarization", {"document": "Long.", "output": {"summary": "S"}}, ["Long."]),
        ("summarization", {"document_list": ["One.", "Two."]}, ["One.\nTwo."]),
        ("text-generation", {"input": {"originalSentence": "He ran."}}, ["in other words", "He ran."]),
        (
            "text-generation",
            {"input": {"Error Type": "verb", "Ungrammatical Statement": "He run."}},
            ["grammar", "He run.", "verb"],
        ),
        ("text-generation", {"input": {"text": "Hi", "style": "formal"}}, ["style", "formal", "Hi"]),
        ("text-generation", {"input": {"table": [{"header": ["a"], "rows": [["b"]]}]}}, ["a\nb"]),
        (
            "text-generation",
            {"statement": "x = x", "proof": {"steps": ["secret"], "conclusion": "c"}},
            ["Prove", "x = x"],
        ),
        ("text-generation", {"code": "f()", "nl": "secret"}, ["Explain", "f()"]),
        ("text-classification", {"func": "int f()", "target": 1}, ["defect", "int f()"]),
        (
            "code-generation",
            {"language": "Python", "goal": "Add.", "context": [{"type": "text", "content": "def add"}]},
            ["Python", "Add.", "def add"],
        ),
        ("code-generation", {"input": {"prompt": "Repair it.", "sourceCode": "x = "}}, ["Repair it.", "x ="]),
        (
            "text-to-sql",
            {"input": {"context": "CREATE TABLE t", "question": "How many?"}},
            ["CREATE TABLE t", "How many?"],
        ),
        (
            "mathematical-reasoning",
            {"problem": {"text": "2 + 2?", "constraints": ["n > 0"]}, "solution": {"final_answer": "secret"}},
            ["2 + 2?", "n > 0"],
        ),
        (
            "time-series-forecasting",
            {"input": {"data": [1, 2, 3]}, "output": {"target": [4, 5]}},
            ["1, 2, 3", "2 values"],
        ),
        ("question-answering", {"input": {"question": "At <MASK>."}}, ["<MASK>."]),
        (
            "question-answering",
            {"input": {"question": "Who?", "table": {"header": ["n"], "rows": [["Ann"]]}}},
            ["Ann", "Who?"],
        ),
    ],
)
def test_records_of_all_language_kinds_are_shown(task_type: str, value: dict[str, Any], words: list[str]) -> None:
    text = prompt(task_type, value)
    for word in words:
        assert word in text
    assert "secret" not in text


@pytest.mark.parametrize(
    "task_type", ["multiple-choice", "question-answering", "text-generation", "object-detection", "text-to-image"]
)
@pytest.mark.parametrize("value", [{"id": 1}, {"id": 1, "input": {}}, {"id": 1, "input": None}])
def test_nothing_to_ask_is_an_error_that_names_the_place(task_type: str, value: dict[str, Any]) -> None:
    with pytest.raises(RecordError, match="file, entry 0"):
        read(task_type, value)


def test_the_answer_is_never_shown() -> None:
    for task_type in (name for name in tasktypes.TASK_TYPES if not name.startswith("test-")):
        value = {
            "input": {"prompt": "Do it.", "data": [1.0]},
            "output": {"text": "hush-hush", "image_file": "hush-hush.png"},
        }
        try:
            sample = read(task_type, value)
        except RecordError:
            continue
        assert all("hush" not in part.text for part in sample.input)


@pytest.mark.parametrize(
    ("task_type", "shown", "content"),
    [
        ("text-to-speech", {"text": "Good morning.", "prompt": "Read the text aloud, gladly."}, "Good morning."),
        ("text-to-speech", {"prompt": "Good morning."}, "Good morning."),
        ("text-to-image", {"prompt": "A red circle."}, "A red circle."),
        ("text-to-image", {"caption": "A red circle.", "prompt": "Draw the caption."}, "A red circle."),
        (
            "text-to-image",
            {"text": "A cube.", "prompt": "users' specifically-defined prompts for different models"},
            "A cube.",
        ),
        ("image-to-image", {"image_file": "a.png", "prompt": "Make it snow."}, "Make it snow."),
        ("image-denoising", {"image_file": "a.png"}, ""),
        ("text-to-video", {"prompt": "A dog runs."}, "A dog runs."),
    ],
)
def test_what_a_generator_works_from(tmp_path: Path, task_type: str, shown: dict[str, Any], content: str) -> None:
    (tmp_path / "a.png").write_bytes(b"x")
    record = Record("1", {"id": "1", "input": shown}, tmp_path, "a.json, item 0")
    kind = tasktypes.get(task_type)
    sample = kind.read(record)
    assert sample.content == content
    task = Task("t", "2025", "image", "generation", "n", task_type, "psnr", "higher", "raw")
    assert kind.ask(sample, task).content == content
