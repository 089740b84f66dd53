"""What ``genlevel data check`` counts and lists, and its exit codes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.catalog import load
from genlevel.cli import main
from genlevel.datasets import Dataset, find_datasets
from genlevel.datasets.check import check_dataset
from genlevel.errors import RecordError
from genlevel.media import encode_png, encode_wav
from genlevel.records import Part, Record, Sample
from genlevel.tasktypes import get

from .conftest import JSON, entry

CSV = """id,modality,paradigm,name,task_type,metric
image.comprehension.bird-detection,image,comprehension,Bird Detection,image-classification,accuracy
language.causal-reasoning,language,language,Causal Reasoning,text-classification,accuracy
"""


@pytest.fixture
def mixed(write, tmp_path):
    """A root with one of each fault."""
    folder = "image/comprehension/BirdDetection"
    write(f"{folder}/images/good.png", encode_png(np.zeros((2, 2, 3), np.uint8)))
    write(f"{folder}/images/text.png", "hello")
    write(f"{folder}/images/cut.png", encode_png(np.zeros((9, 9, 3), np.uint8))[:-15])
    closed = {"id": "closed", "input": {"image_file": "good.png"}}
    names = {"1": "good.png", "2": "text.png", "3": "gone.png", "4": "../../../../etc/passwd", "5": "cut.png", "6": 7}
    entries = [entry(i, image_file=name) for i, name in names.items()]
    write(f"{folder}/annotation.json", [*entries, entry("1"), {"no": "id"}, closed])
    write("nlp/Unheard-Of/annotation.json", [entry("1")])
    return tmp_path / "data"


def test_counts_without_a_reader(mixed, small_catalog):
    (dataset,) = find_datasets(mixed, small_catalog).datasets
    check = check_dataset(dataset, None, keep=100)
    assert (check.samples, check.closed, check.missing_media, check.broken_media) == (3, 1, 3, 1)
    assert (check.unreadable, check.duplicates, check.faults) == (1, 1, 6)
    assert len(check.problems) == 6
    assert any("entry 1: " in line and "text.png" in line and "it is text" in line for line in check.problems)
    # Only decoding finds an image that is cut off after its header.
    assert check_dataset(dataset, None, decode=True).broken_media == 2
    assert len(check_dataset(dataset, None, keep=2).problems) == 2


def test_a_task_types_reader_is_used(write, tmp_path, small_catalog):
    write("nlp/Causal-Reasoning/annotation.json", [entry("1"), entry("bad"), entry("crash"), {"id": "closed"}])
    write("nlp/Causal-Reasoning/train/annotation.json", [entry("t")])

    def read(record: Record) -> Sample:
        if record.id == "bad":
            raise RecordError(f"{record.where}: no question")
        if record.id == "crash":
            raise KeyError("x")
        return Sample(record.id, (Part("text", text="?"),), reference=record.value.get("output"))

    (dataset,) = find_datasets(tmp_path / "data", small_catalog).datasets
    check = check_dataset(dataset, read)
    assert (check.samples, check.closed, check.train, check.unreadable) == (2, 1, 1, 2)
    assert "no question" in check.problems[0]
    assert "KeyError" in check.problems[1]


def test_sound_is_decoded_on_request(write, tmp_path, small_catalog):
    write("nlp/Causal-Reasoning/annotation.json", [entry("1", audio_file="a.wav"), entry("2", audio_file="b.wav")])
    write("nlp/Causal-Reasoning/a.wav", encode_wav(np.zeros(10), 8000))
    write("nlp/Causal-Reasoning/b.wav", "no sound")
    (dataset,) = find_datasets(tmp_path / "data", small_catalog).datasets
    assert check_dataset(dataset, None).faults == 0
    assert check_dataset(dataset, None, decode=True).broken_media == 1


def test_a_truncated_file_is_one_fault(write, tmp_path, small_catalog):
    write("nlp/Causal-Reasoning/annotation.json", '{"data": [{"id": "1"}')
    (dataset,) = find_datasets(tmp_path / "data", small_catalog).datasets
    check = check_dataset(dataset, None)
    assert (check.samples, check.unreadable) == (0, 1)
    assert "truncated" in check.problems[0]


@given(
    st.lists(
        st.fixed_dictionaries(
            {"id": st.integers(0, 9) | JSON},
            optional={"input": JSON, "output": JSON, "image_file": JSON, "video_file_list": JSON},
        )
        | JSON,
        max_size=5,
    )
)
@settings(max_examples=60, deadline=None)
def test_wrong_types_everywhere_are_counted(tmp_path_factory, values):
    root = tmp_path_factory.mktemp("any")
    (root / "annotation.json").write_text(json.dumps(values))
    task = load("2025")["language.causal-reasoning"]
    dataset = Dataset(task, root, root / "annotation.json", "")
    check = check_dataset(dataset, None, keep=99)
    assert check.samples + check.faults == len(values)
    assert len(check.problems) == check.faults
    assert all("\n" not in line and "entry" in line for line in check.problems)


def test_command(mixed, tmp_path, capsys):
    (mixed / "catalog.csv").write_text(CSV)
    assert main(["data", "check", str(mixed), "--format", "json", "--lines", "2"]) == 1
    out, err = capsys.readouterr()
    document = json.loads(out)
    (task,) = document["tasks"]
    assert task["folder"] == "image/comprehension/BirdDetection"
    assert len(task["problems"]) == 2
    assert document["unmatched"][0]["path"].endswith("Unheard-Of/annotation.json")
    assert "more" in err
    assert "1 of 2 tasks of the catalog" in err
    assert "1 unmatched" in err


def test_command_on_a_whole_folder_and_other_formats(write, tmp_path, capsys):
    write("catalog.csv", CSV)
    write("nlp/Causal-Reasoning/annotation.json", [])
    root = str(tmp_path / "data")
    assert main(["data", "check", root]) == 0
    out, err = capsys.readouterr()
    assert "language.causal-reasoning" in out
    assert "nothing missing" in err
    assert main(["data", "check", root, "--format", "csv"]) == 0
    assert capsys.readouterr().out.splitlines()[0].startswith("task_id,folder,samples,")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["check", "no-such-folder"], "no such folder"),
        (["check", ".", "--edition", "1999"], "1999"),
        (["check", ".", "--lines", "-1"], "not a whole number"),
        (["chek", "."], "invalid choice"),
        ([], "required"),
    ],
)
def test_wrong_use_is_one_line_and_exit_2(arguments, words, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        code = main(["data", *arguments])
    except SystemExit as stop:
        code = stop.code
    assert code == 2
    err = capsys.readouterr().err
    assert words in err
    assert err.count("\n") == 1


def test_a_missing_image_is_missing_with_a_reader_too(write, tmp_path, small_catalog):
    folder = "image/comprehension/BirdDetection"
    write(f"{folder}/images/good.png", encode_png(np.zeros((2, 2, 3), np.uint8)))
    write(f"{folder}/annotation.json", [entry("1", image_file="good.png"), entry("2", image_file="gone.png")])
    (dataset,) = find_datasets(tmp_path / "data", small_catalog).datasets
    check = check_dataset(dataset, get("image-classification").read)
    assert (check.samples, check.missing_media, check.unreadable) == (1, 1, 0)
    assert check.problems[0].count("annotation.json, entry 1") == 1
    assert "gone.png" in check.problems[0]


def test_a_right_answer_that_is_no_option_is_listed(write, tmp_path, small_catalog, capsys):
    options = ["red", "green", "blue"]
    answers = {"1": "green", "2": "purple", "3": "B", "4": "Blue"}
    shown = {"question": "Which colour?", "options": options}
    entries = [{"id": i, "input": shown, "output": {"text": answer}} for i, answer in answers.items()]
    write("nlp/Causal-Reasoning/annotation.json", entries)
    (dataset,) = find_datasets(tmp_path / "data", small_catalog).datasets
    check = check_dataset(dataset, get("text-classification").read)
    assert (check.samples, check.unlisted, check.faults) == (4, 1, 1)
    (line,) = check.problems
    assert "entry 1" in line and line.endswith("the right answer 'purple' is none of the options")
