"""Specialists are asked what they are made for: the plan, routes, replicas and the check know it, and say so."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel import models, tasktypes
from genlevel.cli import main
from genlevel.datasets.base import Dataset
from genlevel.errors import ModelError
from genlevel.media import encode_png
from genlevel.models.base import Model
from genlevel.models.composite import CompositeModel, Route
from genlevel.models.probe import requests
from genlevel.records import Part, Reply, Request, Task
from genlevel.runner import make_plan
from genlevel.runner.replicas import ReplicatedModel
from tests.models import tiny_specialists as tiny
from tests.parity.tiny_models import write_clip

SEGMENTS = {"image-segmentation", "instance-segmentation", "panoptic-segmentation"}
QUESTIONS = {"visual-question-answering", "multiple-choice-visual-question-answering"}
HEARD = {"automatic-speech-recognition"}
# What the hub's pages say that such checkpoints are for.
MADE_FOR: list[tuple[Any, set[str]]] = [
    (tiny.write_vit, {"image-classification"}),
    (write_clip, {"image-classification", "multiple-choice-visual-question-answering"}),
    (tiny.write_detr, {"object-detection", "image-counting"}),
    (tiny.write_owl, {"object-detection", "image-counting", "visual-grounding"}),
    (tiny.write_segformer, SEGMENTS),
    (tiny.write_mask2former, SEGMENTS),
    (tiny.write_sam, SEGMENTS),
    (tiny.write_dpt, {"depth-estimation"}),
    (tiny.write_vitpose, {"keypoint-detection"}),
    (tiny.write_swin2sr, {"image-super-resolution"}),
    (tiny.write_git, {"image-captioning", "image-to-text", *QUESTIONS}),
    (tiny.write_blip, {"image-captioning", "image-to-text"}),
    (tiny.write_blip_vqa, {"image-counting", *QUESTIONS}),
    (tiny.write_trocr, {"image-captioning", "image-to-text"}),
    (tiny.write_donut, QUESTIONS),
    (tiny.write_whisper, HEARD),
    (tiny.write_ctc, HEARD),
    (tiny.write_audio_classifier, {"audio-classification"}),
    (tiny.write_video_classifier, {"video-classification"}),
    (tiny.write_vits, {"text-to-speech"}),
]


@pytest.mark.parametrize(("write", "types"), MADE_FOR, ids=lambda value: getattr(value, "__name__", ""))
def test_a_checkpoint_is_for_what_its_class_was_made_for(tmp_path: Path, write: Any, types: set[str]) -> None:
    pytest.importorskip("transformers")
    model = models.load(f"transformers:{write(tmp_path)}")
    assert model.task_types == types
    for name in types:
        kind = tasktypes.get(name)
        assert kind.needs() <= model.takes, name
        assert kind.makes & model.makes, name
    assert {request.task_type for request in requests(model)} <= types
    assert any(requests(model))


def write_data(root: Path) -> Path:
    rows = ["id,modality,paradigm,name,task_type,metric"]
    for name, kind, metric, output in (
        ("finding", "object-detection", "ap50", {"text": {"circle": [[0, 0, 4, 4]]}}),
        ("asking", "visual-question-answering", "accuracy", {"text": "blue"}),
        ("naming", "image-classification", "accuracy", {"text": "circle"}),
    ):
        (root / name).mkdir(parents=True)
        (root / name / "a.png").write_bytes(encode_png(np.zeros((32, 40, 3), np.uint8)))
        shown = {"image_file": "a.png", "prompt": "What is it?"}
        (root / name / "annotation.json").write_text(
            json.dumps({"data": [{"id": 1, "input": shown, "output": output}]})
        )
        rows.append(f"{name},image,comprehension,{name},{kind},{metric}")
    (root / "catalog.csv").write_text("\n".join(rows) + "\n")
    return root


def test_a_detector_is_asked_no_questions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("transformers")
    data, out = write_data(tmp_path / "data"), tmp_path / "run"
    spec = f"transformers:{tiny.write_detr(tmp_path / 'detr')}"
    assert main(["run", "--model", spec, "--data", str(data), "--out", str(out), "--quiet"]) == 0
    reason = "the model is for image-counting, object-detection"
    assert json.loads((out / "run.json").read_text())["unsupported"] == {"asking": reason, "naming": reason}
    assert [path.stem for path in (out / "predictions").iterdir()] == ["finding"]
    err = capsys.readouterr().err
    assert f"not asked: {reason}: 2 tasks, counting 0: asking, naming" in err
    assert reason in (out / "report.html").read_text()
    scores = {task["task_id"]: task for task in json.loads((out / "scores.json").read_text())["tasks"]}
    assert (scores["asking"]["value"], scores["asking"]["note"]) == (None, f"not asked: {reason}")
    # What it is for is a default.
    other = ["run", "--model", f"{spec}?types=image-classification", "--data", str(data), "--out", str(tmp_path / "b")]
    assert main([*other, "--quiet", "--no-score"]) == 0
    assert [path.stem for path in (tmp_path / "b" / "predictions").iterdir()] == ["naming"]


def test_a_diffusion_pipeline_draws_and_segments_nothing(tmp_path: Path) -> None:
    pytest.importorskip("diffusers")
    from tests.models import tiny_diffusers

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder, sounds = tiny_diffusers.stable_diffusion(tmp_path / "sd"), tiny_diffusers.text_to_audio(tmp_path / "a")
    from_pictures = {"image-to-image", "sketch-to-image", "layout-to-image", "image-denoising", "image-inpainting"}
    model = models.load(f"diffusers:{folder}")
    assert model.task_types == {"text-to-image", *from_pictures}
    plan = make_plan(
        model, [dataset(kind) for kind in ("image-segmentation", "image-super-resolution", "text-to-image")]
    )
    assert [d.task.id for d in plan.datasets] == ["text-to-image"]
    assert plan.unsupported["image-segmentation"].startswith("the model is for image-denoising, ")
    assert "upscale=N redraws it N times as large" in plan.unsupported["image-super-resolution"]
    enlarges = models.load(f"diffusers:{folder}?upscale=2")
    assert enlarges.task_types == {"text-to-image", "image-super-resolution", *from_pictures}
    assert len(list(requests(model))) == 2  # from text alone, and from a picture
    assert models.load(f"diffusers:{sounds}").task_types == {"text-to-audio"}


class Speaks(Model):
    """Does what it is told to, in name alone."""

    def __init__(
        self, name: str, types: set[str] | None, takes: Any = ("text", "image"), makes: Any = ("text",)
    ) -> None:
        self.name, self.task_types = name, None if types is None else frozenset(types)
        self.takes, self.makes = frozenset(takes), frozenset(makes)

    def identity(self) -> dict[str, Any]:
        return {"name": self.name}

    async def generate(self, request: Request) -> Reply:
        return Reply((Part("text", self.name),))


def dataset(task_type: str, task_id: str = "") -> Dataset:
    task = Task(
        task_id or task_type, "x", "image", "comprehension", "A task", task_type, "accuracy", "higher", "percent"
    )
    return Dataset(task, Path("/nowhere"), Path("/nowhere/annotation.json"), task_type)


FINDS = Speaks("detr", {"object-detection"})
SEES = Speaks("clip", {"image-classification"})
HEARS = Speaks("whisper", None, ("text", "audio"))
DRAWS = Speaks("draws", None, ("text",), ("image",))


def test_a_composite_plans_by_the_route_of_each_task() -> None:
    """The union of its parts takes images and sound and makes text and images; no route does all of it."""
    system = CompositeModel(
        "system",
        [
            Route({"task_type": "object-detection"}, FINDS),
            Route({"task_type": "image-c*"}, SEES),
            Route({"task_type": "visual-*"}, HEARS),
            Route({"task_type": "text-to-*"}, DRAWS),
        ],
    )
    asked = ["object-detection", "image-classification", "text-to-image"]
    not_asked = {
        "image-captioning": "clip is for image-classification",
        "visual-question-answering": "whisper takes no image",
        "text-to-video": "draws makes no video",
        "depth-estimation": "the model has no route for it",
        "audio-denoising": "the model has no route for it",
    }
    for model in (system, ReplicatedModel(system, None, replicas=1)):  # type: ignore[arg-type]
        plan = make_plan(model, [dataset(kind) for kind in (*asked, *not_asked)])
        assert [d.task.id for d in plan.datasets] == asked
        assert plan.unsupported == not_asked


async def test_a_route_to_a_specialist_leaves_other_types_to_the_next() -> None:
    everything = Speaks("everything", None)
    system = CompositeModel("system", [Route({"modality": "image"}, FINDS), Route({}, everything)])
    found, seen = dataset("object-detection"), dataset("visual-question-answering")
    assert [system.asked(d.task) for d in (found, seen)] == [FINDS, everything]
    await system.start([found, seen])
    for data, name in ((found, "detr"), (seen, "everything")):
        reply = await system.generate(Request(data.task.id, "1", data.task.task_type, (Part("text", "?"),)))
        assert reply.parts[0].text == name
    await system.close()
    # Another routing is another system.
    types = [route["model"].get("types") for route in system.identity()["routes"]]
    assert types == [["object-detection"], None]


def test_replicas_do_what_their_model_does() -> None:
    model = ReplicatedModel(FINDS, None, replicas=1)  # type: ignore[arg-type]
    plan = make_plan(model, [dataset("object-detection"), dataset("image-captioning")])
    assert [d.task.id for d in plan.datasets] == ["object-detection"]
    assert plan.unsupported == {"image-captioning": "the model is for object-detection"}
    assert model.task_types == {"object-detection"}


def test_what_learns_from_examples_is_not_asked_without(tmp_path: Path) -> None:
    plan = make_plan(models.load("nearest:"), [dataset("image-classification")])
    assert "needs training examples" in plan.unsupported["image-classification"]
    pytest.importorskip("skimage")
    own = "image.comprehension.disc-counting"
    plan = make_plan(
        models.load(f"specialist:{own}"), [dataset("image-counting", own), dataset("image-counting", "other")]
    )
    assert [d.task.id for d in plan.datasets] == [own]
    assert plan.unsupported == {"other": f"the model is for {own}"}


@pytest.mark.parametrize(
    ("spec", "types"),
    [
        ("openai:m?base_url=http://h/v1", None),
        ("openai:m?base_url=http://h/v1&types=image-captioning,translation", {"image-captioning", "translation"}),
        ("openai:m?base_url=http://h/v1&api=speech", {"text-to-speech"}),
        ("openai:m?base_url=http://h/v1&api=transcriptions", HEARD),
        ("openai:m?base_url=http://h/v1&api=transcriptions&types=all", None),
        ("litellm:openai/m?types=translation", {"translation"}),
        ("command:true?types=translation", {"translation"}),
        ("python:json:loads?types=translation", {"translation"}),
        ("python:json:loads?types=translation&batch=3", {"translation"}),
    ],
)
def test_types_narrow_any_model(spec: str, types: set[str] | None) -> None:
    assert models.load(spec).task_types == types


def test_a_slip_in_a_type_gets_the_nearest_name() -> None:
    with pytest.raises(ModelError, match=r"types=image-captoning is no type of task; did you mean image-captioning\?"):
        models.load("python:json:loads?types=image-captoning")


def test_the_check_says_what_a_model_is_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["models", "check", "python:tests.models.test_task_types:says?types=image-counting"]) == 0
    said = capsys.readouterr()
    assert "takes audio, image, points, text, video; makes text; is for image-counting" in said.out + said.err
    assert (
        main(["models", "check", "python:tests.models.test_task_types:says?types=image-counting", "--format", "json"])
        == 0
    )
    found = json.loads(capsys.readouterr().out)
    assert found["task_types"] == ["image-counting"]
    assert [request["answer"] for request in found["requests"]] == ["image-counting"]


def says(request: Request) -> str:
    return request.task_type
