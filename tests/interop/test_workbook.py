"""The official result workbook: joined by name, nothing dropped in silence."""

import csv
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from openpyxl import Workbook, load_workbook

from genlevel.catalog import Catalog, load
from genlevel.errors import ScoreError
from genlevel.interop import xlsx
from genlevel.interop.cells import read_cell
from genlevel.interop.scores import suspicious_units
from genlevel.interop.workbook import SHEETS, read_workbook, write_workbook
from genlevel.levels import get_protocol, rate

CASES = Path(__file__).parents[3] / "shared" / "data" / "ranker-cases"
CATALOG = load("2025")
PAPER = get_protocol("paper-2025")
HEAD = ("No", "Task Name", "Task Short Name", "Metrics", "M")
needs_cases = pytest.mark.skipif(not CASES.is_dir(), reason="no cases of the official scorer beside the repository")

FOOTBALL = next(t for t in CATALOG if t.metric == "accuracy" and t.modality == "image")
Build = Callable[..., Path]


@pytest.fixture
def build(tmp_path: Path) -> Iterator[Build]:
    """A workbook with all sheets, of which some get rows; ``drop`` and ``rename`` change sheets."""

    def make(
        rows: dict[str, list[tuple[Any, ...]]],
        *,
        head: tuple[Any, ...] = HEAD,
        drop: tuple[str, ...] = (),
        rename: dict[str, str] | None = None,
    ) -> Path:
        book = Workbook()
        book.remove(book.active)
        for title in SHEETS:
            if title not in drop:
                sheet = book.create_sheet((rename or {}).get(title, title))
                sheet.append(head)
                for row in rows.get(title, []):
                    sheet.append(row)
        path = tmp_path / "result.xlsx"
        book.save(path)
        return path

    yield make


def image(name: str, score: Any, metric: str = "Acc") -> dict[str, list[tuple[Any, ...]]]:
    return {"Image-Comprehension": [(1, name, "", metric, score)]}


def from_case(path: Path, target: Path) -> Path:
    """A CSV case of the official scorer as a workbook, the rows in reverse order."""
    book = Workbook()
    book.remove(book.active)
    sheets = {title: book.create_sheet(title) for title in SHEETS}
    for sheet in sheets.values():
        sheet.append(HEAD)
    with path.open(newline="", encoding="utf-8") as file:
        for row in reversed(list(csv.DictReader(file))):
            score = float(row["score"]) if row["score"] else None
            sheets[row["sheet"]].append([int(row["No"]), row["Task Name"], "", row["Metrics"], score])
    book.save(target)
    return target


@needs_cases
def test_the_specialists_workbook_is_the_catalog() -> None:
    table = read_workbook(CASES / "sota_result.xlsx", CATALOG)
    assert (table.problems, table.notes) == ([], [])
    assert table.scores["SoTA Performance"] == {t.id: t.sota for t in CATALOG}


@needs_cases
@pytest.mark.parametrize("case", ["01_all_equal_sota", "18_realistic_mix"])
def test_where_the_official_scorer_is_right_we_agree(case: str, tmp_path: Path) -> None:
    """Image and video of its cases; audio and 3D are wrong there (units of WER, unmapped Chamfer distances)."""
    expected = json.loads((CASES / "expected.json").read_text())[case]["full"]["modalities"]
    table = read_workbook(from_case(CASES / f"{case}.csv", tmp_path / "case.xlsx"), CATALOG)
    assert table.problems == []
    found = rate(CATALOG, table.scores["M"], PAPER, model="M")
    for modality in ("image", "video"):
        for k in (2, 3, 4):
            official = expected[modality.capitalize()][f"Level-{k}"]
            assert found.modalities[modality][f"S{k}"] == pytest.approx(official, rel=1e-6)
    assert all(0 <= values[s] <= 100 for values in found.modalities.values() for s in ("S2", "S3", "S4"))


@needs_cases
@pytest.mark.parametrize("case", ["03_sota_times_1.01", "07_sparse_10pct", "16_missing_25pct"])
def test_percentages_above_100_are_refused(case: str, tmp_path: Path) -> None:
    """Cases of the official scorer that hold percentages above 100, which it takes without a word."""
    with pytest.raises(ScoreError, match=r"case\.xlsx sheet '.*' row \d+: task .*: score 1\d\d.* is outside the range"):
        read_workbook(from_case(CASES / f"{case}.csv", tmp_path / "case.xlsx"), CATALOG)


@needs_cases
def test_all_zero_is_nothing(tmp_path: Path) -> None:
    table = read_workbook(from_case(CASES / "13_all_zero.csv", tmp_path / "case.xlsx"), CATALOG)
    found = rate(CATALOG, table.scores["M"], PAPER, model="M")
    assert (found.level, found.supported, found.scores["S2"]) == (0, 0, 0.0)
    assert any("0 where it is not the worst score read as not supported" in note for note in table.notes)


