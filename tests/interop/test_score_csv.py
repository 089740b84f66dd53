"""The long CSV of scores: what is read, and the one line for each slip."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.catalog import load
from genlevel.errors import ScoreError
from genlevel.interop.score_csv import read_scores_csv

CATALOG = load("2024")
GQA, FSC = "image.comprehension.gqa", "image.comprehension.fsc147"
HEAD = "task_id,model,score\n"


def write(folder: Path, text: str | bytes) -> Path:
    path = folder / "scores.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_reads_in_any_order_with_other_columns(tmp_path: Path) -> None:
    text = f"\ufeffmodel,note,score,Task_ID\r\nb,x, 61.5 ,{GQA}\r\n\r\na,,,{GQA}\r\na,,1e1,{FSC}\r\n"
    table = read_scores_csv(write(tmp_path, text), CATALOG)
    assert table.scores == {"b": {GQA: 61.5}, "a": {GQA: None, FSC: 10.0}}


def test_former_ids_are_taken(tmp_path: Path) -> None:
    whole = load("2025")
    alias, task_id = next(iter(whole.aliases.items()))
    table = read_scores_csv(write(tmp_path, f"{HEAD}{alias},m,5\n"), whole)
    assert table.scores == {"m": {task_id: 5.0}}
    with pytest.raises(ScoreError, match=f"line 3: task {task_id} of m stands already in line 2"):
        read_scores_csv(write(tmp_path, f"{HEAD}{alias},m,5\n{task_id},m,5\n"), whole)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", r"scores\.csv: is empty; the first line is task_id,model,score"),
        (HEAD, r"scores\.csv: has no scores, only a header"),
        ("a,b\n1,2\n", r"scores\.csv line 1: column task_id is missing"),
        ("task_id,model,score,score\n", r"line 1: column score stands twice"),
        (
            f"{HEAD}{GQA},m,250\n",
            rf"line 2: task {GQA}: score 250 is outside the range of accuracy, 0 to 100 \(percent\)",
        ),
        (f"{HEAD}{GQA},m,-1\n", r"line 2: task .* score -1 is outside"),
        (f"{HEAD}{FSC},m,-1\n", r"line 2: task .* score -1 is outside the range of mae, 0 to inf"),
        (f"{HEAD}{GQA},m,inf\n", r"line 2: task .* score inf is outside"),
        (f"{HEAD}{GQA},m,nan\n", r"line 2: task .* NaN is no score"),
        (f"{HEAD}{GQA},m,ninety\n", r"line 2: task .* 'ninety' is not a number; write it like 12\.5"),
        (f'{HEAD}{GQA},m,"90,5"\n', r"'90,5' is not a number"),
        (f"{HEAD}{GQA},m,1_0\n", r"'1_0' is not a number"),
        (f"{HEAD}{GQA},,90\n", r"line 2: has no model"),
        (f"{HEAD}{GQA},m\n", r"line 2: has 2 cells, but the header has 3"),
        (f"{HEAD}\n{GQA},m,90\n{GQA},m,91\n", rf"line 4: task {GQA} of m stands already in line 3"),
        (f'{HEAD}"{GQA},m,90\n', r"not readable as CSV"),
        (
            f"{HEAD}image.comprehension.gqaa,m,9\n{GQA},m,9\nzzz,m,9\n",
            r"scores\.csv line 2: unknown task 'image\.comprehension\.gqaa', did you mean image\.comprehension\.gqa.*; "
            r"line 4: unknown task 'zzz' \(edition 2024",
        ),
        (b"task_id,model,score\n\xff,m,1\n", r"line 2: is not UTF-8"),
        (b"PK\x03\x04\0\0", r"scores\.csv: is no text"),
    ],
)
def test_slips(tmp_path: Path, text: str | bytes, message: str) -> None:
    with pytest.raises(ScoreError, match=message) as error:
        read_scores_csv(write(tmp_path, text), CATALOG)
    assert "\n" not in str(error.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(ScoreError, match=r"nothing\.csv: cannot be read: No such file"):
        read_scores_csv(tmp_path / "nothing.csv", CATALOG)


@settings(max_examples=100)
@given(data=st.binary(max_size=200) | st.text(max_size=200).map(lambda s: (HEAD + s).encode("utf-8", "replace")))
def test_anything_is_read_or_refused(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = write(tmp_path_factory.getbasetemp(), data)
    try:
        table = read_scores_csv(path, CATALOG)
    except ScoreError as error:
        assert "\n" not in str(error)
    else:
        assert table.scores
