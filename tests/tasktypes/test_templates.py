"""Prompts of one's own."""

import hashlib
import json
import re
import tomllib
from pathlib import Path

import pytest

from genlevel import tasktypes
from genlevel.catalog import load
from genlevel.cli import main
from genlevel.errors import DataError
from genlevel.records import Part, Sample, Task
from genlevel.tasktypes.templates import read_templates

DOCS = Path(__file__).parents[2] / "docs"
TASK = Task("a.b.c", "x", "image", "comprehension", "C", "image-captioning", "bleu1", "higher", "percent")
IMAGE = Part("image", data=b"...")


def ask(template: str, *parts: Part) -> list[Part]:
    kind = tasktypes.get("image-captioning").with_template(template)
    return list(kind.ask(Sample("1", parts), TASK).parts)


def test_a_template_takes_the_place_of_the_text() -> None:
    assert ask("", IMAGE, Part("text", "What?")) == [IMAGE, Part("text", "What?")]
    assert ask("Look: {prompt} {x} Now!", IMAGE, Part("text", "What {y}?")) == [
        IMAGE,
        Part("text", "Look: What {y}? {x} Now!"),
    ]
    assert ask('{{prompt}} {prompt} {{x}} {"a": {}}', Part("text", "{{y}}")) == [
        Part("text", '{prompt} {{y}} {x} {"a": {}}')
    ]
    assert ask("Describe.", IMAGE, Part("text", "What?")) == [IMAGE, Part("text", "Describe.")]
    assert ask("Describe.", IMAGE) == [IMAGE, Part("text", "Describe.")]
    texts = Part("text", "one"), IMAGE, Part("text", "two")
    assert ask("{prompt}!", *texts) == [IMAGE, Part("text", "one\ntwo!")]
    # The shared task type asks as before.
    assert tasktypes.get("image-captioning").template == ""


def test_a_tasks_own_template_counts_first(tmp_path: Path) -> None:
    file = tmp_path / "prompts.toml"
    file.write_text('image-captioning = "one"\n"a.b.c" = "two"\n', encoding="utf-8")
    templates = read_templates(file, ["a.b.c", "a.b.d"])
    assert templates.of(TASK) == "two"
    assert read_templates(file, ["a.b.c"]).sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    other = Task("a.b.d", "x", "image", "comprehension", "D", "image-captioning", "bleu1", "higher", "percent")
    assert templates.of(other) == "one"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("image-captionin = 'x'", "did you mean image-captioning"),
        ("image-captioning = 3", "must be a text"),
        ("image-captioning = ' '", "must be a text"),
        ("image.captioning = 'x'", "in quotes"),
        ("image-captioning = ", "is no TOML"),
        ("image-captioning = 'Look: {promt}'", r"has \{promt\}.*did you mean \{prompt\}\?.*\{\{promt\}\}"),
        ("image-captioning = '{prompt} { Prompt }'", r"did you mean \{prompt\}\?"),
        (None, "cannot be read"),
    ],
)
def test_a_mistake_is_one_line(text: str | None, says: str, tmp_path: Path) -> None:
    file = tmp_path / "prompts.toml"
    if text is not None:
        file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=says) as caught:
        read_templates(file, ["a.b.c"])
    assert "prompts.toml" in str(caught.value) and "\n" not in str(caught.value)


def test_a_template_without_the_question_is_noted(tmp_path: Path) -> None:
    file = tmp_path / "prompts.toml"
    texts = {"image-captioning": "Describe. {}", "a.b.c": "{prompt}\n\\boxed{{x}}", "ocr": "{{prompt}}"}
    file.write_text("\n".join(f"{json.dumps(k)} = {json.dumps(v)}" for k, v in texts.items()), encoding="utf-8")
    notes = read_templates(file, ["a.b.c", "ocr"]).notes()
    assert [re.findall("'(.*?)'", line) for line in notes] == [["image-captioning"], ["ocr"]]
    assert all("replaces the whole question" in line for line in notes)


def test_the_example_of_the_page_is_read(tmp_path: Path) -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", (DOCS / "running.md").read_text(encoding="utf-8"), re.DOTALL)
    file = tmp_path / "prompts.toml"
    file.write_text(example, encoding="utf-8")
    assert read_templates(file, load("2025").tasks).by_name == tomllib.loads(example)


def test_a_run_asks_with_them_and_stores_them(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "data" / "nlp" / "sums"
    folder.mkdir(parents=True)
    entries = [{"id": 1, "input": {"question": "1 + 1 = ?"}, "output": {"text": "2"}}]
    (folder / "annotation.json").write_text(json.dumps({"task": "sums", "data": entries}))
    (tmp_path / "data" / "catalog.csv").write_text(
        "id,modality,paradigm,name,task_type,metric\nsums,language,language,Sums,question-answering,exact_match\n"
    )
    (tmp_path / "echo.py").write_text("def answer(request): return request.parts[-1].text\n")
    (tmp_path / "p.toml").write_text('question-answering = "Hm: {prompt}"\n')
    command = ["run", "--model", f"python:{tmp_path / 'echo.py'}:answer", "--data", str(tmp_path / "data"), "--quiet"]
    command += ["--out", str(tmp_path / "run"), "--no-score"]
    assert main([*command, "--prompts", str(tmp_path / "p.toml")]) == 0
    line = json.loads((tmp_path / "run" / "predictions" / "sums.jsonl").read_text().splitlines()[-1])
    assert line["parts"][0]["text"].startswith("Hm: Answer the question.\n1 + 1 = ?")
    meta = json.loads((tmp_path / "run" / "run.json").read_text())
    assert meta["prompts"]["templates"] == {"question-answering": "Hm: {prompt}"}
    assert meta["prompts"]["sha256"] == hashlib.sha256((tmp_path / "p.toml").read_bytes()).hexdigest()
    capsys.readouterr()
    # Without them it is another run.
    assert main(command) == 2
    assert "other prompts" in capsys.readouterr().err
