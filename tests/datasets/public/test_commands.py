"""Public sets beside a General-Bench folder: checked, run, scored and rated by the commands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from genlevel.catalog import load
from genlevel.cli import main
from genlevel.datasets import find_datasets
from genlevel.datasets.public.sources import sources
from tests.datasets.public import made, seen

MODEL = """
from genlevel.records import Part

def answer(request):
    if "number" in request.parts[-1].text:
        return [Part("text", "3")]
    return [Part("text", "no")]
"""


def mixed(root: Path) -> Path:
    """GQA as published, Cityscapes below folders of modality and paradigm, and FSC147 in General-Bench's format."""
    seen.gqa(root / "GQA")
    seen.cityscapes(root / "image/comprehension/Cityscapes")
    folder = root / "image/comprehension/fsc147"
    seen.photo(folder / "images/a.png")
    entry = {"id": "a", "input": {"image_file": "images/a.png", "prompt": "How many?"}, "output": {"text": 3}}
    seen.write_json(folder / "annotation.json", {"task": "FSC147", "data": [entry]})
    return root


def test_sets_and_folders_are_found_side_by_side(tmp_path: Path):
    found = find_datasets(mixed(tmp_path), load("2024"))
    assert {d.task.id: (d.relative, d.reader) for d in found.datasets} == {
        "image.comprehension.fsc147": ("image/comprehension/fsc147", ""),
        "image.comprehension.cityscapes": ("image/comprehension/Cityscapes", "cityscapes-instances"),
        "image.comprehension.cityscapes-panoptic-segmentation": (
            "image/comprehension/Cityscapes",
            "cityscapes-panoptic",
        ),
        "image.comprehension.gqa": ("GQA", "gqa"),
    }
    assert found.unmatched == []


def test_the_other_edition_does_not_look_for_them(tmp_path: Path):
    seen.gqa(tmp_path / "GQA")
    assert find_datasets(tmp_path, load("2025")).datasets == []


def test_check_says_what_is_missing_and_where_to_get_the_rest(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = mixed(tmp_path)
    seen.coco(root / "coco")
    (root / "coco/annotations/stuff_val2017.json").unlink()
    (root / "coco/val2017/000000000139.jpg").unlink()
    (root / "Flickr30k").mkdir()
    assert main(["data", "check", str(root), "--edition", "2024", "--format", "json"]) == 1
    out, err = capsys.readouterr()
    document = json.loads(out)
    tasks = {t["task_id"]: t for t in document["tasks"]}
    assert (
        tasks["image.comprehension.mscoco"]["missing_media"] == 1
        and tasks["image.comprehension.mscoco"]["samples"] == 2
    )
    assert tasks["image.comprehension.mscoco"]["split"] == "val2017 (the test labels are hidden)"
    # COCO without stuff is no fault: the folder serves other tasks. An empty Flickr30k is.
    assert [u["path"] for u in document["unmatched"]] == [str(root / "Flickr30k")]
    assert "has no dataset_flickr30k.json" in document["unmatched"][0]["reason"]
    gone = {a["task_id"]: a for a in document["absent"]}
    assert len(gone) == 77 - len(tasks) and gone["image.generation.cocostuff"]["page"].startswith("https://")
    assert "absent: image.comprehension.flickr30k: Flickr30k: https://" in err and "folder flickr30k" in err


def test_run_scores_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    root = mixed(tmp_path / "data")
    (tmp_path / "answers_2024.py").write_text(MODEL)
    monkeypatch.syspath_prepend(str(tmp_path))
    out = tmp_path / "run"
    command = [
        "run",
        "--edition",
        "2024",
        "--model",
        "python:answers_2024:answer?takes=text,image&makes=text",
        "--data",
        str(root),
    ]
    command += ["--out", str(out), "--quiet"]
    main(command)
    shown = capsys.readouterr()
    meta = json.loads((out / "run.json").read_text())
    assert meta["tasks"]["image.comprehension.gqa"]["split"] == "testdev_balanced"
    scores = {t["task_id"]: t for t in json.loads((out / "scores.json").read_text())["tasks"]}
    # "no" is right for one of GQA's two questions; 3 is the count.
    assert scores["image.comprehension.gqa"]["value"] == 50.0, shown.err
    assert scores["image.comprehension.fsc147"]["value"] == 0.0
    assert main(command) in (0, 1)
    # Another label file is other data.
    path = root / "GQA/questions1.2/testdev_balanced_questions.json"
    path.write_text(path.read_text().replace('"no"', '"yes"'))
    assert main(command) == 2
    assert "the data of image.comprehension.gqa has changed" in capsys.readouterr().err


def test_predictions_of_tasks_that_share_a_folder_go_by_id(tmp_path: Path):
    from genlevel.models.predictions import PredictionFolder

    seen.cityscapes(tmp_path / "data/cityscapes")
    first, second, third = find_datasets(tmp_path / "data", load("2024")).datasets
    folder = tmp_path / "predictions"
    folder.mkdir()
    (folder / f"{first.task.id}.json").write_text("[]")
    place = folder / "image/comprehension/cityscapes-panoptic-segmentation/prediction.json"
    place.parent.mkdir(parents=True)
    place.write_text("[]")
    (folder / "cityscapes").mkdir()
    (folder / "cityscapes/prediction.json").write_text("[]")
    given = PredictionFolder(folder)
    assert (
        given.file(first) == folder / f"{first.task.id}.json"
        and given.file(second) == place
        and given.file(third) is None
    )


def test_folders_of_pictures_are_told_apart_by_their_files(tmp_path: Path):
    made.lol(tmp_path / "LOL")
    (dataset,) = find_datasets(tmp_path, load("2024")).datasets
    before = dataset.sha256()
    assert dataset.sha256() == before
    made.photo(tmp_path / "LOL/eval15/high/99.png")
    assert dataset.sha256() != before


def test_a_link_to_a_set_is_not_followed(tmp_path: Path):
    seen.gqa(tmp_path / "elsewhere/GQA")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/GQA").symlink_to(tmp_path / "elsewhere/GQA")
    seen.vizwiz(tmp_path / "data/VizWiz")
    found = find_datasets(tmp_path / "data", load("2024"))
    assert [d.task.id for d in found.datasets] == ["image.comprehension.vizwiz"]
    assert [str(u) for u in found.unmatched] == [
        f"{tmp_path / 'data/GQA'}: a link is not followed; put the files themselves here"
    ]


def test_the_data_root_may_be_the_set_itself(tmp_path: Path):
    seen.gqa(tmp_path / "GQA")
    (dataset,) = find_datasets(tmp_path / "GQA", load("2024")).datasets
    assert dataset.task.id == "image.comprehension.gqa" and dataset.relative == ""


def test_every_set_says_where_to_put_it():
    for source in sources().values():
        assert source.called(source.folder) == 0 and "\n" not in source.where
