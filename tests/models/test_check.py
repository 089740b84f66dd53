"""``genlevel models check``: one request of each kind, and what a person reads of it."""

from __future__ import annotations

import itertools
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from genlevel.cli import main
from genlevel.media import load_audio, load_frames, load_image, load_points
from genlevel.models.base import Model
from genlevel.models.probe import probe, requests
from genlevel.records import PART_KINDS, Part, Reply, Request
from tests.media_servers import serve_media
from tests.servers import Seen, completion, serve


class Draws(Model):
    name = "draws"
    takes = frozenset(PART_KINDS)
    makes = frozenset(PART_KINDS)

    def __init__(self) -> None:
        self.closed = 0

    def identity(self) -> dict[str, Any]:
        return {}

    async def generate(self, request: Request) -> Reply:
        if "image" in request.makes:
            return Reply((Part("text", "I cannot draw"),))
        if "video" in request.makes:
            raise ValueError("out of\nfilm")
        (kind,) = request.makes
        return Reply((Part("text", "Paris"),) if kind == "text" else (Part(kind, data=b"1234"),))

    async def close(self) -> None:
        self.closed += 1


async def test_every_kind_is_asked_and_what_goes_wrong_is_told() -> None:
    model = Draws()
    findings = await probe(model)
    assert [(f.given, f.asked) for f in findings] == [
        ("text", "text"), ("image + text", "text"), ("video + text", "text"), ("audio + text", "text"), ("points + text", "text"),
        ("text", "image"), ("text", "video"), ("text", "audio"), ("text", "points"),
    ]  # fmt: skip
    errors = {f.asked: f.error for f in findings if f.error}
    assert errors == {"image": "was asked for image and gave text", "video": "ValueError: out of film"}
    assert findings[0].answer == "Paris"
    assert findings[-2].answer == "audio (audio/wav, 4 bytes)"
    assert model.closed == 1


def test_the_media_are_what_the_questions_say() -> None:
    parts = {part.kind: part for request in requests(Draws()) for part in request.parts if part.kind != "text"}
    image = load_image(parts["image"]).astype(int)
    assert (image[32, 32] - image[0, 0]).tolist() == [-35, -235, -235]
    frames = load_frames(parts["video"]).astype(float)
    red = [np.argwhere(frame[..., 1] < 128)[:, 1].mean() for frame in frames]
    assert all(a < b for a, b in itertools.pairwise(red))
    sound, rate = load_audio(parts["audio"])
    assert np.fft.rfft(sound.ravel()).__abs__().argmax() * rate / sound.size == pytest.approx(440, abs=2)
    assert sorted(map(tuple, load_points(parts["points"])[:, :3])) == [
        (x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)
    ]


def test_check_prints_what_a_server_can_do(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)

    async def deaf(seen: Seen, _: Any) -> Any:
        from aiohttp import web

        kinds = {piece["type"] for piece in seen.content} if isinstance(seen.content, list) else {"text"}
        if "input_audio" in kinds:
            return web.json_response({"error": {"message": "audio is not supported"}}, status=400)
        return web.json_response(completion("red"))

    with serve(deaf) as server:
        code = main(["models", "check", f"openai:m?base_url={server.url}", "--format", "json"])
        printed = capsys.readouterr()
        assert main(["models", "check", f"openai:m?base_url={server.url}&takes=text,image"]) == 0
    table = capsys.readouterr().out
    found = json.loads(printed.out)
    assert code == 1
    assert [(r["given"], r["result"]) for r in found["requests"]] == [
        ("text", "ok"), ("image + text", "ok"), ("video + text", "ok"), ("audio + text", "failed"),
    ]  # fmt: skip
    assert "audio is not supported" in found["requests"][3]["error"]
    assert (found["requests"][0]["input_tokens"], found["requests"][0]["output_tokens"]) == (7, 3)
    assert "1 of 4 failed" in printed.err
    assert [line.split()[0] for line in table.splitlines()[3:]] == ["text", "image"]


