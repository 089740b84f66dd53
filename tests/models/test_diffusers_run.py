"""``genlevel run`` and ``genlevel score`` with a diffusion pipeline, from a data folder to scores."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel.cli import main
from genlevel.media import encode_png, load_image
from genlevel.media.opencv import opencv
from genlevel.runner import RunFolder
from genlevel.runner.keys import seed_of
from tests.models import tiny_diffusers as tiny
from tests.models.tiny_checkpoints import on_cpu

pytest.importorskip("diffusers")


def picture(seed: int) -> Any:
    coarse = np.random.default_rng(seed).integers(0, 255, (4, 4, 3)).astype(np.uint8)
    return opencv().resize(coarse, (tiny.SIDE, tiny.SIDE), interpolation=2)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two tasks that are drawn and one that is answered in text."""
    root = tmp_path / "data"
    mask = np.zeros((tiny.SIDE, tiny.SIDE), np.uint8)
    mask[8:16] = 255
    inputs: dict[str, Any] = {
        "drawing": lambda i: {"prompt": f"A dog, number {i}."},
        "filling": lambda i: {"mask_file": "mask.png", "image_file": f"{i}.png"},  # the mask first
        "naming": lambda i: {"image_file": f"{i}.png"},
    }
    rows = [
        "id,modality,paradigm,name,task_type,metric",
        "drawing,image,generation,drawing,text-to-image,psnr",
        "filling,image,generation,filling,image-inpainting,psnr",
        "naming,image,comprehension,naming,image-classification,accuracy",
    ]
    for name, shown in inputs.items():
        folder = root / "image" / ("comprehension" if name == "naming" else "generation") / name
        folder.mkdir(parents=True)
        (folder / "mask.png").write_bytes(encode_png(mask))
        for i in range(3):
            (folder / f"{i}.png").write_bytes(encode_png(picture(i)))
        output = {"text": "dog"} if name == "naming" else None
        entries = [{"id": i, "input": shown(i), "output": output or {"image_file": f"{i}.png"}} for i in range(3)]
        (folder / "annotation.json").write_text(json.dumps({"task": name, "data": entries}))
    (root / "catalog.csv").write_text("\n".join(rows) + "\n")
    return root


def test_from_data_to_scores(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        checkpoint = tiny.stable_diffusion(tmp_path / "tiny-sd")
    out = tmp_path / "run"
    spec = on_cpu(f"diffusers:{checkpoint}?steps=2&batch=2", "device")
    arguments = ["run", "--model", spec, "--data", str(data), "--out", str(out)]
    assert main(arguments) == 0
    folder = RunFolder.open(out)
    assert folder.meta["unsupported"] == {"naming": "the model makes no text"}
    capsys.readouterr()
    assert main(["score", str(out), "--format", "json"]) == 0
    scores = {task["task_id"]: task for task in json.loads(capsys.readouterr().out)["tasks"]}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        wanted = {"drawing": _drawn(checkpoint), "filling": _filled(checkpoint, data)}
    for task, images in wanted.items():
        assert (scores[task]["samples"], scores[task]["answered"]) == (3, 3)
        stored = [load_image(prediction.parts[0]) for prediction in folder.predictions(task)]
        for found, image in zip(stored, images, strict=True):
            assert np.abs(found.astype(int) - image).max() <= 1
        error = [((found - picture(i).astype(float)) ** 2).mean() for i, found in enumerate(stored)]
        assert scores[task]["value"] == pytest.approx(np.mean(10 * np.log10(255**2 / np.array(error))), abs=1e-3)


def _generator(task: str, number: int) -> Any:
    import torch

    return torch.Generator("cpu").manual_seed(seed_of(task, str(number)))


def _drawn(checkpoint: Path) -> list[Any]:
    from diffusers import StableDiffusionPipeline

    pipeline = StableDiffusionPipeline.from_pretrained(checkpoint)
    return [
        np.asarray(pipeline(f"A dog, number {i}.", num_inference_steps=2, generator=_generator("drawing", i)).images[0])
        for i in range(3)
    ]


def _filled(checkpoint: Path, data: Path) -> list[Any]:
    from diffusers import StableDiffusionInpaintPipeline
    from PIL import Image

    pipeline = StableDiffusionInpaintPipeline.from_pretrained(checkpoint)
    mask = Image.open(data / "image" / "generation" / "filling" / "mask.png")
    return [
        np.asarray(
            pipeline(
                "", image=Image.fromarray(picture(i)), mask_image=mask, width=tiny.SIDE, height=tiny.SIDE,
                num_inference_steps=2, generator=_generator("filling", i),
            ).images[0]
        )
        for i in range(3)
    ]  # fmt: skip
