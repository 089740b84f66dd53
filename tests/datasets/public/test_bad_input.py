"""Files that are broken, hostile or absurd: one line each, counted, and the rest of the set goes on."""

from __future__ import annotations

import copy
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genlevel import tasktypes
from genlevel.catalog import load
from genlevel.datasets import Dataset, find_datasets
from genlevel.datasets.paths import MissingMedia
from genlevel.errors import DataError, GenlevelError, RecordError
from genlevel.records import Record
from tests.datasets.public import made, seen
from tests.datasets.public.sets import CASES, IDS, Case

CATALOG = load("2024")
VALUE = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(["../x", "/etc/passwd", "."]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


def dataset_of(case: Case, root: Path) -> Dataset:
    case.make(root / case.folder)
    return next(d for d in find_datasets(root, CATALOG).datasets if d.task.id == case.task)


def read(dataset: Dataset) -> tuple[list[str], list[str]]:
    """Ids of the samples that could be read, and the lines of what could not."""
    kind = tasktypes.for_task(dataset.task)
    good, bad = [], []
    for record in dataset.records():
        try:
            if isinstance(record, RecordError):
                raise record
            sample = kind.read(record)
            for part in sample.input:
                assert part.path is None or part.path.resolve().is_relative_to(dataset.folder.resolve())
            good.append(record.id)
        except RecordError as error:
            bad.append(str(error))
    return good, bad


def places(value: Any, here: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to each value inside a document."""
    if here:
        yield here
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*here, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from places(inner, (*here, at))


def replaced(document: Any, way: tuple[Any, ...], new: Any) -> Any:
    changed = copy.deepcopy(document)
    inner = changed
    for step in way[:-1]:
        inner = inner[step]
    inner[way[-1]] = new
    return changed


# Cityscapes and the rest have pictures, lists and tables as labels.
JSON_MAKERS = {
    *("fsc147", "textocr", "flickr30k", "coco", "ochuman", "refcoco", "refcoco_mdetr", "ade20k", "ade20k_json", "gqa"),
    *("vqav2", "vizwiz", "okvqa", "docvqa", "visual_genome", "pie_bench"),
}
JSON_CASES = [c for c in CASES if c.make.__name__ in JSON_MAKERS and c.task != "image.generation.ade20k"]


@pytest.mark.parametrize("case", JSON_CASES, ids=[f"{c.task}-{c.make.__name__}" for c in JSON_CASES])
def test_label_files_with_any_value_changed_never_stop_a_reader(case: Case, tmp_path: Path):
    dataset = dataset_of(case, tmp_path)
    documents = {p: json.loads(p.read_text()) for p in dataset.labels if p.suffix == ".json"}
    assert documents
    ways = [(path, way) for path, document in documents.items() for way in places(document)]
    originals = {path: path.read_text() for path in documents}

    @settings(max_examples=8, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(st.sampled_from(ways), VALUE)
    def check(place: tuple[Path, tuple[Any, ...]], new: Any) -> None:
        path, way = place
        path.write_text(json.dumps(replaced(documents[path], way, new)))
        try:
            _, bad = read(dataset)
        except DataError as error:
            bad = [str(error)]
        path.write_text(originals[path])
        assert all("\n" not in line and str(tmp_path) in line for line in bad)

    check()


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_label_files_cut_anywhere_never_stop_a_reader(case: Case, tmp_path: Path):
    dataset = dataset_of(case, tmp_path)
    for path in dataset.labels:
        if path.is_dir():
            continue
        whole = path.read_bytes()
        for share in (0.0, 0.3, 0.6, 0.97):
            path.write_bytes(whole[: int(len(whole) * share)])
            try:
                read(dataset)
            except DataError as error:
                assert str(path) in str(error) and "\n" not in str(error)
        path.write_bytes(whole)


def test_a_truncated_file_says_so(tmp_path: Path):
    case = next(c for c in CASES if c.task == "image.comprehension.mscoco")
    dataset = dataset_of(case, tmp_path)
    whole = dataset.annotation.read_bytes()
    dataset.annotation.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DataError, match=r"instances_val2017\.json: not JSON at byte \d+ \(the file ends too early"):
        list(dataset.records())


@pytest.mark.parametrize(
    "name", ["../secret.jpg", "/etc/passwd", "val2017/../../secret.jpg", "C:\\secret.jpg", "", None, 7, "a\0b"]
)
def test_names_that_lead_out_are_missing_media(name: Any, tmp_path: Path):
    case = next(c for c in CASES if c.task == "image.comprehension.mscoco")
    (tmp_path / "secret.jpg").write_bytes(b"x")
    dataset = dataset_of(case, tmp_path)
    document = json.loads(dataset.annotation.read_text())
    document["images"][0]["file_name"] = name
    dataset.annotation.write_text(json.dumps(document))
    records = list(dataset.records())
    assert [type(r) for r in records] == [MissingMedia, Record, Record]
    assert str(records[0]).startswith(f"{dataset.annotation}, image 0: ")


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path):
    case = next(c for c in CASES if c.task == "image.comprehension.mscoco")
    dataset = dataset_of(case, tmp_path)
    inside, outside = dataset.folder / "val2017/000000000139.jpg", tmp_path / "outside.jpg"
    shutil.move(inside, outside)
    os.symlink(outside, inside)
    first, *rest = dataset.records()
    assert isinstance(first, MissingMedia) and all(isinstance(r, Record) for r in rest)


def test_a_broken_box_takes_its_image_out_and_is_counted(tmp_path: Path):
    case = next(c for c in CASES if c.task == "image.comprehension.mscoco")
    dataset = dataset_of(case, tmp_path)
    text = dataset.annotation.read_text()
    # JSON has no NaN, but Python writes it.
    dataset.annotation.write_text(text.replace("[5.0, 5.0, 20.0, 16.0]", "[NaN, 5.0, 20.0, 16.0]"))
    good, bad = read(dataset)
    assert good == ["139", "632"] and len(bad) == 1 and "image 1" in bad[0]


def test_an_annotation_of_a_class_that_is_none(tmp_path: Path):
    case = next(c for c in CASES if c.task == "image.comprehension.mscoco")
    dataset = dataset_of(case, tmp_path)
    document = json.loads(dataset.annotation.read_text())
    document["annotations"][0]["category_id"] = 2
    dataset.annotation.write_text(json.dumps(document))
    good, bad = read(dataset)
    assert good == ["285", "632"]
    assert bad == [f"{dataset.annotation}, image 0: annotation 0: 'category_id' 2 is none of the categories"]


def test_an_id_twice_is_a_duplicate(tmp_path: Path):
    case = next(c for c in CASES if c.task == "image.comprehension.vizwiz")
    dataset = dataset_of(case, tmp_path)
    entries = json.loads(dataset.annotation.read_text())
    dataset.annotation.write_text(json.dumps([*entries, entries[0]]))
    good, bad = read(dataset)
    assert len(good) == 2 and len(bad) == 1 and "earlier entry" in bad[0]


def test_pictures_that_are_none_are_errors_of_their_samples(tmp_path: Path):
    case = Case("image.generation.lol", "lol", made.lol, 2)
    dataset = dataset_of(case, tmp_path)
    (dataset.folder / "eval15/high/1.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"0" * 50)
    good, bad = read(dataset)
    assert good == ["22"] and len(bad) == 1


def test_a_partner_that_is_missing_is_named(tmp_path: Path):
    dataset = dataset_of(Case("image.generation.gopro", "GoPro", made.gopro, 2), tmp_path)
    (dataset.folder / "test/GOPR0384_11_00/sharp/004002.png").unlink()
    _, second = dataset.records()
    assert isinstance(second, MissingMedia) and "004002.png" in str(second)


def test_cifar_of_another_size_or_label(tmp_path: Path):
    dataset = dataset_of(Case("image.comprehension.cifar-100", "cifar-100", seen.cifar100, 3), tmp_path)
    whole = dataset.annotation.read_bytes()
    dataset.annotation.write_bytes(whole[:1] + b"\xc8" + whole[2:-10])
    good, bad = read(dataset)
    assert good == ["00001"] and "fine label 200" in bad[0] and "ends too early" in bad[1]


@pytest.mark.parametrize("line", ["1 2 3", "a b c d 1", "nan 0 1 1 1", "9 9 1 1 1", "1e9 0 2e9 1 1", "inf 1 2 3 1"])
def test_boxes_of_car_parks_that_are_none(line: str, tmp_path: Path):
    dataset = dataset_of(Case("image.comprehension.carpk", "carpk", seen.carpk, 2), tmp_path)
    with (dataset.folder / "data/Annotations/20161225_TPZ_00001.txt").open("a") as file:
        file.write(f"{line}\n")
    good, bad = read(dataset)
    assert good == ["20161225_TPZ_00002"] and len(bad) == 1 and "20161225_TPZ_00001.txt, line 4" in bad[0]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.text(alphabet="0123456789 .-einfa\t", max_size=20), max_size=4))
def test_any_text_as_boxes_of_car_parks(tmp_path_factory: pytest.TempPathFactory, lines: list[str]):
    root = tmp_path_factory.mktemp("carpk")
    dataset = dataset_of(Case("image.comprehension.carpk", "carpk", seen.carpk, 2), root)
    (dataset.folder / "data/Annotations/20161225_TPZ_00001.txt").write_text("\n".join(lines))
    good, bad = read(dataset)
    assert len(good) + len(bad) == 2
    shutil.rmtree(root)


@pytest.mark.parametrize(
    ("task", "make", "folder", "expected"),
    [
        ("image.comprehension.refcoco", "refs(unc).p", "refcoco", "is a pickle, which is not read"),
        ("image.comprehension.cifar-100", "cifar-100-python/test", "cifar-100", "the Python version is a pickle"),
    ],
)
def test_pickles_are_refused_by_name(task: str, make: str, folder: str, expected: str, tmp_path: Path):
    path = tmp_path / folder / make
    path.parent.mkdir(parents=True)
    path.write_bytes(b"\x80\x03]q\x00.")
    with pytest.raises(DataError, match=expected) as caught:
        find_datasets(tmp_path, CATALOG)
    assert task in str(caught.value)


def test_parquet_that_is_none(tmp_path: Path):
    case = next(c for c in CASES if c.make is seen.refcoco_parquet)
    dataset = dataset_of(case, tmp_path)
    dataset.annotation.write_bytes(b"PAR1 no more")
    with pytest.raises(GenlevelError, match="cannot be read as Parquet"):
        list(dataset.records())


def test_parquet_with_wrong_values_loses_no_row(tmp_path: Path):
    import pyarrow as pa
    from pyarrow import parquet

    (tmp_path / "refcoco/data").mkdir(parents=True)
    columns = {
        "image": [None, {"bytes": b"GIF89a"}],
        "answer": [["a"], None],
        "bbox": [[1.0, 2.0, 3.0, float("nan")], [1.0] * 4],
    }
    parquet.write_table(pa.table(columns), tmp_path / "refcoco/data/val-00000-of-00001.parquet")
    (dataset,) = find_datasets(tmp_path, CATALOG).datasets
    good, bad = read(dataset)
    assert good == [] and len(bad) == 2