def test_a_model_of_one_kind_is_not_blamed_for_others(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with serve_media({"text": "a tone"}) as server:
        for more, results in (("", ["ok"]), ("&types=all", ["not for it", "ok"])):
            spec = f"openai:m?base_url={server.url}&api=transcriptions{more}"
            assert main(["models", "check", spec, "--format", "csv"]) == 0
            lines = capsys.readouterr().out.splitlines()
            assert [line.rsplit(",", 1)[1] for line in lines] == ["result", *results]


def test_two_types_of_the_same_kinds_are_told_apart(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with serve() as server:
        spec = f"openai:m?base_url={server.url}&types=object-detection,image-counting"
        assert main(["models", "check", spec]) == 0
    _, head, _, *lines = capsys.readouterr().out.splitlines()
    assert head.split()[-1] == "type"
    assert [line.split()[-1] for line in lines] == ["image-counting", "object-detection"]


def test_options_may_stand_before_the_spec(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    with serve() as server:
        spec = f"openai:m?base_url={server.url}&takes=text"
        for before in (["check", "--timeout", "9", "--format", "json"], ["--format", "json", "check"]):
            assert main(["models", *before, spec]) == 0
            assert [row["result"] for row in json.loads(capsys.readouterr().out)["requests"]] == ["ok"]
    with pytest.raises(SystemExit):
        main(["models", "check", "--help"])
    usage = " ".join(capsys.readouterr().out.partition("\n\n")[0].split())
    assert usage.startswith("usage: genlevel models check [-h]") and usage.endswith("] SPEC")


def test_what_answers_only_a_data_folder_is_not_asked(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    routes = tmp_path / "routes.toml"
    routes.write_text(
        f'[[route]]\nmodality = "image"\nmodel = "nearest:"\n[[route]]\nmodel = "predictions:{tmp_path}"\n'
    )
    task = "image.comprehension.disc-counting"
    for spec, told in (
        (f"predictions:{tmp_path}", f"nothing to ask; score them: genlevel score --predictions {tmp_path} --data DIR"),
        ("nearest:", "genlevel run --model nearest: --data DIR --limit 5"),
        (f"specialist:{task}", f"genlevel run --model specialist:{task} --data DIR --tasks {task} --limit 5"),
        (f"composite:{routes}", "its models answer only the samples of a data folder"),
        ("composite:starter", "its models answer only the samples of a data folder"),
    ):
        assert main(["models", "check", spec]) == 2
        printed = capsys.readouterr()
        # Libraries that other tests have loaded may warn there at any time.
        lines = [line for line in printed.err.splitlines() if not re.match(r"[\d:]+ - LiteLLM", line)]
        assert len(lines) == 1 and told in lines[0] and not printed.out


def test_routes_that_can_be_asked_are(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    routes = tmp_path / "routes.toml"
    with serve() as server:
        asked = f"openai:m?base_url={server.url}&takes=text"
        routes.write_text(f'[[route]]\nmodality = "image"\nmodel = "nearest:"\n[[route]]\nmodel = "{asked}"\n')
        assert main(["models", "check", "--format", "json", f"composite:{routes}"]) == 0
    rows = json.loads(capsys.readouterr().out)["requests"]
    assert [(row["part"], row["result"]) for row in rows] == [("route 1: nearest", "not for it"), ("route 2: m", "ok")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["check"], "arguments are required: SPEC"),
        (["--format", "json", "check"], "give the model's SPEC"),
        (["openai", "openai:m"], "only 'genlevel models check' takes a SPEC"),
        (["check", "openai:m?base_url=http://127.0.0.1:9/v1&attempts=1"], "cannot be reached"),
        (["check", "opnai:m"], "unknown kind of model"),
    ],
)
def test_what_is_wrong_is_one_line(arguments: list[str], message: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "genlevel", "models", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.splitlines()[-1] == done.stderr.splitlines()[-1].strip()
    assert "Traceback" not in done.stderr
