"""Answers by a schema: the schema is valid and holds every right answer, and the answer comes out of its wrapping."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest

from genlevel import models, tasktypes
from genlevel.media import encode_png
from genlevel.models.structured import response_format
from genlevel.records import Part, Record, Request, Task
from tests.servers import completion, raw, serve

CASES: list[tuple[str, dict[str, Any], Any, Any, Any]] = [
    (
        "multiple-choice-visual-question-answering",
        {"question": "Which?", "options": ["ozone", "ethanol"]}, {"text": "ozone"}, "ozone", "water",
    ),
    ("image-counting", {"prompt": "How many birds?"}, {"text": 12}, 12, "a dozen"),
    ("visual-question-answering", {"question": "Is it red?"}, {"text": "yes"}, "yes", "maybe"),
    (
        "object-detection",
        {"prompt": "Detect."}, {"text": {"bird": [[6, 6, 3, 2]]}}, [{"label": "bird", "box": [6, 6, 3, 2]}], [6, 6, 3, 2],
    ),
    ("visual-grounding", {"expression": "the cup"}, {"bbox": [1, 2, 3, 4]}, [1, 2, 3, 4], "left"),
]  # fmt: skip


def asked(folder: Path, task_type: str, shown: dict[str, Any], output: Any) -> Request:
    (folder / "a.png").write_bytes(encode_png(np.zeros((16, 16, 3), np.uint8)))
    value = {"id": "1", "input": {"image_file": "a.png", **shown}, "output": output}
    kind = tasktypes.get(task_type)
    task = Task("t", "2025", "image", "comprehension", "n", task_type, "accuracy", "higher", "percent")
    return kind.ask(kind.read(Record("1", value, folder, "a.json, item 0")), task)


@pytest.mark.parametrize(("task_type", "shown", "output", "right", "wrong"), CASES)
def test_the_schema_takes_the_right_answer_and_no_other_form(
    tmp_path: Path, task_type: str, shown: dict[str, Any], output: Any, right: Any, wrong: Any
) -> None:
    form = response_format(asked(tmp_path, task_type, shown, output))
    assert form is not None
    schema = form["json_schema"]["schema"]
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate({"answer": right}, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"answer": wrong}, schema)


def test_the_answer_is_in_no_schema(tmp_path: Path) -> None:
    for task_type, shown, output, right, _ in CASES[1:]:
        assert json.dumps(right) not in json.dumps(asked(tmp_path, task_type, shown, output).schema) or right == "yes"


@pytest.mark.parametrize(
    ("said", "text"),
    [
        ('{"answer": "ozone"}', "ozone"),
        ('{"answer": [1, 2.5]}', "[1,2.5]"),
        ("ozone", "ozone"),
        ('["ozone"]', '["ozone"]'),
        ('{"result": "ozone"}', '{"result": "ozone"}'),
    ],
)
async def test_the_answer_comes_out_of_its_wrapping(tmp_path: Path, said: str, text: str) -> None:
    request = asked(tmp_path, *CASES[0][:3])
    with serve(raw(json.dumps(completion(said)).encode())) as server:
        model = models.load(f"openai:m?base_url={server.url}&structured=1")
        await model.start([])
        reply = await model.generate(request)
        free = await model.generate(Request("t", "1", "image-captioning", (Part("text", "Describe."),)))
        await model.close()
    assert reply.parts == (Part("text", text),)
    # Free text is asked for and read without a schema.
    assert free.parts == (Part("text", said),)
    assert server.seen[0].body["response_format"]["json_schema"]["strict"] is True
    assert "response_format" not in server.seen[1].body
