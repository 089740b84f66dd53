"""Finding datasets in all layouts, and listing what is none."""

from __future__ import annotations

import json

import pytest

from genlevel.datasets import find_datasets
from genlevel.errors import DataError

from .conftest import entry

ENTRIES = [entry("1"), entry("2")]


def found_ids(root, catalog):
    return {d.relative: d.task.id for d in find_datasets(root, catalog).datasets}


@pytest.mark.parametrize(
    ("relative", "folder", "identifier"),
    [
        ("image/comprehension/Bird-Detection/annotation.json", None, "image.comprehension.bird-detection"),
        ("Image/Comprehension/bird_detection/json/annotation.json", None, "image.comprehension.bird-detection"),
        ("image/comprehension/BirdDetection/bird_detection.json", None, "image.comprehension.bird-detection"),
        ("image/comprehension/BirdDetection/annotation_v2.json", None, "image.comprehension.bird-detection"),
        ("image/comprehension/BirdDetection/ANNOTATION.JSON", None, "image.comprehension.bird-detection"),
        ("3D/comprehension/3d_classification/annotation.json", None, "3d.comprehension.3d-classification"),
        ("3d/comprehension/3D-Classification/annotation.json", None, "3d.comprehension.3d-classification"),
        ("nlp/Causal-Reasoning/annotation.json", None, "language.causal-reasoning"),
        ("NLP/CausalReasoning/annotation.json", None, "language.causal-reasoning"),
        ("S-A-Quick/video/comprehension/AnimalVOS/annotation.json", None, "video.comprehension.animal-vos"),
        ("language/causal-reasoning/annotation.json", None, "language.causal-reasoning"),
        ("whatever/chemistry-vqa-files/x.json", "Chemistry VQA", "image.comprehension.chemistry-vqa"),
    ],
)
def test_layouts(write, tmp_path, small_catalog, relative, folder, identifier):
    path = write(relative, ENTRIES, **({"task": folder} if folder else {}))
    found = find_datasets(tmp_path / "data", small_catalog)
    assert [d.task.id for d in found.datasets] == [identifier]
    assert found.unmatched == []
    (dataset,) = found.datasets
    assert dataset.annotation == path
    assert dataset.folder == (path.parent.parent if path.parent.name == "json" else path.parent)
    assert tmp_path / "data" / dataset.relative == dataset.folder
    assert [record.id for record in dataset.records()] == ["1", "2"]


def test_catalog_order_and_train_split(write, tmp_path, small_catalog):
    write("nlp/Causal-Reasoning/annotation.json", ENTRIES)
    write("nlp/Causal-Reasoning/train/annotation.json", [entry("t")])
    write("image/comprehension/BirdDetection/annotation.json", ENTRIES)
    datasets = find_datasets(tmp_path / "data", small_catalog).datasets
    assert [d.task.id for d in datasets] == ["image.comprehension.bird-detection", "language.causal-reasoning"]
    assert [r.id for r in datasets[1].records("train")] == ["t"]
    assert list(datasets[0].records("train")) == []


def test_newest_version_counts(write, tmp_path, small_catalog):
    write("nlp/Causal-Reasoning/annotation.json", ENTRIES)
    write("nlp/Causal-Reasoning/annotation_v2.json", [entry("new")])
    found = find_datasets(tmp_path / "data", small_catalog)
    assert [r.id for r in found.datasets[0].records()] == ["new"]
    assert [(u.path.name, u.reason) for u in found.ignored] == [
        ("annotation.json", "an older version of annotation_v2.json")
    ]


def test_other_json_is_ignored_and_listed(write, tmp_path, small_catalog):
    write("nlp/Causal-Reasoning/annotation.json", ENTRIES)
    write("nlp/Causal-Reasoning/prediction.json", '[{"id": "1", "prediction": "x"}]')
    write("nlp/Story-Generation/story_generation.json", ENTRIES)
    write("nlp/Story-Generation/coco.json", '{"images": [], "annotations": []}')
    write("settings.json", '{"a": 1}')
    write("broken.json", '{"data": [')
    found = find_datasets(tmp_path / "data", small_catalog)
    assert [d.task.id for d in found.datasets] == ["language.causal-reasoning", "language.story-generation"]
    assert sorted(u.path.name for u in found.ignored) == ["coco.json", "prediction.json", "settings.json"]
    assert [u.path.name for u in found.unmatched] == ["broken.json"]


def test_bare_list_and_header_after_the_data(write, tmp_path, small_catalog):
    write("image/comprehension/one/birds.json", json.dumps(ENTRIES))
    write("image/comprehension/two/things.json", json.dumps({"data": ENTRIES, "task": "chemistry vqa"}))
    write("image/comprehension/BirdDetection/bird_detection.json", json.dumps(ENTRIES))
    found = find_datasets(tmp_path / "data", small_catalog)
    assert [d.task.id for d in found.datasets] == ["image.comprehension.bird-detection"]
    # A header behind the data is not searched for: reading every file whole only to name it would cost too much.
    assert [u.path.parent.name for u in found.unmatched] == ["one", "two"]


