"""Downloads from a hub on loopback: only what was chosen, whole, right, and taken up where they were stopped."""

from __future__ import annotations

import io
import json
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from genlevel.catalog import load
from genlevel.cli import main
from genlevel.datasets import find_datasets
from genlevel.datasets.hub import Hub, HubError, Plan, fetch
from genlevel.datasets.hub.download import Watcher
from genlevel.datasets.hub.walk import plan_repository
from genlevel.datasets.public.sources import sources
from genlevel.errors import DataError
from genlevel.records import Record
from tests.datasets.archives import made_zip
from tests.datasets.hub_server import FakeHub, Repo, serve_hub

CATALOG = load("2025")
REPO = "General-Level/General-Bench-Openset"


def annotation(name: str, count: int = 1) -> bytes:
    entries = [
        {"id": str(i), "input": {"image_file": f"images/{i}.png"}, "output": {"text": {"a": [[1, 2, 3, 4]]}}}
        for i in range(count)
    ]
    return json.dumps({"task": name, "type": "comprehension", "data": entries}).encode()


def noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)


def open_set() -> dict[str, bytes]:
    """A small repository with the irregular layouts of the real one."""
    return {
        "README.md": b"# hi",
        "image/comprehension/BirdDetection/annotation.json": annotation("Bird Detection"),
        "image/comprehension/BirdDetection/images/0.png": noise(5000),
        "image/comprehension/chemistry_vqa/json/annotation.json": annotation("Chemistry VQA"),
        "image/comprehension/chemistry_vqa/images/0.png": noise(50),
        "image/comprehension/Oddly_Named/annotation.json": annotation("?"),
        "image/generation/Infrared-Image-Super-Resolution/annotation.json": annotation("?"),
        "video/comprehension/AnimalVideoObjectSegmentation.zip": made_zip(
            {"AnimalVideoObjectSegmentation/annotation.json": annotation("Animal VOS"), "Animal.../v/1.mp4": b"1"}
        ),
        "3D/comprehension/3d_classification/open.tar.gz": noise(2000, 3),
        "nlp/Causal-Reasoning/annotation.json": annotation("Causal Reasoning"),
        "nlp/Temporal-NER.json": annotation("Temporal NER"),
        "nlp/Abstract-Meaning-Representation/annotation.json": annotation("AMR"),
    }


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.file_download.time", SimpleNamespace(sleep=lambda _s: None))
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 65536)
    monkeypatch.setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")


def planned(hub: FakeHub, *tasks: str, token: str | None = None, folders: tuple[str, ...] = ()) -> Plan:
    chosen = CATALOG.select(tasks=tasks) if tasks else CATALOG.subset(())
    return plan_repository(Hub(REPO, token=token, endpoint=hub.url), CATALOG, chosen, folders)


def brought(hub: FakeHub, root: Path, *tasks: str, **options):
    return fetch(planned(hub, *tasks, **options), root, pause=lambda _s: None)


def serve(files: dict[str, bytes] | None = None, **options):
    return serve_hub(**{REPO.replace("/", "__"): Repo(files or open_set(), **options)})


BIRD = "image.comprehension.bird-detection"


def test_a_plan_holds_the_task_s_files_with_true_sizes():
    with serve() as hub:
        plan = planned(hub, BIRD)
    (task,) = plan.tasks
    files = open_set()
    want = {p: len(b) for p, b in files.items() if "BirdDetection" in p}
    assert {item.path: item.file.size for item in task.items} == want
    assert plan.size == sum(want.values())
    assert not plan.missing and not plan.notes


def test_nothing_but_the_chosen_tasks_is_asked_for(tmp_path):
    with serve() as hub:
        brought(hub, tmp_path, BIRD)
        asked = hub.paths()
        assert hub.fetched() == {p for p in open_set() if "BirdDetection" in p}
    listed = {path.partition(f"/tree/c0ffee{'0' * 34}")[2] for path in asked if "/tree/" in path}
    assert listed == {"", "/image", "/image/comprehension", "/image/comprehension/BirdDetection"} | {
        p for p in listed if p == "/image/comprehension/Oddly_Named"
    }
    found = find_datasets(tmp_path, CATALOG)
    assert [d.task.id for d in found.datasets] == [BIRD]
    assert (tmp_path / "image/comprehension/BirdDetection/images/0.png").read_bytes() == noise(5000)


