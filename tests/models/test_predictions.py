"""Predictions made elsewhere: all published forms, and nothing dropped without a word."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from genlevel import models, tasktypes
from genlevel.cli import main
from genlevel.datasets.base import Dataset
from genlevel.errors import DataError
from genlevel.models.predictions import PredictionFolder
from genlevel.records import Task
from genlevel.runner import RunFolder
from genlevel.tasktypes.base import TaskType
from tests.runner.fakes import do_run, make_data


class Draw(TaskType):
    name, title, answer_format = "test-predicted-image", "Draw", "an image"
    takes, makes = frozenset({"text"}), frozenset({"image"})

    def read(self, record: Any) -> Any:
        raise NotImplementedError

    def parse(self, parts: Any, sample: Any) -> Any:
        raise NotImplementedError


tasktypes.TASK_TYPES.register(Draw.name, Draw)


def dataset(kind: str = "test-say") -> Dataset:
    task = Task("image-0001", "x", "image", "comprehension", "A task", kind, "accuracy", "higher", "percent")
    return Dataset(task, Path("data/image/a"), Path("data/image/a/annotation.json"), "image/a")


def write(root: Path, name: str, value: Any) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(value if isinstance(value, bytes) else json.dumps(value).encode())


def read(root: Path, kind: str = "test-say") -> tuple[dict[str, Any], list[str]]:
    found = PredictionFolder(root).predictions(dataset(kind))
    return {p.id: p.error or p.parts[0].text or p.parts[0].path for p in found.predictions}, found.problems


ROWS = [{"id": 1, "prediction": "a"}, {"id": "2", "prediction": "b"}]


@pytest.mark.parametrize("name", ["image/a/prediction.json", "image/a/json/prediction.json", "image-0001.json"])
@pytest.mark.parametrize("value", [ROWS, {"task": "A task", "data": ROWS}])
def test_both_forms_in_all_places(tmp_path: Path, name: str, value: Any) -> None:
    write(tmp_path, name, value)
    assert read(tmp_path) == ({"1": "a", "2": "b"}, [])


@pytest.mark.parametrize("key", ["prediction", "prediction_final", "answer", "output", "response"])
def test_all_names_of_the_answer(tmp_path: Path, key: str) -> None:
    write(tmp_path, "image-0001.json", [{"id": 1, key: "a"}])
    assert read(tmp_path)[0] == {"1": "a"}


def test_values_become_text(tmp_path: Path) -> None:
    box = [{"label": "cat", "box": [1, 2, 3.5, 4]}]
    values = [3, 0.5, True, False, box, json.dumps(box), {"a": "é"}, " kept as it is \n"]
    write(tmp_path, "image-0001.json", [{"id": i, "prediction": value} for i, value in enumerate(values)])
    answers, problems = read(tmp_path)
    assert not problems
    assert list(answers.values())[:4] == ["3", "0.5", "true", "false"]
    assert json.loads(answers["4"]) == json.loads(answers["5"]) == box
    assert answers["6"] == '{"a":"é"}'
    assert answers["7"] == " kept as it is \n"


def test_ids_are_the_same_whatever_their_type_and_twice_is_none(tmp_path: Path) -> None:
    ids = [1, "1", 2.0, "x", True, None, [1]]
    write(
        tmp_path,
        "image-0001.json",
        [{"id": i, "prediction": "a"} for i in ids] + ["text", {"prediction": "b"}, {"id": 9}],
    )
    answers, problems = read(tmp_path)
    assert answers == {"1": "there are several answers for this id", "2": "a", "x": "a"}
    assert len(problems) == 7
    assert "entry 1: a second answer for id '1'" in problems[0]
    assert "entry 9 (id 9): has no 'prediction'" in problems[-1]


def test_empty_is_no_answer(tmp_path: Path) -> None:
    write(tmp_path, "image-0001.json", [{"id": 1, "prediction": None}, {"id": 2, "prediction": ""}])
    assert set(read(tmp_path)[0].values()) == {"the prediction is empty"}


def test_python_writes_nan(tmp_path: Path) -> None:
    write(
        tmp_path,
        "image-0001.json",
        b'\xef\xbb\xbf[{"id": 1, "prediction": NaN}, {"id": 2, "prediction": [1, Infinity]}]',
    )
    assert set(read(tmp_path)[0]) == {"1", "2"}


@pytest.mark.parametrize(
    "content", [b"", b'[{"id": 1, "pre', b"\xff\xfe\xff", b"7", b'{"data": 7}', b"{}", b"[" * 10_000]
)
def test_a_damaged_file_is_one_line(tmp_path: Path, content: bytes) -> None:
    write(tmp_path, "image-0001.json", content)
    with pytest.raises(DataError, match=r"image-0001\.json") as caught:
        read(tmp_path)
    assert "\n" not in str(caught.value)


def test_no_file_is_said(tmp_path: Path) -> None:
    answers, problems = read(tmp_path)
    assert not answers
    assert "no image/a/prediction.json or image-0001.json" in problems[0]


def test_media_are_files_below_the_folder_and_never_outside(tmp_path: Path) -> None:
    root = tmp_path / "answers"
    write(root, "image/a/out/1.png", b"png")
    write(root, "shared/2.png", b"png")
    write(tmp_path, "secret.png", b"secret")
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    names = [
        "out/1.png",
        "shared/2.png",
        "../../../secret.png",
        str(tmp_path / "secret.png"),
        "link.png",
        "none.png",
        "x" * 9999,
        "a\0b",
    ]
    write(root, "image/a/prediction.json", [{"id": i, "prediction": name} for i, name in enumerate(names)])
    answers, _ = read(root, Draw.name)
    assert answers["0"] == (root / "image/a/out/1.png").resolve()
    assert answers["1"] == (root / "shared/2.png").resolve()
    # The others stay text, which no image task can read.
    assert [answers[str(i)] for i in range(2, 8)] == names[2:]


def test_a_text_task_never_opens_a_file(tmp_path: Path) -> None:
    write(tmp_path, "cat", b"x")
    write(tmp_path, "image-0001.json", [{"id": 1, "prediction": "cat"}])
    assert read(tmp_path)[0] == {"1": "cat"}


def test_as_a_model_in_a_run(tmp_path: Path) -> None:
    data = make_data(tmp_path / "data", {"one": 3, "two": 2, "three": 2})
    write(tmp_path / "answers", "one/prediction.json", [{"id": 0, "prediction": "a"}, {"id": 1, "prediction": "b"}])
    write(tmp_path / "answers", "two.json", b"[")
    spec = f"predictions:{tmp_path / 'answers'}?name=mine"
    summary = do_run(data, tmp_path / "run", spec)
    assert (summary.total.answered, summary.total.failed) == (2, 5)
    run = RunFolder.open(tmp_path / "run")
    assert run.meta["model"] == "mine"
    assert [p.error for p in run.predictions("one")] == ["", "", "there is no prediction for this sample"]
    assert all("two.json" in p.error for p in run.predictions("two"))
    before = models.load(spec).identity()
    write(tmp_path / "answers", "three.json", ROWS)
    assert models.load(spec).identity() != before


def test_files_that_no_task_takes_are_listed(tmp_path: Path) -> None:
    write(tmp_path, "image/a/prediction.json", ROWS)
    for name in ("image/b/prediction.json", "image-0002.json", "image-0001.json"):
        write(tmp_path, name, ROWS)
    write(tmp_path, "scores.json", {})
    lines = PredictionFolder(tmp_path).unused([dataset()])
    assert [line.partition(": not used")[0] for line in lines] == [
        str(tmp_path / name) for name in ("image/b/prediction.json", "image-0001.json", "image-0002.json")
    ]


def test_a_folder_without_any_of_the_tasks_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no predictions for the 1 task .* image/a/prediction.json or image-0001.json"):
        PredictionFolder(tmp_path).unused([dataset()])


def test_a_prediction_that_is_too_deep_is_that_samples_failure(tmp_path: Path) -> None:
    deep = "[" * 900 + "]" * 900
    (tmp_path / "image-0001.json").write_text(
        f'[{{"id": "1", "prediction": {deep}}}, {{"id": "2", "prediction": "b"}}]'
    )
    found = PredictionFolder(tmp_path).predictions(dataset()).predictions
    assert [p.id for p in found] == ["1", "2"]
    assert found[1].parts[0].text == "b"
    assert found[0].parts or "deep" in found[0].error


def test_another_medium_is_another_identity(tmp_path: Path) -> None:
    (tmp_path / "one").mkdir()
    (tmp_path / "one" / "prediction.json").write_text("[]")
    (tmp_path / "one" / "a.png").write_bytes(b"old")
    spec = f"predictions:{tmp_path}"
    before = models.load(spec).identity()
    assert models.load(spec).identity() == before
    (tmp_path / "one" / "a.png").write_bytes(b"newer")
    assert models.load(spec).identity() != before


def test_json_lines_are_named(tmp_path: Path) -> None:
    write(tmp_path, "image-0001.json", b'{"id": 1, "prediction": "a"}\n{"id": 2, "prediction": "b"}\n')
    with pytest.raises(DataError, match="looks like JSON Lines: one array or object is needed"):
        read(tmp_path)
    (tmp_path / "image-0001.json").rename(tmp_path / "image-0001.jsonl")
    with pytest.raises(DataError, match=r"holds no predictions .*image-0001\.jsonl is JSON Lines"):
        PredictionFolder(tmp_path).unused([dataset()])


def test_a_run_lists_what_it_cannot_use(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from genlevel.models import predictions

    parsed: list[str] = []
    parse = predictions._entries
    monkeypatch.setattr(predictions, "_entries", lambda path: parsed.append(path.name) or parse(path))
    data, answers = tmp_path / "data", tmp_path / "answers"
    write(data, "image/mine/annotation.json", {"data": [{"id": "1", "input": {"question": "?"}, "output": "a"}]})
    (data / "catalog.csv").write_text(
        "id,modality,paradigm,name,task_type,metric\nlanguage.mine,language,language,Mine,text-generation,rouge_l\n"
    )
    (data / "image").rename(data / "nlp")
    rows = [{"id": 1, "prediction": "a"}, {"id": "77", "prediction": "b"}, {"id": "1 ", "other": 2}]
    write(answers, "language.mine.json", rows)
    write(answers, "language.else.json", rows)
    command = ["run", "--model", f"predictions:{answers}", "--data", str(data), "--out", str(tmp_path / "run")]
    for _ in range(2):  # the second time everything is stored
        assert main([*command, "--quiet"]) == 1
        err = capsys.readouterr().err
        for says in ("answer for unknown id '77'", "has no 'prediction'", "language.else.json: not used"):
            assert err.count(says) == 1
        assert parsed == ["language.mine.json"]
        parsed.clear()
    assert main([*command, "--limit", "1", "--out", str(tmp_path / "two")]) == 1
    assert "unknown id" not in capsys.readouterr().err
    (answers / "language.mine.json").rename(answers / "language.mine.jsonl")
    assert main([*command[:-1], str(tmp_path / "three")]) == 2
    assert "language.mine.jsonl is JSON Lines" in capsys.readouterr().err
    assert not (tmp_path / "three").exists()
