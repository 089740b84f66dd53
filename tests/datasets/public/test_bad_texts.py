"""Bad input to the readers of texts and of copies: one clear line, counted, and the rest goes on."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genlevel import tasktypes
from genlevel.catalog import load
from genlevel.datasets import Dataset, find_datasets
from genlevel.datasets.public import reader
from genlevel.datasets.public.copies import Copy, copies, of_split
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.language.conll import bracketed
from genlevel.datasets.public.language.makers import spans
from genlevel.datasets.public.sources import sources
from genlevel.errors import DataError, GenlevelError, RecordError
from genlevel.media import encode_png, load_image
from genlevel.records import Record
from tests.datasets.conftest import JSON
from tests.datasets.public.language_sets import CASES, IDS, REVIEWS, TextCase, js

CATALOG = load("2024")
SLOW = settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))


def name_of(case: TextCase) -> str:
    copied = next(iter(case.files)).endswith(".parquet")
    return f"copy:{case.task}" if copied else sources()[case.task].format


def read(case: TextCase, folder: Path) -> tuple[int, list[str]]:
    """How many samples were read, and what was said of the others; whatever is said is one line."""
    samples, said = 0, []
    kind = tasktypes.for_task(CATALOG[case.task])
    try:
        its = reader(name_of(case))
        for record in its.records(folder, its.find(Folder(folder))):
            if isinstance(record, RecordError):
                said.append(str(record))
                continue
            try:
                kind.read(record)
                samples += 1
            except RecordError as error:
                said.append(str(error))
    except DataError as error:
        said.append(str(error))
    assert all(line and "\n" not in line for line in said), said
    return samples, said


@pytest.mark.parametrize("case", CASES, ids=IDS)
@given(data=st.data())
@SLOW
def test_damaged_files(case: TextCase, tmp_path_factory, data):
    """Cut short, with bytes changed, or empty."""
    folder = tmp_path_factory.mktemp("damaged")
    case.make(folder)
    path = folder / data.draw(st.sampled_from(sorted(case.files)))
    whole = bytearray(path.read_bytes())
    if data.draw(st.booleans()):
        del whole[data.draw(st.integers(0, len(whole))) :]
    for at in data.draw(st.lists(st.integers(0, max(len(whole) - 1, 0)), max_size=3)) if whole else ():
        whole[at] = data.draw(st.integers(0, 255))
    path.write_bytes(whole)
    read(case, folder)


JSON_CASES = [c for c in CASES if any(n.endswith(".json") for n in c.files)]


@pytest.mark.parametrize("case", JSON_CASES, ids=lambda c: c.task)
@given(data=st.data())
@SLOW
def test_values_of_another_type(case: TextCase, tmp_path_factory, data):
    """Any value anywhere in the file."""
    folder = tmp_path_factory.mktemp("types")
    case.make(folder)
    path = folder / data.draw(st.sampled_from(sorted(n for n in case.files if n.endswith(".json"))))
    value = json.loads(path.read_bytes())
    places: list[tuple[Any, Any]] = []

    def walk(node: Any) -> None:
        for key in node if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ():
            places.append((node, key))
            walk(node[key])

    walk(value)
    node, key = data.draw(st.sampled_from(places))
    if isinstance(node, dict) and data.draw(st.booleans()):
        del node[key]
    else:
        node[key] = data.draw(JSON)
    path.write_text(json.dumps(value))
    read(case, folder)


PARQUET_CASES = [c for c in CASES if next(iter(c.files)).endswith(".parquet")]


@pytest.mark.parametrize("case", PARQUET_CASES, ids=lambda c: c.task)
@pytest.mark.parametrize("instead", [7, "text", b"\xff\xfe", [1, 2], [], {"a": "b"}, 1.5, True])
def test_columns_of_another_type(case: TextCase, tmp_path: Path, instead: Any):
    used = copies()[case.task].used
    name = next(iter(case.files))
    for column in used:
        rows = [{**row, column: instead} for row in case.files[name]]
        case._replace(files={name: rows}).make(tmp_path)
        samples, said = read(case, tmp_path)
        assert samples or said or case.task == "language.snli" or column == "idx"


@pytest.mark.parametrize("case", PARQUET_CASES, ids=lambda c: c.task)
def test_a_column_that_is_not_there_is_named(case: TextCase, tmp_path: Path):
    name = next(iter(case.files))
    used = copies()[case.task].used
    for column in used:
        rows = [{k: v for k, v in {**row, "other": 1}.items() if k != column} for row in case.files[name]]
        case._replace(files={name: rows}).make(tmp_path)
        samples, said = read(case, tmp_path)
        assert samples == 0 and len(said) == 1 and column in said[0]


def one(task: str) -> TextCase:
    return next(case for case in CASES if case.task == f"language.{task}")


@pytest.mark.parametrize(
    ("task", "files", "samples", "says"),
    [
        ("ag-news", {"test.csv": '"5","a","b"\n"1","a","b"\n"x","a","b"\n'}, 1, ["class '5'", "class 'x'"]),
        ("ag-news", {"test.csv": '"1"\n"1","a","b"\n'}, 1, ["too few cells"]),
        ("ag-news", {"test.csv": b'"1","\xff","b"\n'}, 0, ["not UTF-8"]),
        ("sst", {"dev.tsv": "sentence\tlabel\ngood\t2\nfine\t1\n"}, 1, ["label '2' is none of 2 classes"]),
        ("trec", {"TREC_10.label": "XXX:y What ?\nNUM:dist How far ?\n"}, 1, ["label 'XXX'"]),
        (
            "snli",
            {"snli_1.0_test.jsonl": '{"gold_label": "neutral"}\nnot json\n[]\n'},
            0,
            ["'sentence1'|'first'", "not JSON", "label ''"],
        ),
        ("snips", {"test/seq.in": "a\nb\n", "test/label": "PlayMusic\n"}, 0, ["has 2 lines and label 1"]),
        (
            "conll-2003",
            {"eng.testb": "EU X X I-ORG\nonly\n\nUS X X B-\n\nUK X X I-LOC\n"},
            1,
            ["one cell", "no tag such as"],
        ),
        ("ontonotes-5-0", {"test/x_gold_conll": "a 0 0 Bob N * - - - - (PERSON* *\n\n"}, 0, ["not closed"]),
        ("ontonotes-5-0", {"test/x_gold_conll": "a 0 0 [WORD] N * - - - - * *\n\n"}, 0, ["put the words in"]),
        (
            "conll-2014",
            {"noalt/official-2014.combined.m2": "S a b\nA 5 9|||X|||y|||R|||-|||0\n\nS c\n\nrubbish\n"},
            1,
            ["words 5 to 9 of 2", "neither"],
        ),
        (
            "upb",
            {"en-up-test.conllu": "1\tA\t_\t_\t_\t_\t_\t_\t_\t_\tgo.01\n\n1\tB\n\n"},
            0,
            ["1 predicates and 0 columns", "too few cells"],
        ),
        (
            "semeval-2010-task-8",
            {"TEST_FILE_FULL.TXT": '1\t"a"\nUnknown(e1,e2)\n\n2\n\n'},
            0,
            ["'Unknown", "no line with its relation"],
        ),
        (
            "docred",
            {
                "dev.json": js(
                    [{"sents": [["a"]], "vertexSet": [[{"name": "a"}]], "labels": [{"h": 0, "t": 9, "r": "P1"}]}, 7]
                )
            },
            0,
            ["entity 9, of 1", "vertexSet"],
        ),
        ("docred", {"dev.json": "[]", "rel_info.json": "[1]"}, 0, ["rel_info.json: is no object"]),
        ("dialogre", {"data/test.json": '[[["a"]], 5]'}, 0, ["no pair", "no pair"]),
        ("ace-2005", {"data/English/a.apf.xml": "<a><b></a>", "data/English/a.sgm": "x"}, 0, ["no XML"]),
        ("ace-2005", {"data/English/a.apf.xml": "<a/>"}, 0, ["a.sgm"]),
        (
            "race",
            {"test/high/1.txt": '{"article": "a", "questions": ["q"], "options": [["x"]], "answers": ["F"]}'},
            0,
            ["'F' is none of 1 options"],
        ),
        ("squad-2-0", {"dev-v2.0.json": '{"data": [{"paragraphs": "x"}]}'}, 0, ["no list 'paragraphs'"]),
        (
            "newsqa",
            {
                "combined-newsqa-data-v1.json": js(
                    {
                        "data": [
                            {"type": "test", "text": "abc", "questions": [{"q": "?", "consensus": {"s": 2, "e": 999}}]}
                        ]
                    }
                )
            },
            0,
            ["outside the text of 3"],
        ),
        (
            "ms-marco",
            {"dev_v2.1.json": '{"query": {"0": "q"}, "answers": {"1": ["a"]}, "passages": {"0": []}}'},
            0,
            ["different order"],
        ),
        (
            "multirc",
            {
                "dev_83-fixedIds.json": js(
                    {"data": [{"paragraph": {"text": "p", "questions": [{"question": "q", "answers": []}]}}]}
                )
            },
            0,
            ["no answer"],
        ),
    ],
)
def test_what_is_wrong_is_said(tmp_path: Path, task: str, files: dict[str, Any], samples: int, says: list[str]):
    case = one(task)._replace(files=files)
    case.make(tmp_path)
    found, said = read(case, tmp_path)
    assert found == samples
    assert len(said) == len(says)
    for line, wanted in zip(said, says, strict=True):
        assert any(word in line for word in wanted.split("|")), line
        assert str(tmp_path) in line or task in {"snips", "upb"}


def test_xml_with_entities_of_its_own_is_refused(tmp_path: Path):
    laughs = '<!DOCTYPE s [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + REVIEWS.partition("?>")[2].replace(
        "bread", "&b;"
    )
    case = one("semeval-14")._replace(files={"Restaurants_Test_Gold.xml": laughs})
    case.make(tmp_path)
    samples, said = read(case, tmp_path)
    assert samples == 0 and "declares entities" in said[0]


def test_data_check_counts_what_is_lost(tmp_path: Path, capsys):
    from genlevel.cli import main

    one("ag-news")._replace(files={"test.csv": '"9","a","b"\n"1","a","b"\n'}).make(tmp_path / "ag-news")
    assert main(["data", "check", str(tmp_path), "--edition", "2024", "--format", "json"]) == 1
    (row,) = json.loads(capsys.readouterr().out)["tasks"]
    assert (row["task_id"], row["samples"], row["unreadable"]) == ("language.ag-news", 1, 1)


@given(
    st.lists(
        st.tuples(st.text("ab", min_size=1, max_size=3), st.sampled_from(["O", "PER", "LOC"]), st.booleans()),
        max_size=8,
    )
)
@settings(max_examples=200, deadline=None)
def test_spans_of_tags_written_from_spans(pieces):
    """Any entities, written as tags in IOB2, come back; written as brackets, the tags are the same."""
    tokens, tags, brackets, wanted = [], [], [], []
    for word, kind, longer in pieces:
        words = [word, word] if longer else [word]
        tokens += words
        if kind == "O":
            tags += ["O"] * len(words)
            brackets += ["*"] * len(words)
        else:
            tags += [f"B-{kind}", f"I-{kind}"][: len(words)]
            brackets += [f"({kind}*", "*)"] if longer else [f"({kind})"]
            wanted.append(f"{' '.join(words)} ({kind})")
    assert spans(tokens, tags) == wanted
    assert bracketed(brackets) == tags


@pytest.mark.parametrize("cells", [["*)"], ["(A*"], ["(A*", "(B*"], ["((A*"], [""], ["(A)*"], ["x"]])
def test_brackets_that_do_not_fit(cells):
    with pytest.raises(ValueError, match="bracket"):
        bracketed(cells)


@pytest.mark.parametrize(
    ("paths", "copy", "found"),
    [
        (
            ["data/test-00000-of-00002.parquet", "data/test-00001-of-00002.parquet", "data/train-0.parquet"],
            Copy("test"),
            [0, 1],
        ),
        (["default/test/0000.parquet", "default/train/0000.parquet"], Copy("test"), [0]),
        (["a/test-0.parquet", "b/test-0.parquet"], Copy("test"), []),
        (["a/test-0.parquet", "b/test-0.parquet"], Copy("test", "b"), [1]),
        (["test.parquet", "testing.parquet", "test.csv"], Copy("test"), [0]),
        (["ag-news/data/test-0.parquet"], Copy("test"), [0]),
    ],
)
def test_files_of_a_split(paths, copy, found):
    assert of_split(paths, copy) == [paths[i] for i in found]


def vqa(folder: Path, rows: list[dict[str, Any]]) -> Dataset:
    path = folder / "vqav2/data/validation-00000-of-00001.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), path)
    (dataset,) = find_datasets(folder, CATALOG).datasets
    return dataset


def test_pictures_of_a_copy_are_shown_and_no_path_in_it_is_followed(tmp_path: Path):
    secret = tmp_path / "secret.png"
    secret.write_bytes(encode_png(np.zeros((4, 4, 3), np.uint8)))
    picture = np.random.default_rng(0).integers(0, 256, (6, 5, 3), np.uint8)
    answers = [{"answer": f"a{i % 2}", "answer_confidence": "yes", "answer_id": i} for i in range(10)]
    rows = [
        {
            "question_id": 5,
            "image": {"bytes": encode_png(picture), "path": "../../x.png"},
            "question": "What?",
            "answers": answers,
        },
        {"question_id": 6, "image": {"bytes": None, "path": str(secret)}, "question": "What?", "answers": answers},
        {"question_id": 7, "image": {"bytes": b"", "path": "x.png"}, "question": "What?", "answers": answers},
    ]
    dataset = vqa(tmp_path / "data", rows)
    first, *others = list(dataset.records())
    assert isinstance(first, Record) and first.id == "5"
    sample = tasktypes.for_task(dataset.task).read(first)
    assert np.array_equal(load_image(sample.input[0]), picture)
    assert sample.reference == [f"a{i % 2}" for i in range(10)]
    assert [str(e) for e in others if isinstance(e, GenlevelError) and "holds no image" in str(e)] == [
        str(e) for e in others
    ]


def test_a_large_copy_is_streamed(tmp_path: Path):
    """Sixty megabytes in groups of three: what is held at once is a few groups. Measured in a process of its own."""
    path = tmp_path / "vqav2/data/validation-0.parquet"
    path.parent.mkdir(parents=True)
    noise = np.random.default_rng(0)
    rows = lambda: [  # noqa: E731
        {
            "question_id": 0,
            "image": {"bytes": noise.bytes(100_000), "path": ""},
            "question": "q",
            "answers": [{"answer": "a"}],
        }
        for _ in range(30)
    ]
    first = pa.Table.from_pylist(rows())
    with pq.ParquetWriter(path, first.schema) as writer:
        for _ in range(20):
            writer.write_table(pa.Table.from_pylist(rows(), schema=first.schema))
    code = (
        "import sys, pyarrow; from pathlib import Path; from genlevel.datasets.public import read\n"
        "n = sum(1 for _ in read('copy:image.comprehension.vqav2', Path(sys.argv[1]).parent, (Path(sys.argv[1]),)))\n"
        "print(n, pyarrow.default_memory_pool().max_memory())"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True)
    count, most = map(int, done.stdout.split())
    assert path.stat().st_size > 60_000_000
    assert count == 600 and most < 20_000_000
