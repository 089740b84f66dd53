"""No key in any file, on the terminal or in the report, also when the server or the model says it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from genlevel.redact import redacted, redactor, secrets
from tests.servers import after, in_turn, serve, status

KEY = "sk-very-secret-0815-and-longer"
OTHER = "hf_another_secret_token"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    root = tmp_path / "data"
    (root / "nlp" / "sums").mkdir(parents=True)
    (root / "catalog.csv").write_text(
        "id,modality,paradigm,name,task_type,metric\nsums,language,language,Sums,question-answering,exact_match\n"
    )
    entries = [{"id": i, "input": {"question": f"{i} + 1 = ?"}, "output": {"text": str(i + 1)}} for i in range(12)]
    (root / "nlp" / "sums" / "annotation.json").write_text(json.dumps({"task": "sums", "data": entries}))
    return root


def run(data: Path, out: Path, spec: str, *options: str) -> tuple[int, str]:
    """Exit code and all that was printed."""
    command = [sys.executable, "-m", "genlevel", "run", "--model", spec, "--data", str(data), "--out", str(out)]
    env = {**os.environ, "MY_API_KEY": KEY, "HF_TOKEN": OTHER}
    done = subprocess.run([*command, *options], capture_output=True, text=True, env=env, timeout=60)
    return done.returncode, done.stdout + done.stderr


def written(*folders: Path) -> bytes:
    return b"\n".join(f.read_bytes() for folder in folders for f in folder.rglob("*") if f.is_file())


async def says_the_key(seen: Any, request: Any) -> Any:
    from aiohttp import web

    from tests.servers import completion

    text = f"You sent {seen.headers['Authorization']}, and know {OTHER}"
    return web.json_response(completion(text))


def test_a_whole_run_holds_no_key(data: Path, tmp_path: Path) -> None:
    faults = [status(400, f"bad key {KEY}"), status(500, f"{OTHER} {KEY}"), says_the_key]
    with serve(in_turn(*faults)) as server:
        spec = f"openai:m?base_url={server.url}&api_key_env=MY_API_KEY&concurrency=1&attempts=1"
        code, printed = run(data, tmp_path / "run", spec, "--cache", str(tmp_path / "cache"))
        assert server.seen[0].headers["Authorization"] == f"Bearer {KEY}"
    assert code == 1
    assert (tmp_path / "run" / "report.html").is_file()
    files = written(tmp_path / "run", tmp_path / "cache")
    assert b"You sent Bearer [key], and know [key]" in files
    assert b"bad key [key]" in files
    for secret in (KEY, OTHER):
        assert secret.encode() not in files
        assert secret not in printed
    assert "[key]" in printed


def test_a_run_that_ends_with_an_error_shows_no_key(data: Path, tmp_path: Path) -> None:
    with serve(in_turn(after(0), status(401, f"Incorrect key: {KEY}; {OTHER}"))) as server:
        spec = f"openai:m?base_url={server.url}&api_key_env=MY_API_KEY&concurrency=1"
        code, printed = run(data, tmp_path / "run", spec, "--no-score")
    assert code == 2
    assert "Incorrect key: [key]" in printed
    assert KEY not in printed + written(tmp_path / "run").decode()
    assert OTHER not in printed + written(tmp_path / "run").decode()


def test_a_function_that_prints_its_key_in_an_error_does_not_get_it_stored(data: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(
        "import os\ndef answer(request):\n"
        "    if request.sample_id == '3': raise ValueError(os.environ['HF_TOKEN'])\n    return os.environ['MY_API_KEY']\n"
    )
    code, printed = run(data, tmp_path / "run", f"python:{tmp_path / 'mine.py'}:answer")
    assert code == 1
    for secret in (KEY, OTHER):
        assert secret not in printed
        assert secret.encode() not in written(tmp_path / "run")


def test_what_is_a_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in list(os.environ):
        monkeypatch.delenv(name)
    (tmp_path / "key_file_path").write_text("x")
    for name, value in {
        "OPENAI_API_KEY": "sk-1234567890",
        "DB_PASSWORD": "sk-1234567890-longer",
        "MY_TOKEN_2": "token-of-the-second",
        "LOCAL_API_KEY": "EMPTY",
        "KEYBOARD": "a-keyboard-layout",
        "MONKEY": "an-ape-of-some-kind",
        "SSH_KEY": str(tmp_path / "key_file_path"),
    }.items():
        monkeypatch.setenv(name, value)
    assert secrets() == ["sk-1234567890-longer", "token-of-the-second", "sk-1234567890"]
    assert redacted("a sk-1234567890-longer b sk-1234567890 EMPTY") == "a [key] b [key] EMPTY"
    assert redactor()(b"x token-of-the-second") == b"x [key]"