@pytest.mark.parametrize(
    ("task", "there"),
    [
        (
            "image.comprehension.chemistry-visual-question-answering",
            "image/comprehension/chemistry_vqa/json/annotation.json",
        ),
        (
            "video.comprehension.animal-video-object-segmentation",
            "video/comprehension/AnimalVideoObjectSegmentation/AnimalVideoObjectSegmentation/annotation.json",
        ),
        ("language.causal-reasoning", "nlp/Causal-Reasoning/annotation.json"),
        ("language.temporal-ner", "nlp/Temporal-NER.json"),
    ],
)
def test_irregular_layouts_become_datasets(tmp_path, task, there):
    with serve() as hub:
        result = brought(hub, tmp_path, task)
    assert not result.failures
    assert (tmp_path / there).is_file()
    found = find_datasets(tmp_path, CATALOG)
    assert [d.task.id for d in found.datasets] == [task] or "AnimalVideo" in there


def test_what_is_not_there_is_said(tmp_path):
    with serve() as hub:
        plan = planned(hub, "image.comprehension.car-brands-recognition")
    assert plan.missing == {"image.comprehension.car-brands-recognition": f"no folder of {REPO} is called so"}
    assert plan.notes == [
        "names that mean no task of the edition: image/comprehension/Oddly_Named; --folders takes them"
    ]


def test_a_folder_can_be_named(tmp_path):
    with serve() as hub:
        brought(hub, tmp_path, folders=("image/comprehension/Oddly_Named",))
        assert hub.fetched() == {"image/comprehension/Oddly_Named/annotation.json"}
        with pytest.raises(HubError, match="has no 'image/nothing'"):
            planned(hub, folders=("image/nothing",))


def test_a_second_call_asks_for_no_bytes(tmp_path):
    with serve() as hub:
        first = brought(hub, tmp_path, BIRD, "language.causal-reasoning")
        assert (first.fetched, first.present) == (3, 0)
        asked = len(hub.fetched())
        hub.seen.clear()
        second = brought(hub, tmp_path, BIRD, "language.causal-reasoning")
        assert (second.fetched, second.present) == (0, 3)
        assert asked == 3 and not hub.fetched()


def test_a_changed_file_is_fetched_again_and_a_right_one_is_only_read(tmp_path):
    with serve() as hub:
        brought(hub, tmp_path, BIRD)
        (tmp_path / ".genlevel/hub.jsonl").unlink()
        image = tmp_path / "image/comprehension/BirdDetection/images/0.png"
        image.write_bytes(b"\0" * 5000)
        hub.seen.clear()
        result = brought(hub, tmp_path, BIRD)
        assert hub.fetched() == {"image/comprehension/BirdDetection/images/0.png"}
        assert (result.fetched, result.present) == (1, 1)
        assert image.read_bytes() == noise(5000)


def test_a_broken_connection_is_taken_up_where_it_broke(tmp_path):
    path = "image/comprehension/BirdDetection/images/0.png"
    with serve({**open_set(), path: noise(4_000_000)}) as hub:
        hub.faults[path] = ["break", "break"]
        result = brought(hub, tmp_path, BIRD)
        ranges = [headers.get("Range") for _, p, headers in hub.seen if p.startswith("store:")]
    assert not result.failures
    assert (tmp_path / path).read_bytes() == noise(4_000_000)
    assert ranges[0] is None and len(ranges) == 3
    starts = [int(r.removeprefix("bytes=").rstrip("-")) for r in ranges[1:]]
    assert 0 < starts[0] < starts[1] < 4_000_000


