"""The run folder as files: what is written is read back, and nothing that lies in the files can do harm."""

from __future__ import annotations

import json
import os
import threading
from pathlib import Path

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genlevel.errors import RunError
from genlevel.media import MediaError
from genlevel.records import Part, Prediction, Usage
from genlevel.runner.store import RunFolder

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20


def new(path: Path) -> RunFolder:
    return RunFolder.create(path / "run", {"model": "m", "tasks": {}})


def test_predictions_come_back_as_they_were(tmp_path: Path) -> None:
    folder = new(tmp_path)
    made = Prediction("ä/1", "key", (Part("text", "line\nbreak \u2028 é"),), "", Usage(3, 4), 0.25, 2)
    with folder.writer() as writer:
        writer.append("t", made)
        writer.append("t", Prediction("2", error="HTTP 500: no"))
    assert list(RunFolder.open(folder.path).predictions("t")) == [made, Prediction("2", error="HTTP 500: no")]
    assert folder.tasks() == ["t"]
    assert folder.answered("t") == {"ä/1": "key"}


def test_the_last_line_of_an_id_counts(tmp_path: Path) -> None:
    folder = new(tmp_path)
    with folder.writer() as writer:
        for text, error in (("", "no"), ("yes", ""), ("", "no again")):
            writer.append("t", Prediction("1", "k", (Part("text", text),) if text else (), error))
            assert folder.answered("t") == ({"1": "k"} if text else {})
    assert [p.error for p in folder.predictions("t")] == ["no again"]


def test_media_are_stored_once_by_their_hash(tmp_path: Path) -> None:
    folder = new(tmp_path)
    with folder.writer() as writer:
        for sample in "ab":
            writer.append("t", Prediction(sample, parts=(Part("image", data=PNG), Part("audio", data=b"RIFF0000WAVE"))))
    first, second = folder.predictions("t")
    image, sound = first.parts
    assert second.parts == first.parts
    assert image.path is not None and image.path.read_bytes() == PNG
    assert (image.media_type, image.path.suffix) == ("image/png", ".png")
    assert (sound.kind, sound.media_type) == ("audio", "audio/wav")
    assert len([f for f in (folder.path / "media").rglob("*") if f.is_file()]) == 2


def test_the_same_medium_from_many_threads(tmp_path: Path) -> None:
    folder = new(tmp_path)
    data = os.urandom(200_000)
    with folder.writer() as writer:

        def store(i: int) -> None:
            writer.append(f"t{i % 3}", Prediction(str(i), parts=(Part("image", data=data, media_type="image/png"),)))

        threads = [threading.Thread(target=store, args=(i,)) for i in range(24)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    answers = [p for task in folder.tasks() for p in folder.predictions(task)]
    assert {p.id for p in answers} == {str(i) for i in range(24)}
    assert all(p.parts[0].path is not None and p.parts[0].path.read_bytes() == data for p in answers)


def test_more_tasks_than_files_may_be_open(tmp_path: Path) -> None:
    folder = new(tmp_path)
    with folder.writer() as writer:
        for turn in range(2):
            for i in range(300):
                writer.append(f"t{i}", Prediction(str(turn), parts=(Part("text", "x"),)))
    assert all(len(list(folder.predictions(f"t{i}"))) == 2 for i in range(300))


def test_a_full_device_breaks_the_writer_for_good(tmp_path: Path) -> None:
    folder = new(tmp_path)
    os.symlink("/dev/full", folder.path / "predictions" / "t.jsonl")
    with folder.writer() as writer:
        for task in ("t", "other"):
            with pytest.raises(RunError, match="No space left on device"):
                writer.append(task, Prediction("1"))


def test_an_answer_whose_medium_is_missing_is_not_stored(tmp_path: Path) -> None:
    folder = new(tmp_path)
    with folder.writer() as writer, pytest.raises(MediaError):
        writer.append("t", Prediction("1", parts=(Part("image", path=tmp_path / "none.png"),)))
    assert not folder.answered("t")


@pytest.mark.parametrize("task", ["", "../x", "a/b", ".hidden", "a\0b"])
def test_a_task_id_cannot_lead_out_of_the_folder(tmp_path: Path, task: str) -> None:
    with pytest.raises(RunError):
        new(tmp_path).file(task)


@pytest.mark.parametrize(
    "part",
    [
        {"kind": "image", "file": "../../secret.png"},
        {"kind": "image", "file": "/etc/passwd"},
        {"kind": "image", "file": 7},
        {"kind": "image"},
        {"kind": "text", "text": 7},
        {"kind": "spell", "text": "x"},
        7,
    ],
)
def test_a_part_that_cannot_be_is_an_error_of_its_sample(tmp_path: Path, part: object) -> None:
    folder = new(tmp_path)
    folder.file("t").write_bytes(orjson.dumps({"id": "1", "parts": [part]}) + b"\n")
    (prediction,) = folder.predictions("t")
    assert "cannot be read" in prediction.error
    assert not prediction.parts


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff"])
def test_a_damaged_run_json_is_one_line(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "run.json").write_bytes(content)
    with pytest.raises(RunError, match=r"run\.json") as caught:
        RunFolder.open(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_folder_without_run_json_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no run folder"):
        RunFolder.open(tmp_path / "nothing")


LINE = st.fixed_dictionaries(
    {"id": st.text(st.characters(codec="utf-8"), max_size=5), "error": st.sampled_from(["", "no"])}
)


@settings(max_examples=60, deadline=None)
@given(lines=st.lists(LINE, max_size=6), cut=st.integers(1, 60), garbage=st.binary(max_size=60))
def test_all_complete_lines_before_a_tear_are_kept(
    tmp_path_factory: pytest.TempPathFactory, lines: list[dict[str, str]], cut: int, garbage: bytes
) -> None:
    folder = new(tmp_path_factory.mktemp("r"))
    torn = orjson.dumps({"id": "torn", "parts": []})[:cut] if cut % 2 else garbage.replace(b"\n", b"")
    folder.file("t").write_bytes(b"".join(orjson.dumps(line) + b"\n" for line in lines) + torn)
    last = {line["id"]: line["error"] for line in lines}
    assert {p.id: p.error for p in folder.predictions("t")} == last
    assert len(folder.notes) == bool(torn)
    # A writer cuts the torn line off, and what it appends is a line of its own.
    with folder.writer() as writer:
        writer.append("t", Prediction("new"))
        assert len(writer.notes) == bool(torn)
    assert {p.id: p.error for p in folder.predictions("t")} == {**last, "new": ""}


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
FIELDS = ("id", "key", "parts", "usage", "latency", "attempts", "error")


@settings(max_examples=150, deadline=None)
@given(
    content=st.binary(max_size=200)
    | st.dictionaries(st.sampled_from(FIELDS), JSON).map(lambda v: json.dumps(v).encode())
)
@example(b'{"id":"1","latency":1e999}')
@example(b'{"id":"1","usage":{"input_tokens":1e400}}')
@example(b"[" * 100_000)
def test_no_content_of_a_file_is_a_traceback(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    folder = new(tmp_path_factory.mktemp("r"))
    folder.file("t").write_bytes(content + b'\n{"id":"last"}\n')
    assert [p.id for p in folder.predictions("t")][-1] == "last"
    assert "last" in folder.answered("t")
