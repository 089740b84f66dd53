"""Selections and boards."""

from __future__ import annotations

from collections import Counter

import pytest

from genlevel.catalog import boards, load, parse_catalog
from genlevel.catalog.boards import find_boards, quick
from genlevel.errors import CatalogError

CATALOG = load("2025")
BOARDS = {board.id: board for board in boards(CATALOG)}


def test_without_filters_everything_is_selected() -> None:
    assert CATALOG.select() == CATALOG


def test_filters_hold_together_and_keep_the_order() -> None:
    chosen = CATALOG.select(modality="image", paradigm="comprehension", skill="I-C-24")
    assert [t.short_name for t in chosen][:2] == [t.short_name for t in CATALOG if t.skill_code == "I-C-24"][:2]
    assert len(chosen) == 9 and {t.metric for t in chosen} == {"mae"}
    assert (chosen.edition, chosen.sota_sha256) == (CATALOG.edition, CATALOG.sota_sha256)


@pytest.mark.parametrize(
    ("glob", "ids"),
    [
        ("language.time-series", ["language.time-series"]),
        ("time-series", ["language.time-series"]),
        ("Time Series", ["language.time-series"]),
        ("LANGUAGE.time-s*", ["language.time-series"]),
        ("image.comprehension.*oracle*", ["image.comprehension.radical-level-oracle-bone-character-ocr"]),
        ("*-datebase", ["language.genetic-association-database"]),
        ("Drug-Drug Interaction (DDI)", ["language.drug-drug-interaction"]),
        ("*[sS]peechTranslation*english*", ["audio.generation.speechtranslation-en-to-mn"]),
    ],
)
def test_globs_fit_ids_former_ids_and_names(glob: str, ids: list[str]) -> None:
    assert list(CATALOG.select(tasks=[glob]).tasks) == ids


def test_any_of_several_globs_may_fit_and_datasets_count() -> None:
    assert len(load("2024").select(tasks=["Cityscapes", "imdb"])) == 4


@pytest.mark.parametrize(
    ("skill", "count"), [("I-C-26", 37), ("i-c-26", 37), ("Object Counting", 9), ("L-*", 115), ("*tracking*", 23)]
)
def test_skills_by_code_name_or_glob(skill: str, count: int) -> None:
    assert len(CATALOG.select(skill=skill)) == count


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        (
            {"tasks": ["language.time-serees"]},
            "no task of edition 2025 fits 'language.time-serees'; did you mean language.time-series",
        ),
        ({"tasks": ["*", "zzz*"]}, "no task of edition 2025 fits 'zzz*'"),
        ({"skill": "Object Countng"}, "no skill of edition 2025 fits 'Object Countng'; did you mean Object Counting"),
        ({"skill": ""}, "no skill of edition 2025 fits ''; 'genlevel tasks --skills' lists them"),
        ({"modality": "imge"}, "unknown modality 'imge'; did you mean image"),
        ({"paradigm": "x"}, "unknown paradigm 'x'; use comprehension, generation, language"),
        ({"scope": "b-vido"}, "no board 'b-vido' in edition 2025; did you mean b-video"),
        ({"scope": "E"}, "no board 'E' in edition 2025"),
        ({"modality": "audio", "paradigm": "language"}, "no task fits all of what was asked for"),
    ],
)
def test_what_fits_nothing_is_an_error_with_near_matches(filters: dict[str, object], message: str) -> None:
    with pytest.raises(CatalogError) as error:
        CATALOG.select(**filters)  # type: ignore[arg-type]
    assert message in str(error.value) and "\n" not in str(error.value)


def test_the_boards_of_each_scope_and_their_highest_level() -> None:
    assert Counter(b.scope for b in BOARDS.values()) == {"A": 2, "B": 7, "C": 8, "D": 123}
    assert {b.scope: b.max_level for b in BOARDS.values()} == {"A": 5, "B": 4, "C": 3, "D": 3}
    assert {b.max_level for b in BOARDS.values() if b.scope == "D"} == {3}
    assert len(boards(CATALOG)) == len(BOARDS), "two boards with one id"


