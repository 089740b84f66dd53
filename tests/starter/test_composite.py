"""Composites: routes of a TOML file, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from genlevel import models
from genlevel.datasets import Dataset
from genlevel.errors import ModelError, RequestFailed
from genlevel.models.python_function import PythonModel
from genlevel.records import PART_KINDS, Part, Request, Task

FUNCTIONS = "def a(request):\n    return 'a'\n\n\ndef b(request):\n    return 'b'\n"


def write(folder: Path, text: str) -> str:
    (folder / "answers_here.py").write_text(FUNCTIONS)
    path = folder / "system.toml"
    path.write_text(text.replace("HERE", (folder / "answers_here.py").as_posix()))
    return f"composite:{path}"


def dataset(
    task_id: str, modality: Any = "image", paradigm: Any = "comprehension", kind: str = "image-counting"
) -> Dataset:
    task = Task(task_id, "x", modality, paradigm, "A task", kind, "mae", "lower", "raw")
    return Dataset(task, Path(), Path("annotation.json"), task_id)


async def answer(model: models.Model, task_id: str) -> str:
    return (await model.generate(Request(task_id, "1", "image-counting", (Part("text", "?"),)))).parts[0].text


async def test_the_first_route_that_fits_answers(tmp_path: Path) -> None:
    text = """
        name = "two"
        [[route]]
        task = "image.*count*"
        paradigm = "comprehension"
        model = "python:HERE:a"
        [[route]]
        modality = "image"
        model = "python:HERE:b"
    """
    model = models.load(write(tmp_path, text))
    await model.start([dataset("image.counting"), dataset("image.other"), dataset("audio.counting", "audio")])
    assert (model.name, model.dispatcher) == ("two", True)
    assert await answer(model, "image.counting") == "a"
    assert await answer(model, "image.other") == "b"
    with pytest.raises(RequestFailed, match=r"no route for audio\.counting"):
        await answer(model, "audio.counting")
    await model.close()
    routes = model.identity()["routes"]
    assert [route["conditions"] for route in routes] == [
        {"task": "image.*count*", "paradigm": "comprehension"},
        {"modality": "image"},
    ]


async def test_two_routes_to_one_model_start_it_once_with_the_tasks_of_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "".join(f'[[route]]\nmodality = "{m}"\nmodel = "python:HERE:a"\n' for m in ("image", "audio"))
    model = models.load(write(tmp_path, text))
    calls: list[Any] = []

    async def start(self: Any, datasets: Any) -> None:
        calls.append([d.task.id for d in datasets])

    async def close(self: Any) -> None:
        calls.append("closed")

    monkeypatch.setattr(PythonModel, "start", start)
    monkeypatch.setattr(PythonModel, "close", close)
    await model.start([dataset("image.a"), dataset("audio.a", "audio"), dataset("image.b")])
    await model.close()
    assert calls == [["image.a", "audio.a", "image.b"], "closed"]


def test_it_takes_and_makes_what_any_of_its_models_does(tmp_path: Path) -> None:
    text = '[[route]]\nmodel = "python:HERE:a?makes=image&takes=text"\n[[route]]\nmodel = "python:HERE:b?takes=audio"\n'
    model = models.load(write(tmp_path, text))
    assert model.makes == {"image", "text"}
    assert model.takes == {"text", "audio"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has no [[route]]"),
        ("route = 1", "has no [[route]]"),
        ("[[route]\n", "is no TOML"),
        ("colour = 1\n[[route]]\nmodel = 'python:HERE:a'\n", "unknown key 'colour'"),
        ("[[route]]\ntask = 'x'\n", "route 1: has no model"),
        ("[[route]]\nmodel = 3\n", "route 1: has no model"),
        (
            "[[route]]\nmodel = 'python:HERE:a'\n[[route]]\nmodell = 'x'\nmodel = 'python:HERE:a'\n",
            "route 2: unknown key 'modell'",
        ),
        ("[[route]]\nmodality = 'smell'\nmodel = 'python:HERE:a'\n", "modality = 'smell' is none of"),
        ("[[route]]\ntask = 3\nmodel = 'python:HERE:a'\n", "task is not a text"),
        ("[[route]]\nmodel = 'composite:starter'\n", "cannot lead to another"),
        ("name = ''\n[[route]]\nmodel = 'python:HERE:a'\n", "name is not a text"),
        ("[[route]]\nmodel = 'gpt-4o'\n", "no SPEC"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(ModelError) as error:
        models.load(write(tmp_path, text))
    assert says in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("spec", ["composite:", "composite:nowhere.toml", "composite:starter?x=1"])
def test_wrong_specs_are_model_errors(spec: str) -> None:
    with pytest.raises(ModelError):
        models.load(spec)


def test_the_starter_composite_is_a_dispatcher_for_everything() -> None:
    model = models.load("composite:starter")
    assert model.dispatcher
    assert model.takes == model.makes == set(PART_KINDS)
