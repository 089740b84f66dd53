"""One starter set for all tests that only read it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import NamedTuple

import pytest

from genlevel.catalog import load
from genlevel.datasets import Dataset, find_datasets
from genlevel.starter.make import make_starter


class Made(NamedTuple):
    folder: Path
    seconds: float


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    begin = time.perf_counter()
    folder = make_starter(tmp_path_factory.mktemp("starter"), 0)
    return Made(folder, time.perf_counter() - begin)


@pytest.fixture(scope="session")
def starter(made: Made) -> Path:
    return made.folder


@pytest.fixture(scope="session")
def datasets(starter: Path) -> dict[str, Dataset]:
    found = find_datasets(starter, load(catalog=starter / "catalog.csv"))
    assert found.unmatched == []
    return {d.task.id: d for d in found.datasets}
