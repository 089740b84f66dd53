"""The specialists: their stored scores are what they measure, and they say what they lack."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genlevel import models
from genlevel.datasets import Dataset
from genlevel.errors import ModelError, RequestFailed
from genlevel.records import Part, Request
from genlevel.starter import bar as bars
from genlevel.starter.base import png
from genlevel.starter.draw import COLOURS, SHAPES, Shape, background, box, coverage, paint
from genlevel.starter.make import starter_tasks
from genlevel.starter.specialists import specialist
from genlevel.starter.specialists.image_made import noise_level
from genlevel.starter.specialists.regions import box_of, foreground, overlap, regions

CHEAP = (
    "image.comprehension.disc-counting",
    "image.generation.super-resolution",
    "video.comprehension.flash-counting",
    "audio.generation.noise-removal",
    "3d.generation.point-denoising",
    "language.review-sentiment",
)


def test_stored_scores_are_what_is_measured(starter: Path) -> None:
    stored, _ = bars.read_stored()
    measured = bars.measure(starter, CHEAP)
    assert set(measured) == set(CHEAP)
    for task_id, score in measured.items():
        assert score == pytest.approx(stored[task_id], rel=0.02)


def test_the_stored_table_has_every_task_and_its_specialist() -> None:
    stored, libraries = bars.read_stored()
    assert list(stored) == [t.id for t in starter_tasks()]
    assert "scikit-image=" in libraries and "scikit-learn=" in libraries


@given(st.floats(-1e6, 1e6).filter(lambda x: x == 0 or abs(x) > 1e-6), st.sampled_from(["higher", "lower"]))
def test_a_cut_score_is_a_little_worse_and_stays_when_cut_again(score: float, direction: str) -> None:
    cut = bars.cut(score, direction)  # type: ignore[arg-type]
    assert bars.cut(cut, direction) == cut  # type: ignore[arg-type]
    assert math.isclose(cut, score, rel_tol=2e-4, abs_tol=0)
    slack = 1e-9 * abs(score)
    assert cut <= score + slack if direction == "higher" else cut >= score - slack


def test_other_libraries_or_seeds_are_measured_and_missing_ones_noted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored, libraries = bars.read_stored()
    monkeypatch.setattr(bars, "measure", lambda folder: {"measured": 1.0})
    monkeypatch.setattr(bars, "installed", lambda: libraries)
    assert bars.bar(tmp_path, 0) == bars.Bar(stored)
    assert bars.bar(tmp_path, 1).scores == {"measured": 1.0}
    monkeypatch.setattr(bars, "installed", lambda: "scikit-image=9 scikit-learn=9")
    assert bars.bar(tmp_path, 0).scores == {"measured": 1.0}

    def missing() -> str:
        raise ModelError("not installed")

    monkeypatch.setattr(bars, "installed", missing)
    assert bars.bar(tmp_path, 0) == bars.Bar(stored)
    assert bars.bar(tmp_path, 1).scores == stored and "seed 0" in bars.bar(tmp_path, 1).note


@pytest.mark.parametrize("spec", ["composite:starter", "specialist:image.comprehension.disc-counting"])
def test_without_the_extra_one_line_names_it(spec: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(ModelError, match=r"pip install 'genlevel\[demo\]'") as error:
        models.load(spec)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("spec", ["specialist:", "specialist:image.comprehension.nothing", "specialist:x?y=1"])
def test_wrong_specs_are_model_errors(spec: str) -> None:
    with pytest.raises(ModelError):
        models.load(spec)


async def test_a_specialist_does_its_own_task_only(datasets: dict[str, Dataset]) -> None:
    model = models.load("specialist:language.word-rewriting")
    await model.start([datasets["language.word-rewriting"]])
    asked = Part("text", "Write the word 'rocket' backwards. Answer with the result alone.")
    reply = await model.generate(Request("language.word-rewriting", "1", "text-generation", (asked,)))
    assert reply.parts[0].text == "tekcor"
    with pytest.raises(RequestFailed, match="does not do"):
        await model.generate(Request("language.entailment", "1", "text-classification", (asked,)))
    with pytest.raises(RequestFailed, match="AssertionError"):
        await model.generate(Request("language.word-rewriting", "2", "text-generation", (Part("text", "Hello"),)))


def test_regions_are_found_where_shapes_were_drawn() -> None:
    rng = np.random.default_rng(5)
    for kind in SHAPES:
        image = background(rng, 64)
        shape = Shape(kind, 30, 34, 14, 0.4, "yellow")
        paint(image, shape)
        found = regions(foreground(image, sigma=0.5))
        assert len(found) == 1
        assert overlap(box_of(found[0]), box(shape, 64)) > 0.8


@pytest.mark.parametrize(
    ("kind", "area"),
    [
        ("circle", math.pi * 400),
        ("square", (2 * 0.82 * 20) ** 2),
        ("triangle", 3 * math.sqrt(3) / 4 * 400),
        ("ring", math.pi * (400 - 100)),
        ("cross", 2 * 40 * 12.8 - 12.8**2),
    ],
)
def test_shapes_have_their_areas(kind: str, area: float) -> None:
    for angle in (0.0, 0.7):
        assert coverage(Shape(kind, 32, 32, 20, angle), 64).sum() == pytest.approx(area, rel=0.01)


@pytest.mark.parametrize("sigma", [0.02, 0.1])
def test_noise_is_measured(sigma: float) -> None:
    rng = np.random.default_rng(0)
    slope = np.mgrid[0:64, 0:64][0][..., None] / 128 + np.zeros(3)
    assert noise_level(slope + rng.normal(0, sigma, slope.shape)) == pytest.approx(sigma, rel=0.05)


def test_the_counter_counts_what_a_person_sees() -> None:
    rng = np.random.default_rng(1)
    image = background(rng, 64)
    for x, y in ((12, 12), (40, 14), (20, 45), (50, 50)):
        paint(image, Shape("circle", x, y, 6, 0.0, next(iter(COLOURS))))
    request = Request(
        "image.comprehension.disc-counting", "1", "image-counting", (Part("image", data=png(image).files[0]),)
    )
    assert specialist("image.comprehension.disc-counting").answer(request).text == "4"