def test_a_stopped_download_goes_on_in_another_process(tmp_path):
    """What an earlier process left is used: the rest alone is asked for."""
    path = "image/comprehension/BirdDetection/images/0.png"
    data = noise(3_000_000)

    class Stops(Watcher):
        def __init__(self) -> None:
            self.bytes = 0

        def got(self, size: int) -> None:
            self.bytes += size
            if self.bytes > 1_000_000:
                raise KeyboardInterrupt

    with serve({**open_set(), path: data}) as hub:
        with pytest.raises(KeyboardInterrupt):
            fetch(planned(hub, BIRD), tmp_path, Stops(), pause=lambda _s: None)
        # Beside it there may be a small file that was on its way at that moment.
        start = max(left.stat().st_size for left in (tmp_path / ".genlevel/partial").glob("*.part"))
        hub.seen.clear()
        result = brought(hub, tmp_path, BIRD)
        asked = [headers.get("Range") for _, p, headers in hub.seen if p.startswith("store:")]
    assert start > 900_000 and f"bytes={start}-" in asked
    assert not result.failures and (tmp_path / path).read_bytes() == data
    assert not (tmp_path / ".genlevel/partial").exists()


def test_whatever_an_earlier_try_left_the_file_is_right(tmp_path):
    path = "image/comprehension/BirdDetection/images/0.png"
    with serve() as hub:
        plan = planned(hub, BIRD)
        hub.faults[path] = ["break"] * 30
        failed = fetch(plan, tmp_path, pause=lambda _s: None)
        assert len(failed.failures) == 1 and not (tmp_path / path).exists()
        (part,) = (tmp_path / ".genlevel/partial").glob("*.part")
        hub.faults.clear()
        for held in (b"", b"z" * 700, noise(5000)[:700], noise(5000), noise(5000) + b"more"):
            part.parent.mkdir(exist_ok=True)
            part.write_bytes(held)
            assert not fetch(plan, tmp_path, pause=lambda _s: None).failures
            assert (tmp_path / path).read_bytes() == noise(5000)
            (tmp_path / path).unlink()


def test_a_server_that_ignores_ranges_sends_all_again(tmp_path):
    path = "image/comprehension/BirdDetection/images/0.png"
    with serve({**open_set(), path: noise(2_000_000)}) as hub:
        hub.faults[path] = ["break", "whole"]
        assert not brought(hub, tmp_path, BIRD).failures
    assert (tmp_path / path).read_bytes() == noise(2_000_000)


@pytest.mark.parametrize("path", ["images/0.png", "annotation.json"])
def test_wrong_bytes_never_become_the_file(tmp_path, path):
    """A large file (SHA-256) and a small one (git's SHA-1)."""
    whole = f"image/comprehension/BirdDetection/{path}"
    with serve() as hub:
        hub.faults[whole] = ["wrong"] * 5
        result = brought(hub, tmp_path, BIRD)
        assert result.failures == [f"{REPO}/{whole}: came 2 times with a wrong checksum; nothing of it is kept"]
        assert not (tmp_path / whole).exists() and result.fetched == 1
        hub.faults[whole] = ["wrong"]
        assert not brought(hub, tmp_path, BIRD).failures
    assert (tmp_path / whole).read_bytes() == open_set()[whole]


