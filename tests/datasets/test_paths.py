"""From names in records to files: stale paths are found, and nothing outside the task's folder ever is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genlevel.datasets.paths import MissingMedia, forget, resolve_media
from genlevel.errors import RecordError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "task"
    for name in (
        "images/a.png",
        "images/b.JPG",
        "images/left/c.png",
        "images/right/c.png",
        "videos/clip/1.jpg",
        "top.wav",
        "train/images/a.png",
        "train/images/only.png",
    ):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "images").mkdir()
    (tmp_path / "images/outer.png").write_text("outer")
    return root


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("images/a.png", "images/a.png"),
        ("a.png", "images/a.png"),
        ("./data/comprehension/some_task/images/a.png", "images/a.png"),
        ("../images/a.png", "images/a.png"),
        ("/mnt/old/images/a.png", "images/a.png"),
        ("images\\a.png", "images/a.png"),
        ("C:\\data\\images\\a.png", "images/a.png"),
        ("b.jpg", "images/b.JPG"),
        ("IMAGES/B.jpg", "images/b.JPG"),
        ("stale/left/c.png", "images/left/c.png"),
        ("images/right/c.png", "images/right/c.png"),
        ("top.wav", "top.wav"),
        ("clip", "videos/clip"),
        ("videos/clip/", "videos/clip"),
        (" a.png ", "images/a.png"),
    ],
)
def test_found(folder, name, found):
    path = resolve_media(folder, name)
    assert path == folder / found
    assert path.exists()


@pytest.mark.parametrize(
    "name",
    [
        *("../../etc/passwd", "/etc/passwd", "../secret.txt", "secret.txt", "../images/outer.png", "..", ".", "/", ""),
        *("no.png", "a", "images/a.png/x", "a\0.png", "x" * 5000, None, 7, ["a.png"], {"a": 1}, True, "\ud800.png"),
    ],
)
def test_not_found(folder, name):
    with pytest.raises(MissingMedia) as caught:
        resolve_media(folder, name)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_several_of_one_name_are_not_guessed(folder):
    with pytest.raises(MissingMedia, match=r"any of 2 files \(.*left/c\.png"):
        resolve_media(folder, "c.png")


def test_training_media_are_apart(folder):
    assert resolve_media(folder / "train", "images/a.png") == folder / "train/images/a.png"
    assert resolve_media(folder / "train", "b.JPG") == folder / "images/b.JPG"
    with pytest.raises(MissingMedia):
        resolve_media(folder, "only.png")


def test_links_may_not_lead_out(folder, tmp_path):
    os.symlink(tmp_path / "secret.txt", folder / "images/link.png")
    os.symlink(folder / "images/a.png", folder / "images/inner.png")
    os.symlink(tmp_path, folder / "up")
    os.symlink("nowhere", folder / "dangling.png")
    forget(folder)
    assert resolve_media(folder, "inner.png").read_text() == "images/a.png"
    for name in ("link.png", "images/link.png", "up", "dangling.png"):
        with pytest.raises(MissingMedia, match="link"):
            resolve_media(folder, name)
    for name in ("up/secret.txt", "up/images/outer.png"):
        with pytest.raises(MissingMedia, match="no file"):
            resolve_media(folder, name)


def test_a_missing_folder_is_one_line(tmp_path):
    with pytest.raises(RecordError, match=r"no file 'a\.png'"):
        resolve_media(tmp_path / "no", "a.png")


def test_composed_and_decomposed_letters_are_one(tmp_path):
    (tmp_path / "caf\u00e9.png").write_text("x")
    assert resolve_media(tmp_path, "cafe\u0301.png").name == "caf\u00e9.png"


def test_files_added_later_are_seen(folder):
    with pytest.raises(MissingMedia):
        resolve_media(folder, "new.png")
    (folder / "images/new.png").write_text("x")
    os.utime(folder / "images", ns=(1, 1))  # two changes within the clock's tick would look like none
    assert resolve_media(folder, "new.png") == folder / "images/new.png"


PIECES = st.sampled_from(
    ["..", ".", "", "images", "a.png", "up", "link.png", "secret.txt", "/", "task", "~", "C:", "train"]
)


@given(st.lists(PIECES, max_size=6), st.sampled_from(["/", "\\", "//"]))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_asked_the_answer_lies_inside(folder, tmp_path, pieces, separator):
    link = folder / "up"
    if not link.is_symlink():
        os.symlink(tmp_path, link)
        os.symlink(tmp_path / "secret.txt", folder / "images/link.png")
        forget(folder)
    try:
        path = resolve_media(folder, separator.join(pieces))
    except MissingMedia:
        return
    assert path.resolve().is_relative_to(folder.resolve())
