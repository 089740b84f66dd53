"""A function's identity follows the file that it stands in, wherever it is named."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from genlevel import models


@pytest.mark.parametrize(
    "package",
    [
        "from reexported_here.inner import answer",
        "from functools import partial\nfrom reexported_here import inner\nanswer = partial(inner.answer)",
    ],
)
def test_a_reexported_function_changes_with_its_own_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, package: str
) -> None:
    folder = tmp_path / "reexported_here"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    (folder / "__init__.py").write_text(f"{package}\n")
    found = []
    for text in ("one", "one", "two"):
        (folder / "inner.py").write_text(f"def answer(request):\n    return '{text}'\n")
        for name in [name for name in sys.modules if name.startswith("reexported_here")]:
            del sys.modules[name]
        found.append(models.load("python:reexported_here:answer").identity()["source_sha256"])
    assert found[0] == found[1] != found[2]


def test_one_file_is_hashed_as_it_is(tmp_path: Path) -> None:
    import hashlib

    file = tmp_path / "mine_alone.py"
    file.write_text("def answer(request):\n    return 'a'\n")
    identity = models.load(f"python:{file}:answer").identity()
    assert identity["source_sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
