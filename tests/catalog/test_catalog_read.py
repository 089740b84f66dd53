"""The CSV reader: what it takes, and what it says of what it does not take."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.catalog import Catalog, load, parse_catalog, read_catalog
from genlevel.catalog.read import COLUMNS, MAX_BYTES
from genlevel.errors import CatalogError

HEADER = "id,modality,paradigm,name,task_type,metric"
GOOD = "image.shapes,image,comprehension,Shapes,image-classification,accuracy"


def test_only_the_required_columns_are_needed_and_the_metric_gives_the_rest() -> None:
    rows = f"{GOOD}\nimage.depth,image,comprehension,Depth,depth-estimation,rmse\n"
    shapes, depth = parse_catalog(f"{HEADER}\n{rows}")
    assert (shapes.direction, shapes.scale, shapes.sota) == ("higher", "percent", None)
    assert (depth.direction, depth.scale) == ("lower", "raw")
    assert (shapes.edition, shapes.skill, shapes.notes) == ("own", "", "")


def test_all_columns_are_read() -> None:
    row = (
        "a,video,generation,V-G-9,Dancing,Dance,Dn,DanceSet,text-to-video,fvd,FVD-16,lower,raw,DanceNet,71.5,"
        '"a note, with ""quotes""",old-a older-a'
    )
    catalog = parse_catalog(f"{','.join(COLUMNS)},aliases\n{row}\n")
    task = catalog["older-a"]
    assert (task.id, task.modality, task.paradigm, task.skill_code, task.skill) == (
        "a",
        "video",
        "generation",
        "V-G-9",
        "Dancing",
    )
    assert (task.name, task.short_name, task.dataset, task.task_type) == ("Dance", "Dn", "DanceSet", "text-to-video")
    assert (task.metric, task.metric_as_printed, task.direction, task.scale) == ("fvd", "FVD-16", "lower", "raw")
    assert (task.specialist, task.sota, task.notes) == ("DanceNet", 71.5, 'a note, with "quotes"')
    assert catalog.resolve("old-a") is task


@pytest.mark.parametrize(
    "text",
    [
        f"\ufeff{HEADER}\n{GOOD}\n",
        f"{HEADER}\r\n{GOOD}\r\n",
        f"\n\n{HEADER}\n\n  \n{GOOD}\n,,,,,\n\n",
        f"{HEADER}\n{GOOD}",
        f"{HEADER.upper()}\n {GOOD.replace(',', ' , ')} \n",
        f"{HEADER}\n{GOOD},,,\n",
    ],
    ids=["byte-order-mark", "crlf", "blank-lines", "no-last-newline", "blanks-around-cells", "padded-by-a-spreadsheet"],
)
def test_harmless_differences_are_taken(text: str, tmp_path: Path) -> None:
    plain = parse_catalog(f"{HEADER}\n{GOOD}\n")
    assert parse_catalog(text) == plain
    path = tmp_path / "catalog.csv"
    path.write_bytes(text.encode())
    assert read_catalog(path) == plain


def _with(**cells: str) -> str:
    columns = [*HEADER.split(","), *(c for c in cells if c not in HEADER.split(","))]
    row = dict(zip(HEADER.split(","), GOOD.split(","), strict=True)) | cells
    text = io.StringIO()
    writer = csv.DictWriter(text, columns)
    writer.writeheader()
    writer.writerow(row)
    return text.getvalue()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is empty"),
        (f"{HEADER}\n", "has no tasks, only a header"),
        (f"{HEADER}\n\n{GOOD}\n{GOOD}\n", "line 4: id 'image.shapes' stands already in tasks.csv line 3"),
        (f"{HEADER}\n{GOOD}\n{GOOD.replace('shapes', 'Shapes')}\n", "line 3: id 'image.Shapes' stands already"),
        ("id,modality,name\na,image,A\n", "line 1: column paradigm, task_type, metric is missing"),
        (f"{HEADER},name\n{GOOD},x\n", "line 1: column 'name' stands twice"),
        (f"{HEADER},sotta\n{GOOD},x\n", "line 1: column 'sotta' is unknown; did you mean sota"),
        (f"{HEADER}\n{GOOD.rpartition(',')[0]}\n", "line 2: has 5 cells, but there are 6 columns"),
        (f"{HEADER}\n{GOOD},more\n", "line 2: has 7 cells, but there are 6 columns"),
        (f'{HEADER}\n{GOOD}\n"open,x,x,x,x,x\n', "not readable as CSV"),
        (f"{HEADER}\n{GOOD}\n\0\n", "NUL"),
        (_with(metric="acuracy"), "line 2: metric 'acuracy' is unknown; did you mean accuracy"),
        (_with(metric=""), "line 2: has no metric"),
        (
            _with(task_type="image-clasification"),
            "task_type 'image-clasification' is unknown; did you mean image-classification",
        ),
        (_with(modality="imagee"), "modality 'imagee' is unknown; did you mean image?"),
        (_with(modality="smell"), "modality 'smell' is unknown; use image, video, audio, 3d, language"),
        (_with(paradigm="language"), "modality image does not go with paradigm language"),
        (_with(modality="language"), "modality language does not go with paradigm comprehension"),
        (_with(name=""), "line 2: has no name"),
        (_with(id=""), "line 2: has no id"),
        (_with(id="../escape"), "id '../escape' is not usable"),
        (_with(id="a/b"), "id 'a/b' is not usable"),
        (_with(id="a" * 300), "is not usable"),
        (_with(direction="lower"), "direction is 'lower', but for accuracy higher is better"),
        (_with(direction="up"), "direction 'up' is unknown; use higher, lower"),
        (_with(scale="percents"), "scale 'percents' is unknown; did you mean percent"),
        (_with(sota="high"), "sota 'high' is not a number"),
        (_with(sota="12,5"), "sota '12,5' is not a number"),
        (_with(sota="1_0"), "sota '1_0' is not a number"),
        (_with(sota="nan"), "sota 'nan' is not a number"),
        (_with(sota="1e999"), "is not a finite number"),
        (_with(sota="250"), "sota 250 is outside the range of accuracy (0 to 100, percent)"),
        (_with(sota="50", scale="fraction"), "sota 50 is outside the range of accuracy (0 to 1, fraction)"),
        (_with(sota="-1"), "sota -1 is outside the range"),
        (_with(notes="two\nlines"), "notes holds a line break"),
        (_with(notes="x" * 20_000), "notes has more than 10000 characters"),
        (_with(aliases="image.shapes"), "id 'image.shapes' stands already"),
        (_with(aliases="../x"), "id '../x' is not usable"),
    ],
)
def test_an_error_names_the_file_the_line_and_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(CatalogError) as error:
        parse_catalog(text, "tasks.csv")
    assert str(error.value).startswith("tasks.csv")
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_the_line_is_that_of_the_file_also_after_a_broken_cell() -> None:
    text = f'{HEADER},notes\n{GOOD},"spans\nthree\nlines"\n'
    with pytest.raises(CatalogError, match="line 2: notes holds a line break"):
        parse_catalog(text)


