"""A metric that does not fit its task type is found before a model is asked."""

from pathlib import Path

import pytest

from genlevel.catalog import load
from genlevel.cli import main
from genlevel.datasets import find_datasets
from genlevel.scoring.fit import misfit
from genlevel.specimens.write import make_specimens

CATALOG = """id,modality,paradigm,name,task_type,metric
image.noise,image,generation,Noise,image-denoising,{}
image.colour,image,comprehension,Colour,image-classification,{}
"""


def test_a_wrong_pair_is_refused_before_anything_is_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    right, wrong, data = tmp_path / "right.csv", tmp_path / "wrong.csv", tmp_path / "data"
    right.write_text(CATALOG.format("psnr", "accuracy"))
    wrong.write_text(CATALOG.format("accuracy", "psnr"))
    make_specimens(data, load(catalog=right), 2, 0)
    assert main(["data", "check", str(data), "--catalog", str(right)]) == 0
    capsys.readouterr()
    assert main(["data", "check", str(data), "--catalog", str(wrong)]) == 1
    err = capsys.readouterr().err
    assert "image.noise: metric accuracy does not fit task type image-denoising: reference" in err
    assert "image.colour: metric psnr does not fit task type image-classification: reference" in err
    run = ["run", "--model", "nearest:", "--data", str(data), "--out", str(tmp_path / "run"), "--quiet", "--catalog"]
    assert main([*run, str(wrong)]) == 2
    assert "(nothing was asked)" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
    assert main([*run, str(right)]) == 0
    capsys.readouterr()
    # A task's folder does not know the catalog of the data folder above it.
    right.rename(data / "catalog.csv")
    assert main(["data", "check", str(data / "image" / "noise")]) == 1
    assert f"--catalog {data / 'catalog.csv'}" in capsys.readouterr().err
    assert main(["data", "check", str(data)]) == 0
    assert "above" not in capsys.readouterr().err


def test_the_first_samples_are_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from genlevel.datasets.base import Dataset

    (tmp_path / "wrong.csv").write_text(CATALOG.format("accuracy", "psnr"))
    catalog = load(catalog=tmp_path / "wrong.csv")
    make_specimens(tmp_path / "data", catalog, 2, 0)
    datasets = find_datasets(tmp_path / "data", catalog).datasets

    def never(*_: object) -> None:
        raise AssertionError("all samples were read")

    monkeypatch.setattr(Dataset, "records", never)
    assert [misfit(dataset).split(":")[0] for dataset in datasets] == ["image.noise", "image.colour"]


def test_the_pairs_of_an_edition_fit(tmp_path: Path) -> None:
    catalog = load("2024")
    pairs = {(task.task_type, task.metric): task.id for task in reversed(list(catalog))}
    chosen = catalog.subset(pairs.values())
    make_specimens(tmp_path / "data", chosen, 1, 0)
    datasets = find_datasets(tmp_path / "data", chosen).datasets
    assert len(datasets) == len(pairs) > 20
    assert [line for dataset in datasets if (line := misfit(dataset))] == []
