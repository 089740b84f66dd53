"""The published numbers, from the tables that come with the package."""

import csv
import runpy
from pathlib import Path

import pytest

from genlevel.catalog import load
from genlevel.errors import GenlevelError
from genlevel.levels import ModelLevel, get_protocol, rate, rate_all
from genlevel.levels.published import published_levels, published_scores

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"


def levels(edition: str) -> dict[str, ModelLevel]:
    catalog, published = load(edition), published_scores(edition)
    found = rate_all(catalog, published.scores, get_protocol(catalog.protocol), dispatchers=published.dispatchers)
    return {level.model: level for level in found}


@pytest.fixture(scope="module")
def of_2024() -> dict[str, ModelLevel]:
    return levels("2024")


@pytest.fixture(scope="module")
def of_2025() -> dict[str, ModelLevel]:
    return levels("2025")


def test_tutorial_numbers(of_2024: dict[str, ModelLevel]) -> None:
    assert len(of_2024) == 22
    expected = {
        "GPT-4V": (3, 8.0391, 2.6168, 0.0),
        "miniGemini(7B)": (4, 21.2287, 11.1211, 11.0379),
        "MiniGPT-4": (2, 2.5404, 0.0, 0.0),
    }
    for model, (level, *scores) in expected.items():
        found = of_2024[model]
        assert found.level == level
        assert [found.scores[s] for s in ("S2", "S3", "S4")] == pytest.approx(scores, abs=5e-5)
    assert of_2024["NextChat"].level == 2
    assert [of_2024[m].level for m in ("Emu2(37B)", "Vitron", "NExT-GPT")] == [4, 4, 4]


def test_every_model_of_the_slides_table_stands_at_its_level(of_2024: dict[str, ModelLevel]) -> None:
    slides = published_scores("2024").slides_level
    assert len(slides) == 17
    differing = {model for model, level in slides.items() if of_2024[model].level != level}
    assert differing == {"LaVIT-V2(7B)"}
    generation = [s for t, s in published_scores("2024").scores["LaVIT-V2(7B)"].items() if ".generation." in t]
    assert generation and not any(generation)  # its published scores hold no generation task


def test_paper_numbers(of_2025: dict[str, ModelLevel]) -> None:
    vitron, gpt, emu = (of_2025[m] for m in ("Vitron-V1", "GPT4-o", "Emu2-37B"))
    assert [vitron.scores[s] for s in ("S2", "S3", "S4")] == pytest.approx([13.9912, 2.6750, 1.1469], abs=5e-5)
    assert [gpt.scores[s] for s in ("S2", "S3")] == pytest.approx([4.9180, 3.6283], abs=5e-5)
    assert emu.scores["S4"] == pytest.approx(0.3133, abs=5e-5)
    assert (vitron.level, gpt.level, emu.level) == (4, 3, 4)


@pytest.mark.parametrize(
    ("model", "modality", "expected"),
    [
        ("GPT4-V", "image", {"S2": 18.16, "S3": 12.86}),
        ("GPT4-o", "image", {"S2": 19.67, "S3": 14.51}),
        ("Emu2-37B", "image", {"S3": 5.18, "S4": 1.25}),
        ("Vitron-V1", "image", {"S3": 7.65, "S4": 4.59}),
        ("Vitron-V1", "video", {"S2": 18.72, "S3": 3.05}),
        ("Qwen2-VL-72B", "video", {"S2": 6.89, "S3": 5.22}),
        ("LLaVA-One-Vision-72B", "video", {"S2": 5.83, "S3": 3.75}),
        ("Qwen-Audio-Chat", "audio", {"S2": 28.40, "S3": 10.57}),
        ("NExT-GPT-V1.5", "audio", {"S2": 25.05, "S3": 1.34}),
        ("AudioGPT-GPT4", "audio", {"S2": 8.80, "S3": 3.02}),
        ("3D-LLM-2.1B", "3d", {"S2": 5.41, "S3": 1.38}),
        ("LLaMA-mesh", "3d", {"S2": 1.60, "S3": 0.0}),
    ],
)
def test_paper_modalities(
    of_2025: dict[str, ModelLevel], model: str, modality: str, expected: dict[str, float]
) -> None:
    found = of_2025[model].modalities[modality]
    assert {k: found[k] for k in expected} == pytest.approx(expected, abs=0.0051)


def test_strictly_better_does_not_reproduce_the_paper() -> None:
    catalog, published = load("2025"), published_scores("2025")
    protocol = get_protocol("paper-2025").variant(comparison=">")
    found = rate(catalog, published.scores["Qwen2-VL-72B"], protocol, model="Qwen2-VL-72B")
    assert found.modalities["video"]["S3"] == pytest.approx(4.10, abs=0.0051)
    assert found.protocol == "paper-2025 (>)"


def test_a_saturated_map_makes_no_win(of_2025: dict[str, ModelLevel]) -> None:
    """FID 0.51 and the specialist's 0.228 both map to 100 in doubles; the worse one does not win."""
    row = next(r for r in of_2025["MotionGPT-T5"].rows if r.value is not None)
    assert (row.value, row.sota) == (0.51, 0.228)
    assert row.sigma == row.sigma_sota == 100.0
    assert not row.wins


def test_agents_are_capped(of_2025: dict[str, ModelLevel]) -> None:
    agent = of_2025["VidAgent"]
    assert (agent.level, agent.capped, agent.dispatcher) == (2, True, True)
    assert agent.scores["S4"] == pytest.approx(2.0054, abs=5e-5)  # shown as computed
    catalog, published = load("2025"), published_scores("2025")
    counted = get_protocol("paper-2025").variant(agents="count")
    assert rate(catalog, published.scores["VidAgent"], counted, model="VidAgent", dispatcher=True).level == 4


def test_tables_are_as_published() -> None:
    if not SHARED.is_dir():
        pytest.skip("no published tables beside the repository")
    for edition in ("2024", "2025"):
        with (SHARED / f"edition-{edition}" / "published_task_scores.csv").open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
        scores = published_scores(edition).scores
        assert sum(map(len, scores.values())) == len(rows)
        assert all(scores[r["model"]][r["task_id"]] == (float(r["score"]) if r["score"] else None) for r in rows)


def test_published_cells_need_no_special_case() -> None:
    """What the publications print as 0 or infinity is empty in the tables; no error metric has a 0."""
    for edition in ("2024", "2025"):
        for by_task in published_scores(edition).scores.values():
            assert 0.0 not in by_task.values()


def test_page_is_up_to_date_and_explains_every_difference() -> None:
    tool = runpy.run_path(str(ROOT / "tools" / "published_levels.py"))
    assert (ROOT / "docs" / "published-levels.md").read_text(encoding="utf-8") == tool["page"]()


def test_every_2024_level_cell_is_there() -> None:
    assert len(published_levels("2024")) == 17 * 4
    assert len({cell.model for cell in published_levels("2025")}) == 102


def test_unknown_edition() -> None:
    with pytest.raises(GenlevelError, match="no scores are published of edition '2023'"):
        published_scores("2023")