def test_more_bytes_than_named_are_cut_off(tmp_path):
    path = "image/comprehension/BirdDetection/images/0.png"
    with serve() as hub:
        hub.faults[path] = ["long"] * 9
        result = brought(hub, tmp_path, BIRD)
    assert result.failures == [f"{REPO}/{path}: more bytes came than the hub names"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_busy_hub_is_asked_again(tmp_path, status):
    path = "image/comprehension/BirdDetection/images/0.png"
    with serve() as hub:
        hub.faults[path] = [status]
        assert not brought(hub, tmp_path, BIRD).failures


def test_a_file_that_is_gone_fails_alone(tmp_path):
    path = "image/comprehension/BirdDetection/images/0.png"
    with serve() as hub:
        plan = planned(hub, BIRD)
        del hub.repos[REPO].files[path]
        result = fetch(plan, tmp_path, pause=lambda _s: None)
    assert result.fetched == 1
    assert result.failures == [f"{REPO}: {path} is not there"]


def test_a_token_goes_to_the_hub_and_not_to_its_storage(tmp_path):
    with serve(token="hf_secret") as hub:
        assert not brought(hub, tmp_path, BIRD, token="hf_secret").failures
        seen = hub.seen
    assert {h.get("Authorization") for _, p, h in seen if p.startswith("/api/datasets")} == {"Bearer hf_secret"}
    assert any(p.startswith("store:") for _, p, _ in seen)
    assert all("Authorization" not in h for _, p, h in seen if p.startswith("store:"))
    for file in tmp_path.rglob("*"):
        assert not file.is_file() or b"hf_secret" not in file.read_bytes()


@pytest.mark.parametrize(
    ("options", "token", "says"),
    [
        ({"token": "hf_right"}, None, "no such repository, or it wants a token"),
        ({"token": "hf_right"}, "hf_wrong", "access is refused"),
        ({"revisions": ("other",)}, None, "has no revision 'main'"),
    ],
)
def test_refusals_are_one_line(options, token, says):
    with serve(**options) as hub, pytest.raises(HubError, match=says) as caught:
        planned(hub, BIRD, token=token)
    assert "\n" not in str(caught.value) and "hf_" not in str(caught.value)


def test_gated_data_says_where_to_ask(tmp_path):
    with serve(gated=True) as hub, pytest.raises(HubError, match="access must be granted first") as caught:
        brought(hub, tmp_path, BIRD)
    assert f"/datasets/{REPO}" in str(caught.value)


def test_no_such_repository():
    with serve_hub() as hub, pytest.raises(HubError, match="no such repository"):
        planned(hub, BIRD)


def test_no_network():
    with serve_hub() as hub:
        url = hub.url
    with pytest.raises(HubError, match="cannot be reached") as caught:
        plan_repository(Hub(REPO, endpoint=url), CATALOG, CATALOG.select(tasks=[BIRD]))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "says",
    [
        {"path": "../../etc/passwd"},
        {"path": "/etc/passwd"},
        {"path": "image\\..\\x"},
        {"path": "a\x1b[31m"},
        {"path": 7},
        {"size": -1},
        {"size": "big"},
        {"oid": "../x"},
        {"oid": None},
    ],
)
def test_what_a_hub_says_is_not_believed(tmp_path, says):
    path = "image/comprehension/BirdDetection/annotation.json"
    with serve() as hub:
        hub.listed[path] = says
        with pytest.raises(DataError) as caught:
            brought(hub, tmp_path, BIRD)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.rglob("passwd"))


def test_too_little_room_is_said_before_a_byte_comes(tmp_path, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _p: SimpleNamespace(free=1000))
    with serve() as hub, pytest.raises(HubError, match=r"are needed and 1\.0 kB are free"):
        brought(hub, tmp_path, BIRD)
    assert not hub.fetched()


def test_a_link_in_the_data_folder_is_not_written_through(tmp_path):
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "data"
    (root / "image/comprehension").mkdir(parents=True)
    (root / "image/comprehension/BirdDetection").symlink_to(outside)
    with serve() as hub:
        result = brought(hub, root, BIRD)
    assert len(result.failures) == 2 and all("leads out of" in line for line in result.failures)
    assert not any(outside.rglob("*.json"))


def test_two_downloads_into_one_folder_do_not_meet(tmp_path):
    from genlevel.datasets.hub.journal import Journal

    journal = Journal(tmp_path)
    with serve() as hub, pytest.raises(HubError, match="another download"):
        brought(hub, tmp_path, BIRD)
    journal.close()