@needs_cases
def test_fractions_in_a_table_of_percentages_are_pointed_out() -> None:
    table = read_workbook(CASES / "Qwen2.5-7B-Instruct_result.xlsx", CATALOG)
    (line,) = suspicious_units(CATALOG, table.scores)
    assert line.startswith("Qwen2.5-7B-Instruct: all 5 language scores of percentages lie between 0 and 1")


def test_a_workbook_comes_back_as_written(tmp_path: Path) -> None:
    scores = {t.id: t.sota for i, t in enumerate(CATALOG) if i % 3}
    error = next(t.id for t in CATALOG if t.metric == "fid")
    psnr = next(t.id for t in CATALOG if t.metric == "psnr")
    scores |= {error: 0.0, psnr: float("inf")}
    path = tmp_path / "out.xlsx"
    write_workbook(path, CATALOG, scores, "=My Model", sota=True)
    table = read_workbook(path, CATALOG, model="=my model")
    assert table.problems == []
    back = {t: s for t, s in table.scores["=My Model"].items() if s is not None}
    assert back.pop(error) == pytest.approx(0.0, abs=1e-11)
    assert scores.pop(error) == 0.0
    assert back == scores
    assert [p.name for p in tmp_path.iterdir()] == ["out.xlsx"]
    book = load_workbook(path)
    assert book.sheetnames == list(SHEETS)
    assert book["NLP"]["F1"].data_type == "s"


@pytest.mark.parametrize(
    "spelling",
    [
        "  ATM Booths  Suspicious Behavior Recognition ",
        "ATM BOOTHS SUSPICIOUS BEHAVIOR RECOGNITION",
        "ATM Booths Suspicious Behaviour Recognition",
        "ATM Booths Suspicious Behavior Recongition",
    ],
)
def test_names_are_read_tolerantly(build: Build, spelling: str) -> None:
    table = read_workbook(build(image(spelling, 57)), CATALOG)
    assert table.scores["M"] == {"image.comprehension.atm-booths-suspicious-behavior-recognition": 57.0}
    assert table.problems == []


def test_full_width_brackets(build: Build) -> None:
    named = next(t for t in CATALOG if "(" in t.name)
    title = next(title for title, group in SHEETS.items() if group == (named.modality, named.paradigm))
    wide = named.name.replace("(", "（").replace(")", "）")
    table = read_workbook(build({title: [(1, wide, "", "x", 12.0)]}), CATALOG)
    assert table.scores["M"] == {named.id: 12.0}


def test_unknown_names_are_listed(build: Build) -> None:
    rows = [(1, "Underwater Basket Weaving", "", "Acc", 57), (2, None, "", "", None), (3, None, "", "Acc", 3)]
    table = read_workbook(build({"Image-Comprehension": rows}), CATALOG)
    assert table.scores == {"M": {}}
    assert len(table.problems) == 2
    assert "row 2: no task of this sheet is called 'Underwater Basket Weaving'" in table.problems[0]
    assert "row 4: no task of this sheet is called" in table.problems[1] or "has no task name" in table.problems[1]


def test_a_task_twice_is_listed(build: Build) -> None:
    rows = [(1, FOOTBALL.name, "", "Acc", 57), (2, FOOTBALL.name, "", "Acc", 58)]
    table = read_workbook(build({"Image-Comprehension": rows}), CATALOG)
    assert table.scores["M"] == {FOOTBALL.id: 57.0}
    assert "stands already in row 2 of sheet 'Image-Comprehension'; left out" in table.problems[0]


def test_sheets(build: Build) -> None:
    with pytest.raises(ScoreError, match="sheet 'Image Compr' is unknown and 'Image-Comprehension' is missing"):
        read_workbook(build({}, rename={"Image-Comprehension": "Image Compr"}), CATALOG)
    loosely = build(image(FOOTBALL.name, 57), rename={"Image-Comprehension": "image comprehension"})
    assert read_workbook(loosely, CATALOG).scores["M"] == {FOOTBALL.id: 57.0}
    missing = read_workbook(build({}, drop=("3D-Generation", "NLP")), CATALOG)
    assert [n.partition("; ")[0] for n in missing.notes] == [
        "result.xlsx: no sheet 'NLP'",
        "result.xlsx: no sheet '3D-Generation'",
    ]
    with pytest.raises(ScoreError, match="has none of the sheets of a result workbook"):
        book = load_workbook(build({}))
        for title in list(book.sheetnames)[1:]:
            book.remove(book[title])
        book.active.title = "level-scores"
        book.save(path := build({}).parent / "none.xlsx")
        read_workbook(path, CATALOG)


