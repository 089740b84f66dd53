"""The table of sources covers the edition, row by row."""

from __future__ import annotations

import runpy
from pathlib import Path

from genlevel.catalog import load
from genlevel.datasets.public import FORMATS
from genlevel.datasets.public.sources import sources


def test_each_task_of_the_edition_has_its_row_in_order():
    tasks = load("2024").tasks
    assert list(sources()) == list(tasks)
    assert {i: s.dataset for i, s in sources().items()} == {i: t.dataset for i, t in tasks.items()}


def test_image_rows_say_where_how_and_which_split():
    rows = [s for i, s in sources().items() if i.startswith("image.")]
    assert len(rows) == 47
    for row in rows:
        assert row.format and row.licence and row.size and row.split != "unknown", row.task_id
        assert row.page.startswith(("http://", "https://")) or row.page == "unknown"
        assert row.hub == "" or row.hub.count("/") == 1


def test_folder_names_belong_to_one_dataset_but_for_shared_ones():
    shared = {"MSCOCO", "COCO-Caption", "COCOStuff"}
    owners: dict[str, set[str]] = {}
    for row in sources().values():
        for name in row.folders:
            owners.setdefault(name.casefold(), set()).add(row.dataset)
    assert all(len(who) == 1 or who <= shared for who in owners.values()), owners


def test_a_name_is_found_in_any_spelling_and_a_plus_counts():
    plus, bare = (sources()[f"image.comprehension.refcoco{end}"] for end in ("-plus", ""))
    assert plus.called("refcoco+") == 0 and plus.called("RefCOCO_plus") == 0
    assert bare.called("refcoco+") is None and bare.called("refcocog") is None and bare.called("RefCOCO") == 0


def test_the_page_of_datasets_is_current():
    root = Path(__file__).parents[2]
    tool = runpy.run_path(str(root / "tools" / "datasets_page.py"))
    page = (root / "docs" / "datasets-2024.md").read_text(encoding="utf-8")
    assert page == tool["page"](), "run python tools/datasets_page.py"


def test_every_format_of_the_image_sets_has_its_reader():
    used = {row.format for i, row in sources().items() if i.startswith("image.")}
    assert used <= set(FORMATS)
