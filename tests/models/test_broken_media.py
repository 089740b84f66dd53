"""A medium that cannot be read: every kind of model that is given paths names the file, in one line."""

from __future__ import annotations

import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel import models
from genlevel.media import encode_png, encode_wav
from genlevel.media.broken import broken
from genlevel.records import Part, Request
from genlevel.runner.asking import Failure, ask

FUNCTIONS = """
from pathlib import Path

def opened(request):
    import io
    from PIL import Image
    for part in request.parts:
        if part.path: Image.open(io.BytesIO(part.path.read_bytes())).load()
    return "seen"

async def later(request):
    return opened(request)

def several(requests):
    return [opened(request) for request in requests]

def none(request):
    return None.shape
"""
PROGRAM = """
import io, json, sys
for line in sys.stdin:
    request = json.loads(line)
    try:
        import cv2
        for part in request["parts"]:
            if part["kind"] == "image": cv2.imread(part["path"]).shape
        print(json.dumps({"id": request["id"], "text": "seen"}), flush=True)
    except Exception as error:
        if "tells" not in sys.argv: raise
        print(json.dumps({"id": request["id"], "error": str(error)}), flush=True)
"""


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    (tmp_path / "some.py").write_text(FUNCTIONS)
    (tmp_path / "program.py").write_text(PROGRAM)
    good = encode_png(np.random.default_rng(0).integers(0, 255, (40, 48, 3), np.uint8))
    named = {"good": good, "torn": good[: len(good) // 2], "empty": b"", "words": b"<html>not found</html>"}
    found = {}
    for name, data in named.items():
        found[name] = tmp_path / f"{name}.png"
        found[name].write_bytes(data)
    return {**found, "missing": tmp_path / "missing.png"}


def about(*paths: Path, task_type: str = "image-classification", makes: Any = ("text",)) -> list[Request]:
    return [
        Request(
            "t", str(i), task_type, (Part("image", path=path), Part("text", "What?")), frozenset(makes), content="a"
        )
        for i, path in enumerate(paths)
    ]


async def failures(spec: str, requests: list[Request]) -> list[str]:
    """What becomes of each: its error, or '' for an answer."""
    model = models.load(spec)
    await model.start([])
    try:
        replies = await ask(model, requests)
    finally:
        await model.close()
    return [reply.error if isinstance(reply, Failure) else "" for reply in replies]


BROKEN = ("torn", "empty", "words", "missing")


def check(errors: list[str], files: dict[str, Path]) -> None:
    assert errors[0] == ""
    for error, name in zip(errors[1:], BROKEN, strict=True):
        assert str(files[name]) in error, error
        assert "\n" not in error


@pytest.mark.parametrize("function", ["opened", "later", "several?batch=5"])
async def test_a_function(files: dict[str, Path], function: str) -> None:
    pytest.importorskip("PIL")
    asked = about(files["good"], *(files[name] for name in BROKEN))
    spec = f"python:{files['good'].parent / 'some.py'}:{function}"
    replies = await failures(spec, asked) if "batch" in function else [(await failures(spec, [r]))[0] for r in asked]
    check(replies, files)


async def test_the_fault_of_a_function_is_not_put_on_good_files(files: dict[str, Path]) -> None:
    spec = f"python:{files['good'].parent / 'some.py'}:none"
    (error,) = await failures(spec, about(files["good"]))
    assert error == "AttributeError: 'NoneType' object has no attribute 'shape'"
    # What the function said stands beside the file.
    (error,) = await failures(spec, about(files["torn"]))
    assert error.startswith(f"{files['torn']}: ") and error.endswith("no attribute 'shape')")


@pytest.mark.parametrize("how", ["tells", "ends"])
async def test_a_program(files: dict[str, Path], how: str) -> None:
    spec = f"command:{sys.executable} {files['good'].parent / 'program.py'} {how}?attempts=1"
    model = models.load(spec)
    await model.start([])
    try:
        errors = []
        for request in about(files["good"], *(files[name] for name in BROKEN)):
            (reply,) = await ask(model, [request])
            errors.append(reply.error if isinstance(reply, Failure) else "")
    finally:
        await model.close()
    check(errors, files)


async def test_transformers(files: dict[str, Path], tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    from tests.models import tiny_specialists

    folder = tiny_specialists.write_vit(tmp_path / "vit")
    check(await failures(f"transformers:{folder}", about(files["good"], *(files[n] for n in BROKEN))), files)


async def test_diffusers(files: dict[str, Path], tmp_path: Path) -> None:
    pytest.importorskip("diffusers")
    from tests.models import tiny_diffusers

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        folder = tiny_diffusers.stable_diffusion(tmp_path / "sd")
        asked = about(files["good"], *(files[n] for n in BROKEN), task_type="image-to-image", makes=("image",))
        check(await failures(f"diffusers:{folder}?steps=2&batch=2", asked), files)


async def test_a_server(files: dict[str, Path]) -> None:
    """Of a file that is sent as it is, the server judges; what cannot be read at all is not sent."""
    from tests.servers import serve

    with serve() as server:
        errors = await failures(f"openai:m?base_url={server.url}", about(files["good"], files["missing"]))
    assert errors[0] == ""
    assert str(files["missing"]) in errors[1]


@pytest.mark.parametrize(
    ("kind", "name", "data", "faulty"),
    [
        ("audio", "a.wav", encode_wav(np.zeros(100), 8000), False),
        ("audio", "a.wav", b"RIFF", True),
        ("video", "a.mp4", b"\0\0\0\x18ftypmp42", False),
        ("video", "a.mp4", b"<html>", True),
        ("points", "a.ply", b"ply\nformat ascii 1.0\n", True),
        ("image", "a.npy", b"no picture, and not looked at", False),
    ],
)
def test_other_media(tmp_path: Path, kind: Any, name: str, data: bytes, faulty: bool) -> None:
    (tmp_path / name).write_bytes(data)
    found = broken([Part("text", "a"), Part(kind, path=tmp_path / name)])
    assert found.startswith(f"{tmp_path / name}: ") if faulty else found == ""
    assert broken([Part(kind, path=tmp_path)]) == ""