def test_unmatched_ambiguous_and_double_are_listed(write, tmp_path, small_catalog):
    write("nlp/Causal-Reasoning/annotation.json", ENTRIES)
    write("more/nlp/causal_reasoning/annotation.json", ENTRIES)
    write("nlp/Something-Else/annotation.json", ENTRIES)
    write("nlp/Story-Generation/annotation.json", ENTRIES, task="Causal Reasoning")
    found = find_datasets(tmp_path / "data", small_catalog)
    assert found.datasets == []
    reasons = {u.path.parent.name: u.reason for u in found.unmatched}
    assert "also claimed by" in reasons["Causal-Reasoning"]
    assert "also claimed by" in reasons["causal_reasoning"]
    assert "no task of the catalog is called 'Something-Else'" in reasons["Something-Else"]
    assert "disagree" in reasons["Story-Generation"]


def test_a_folder_named_by_id_wins_over_one_that_only_resembles(write, tmp_path, small_catalog):
    write("language/causal-reasoning/annotation.json", ENTRIES)
    write("nlp/CausalReasoning/annotation.json", ENTRIES)
    found = find_datasets(tmp_path / "data", small_catalog)
    assert [d.relative for d in found.datasets] == ["language/causal-reasoning"]
    assert [u.path.parent.name for u in found.unmatched] == ["CausalReasoning"]


def test_an_id_in_the_path_beats_a_foreign_header(write, tmp_path, small_catalog):
    write("image/comprehension/bird-detection/annotation.json", ENTRIES, task="Causal Reasoning")
    assert found_ids(tmp_path / "data", small_catalog) == {
        "image/comprehension/bird-detection": "image.comprehension.bird-detection"
    }


def test_the_root_may_be_a_modality_or_the_task_itself(write, tmp_path, small_catalog):
    write("image/comprehension/BirdDetection/annotation.json", ENTRIES)
    root = tmp_path / "data"
    assert found_ids(root / "image", small_catalog) == {
        "comprehension/BirdDetection": "image.comprehension.bird-detection"
    }
    assert found_ids(root / "image/comprehension/BirdDetection", small_catalog) == {
        "": "image.comprehension.bird-detection"
    }


def test_media_folders_are_not_searched_and_archives_are_named(write, tmp_path, small_catalog):
    write("video/comprehension/AnimalVOS/annotation.json", ENTRIES)
    write("video/comprehension/AnimalVOS/videos/a/annotation.json", ENTRIES)
    write("video/comprehension/StaticVDE.zip", b"PK")
    found = find_datasets(tmp_path / "data", small_catalog)
    assert [d.task.id for d in found.datasets] == ["video.comprehension.animal-vos"]
    assert [(u.path.name, u.reason) for u in found.unmatched] == [("StaticVDE.zip", "an archive; unpack it first")]


def test_a_task_folder_without_annotation_is_listed(write, tmp_path, small_catalog):
    write("nlp/Causal-Reasoning/annotation.json", ENTRIES)
    write("image/comprehension/BirdDetection/images/a.png", b"x")
    write("nlp/Story-Generation/prediction.json", "[]")
    found = find_datasets(tmp_path / "data", small_catalog)
    assert [(u.path.name, u.reason) for u in found.unmatched] == [
        ("BirdDetection", "no annotation file in this folder"),
        ("Story-Generation", "no annotation file in this folder"),
    ]


def test_links_are_listed_not_followed(write, tmp_path, small_catalog):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "annotation.json").write_text(json.dumps(ENTRIES))
    write("image/comprehension/BirdDetection/annotation.json", ENTRIES)
    (tmp_path / "data/nlp").mkdir()
    (tmp_path / "data/nlp/Causal-Reasoning").symlink_to(outside, target_is_directory=True)
    (tmp_path / "data/nlp/Story-Generation").mkdir()
    (tmp_path / "data/nlp/Story-Generation/annotation.json").symlink_to(outside / "annotation.json")
    found = find_datasets(tmp_path / "data", small_catalog)
    assert [d.task.id for d in found.datasets] == ["image.comprehension.bird-detection"]
    assert len(found.unmatched) == 2
    assert all("link" in u.reason for u in found.unmatched)


def test_no_data(tmp_path, small_catalog):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("x")
    for name, words in (("no", "no such folder"), ("empty", "no annotation file"), ("file", "a file, not a folder")):
        with pytest.raises(DataError, match=words):
            find_datasets(tmp_path / name, small_catalog)


def test_a_broken_annotation_is_found_and_fails_when_read(write, tmp_path, small_catalog):
    write("nlp/Causal-Reasoning/annotation.json", '{"task": "Causal Reasoning", "data": [{"id": "1"}, {"id"')
    (dataset,) = find_datasets(tmp_path / "data", small_catalog).datasets
    with pytest.raises(DataError, match=r"annotation\.json: not JSON at line 1, byte 5\d: .*truncated"):
        dataset.records()
