"""Real files of the Open set, where they are at hand."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from genlevel.catalog import load
from genlevel.datasets import find_datasets
from genlevel.datasets.check import check_dataset
from genlevel.datasets.paths import resolve_media
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
    # By the catalog's alias: the edition has no task of this name.
    "nlp/Dialogue-Relation-Extraction": ("language.docre", 200),
}


def test_all_ten_tasks_with_every_image():
    found = find_datasets(ROOT, load("2025"))
    assert {d.relative: (d.task.id, sum(1 for _ in d.records())) for d in found.datasets} == EXPECTED
    assert found.unmatched == []
    assert found.ignored == []
    total = images = 0
    for dataset in found.datasets:
        assert all(isinstance(record, Record) for record in dataset.records())
        check = check_dataset(dataset, None)
        assert check.faults == 0, check.problems
        assert check.closed == 0
        total += check.samples
        if dataset.task.modality == "image":
            for record in dataset.records():
                assert isinstance(record, Record)
                assert resolve_media(record.folder, record.value["input"]["image_file"]).is_file()
                images += 1
    assert (total, images) == (1804, 556)


def test_a_folder_without_a_task_is_listed_and_not_given_to_a_near_one():
    edition = load("2025")
    found = find_datasets(ROOT, replace(edition, aliases={}))
    assert len(found.datasets) == 9
    assert [u.path.parent.name for u in found.unmatched] == ["Dialogue-Relation-Extraction"]
