"""Editions, own catalogs, specialists' scores and their hash."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.catalog import Catalog, load, parse_catalog
from genlevel.catalog.read import COLUMNS
from genlevel.cli import main
from genlevel.errors import CatalogError

HEADER = "id,modality,paradigm,name,task_type,metric,sota"
ROW = "image.shapes,image,comprehension,Shapes,image-classification,accuracy,90"


@pytest.fixture
def own(tmp_path: Path) -> Path:
    path = tmp_path / "mine.csv"
    path.write_text(f"{HEADER}\n{ROW}\n")
    return path


def _sota(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "sota.csv"
    path.write_text(text)
    return path


def test_an_own_catalog_stands_alone_or_is_added_to_an_edition(own: Path) -> None:
    assert load().edition == "2025"
    alone = load(catalog=own)
    assert (alone.edition, list(alone.tasks), alone.protocol) == ("mine", ["image.shapes"], "paper-2025")
    added = load("2024", catalog=own)
    assert (added.edition, len(added), added.protocol) == ("2024+mine", 78, "tutorial-2024")
    assert added["image.shapes"].edition == "2024+mine"
    assert added.sota_sha256 != load("2024").sota_sha256


def test_the_name_under_which_a_catalog_was_loaded_loads_it_again(own: Path) -> None:
    assert load("mine", catalog=own) == load(catalog=own)
    assert load("2024+mine", catalog=own) == load("2024", catalog=own)


@pytest.mark.parametrize("edition", ["2023", "2024+other", "", "2024+", "other"])
def test_an_unknown_edition_is_named(own: Path, edition: str) -> None:
    for catalog in (None, own):
        with pytest.raises(CatalogError, match=r"unknown edition .* there are 2024, 2025"):
            load(edition, catalog=catalog)


def test_a_data_folders_catalog_is_called_own(tmp_path: Path) -> None:
    path = tmp_path / "catalog.csv"
    path.write_text(f"{HEADER}\n{ROW}\n")
    assert load(catalog=path).edition == "own"


def test_an_id_of_the_edition_cannot_be_added_again(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    for taken in ("language.time-series", "language.Genetic-association-datebase"):
        path.write_text(f"{HEADER}\n{ROW.replace('image.shapes', taken)}\n")
        with pytest.raises(CatalogError, match=rf"mine\.csv: task '{taken}' is in edition 2025 already"):
            load("2025", catalog=path)


def test_resolve_names_near_ids() -> None:
    with pytest.raises(CatalogError, match=r"unknown task 'language\.time-serie'; did you mean language\.time-series"):
        load().resolve("language.time-serie")
    assert "language.time-serie" not in load()


def test_sota_replaces_scores_and_specialists(tmp_path: Path) -> None:
    path = _sota(
        tmp_path,
        "task_id,sota,specialist\nlanguage.genetic-association-datebase,73.5,GAD-Net\nlanguage.time-series,2,\n",
    )
    catalog = load("2025", sota=path)
    gad, series = catalog["language.genetic-association-database"], catalog["language.time-series"]
    assert (gad.sota, gad.specialist, series.sota, series.specialist) == (73.5, "GAD-Net", 2.0, "")
    assert load("2025")["language.time-series"].sota == 2.31, "the package's edition must stay as it is"
    old = load("2024", sota=_sota(tmp_path, "task_id,sota\nlanguage.imdb,97\n"))
    assert old["language.imdb"].specialist == "", "the printed specialist did not reach the new score"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("task_id,sota\nlanguage.nope,1\n", "sota.csv line 2: unknown task 'language.nope'"),
        ("task_id,sota\n,1\n", "sota.csv line 2: unknown task ''"),
        (
            "task_id,sota\nlanguage.imdb,97\n\nlanguage.imdb,96\n",
            "line 4: task 'language.imdb' has its score already in sota.csv line 2",
        ),
        ("task_id,sota\nlanguage.imdb,best\n", "line 2: sota 'best' is not a number"),
        ("task_id,sota\nlanguage.imdb,\n", "line 2: task 'language.imdb' has no sota"),
        ("task_id,sota\nlanguage.imdb,101\n", "line 2: sota 101 is outside the range of micro_f1 (0 to 100, percent)"),
        (
            "task_id,sota\nimage.comprehension.fsc147,-3\n",
            "line 2: sota -3 is outside the range of mae (0 to inf, raw)",
        ),
        ("task_id,score\nlanguage.imdb,1\n", "line 1: column 'score' is unknown"),
        ("task_id\nlanguage.imdb\n", "line 1: column sota is missing"),
        ("task_id,sota\n", "has no scores"),
    ],
)
def test_a_wrong_sota_file_is_refused_with_its_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(CatalogError) as error:
        load("2024", sota=_sota(tmp_path, text))
    assert message in str(error.value)


def test_one_score_given_under_both_names_of_a_task_is_a_duplicate(tmp_path: Path) -> None:
    path = _sota(
        tmp_path, "task_id,sota\nlanguage.genetic-association-datebase,1\nlanguage.genetic-association-database,2\n"
    )
    with pytest.raises(
        CatalogError, match=r"line 3: task 'language\.genetic-association-database' has its score already"
    ):
        load("2025", sota=path)


def test_the_hash_is_the_one_that_anybody_can_compute() -> None:
    catalog = parse_catalog(
        f"{HEADER}\n{ROW}\nb,image,comprehension,B,image-counting,mae,\na,image,comprehension,A,image-counting,mae,2\n"
    )
    text = "a\traw\tlower\t2.0\nimage.shapes\tpercent\thigher\t90.0"
    assert catalog.sota_sha256 == hashlib.sha256(text.encode()).hexdigest()


def _hash(rows: list[str]) -> str:
    return parse_catalog("\n".join([f"{HEADER},notes", *rows])).sota_sha256


@settings(deadline=None)
@given(st.permutations([f"t{i},image,comprehension,T{i},image-counting,mae,{i},x" for i in range(4)]))
def test_the_hash_does_not_depend_on_order(rows: list[str]) -> None:
    assert _hash(rows) == _hash(sorted(rows))


def test_the_hash_changes_with_a_score_and_with_nothing_else() -> None:
    row = "t,image,comprehension,T,image-counting,mae,{sota},{notes}"
    base = _hash([row.format(sota="2.5", notes="")])
    assert base == _hash([row.format(sota="2.50", notes="another note")]) == _hash([row.format(sota="25e-1", notes="")])
    assert base == _hash([row.format(sota="2.5", notes=""), "u,image,comprehension,U,image-counting,mae,,"])
    changed = [row.format(sota="2.5000001", notes=""), row.format(sota="", notes="")]
    assert len({base, *(_hash([r]) for r in changed)}) == 3
    assert _hash([row.format(sota="0", notes="")]) == _hash([row.format(sota="-0", notes="")])


def test_the_hash_of_the_2025_edition_is_stable(tmp_path: Path) -> None:
    catalog = load("2025")
    assert catalog.select(modality="audio").sota_sha256 == catalog.sota_sha256
    same = _sota(tmp_path, "task_id,sota\nlanguage.time-series,2.31\n")
    other = tmp_path / "other.csv"
    other.write_text("task_id,sota\nlanguage.time-series,2.32\n")
    assert load("2025", sota=same).sota_sha256 == catalog.sota_sha256
    assert load("2025", sota=other).sota_sha256 != catalog.sota_sha256


def test_a_catalog_survives_pickling_for_worker_processes() -> None:
    import pickle

    catalog: Catalog = load("2024")
    assert pickle.loads(pickle.dumps(catalog)) == catalog


def test_the_contract_on_columns() -> None:
    assert ",".join(COLUMNS) == (
        "id,modality,paradigm,skill_code,skill,name,short_name,dataset,task_type,metric,metric_as_printed,direction,scale,"
        "specialist,sota,notes"
    )


def test_the_page_about_catalogs_is_right(tmp_path: Path) -> None:
    """Runs its Python and loads its CSV."""
    page = (Path(__file__).parents[2] / "docs" / "catalog.md").read_text(encoding="utf-8")
    code = page.split("```python\n")[1].split("```")[0]
    exec(compile(code, "docs/catalog.md", "exec"), {})
    path = tmp_path / "leaves.csv"
    path.write_text(page.split("```csv\n")[1].split("```")[0])
    assert load(catalog=path).edition == "leaves"
    assert (load("2025", catalog=path).edition, load("2025", catalog=path)["image.leaves"].sota) == (
        "2025+leaves",
        88.5,
    )
    columns = {
        word.strip("`")
        for line in page.splitlines()
        if line.startswith("| `")
        for word in re.findall(r"`\w+`", line.split("|")[1])
    }
    assert {*COLUMNS, "aliases"} <= columns


OWN = "id,modality,paradigm,name,task_type,metric,scale,sota\n"


def test_a_fraction_among_percentages_is_warned_of(tmp_path, capsys):
    rows = [
        "a,accuracy,,0.885",
        "b,accuracy,fraction,0.885",
        "c,accuracy,percent,0.5",
        "d,accuracy,,88.5",
        "e,accuracy,,0",
    ]
    file = tmp_path / "own.csv"
    lines = [row.replace(",", ",image,comprehension,N,image-classification,", 1) for row in rows]
    file.write_text(OWN + "\n".join(lines))
    assert main(["tasks", "--catalog", str(file)]) == 0
    says = "warning: own.csv line 2: sota 0.885 is read as 0.885 %; write 88.5, or give scale=fraction\n"
    assert says in capsys.readouterr().err
    assert len(load(catalog=file).notes) == 1
    sota = tmp_path / "sota.csv"
    sota.write_text("task_id,sota\nd,0.9\nb,0.9\n")
    assert load(catalog=file, sota=sota).notes[1:] == ("sota.csv line 2: sota 0.9 is read as 0.9 %; write 90",)


@pytest.mark.parametrize("edition", ["2024", "2025"])
def test_the_packages_own_scores_make_no_noise(edition, tmp_path, capsys):
    assert load(edition).notes == ()
    assert main(["tasks", "--edition", edition, "--format", "csv"]) == 0
    copy = tmp_path / "copy.csv"
    copy.write_text(capsys.readouterr().out, encoding="utf-8")
    assert load(catalog=copy).notes == ()


def test_semicolons_are_named(tmp_path):
    file = tmp_path / "own.csv"
    file.write_text(OWN.replace(",", ";"))
    with pytest.raises(CatalogError, match=r"own\.csv line 1: .* semicolons; separate with commas"):
        load(catalog=file)