def test_a_metric_of_another_package_needs_direction_and_scale(monkeypatch: pytest.MonkeyPatch) -> None:
    from genlevel.metrics.registry import METRICS

    monkeypatch.setitem(METRICS._loaded, "sparkle", object())
    with pytest.raises(CatalogError, match="metric 'sparkle' has no defaults; give its direction and scale"):
        parse_catalog(_with(metric="sparkle"))
    (task,) = parse_catalog(_with(metric="sparkle", direction="lower", scale="raw", sota="1e9"))
    assert (task.metric, task.direction, task.scale, task.sota) == ("sparkle", "lower", "raw", 1e9)


def test_files_that_are_no_table(tmp_path: Path) -> None:
    path = tmp_path / "tasks.csv"
    with pytest.raises(CatalogError, match="cannot be read: No such file"):
        read_catalog(path)
    with pytest.raises(CatalogError, match="cannot be read: Is a directory"):
        read_catalog(tmp_path)
    path.write_bytes(f"{HEADER}\n{GOOD}\n".encode() + b"caf\xe9,\n")
    with pytest.raises(CatalogError, match=r"tasks\.csv line 3: is not UTF-8"):
        read_catalog(path)
    path.write_bytes(b"x" * (MAX_BYTES + 1))
    with pytest.raises(CatalogError, match=r"tasks\.csv: is larger than 16 MB"):
        read_catalog(path)


WORDS = (
    *(
        "",
        "a",
        "a.b",
        "image",
        "language",
        "comprehension",
        "accuracy",
        "rmse",
        "higher",
        "percent",
        "12.5",
        "-1",
        "1e400",
    ),
    *("image-classification", "x\ny", '"', "\ufeff", "nan", "../a", "é", "\u2028"),
)
CELLS = st.one_of(st.sampled_from(WORDS), st.text(max_size=12))


def _loads_or_says_why(text: str) -> None:
    try:
        catalog = parse_catalog(text)
    except CatalogError as error:
        assert "\n" not in str(error)
        return
    assert isinstance(catalog, Catalog)
    assert all(catalog[task_id].id == task_id for task_id in catalog.tasks)


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_is_a_catalog_or_a_catalog_error(text: str) -> None:
    _loads_or_says_why(text)
    _loads_or_says_why(f"{HEADER}\n{text}")


@settings(deadline=None)
@given(
    st.lists(st.sampled_from([*COLUMNS, "aliases", "other"]), max_size=18),
    st.lists(st.lists(CELLS, max_size=18), max_size=4),
)
def test_any_table_is_a_catalog_or_a_catalog_error(header: list[str], rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([header, *rows])
    _loads_or_says_why(text.getvalue())


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_catalog_or_a_catalog_error(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(data)
    try:
        load(catalog=path)
    except CatalogError as error:
        assert "\n" not in str(error)


def test_the_table_of_metrics_agrees_with_the_metrics() -> None:
    """A metric of the package that is not in the table would have no default direction and scale."""
    from genlevel.catalog.metrics_table import METRICS_TABLE
    from genlevel.metrics.registry import METRICS

    for name in METRICS:
        metric, row = METRICS.load(name), METRICS_TABLE.get(name)
        assert row is not None, f"{name} is missing in catalog/metrics_table.py"
        assert metric.direction == row.direction, name
        if metric.unit == "raw":
            assert row.scale == "raw", f"{name}: nothing converts a raw number to {row.scale}"
