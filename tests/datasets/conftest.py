"""Folders in General-Bench's format, made by code."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import strategies as st

from genlevel.catalog import Catalog
from genlevel.records import Task

# Any JSON value, ids among the keys.
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5) | st.just("id"), inner, max_size=4),
    max_leaves=12,
)


def task(identifier: str, name: str, **options: Any) -> Task:
    modality, *middle, _ = identifier.split(".")
    return Task(
        id=identifier,
        edition="test",
        modality=modality,  # type: ignore[arg-type]
        paradigm=middle[0] if middle else "language",  # type: ignore[arg-type]
        name=name,
        task_type=options.pop("task_type", "unknown-type"),
        metric="accuracy",
        direction="higher",
        scale="percent",
        **options,
    )


@pytest.fixture
def small_catalog() -> Catalog:
    tasks = (
        task("image.comprehension.bird-detection", "Bird Detection"),
        task("image.comprehension.chemistry-vqa", "Chemistry Visual Question Answering"),
        task("image.generation.bird-painting", "Bird Painting"),
        task("video.comprehension.animal-vos", "Animal VOS"),
        task("3d.comprehension.3d-classification", "3D Classification"),
        task("language.causal-reasoning", "Causal Reasoning"),
        task("language.story-generation", "Story Generation"),
    )
    return Catalog("test", {t.id: t for t in tasks}, "0" * 64)


Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """write(relative, entries or text or bytes, **header) -> the file; the root is tmp_path / 'data'."""

    def write_file(relative: str, content: Sequence[Any] | str | bytes = (), **header: Any) -> Path:
        path = tmp_path / "data" / relative
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, bytes):
            path.write_bytes(content)
        elif isinstance(content, str):
            path.write_text(content, encoding="utf-8")
        else:
            path.write_text(json.dumps({**header, "data": list(content)}), encoding="utf-8")
        return path

    return write_file


def entry(identifier: Any = "a", **values: Any) -> dict[str, Any]:
    return {"id": identifier, "input": {"prompt": "?", **values}, "output": {"text": "!"}}