def test_the_models_column(build: Build) -> None:
    two = build({}, head=(*HEAD, "SoTA Performance", "Other"))
    with pytest.raises(ScoreError, match=r"several columns of a model .*give --model NAME"):
        read_workbook(two, CATALOG)
    assert list(read_workbook(two, CATALOG, model="other").scores) == ["Other"]
    with pytest.raises(ScoreError, match=r"no column 'no' .*there are No, Task Name"):
        read_workbook(two, CATALOG, model="no")
    with pytest.raises(ScoreError, match="has no column 'Task Name'"):
        read_workbook(build({}, head=("No", "Task", 5, None, "M")), CATALOG)
    assert read_workbook(build({}, head=("No", "Task Name", None, 7)), CATALOG).scores == {"7": {}}


def task_of(metric: str, catalog: Catalog = CATALOG) -> Any:
    return next(t for t in catalog if t.metric == metric)


@pytest.mark.parametrize(
    ("metric", "value", "score", "remark"),
    [
        ("accuracy", 90, 90.0, ""),
        ("accuracy", " 90.0 ", 90.0, ""),
        ("accuracy", "90%", 90.0, "text read as number"),
        ("accuracy", "90,5", 90.5, "text read as number"),
        ("ms_ssim", "54.2 %", 0.542, "text read as number"),
        ("accuracy", None, None, ""),
        ("accuracy", "-", None, ""),
        ("accuracy", "n/a", None, ""),
        ("accuracy", "∞", None, "infinity read as not supported"),
        ("accuracy", float("nan"), None, ""),
        ("accuracy", 0, 0.0, ""),
        ("fid", 0, None, "0 where it is not the worst score read as not supported"),
        ("fid", "0,0", None, "0 where it is not the worst score read as not supported"),
        ("fid", "inf", None, "infinity read as not supported"),
        ("psnr", "inf", float("inf"), ""),
        ("psnr", float("inf"), float("inf"), ""),
        ("mos", 0, None, "0 where it is not the worst score read as not supported"),
        ("ms_ssim", 0, None, "0 where it is not the worst score read as not supported"),
    ],
)
def test_cells(metric: str, value: Any, score: float | None, remark: str) -> None:
    cell = read_cell(value, task_of(metric))
    assert (cell.score, cell.remark, cell.readable) == (score, remark, True)


@pytest.mark.parametrize(
    ("metric", "value"),
    [
        ("accuracy", "ninety"),
        ("accuracy", True),
        ("accuracy", "1_0"),
        ("accuracy", "1,234"),
        ("fid", "12%"),
        ("fid", "#DIV/0!"),
        ("psnr", "-inf"),
    ],
)
def test_unreadable_cells(metric: str, value: Any) -> None:
    assert read_cell(value, task_of(metric)) == (None, "", False)


def test_unreadable_cells_are_listed_and_wrong_ones_refused(build: Build) -> None:
    table = read_workbook(build(image(FOOTBALL.name, "ninety")), CATALOG)
    assert table.scores["M"] == {FOOTBALL.id: None}
    assert "row 2: 'ninety' is no score of accuracy; counted as missing" in table.problems[0]
    with pytest.raises(
        ScoreError, match=rf"sheet 'Image-Comprehension' row 2: task {FOOTBALL.id}: score 250 is outside"
    ):
        read_workbook(build(image(FOOTBALL.name, 250)), CATALOG)


def test_files_that_are_no_workbook(tmp_path: Path, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.xlsx"
    with pytest.raises(ScoreError, match=r"x\.xlsx: cannot be read: No such file"):
        read_workbook(path, CATALOG)
    path.write_text("task_id,model,score\n")
    with pytest.raises(ScoreError, match=r"x\.xlsx: is not an \.xlsx workbook"):
        read_workbook(path, CATALOG)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("hello.txt", "hello")
    with pytest.raises(ScoreError, match=r"x\.xlsx: is not a readable workbook"):
        read_workbook(path, CATALOG)
    data = build({}).read_bytes()
    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(ScoreError, match=r"x\.xlsx: is not"):
        read_workbook(path, CATALOG)


def test_bombs_are_refused_unopened(tmp_path: Path, build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for i in range(3):
            archive.writestr(f"xl/worksheets/sheet{i}.xml", bytes(100 * 2**20))
    assert path.stat().st_size < 2**20
    with pytest.raises(ScoreError, match=r"bomb\.xlsx: unpacks to more than 256 MB"):
        read_workbook(path, CATALOG)
    monkeypatch.setattr(xlsx, "MAX_ROWS", 3)
    with pytest.raises(ScoreError, match="sheet Image-Comprehension: has more than 3 rows"):
        read_workbook(build({"Image-Comprehension": [(1, "x", "", "", 1)] * 5}), CATALOG)
    monkeypatch.setattr(xlsx, "MAX_FILE", 100)
    with pytest.raises(ScoreError, match="is larger than 0 MB"):
        read_workbook(build({}), CATALOG)