def command(hub: FakeHub | None, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """The command line in a process of its own: the library reads its environment when it is imported."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("HF_", "HUGGING"))}
    home = {"HF_HOME": "/nonexistent", **({"HF_ENDPOINT": hub.url} if hub else {})}
    return subprocess.run(
        [sys.executable, "-m", "genlevel", "data", "download", *args],
        env={**clean, **home, **env},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_dry_run_prints_sizes_and_fetches_nothing(tmp_path, monkeypatch, capsys):
    with serve() as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        args = ["--tasks", BIRD, "*temporal-ner", "--out", str(tmp_path / "d"), "--dry-run", "--format", "json"]
        assert main(["data", "download", *args]) == 0
        assert not hub.fetched()
    printed = json.loads(capsys.readouterr().out)
    files = open_set()
    bird = sum(len(b) for p, b in files.items() if "BirdDetection" in p)
    assert [(t["task_id"], t["files"], t["bytes"]) for t in printed["tasks"]] == [
        (BIRD, 2, bird),
        ("language.temporal-ner", 1, len(files["nlp/Temporal-NER.json"])),
    ]
    assert printed["total"] == {"files": 3, "bytes": bird + len(files["nlp/Temporal-NER.json"])}
    assert not (tmp_path / "d").exists()


def test_command_fetches_and_the_result_can_be_checked(tmp_path, monkeypatch, capsys):
    import cv2
    import numpy as np

    out = str(tmp_path / "d")
    picture = cv2.imencode(".png", np.random.default_rng(0).integers(0, 256, (40, 40, 3), np.uint8))[1].tobytes()
    files = {**open_set(), "image/comprehension/BirdDetection/images/0.png": picture}
    with serve(files, token="hf_mine") as hub:
        done = command(hub, "--tasks", BIRD, "--out", out, "--token-env", "MINE", MINE="hf_mine")
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        monkeypatch.setenv("MINE", "hf_mine")
        main(["data", "download", "--tasks", BIRD, "--out", out, "--token-env", "MINE", "--format", "json"])
        assert json.loads(capsys.readouterr().out)["present"] == 2
    assert done.returncode == 0, done.stderr
    assert "2 files fetched" in done.stderr and "hf_mine" not in done.stderr + done.stdout
    main(["data", "check", out, "--format", "csv"])
    assert f"{BIRD},image/comprehension/BirdDetection,1,0,0,0,0,0,0" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("args", "env", "says"),
    [
        (["--tasks", "no-such-task"], {}, "no task of edition 2025 fits 'no-such-task'"),
        ([], {}, "--all"),
        (["--tasks", BIRD, "--limit-bytes", "5k"], {}, "more than --limit-bytes 5000"),
        (["--tasks", BIRD, "--token-env", "NOT_SET"], {}, "NOT_SET is not set"),
        (["--tasks", BIRD], {"HF_TOKEN": "two words"}, "HF_TOKEN: what it holds can be no token"),
        (["--tasks", BIRD, "--repo", "no/such"], {}, "no such repository"),
        (["--tasks", BIRD, "--repo", "a b/c"], {}, "not the name of a repository"),
        (["--tasks", "*car-brands*"], {}, "none of the 1 chosen tasks can be fetched"),
    ],
)
def test_wrong_use_is_one_line(tmp_path, monkeypatch, capsys, args, env, says):
    with serve() as hub:
        for name, value in {"HF_ENDPOINT": hub.url, **env}.items():
            monkeypatch.setenv(name, value)
        assert main(["data", "download", *args, "--out", str(tmp_path / "d")]) == 2
        assert not hub.fetched()
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("genlevel: error:") and says in error


def test_offline_is_one_line(tmp_path):
    with serve() as hub:
        done = command(hub, "--tasks", BIRD, "--out", str(tmp_path / "d"), HF_HUB_OFFLINE="1")
        assert not hub.seen
    assert done.returncode == 2
    assert done.stderr == "genlevel: error: HF_HUB_OFFLINE is set, so nothing can be fetched; unset it and try again\n"


def test_an_endpoint_that_is_no_hub_is_one_line(tmp_path, monkeypatch, capsys):
    from http.server import BaseHTTPRequestHandler, HTTPServer
    from threading import Thread

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"<html>hello</html>")

        def log_message(self, *_args: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Page)
    Thread(target=server.serve_forever, daemon=True).start()
    try:
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
        assert main(["data", "download", "--tasks", BIRD, "--out", str(tmp_path)]) == 2
    finally:
        server.shutdown()
        server.server_close()
    assert "is HF_ENDPOINT right?" in capsys.readouterr().err


def copies_2024() -> dict[str, Repo]:
    """Repositories in the shapes that are found: shards in data/, configs, a branch that the hub converts."""
    from tests.datasets.public.language_sets import CASES

    found = {}
    for case in CASES:
        task = case.task
        if next(iter(case.files)).endswith(".parquet"):
            made = {}
            for name, rows in case.files.items():
                out = io.BytesIO()
                pq.write_table(pa.Table.from_pylist(rows), out)
                made[name] = out.getvalue()
            converted = any(name.endswith("/0000.parquet") for name in made)
            repo = found.setdefault(sources()[task].hub, Repo({"README.md": b"x"}))
            (repo.branches.setdefault("refs/convert/parquet", {}) if converted else repo.files).update(made)
    return found


def test_copies_of_2024_are_found_fetched_and_read(tmp_path, monkeypatch, capsys):
    """Every copy of the table: listed, its test split alone fetched, found as a dataset and read."""
    repos = copies_2024()
    with serve_hub(**{name.replace("/", "__"): repo for name, repo in repos.items()}) as hub:
        hub.page = 50
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        out = str(tmp_path / "d")
        assert main(["data", "download", "--edition", "2024", "--modality", "language", "--out", out, "--quiet"]) == 1
        said = capsys.readouterr().err
        fetched = {p for p in hub.paths("/datasets/") if "/resolve/" in p}
    wanted = {i for i, s in sources().items() if i.startswith("language.") and s.hub}
    found = find_datasets(tmp_path / "d", load("2024"))
    assert {d.task.id for d in found.datasets} == wanted and not found.unmatched
    assert all(isinstance(record, Record) for d in found.datasets for record in d.records())
    assert all("train" not in path and "sst2/validation" not in path for path in fetched)
    assert len(fetched) == len(wanted)
    lacking = set(load("2024").select(modality="language").tasks) - wanted
    for task in lacking:
        assert f"{task}: no copy on the hub" in said
    ace = sources()["language.ace-2005"]
    assert f"get it at {ace.page} (licence: {ace.licence}) and put it in a folder '{ace.folder}'" in said


def test_a_copy_that_is_gated_is_said_and_the_others_are_fetched(tmp_path, monkeypatch, capsys):
    repos = copies_2024()
    repos["stanfordnlp/imdb"].token = "hf_secret"
    chosen = ["--tasks", "language.imdb", "language.ag-news"]
    with serve_hub(**{name.replace("/", "__"): repo for name, repo in repos.items()}) as hub:
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        assert main(["data", "download", "--edition", "2024", *chosen, "--out", str(tmp_path), "--quiet"]) == 1
    assert "language.imdb: stanfordnlp/imdb: no such repository, or it wants a token" in capsys.readouterr().err
    assert [d.task.id for d in find_datasets(tmp_path, load("2024")).datasets] == ["language.ag-news"]


def test_sources_lists_every_task_of_2024(capsys):
    assert main(["data", "sources", "--format", "json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["task_id"] for row in rows] == list(load("2024").tasks)
    assert all(row["layout"] for row in rows)
    assert main(["data", "sources", "--modality", "language"]) == 0
    assert "30 tasks, 22 with a copy" in capsys.readouterr().err


def test_folders_whose_names_mean_no_task_are_named(tmp_path):
    with serve() as hub:
        plan = planned(hub, "3d.comprehension.3d-furniture-classification")
        assert not hub.fetched()
    assert not plan.tasks
    assert plan.notes == [
        "names that mean no task of the edition: 3D/comprehension/3d_classification; --folders takes them"
    ]


def test_an_empty_file_is_a_file(tmp_path):
    path = "image/comprehension/BirdDetection/images/none.txt"
    with serve({**open_set(), path: b""}) as hub:
        assert not brought(hub, tmp_path, BIRD).failures
    assert (tmp_path / path).read_bytes() == b""


def test_a_folder_named_by_its_file_is_taken_whole_and_once(tmp_path):
    """The folder's name means nothing, its annotation's does; folders of pictures are not searched for tasks."""
    odd = {
        "image/comprehension/batch_7/bird_detection.json": annotation("Bird Detection"),
        "image/comprehension/batch_7/birddetection.json": b"[]",
        "image/comprehension/batch_7/images/a/0.png": b"1",
        "image/comprehension/batch_8/images/Bird-Detection.zip": b"no task of its own",
    }
    with serve(odd) as hub:
        (task,) = planned(hub, BIRD).tasks
        assert not [path for path in hub.paths() if path.endswith("/images")]
    assert sorted(item.path for item in task.items) == [path for path in sorted(odd) if "batch_7" in path]


def test_two_folders_of_one_name_are_taken_and_said():
    twice = {f"{top}/image/comprehension/BirdDetection/annotation.json": annotation("x") for top in ("a", "b")}
    with serve(twice) as hub:
        plan = planned(hub, BIRD)
    assert len(plan.items) == 2
    assert plan.notes == [
        f"{BIRD}: is called so by a/image/comprehension/BirdDetection, b/image/comprehension/BirdDetection; "
        "all are taken, keep one of them"
    ]