@pytest.mark.parametrize(
    ("board", "count"),
    [
        *(("a-full", 699), ("b-image", 316), ("b-video", 172), ("b-audio", 44), ("b-3d", 52)),
        *(("b-image-video", 488), ("b-video-audio", 216), ("b-image-3d", 368)),
        *(("c-image-comprehension", 271), ("c-3d-generation", 22), ("d-v-c-16", 5), ("d-i-g-15", 11)),
    ],
)
def test_the_tasks_of_boards(board: str, count: int) -> None:
    assert len(BOARDS[board].task_ids) == count
    assert tuple(CATALOG.select(scope=board).tasks) == BOARDS[board].task_ids


def test_boards_of_a_scope_share_out_the_tasks() -> None:
    other = {t.id for t in CATALOG if t.modality != "language"}
    for scope, ids in (("C", other), ("D", other), ("A", set(CATALOG.tasks))):
        assert set(CATALOG.select(scope=scope).tasks) == ids
        assert {i for b in find_boards(CATALOG, scope) for i in b.task_ids} == ids
    counts = Counter(i for b in BOARDS.values() if b.scope in "CD" for i in b.task_ids)
    assert set(counts.values()) == {2}, "every task is on one board of C and on one of D"
    assert Counter(b.group for b in BOARDS.values() if b.scope == "D") == {
        "Image comprehension": 40,
        "Image generation": 15,
        "Video comprehension": 20,
        "Video generation": 6,
        "Audio comprehension": 9,
        "Audio generation": 11,
        "3D comprehension": 13,
        "3D generation": 9,
    }


def test_what_is_not_published_says_so() -> None:
    own = {b.id for b in BOARDS.values() if "own choice" in b.note}
    assert own == {"a-quick", "b-image-video", "b-video-audio", "b-image-3d"}


def test_the_quick_board_has_11_07_percent_fewer_tasks_and_keeps_every_skill() -> None:
    tasks = list(CATALOG)
    kept = quick(tasks)
    assert len(kept) == 699 - 77 and abs(77 / 699 - 0.1107) < 0.5 / 699
    assert kept == [t for t in tasks if t in set(kept)], "in catalog order"
    assert len({t.skill_code for t in kept}) == 145
    # 11.07 % of 271, 45, 126, 46, 24, 20, 30, 22, 115: 30.0 5.0 13.9 5.1 2.7 2.2 3.3 2.4 12.7
    left = Counter((t.modality, t.paradigm) for t in kept)
    lost = {key: n - left[key] for key, n in Counter((t.modality, t.paradigm) for t in tasks).items()}
    assert lost == {
        ("image", "comprehension"): 30,
        ("image", "generation"): 5,
        ("video", "comprehension"): 14,
        ("video", "generation"): 5,
        ("audio", "comprehension"): 3,
        ("audio", "generation"): 2,
        ("3d", "comprehension"): 3,
        ("3d", "generation"): 2,
        ("language", "language"): 13,
    }


def test_the_quick_board_thins_the_largest_skills() -> None:
    kept = Counter(t.skill_code for t in quick(list(CATALOG)))
    before = Counter(t.skill_code for t in CATALOG)
    thinned = [kept[s] for s in before if s.startswith("I-C") and kept[s] < before[s]]
    untouched = [n for s, n in before.items() if s.startswith("I-C") and kept[s] == n]
    assert max(untouched) <= min(thinned) + 1 and max(thinned) - min(thinned) <= 1


def test_boards_of_a_small_own_catalog() -> None:
    text = "id,modality,paradigm,name,task_type,metric\n" + "".join(
        f"{m}.{i},{m},comprehension,T{i},image-classification,accuracy\n" for m in ("image", "3d") for i in range(2)
    )
    found = {b.id: b for b in boards(parse_catalog(text))}
    assert list(found) == [
        "a-full",
        "a-quick",
        "b-image",
        "b-3d",
        "b-image-3d",
        "c-image-comprehension",
        "c-3d-comprehension",
    ]
    assert len(found["a-quick"].task_ids) == 4, "11.07 % of four is no whole task"


def test_skills_without_codes_do_not_mix_across_paradigms() -> None:
    ids = [b.id for b in boards(load("2024")) if b.scope == "D"]
    assert "d-image-comprehension-ocr" in ids and len(set(ids)) == len(ids)
