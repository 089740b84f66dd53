"""Real files of the Open set, where they are at hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from genlevel.catalog import load
from genlevel.datasets import find_datasets
from genlevel.datasets.check import check_dataset
from genlevel.records import Record

ROOT = Path(__file__).parents[2] / ".." / "shared" / "data" / "general-bench-openset"
pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="the Open set's files are not here")

# Folder, task and number of entries, by eye.
EXPECTED = {
    "image/comprehension/chemistry_vqa": ("image.comprehension.chemistry-visual-question-answering", 44),
    "image/comprehension/lung_nodule_diagnosis_vqa": (
        "image.comprehension.lung-nodule-diagnosis-visual-question-answering",
        120,
    ),
    "image/comprehension/BirdDetection": ("image.comprehension.bird-detection", 200),
    "image/comprehension/car_brands_recognition": ("image.comprehension.car-brands-recognition", 192),
    "nlp/Causal-Reasoning": ("language.causal-reasoning", 200),
    "nlp/Document-Level-Causal-Reasoning": ("language.document-level-causal-reasoning", 226),
    "nlp/Temporal-Reasoning": ("language.temporal-reasoning", 204),
    "nlp/Multi-Turn-Daily-Dialogue-Generation": ("language.multi-turn-daily-dialogue-generation", 222),
    "nlp/Natural-Language-Inference": ("language.natural-language-inference", 196),
}
DIALOGUE = "nlp/Dialogue-Relation-Extraction"
OWN_TASK = "id,modality,paradigm,name,task_type,metric\nlanguage.{0},language,language,{0},token-extraction,micro_f1\n"


def test_tasks_of_the_2025_edition():
    found = find_datasets(ROOT, load("2025"))
    assert {d.relative: (d.task.id, sum(1 for _ in d.records())) for d in found.datasets} == EXPECTED
    # The edition has no row for dialogue relation extraction; the folder is listed and not given to a near task.
    assert [u.path.parent.name for u in found.unmatched] == ["Dialogue-Relation-Extraction"]
    assert found.ignored == []


def test_all_ten_load_with_every_image_once_the_tenth_has_a_row(tmp_path):
    own = tmp_path / "own.csv"
    own.write_text(OWN_TASK.format("dialogue-relation-extraction"))
    found = find_datasets(ROOT, load("2025", catalog=own))
    assert found.unmatched == []
    assert {d.relative for d in found.datasets} == {*EXPECTED, DIALOGUE}
    total = 0
    for dataset in found.datasets:
        assert all(isinstance(record, Record) for record in dataset.records())
        check = check_dataset(dataset, None)
        assert check.faults == 0, check.problems
        assert check.closed == 0
        total += check.samples
    assert total == 1604 + 200
