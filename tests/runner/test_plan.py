"""Which tasks a model is asked: what its samples hold decides, not all that their type may hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from genlevel import tasktypes
from genlevel.datasets.base import Dataset
from genlevel.errors import RecordError
from genlevel.media import encode_wav
from genlevel.models.base import Model
from genlevel.records import Record, Reply, Request, Task
from genlevel.runner import make_plan


class Voice(Model):
    name = "voice"
    takes = frozenset({"text"})
    makes = frozenset({"audio"})

    def identity(self) -> dict[str, Any]:
        return {}

    async def generate(self, request: Request) -> Reply:
        raise AssertionError


def speech(folder: Path, *inputs: Any) -> Dataset:
    import numpy as np

    (folder / "voice.wav").write_bytes(encode_wav(np.zeros(800, np.float32), 16000))
    entries = [{"id": i, "input": shown, "output": {"text": "a"}} for i, shown in enumerate(inputs)]
    (folder / "annotation.json").write_text(json.dumps({"task": "s", "data": entries}))
    task = Task("s", "t", "audio", "generation", "S", "text-to-speech", "wer", "lower", "percent")
    return Dataset(task, folder, folder / "annotation.json", "s")


PLAIN = {"text": "Good morning."}
CLONED = {"text": "Good morning.", "audio_file": "voice.wav"}


@pytest.mark.parametrize(
    ("inputs", "asked"),
    [
        ([PLAIN, PLAIN], True),
        # Some samples can be asked; the others fail one by one.
        ([CLONED, PLAIN], True),
        ([CLONED, CLONED], False),
        ([{"text": "x", "audio_file": "none.wav"}, {}], False),
    ],
)
def test_what_the_samples_hold_decides(tmp_path: Path, inputs: list[Any], asked: bool) -> None:
    plan = make_plan(Voice(), [speech(tmp_path, *inputs)])
    assert (len(plan.datasets) == 1) is asked
    if not asked:
        assert plan.unsupported["s"].startswith("the model takes no audio")


def test_data_are_not_read_where_the_type_says_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def never(_: Dataset) -> Any:
        raise AssertionError("the data were read")

    monkeypatch.setattr(Dataset, "records", never)
    monkeypatch.setattr(Dataset, "first", lambda self, count: never(self))
    task = Task("d", "t", "image", "comprehension", "D", "object-detection", "ap50", "higher", "percent")
    plan = make_plan(Voice(), [Dataset(task, tmp_path, tmp_path / "annotation.json", "d")])
    assert plan.unsupported == {"d": "the model takes no image"}


# Those of other tests are none of the project's.
NAMES = sorted(set(tasktypes.TASK_TYPES) - tasktypes.TASK_TYPES.own)


@pytest.mark.parametrize("name", [name for name in NAMES if tasktypes.get(name).needs()])
def test_no_sample_does_without_what_its_type_needs(tmp_path: Path, name: str) -> None:
    kind = tasktypes.get(name)
    try:
        sample = kind.read(Record("1", {"id": "1", "input": {"prompt": "What is it?"}}, tmp_path, "a.json, item 0"))
    except RecordError:
        return
    assert kind.needs() <= {part.kind for part in sample.input}
