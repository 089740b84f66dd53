"""Archives from elsewhere: what is in them comes out where it belongs, and nothing else happens."""

from __future__ import annotations

import gzip
import io
import tarfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genlevel.datasets.hub.client import is_plain_path
from genlevel.datasets.hub.journal import Journal
from genlevel.datasets.hub.unpack import Limits, unpack
from genlevel.errors import DataError
from tests.datasets.archives import MAKERS, made_tar, made_zip

SMALL = Limits(entries=50, size=1_000_000, ratio=100, free=10_000)
FILES = {"annotation.json": b"{}", "images/1.png": b"one", "images/2.png": b""}


@pytest.fixture
def root(tmp_path: Path):
    root = tmp_path / "data"
    journal = Journal(root)
    yield root, journal
    journal.close()


def unpacked(root, data: bytes, name: str, folder: str = "image/t", **options):
    path, journal = root
    archive = path / ".genlevel/it.part"
    archive.write_bytes(data)
    return unpack(archive, path, name, folder, journal, **options)


def tree(root) -> dict[str, bytes]:
    path, _ = root
    files = {p.relative_to(path).as_posix(): p for p in path.rglob("*") if p.is_file() or p.is_symlink()}
    return {name: p.read_bytes() for name, p in files.items() if not name.startswith(".genlevel")}


@pytest.mark.parametrize("name", MAKERS)
def test_every_kind_gives_its_files(root, name):
    result = unpacked(root, MAKERS[name](FILES), f"image/t/{name}")
    assert tree(root) == {f"image/t/{path}": data for path, data in FILES.items()}
    assert result.entries == ["image/t/annotation.json", "image/t/images"] and not result.notes
    assert not list(root[0].glob(".genlevel/unpack/*"))


@pytest.mark.parametrize(
    ("name", "files", "there"),
    [
        # An archive beside the task's folder becomes it, with or without a folder of its name.
        ("video/T.zip", {"T/annotation.json": b"", "T/v/1": b""}, {"video/T/annotation.json", "video/T/v/1"}),
        ("video/T.zip", {"annotation.json": b"", "v/1": b""}, {"video/T/annotation.json", "video/T/v/1"}),
        ("video/T.zip", {"t/v/1": b""}, {"video/T/v/1"}),
        ("video/T.zip", {"davis/json/a.json": b"", "davis/1": b""}, {"video/T/json/a.json", "video/T/1"}),
        (
            "video/T.zip",
            {"a/annotation.json": b"", "b/annotation.json": b""},
            {f"video/T/{x}/annotation.json" for x in "ab"},
        ),
        # One inside the task's folder: what holds the annotation is the folder; media keep apart.
        (
            "video/T/open.tar.gz",
            {"open/annotation.json": b"", "open/m/1": b""},
            {"video/T/annotation.json", "video/T/m/1"},
        ),
        ("video/T/images.zip", {"images/1.png": b""}, {"video/T/images/1.png"}),
        ("video/T/images.zip", {"1.png": b"", "2.png": b""}, {"video/T/images/1.png", "video/T/images/2.png"}),
        ("video/T/depth.zip", {"x/y/1.png": b""}, {"video/T/x/y/1.png"}),
    ],
)
def test_it_comes_out_where_the_task_is_looked_for(root, name, files, there):
    make = made_zip if name.endswith("zip") else made_tar
    unpacked(root, make(files), name, "video/T")
    assert set(tree(root)) == there


def test_two_archives_of_media_do_not_meet(root):
    unpacked(root, made_zip({"1.png": b"image"}), "image/t/images.zip")
    unpacked(root, made_zip({"1.png": b"mask"}), "image/t/masks.zip")
    assert tree(root) == {"image/t/images/1.png": b"image", "image/t/masks/1.png": b"mask"}


def test_a_file_that_was_there_stays_and_one_of_the_archive_s_own_is_renewed(root):
    path, journal = root
    (path / "image/t").mkdir(parents=True)
    (path / "image/t/annotation.json").write_bytes(b"mine")
    result = unpacked(root, made_zip(FILES), "image/t/a.zip")
    assert result.notes == ["image/t/a.zip: 1 of its files were there already and stay as they are"]
    assert tree(root)["image/t/annotation.json"] == b"mine"
    journal.add_archive("image/t/a.zip", "1", ["image/t/images"])
    unpacked(root, made_zip({**FILES, "images/1.png": b"new"}), "image/t/a.zip")
    assert tree(root)["image/t/images/1.png"] == b"new"


@pytest.mark.parametrize(
    "name",
    [
        "../x",
        "a/../../x",
        "/etc/x",
        "a/b/../../../x",
        "c:/x",
        "C:x",
        "..",
        "a\0b/../x",
        "a\x1bb",
        "..\\x",
        "a/..\\..\\x",
    ],
)
@pytest.mark.parametrize("make", [made_zip, made_tar])
def test_no_path_leads_out(root, make, name):
    try:
        data = make({"good.json": b"{}", name: b"bad"})
    except ValueError:
        pytest.skip("cannot be written so")
    before = {p for p in root[0].parent.rglob("*") if ".genlevel" not in p.parts}
    try:
        unpacked(root, data, f"image/t/a.{'zip' if make is made_zip else 'tar.gz'}")
    except DataError as error:
        assert "\n" not in str(error) and "does not stay in its folder" in str(error)
        assert {p for p in root[0].parent.rglob("*") if ".genlevel" not in p.parts} == before
    else:  # ZIP ends a name at a NUL: what is left of it is harmless.
        assert "\0" in name and set(tree(root)) <= {"image/t/good.json", "image/t/a"}


@given(st.lists(st.sampled_from(["..", ".", "a", "", "b.json", "~", "\\", "c:", "\n", "é"]), min_size=1, max_size=6))
@settings(max_examples=200, deadline=None)
def test_plain_paths_stay_inside(parts):
    path = "/".join(parts)
    if is_plain_path(path):
        base = Path("/base/folder")
        assert Path(base, path).resolve().is_relative_to(base)
        assert path.isprintable() and "\\" not in path


def test_links_are_left_out_and_counted(root):
    link = {"evil": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE}
    result = unpacked(
        root, made_tar({"a.json": b"{}", "evil/passwd": b"x"}, others=link, link="/etc"), "image/t/a.tar.gz"
    )
    assert result.notes == ["image/t/a.tar.gz: 2 links not unpacked"]
    assert tree(root) == {"image/t/a.json": b"{}", "image/t/evil/passwd": b"x"}
    result = unpacked(root, made_zip({"a.json": b"{}"}, links={"l": "../../.."}), "image/u/a.zip", "image/u")
    assert result.notes == ["image/u/a.zip: 1 links not unpacked"]


@pytest.mark.parametrize("kind", [tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_devices_are_refused(root, kind):
    with pytest.raises(DataError, match="which is no file, folder or link"):
        unpacked(root, made_tar(FILES, others={"dev": kind}), "image/t/a.tar.gz")
    assert not tree(root)


@pytest.mark.parametrize(
    "data",
    [
        made_zip({"zeros": b"\0" * 900_000}, packed=True),
        made_tar({"zeros": b"\0" * 900_000}),
        made_tar({f"{i}": b"\0" * 90_000 for i in range(10)}),
    ],
)
def test_bombs_are_refused(root, data):
    assert len(data) * 100 < 900_000
    name = "image/t/a.zip" if data[:2] == b"PK" else "image/t/a.tar.gz"
    with pytest.raises(DataError, match="like a bomb"):
        unpacked(root, data, name, limits=SMALL)
    assert not tree(root)


def test_too_many_entries_are_refused(root):
    files = {f"{i}.txt": b"" for i in range(51)}
    for make, name in ((made_zip, "a.zip"), (made_tar, "a.tar.gz")):
        with pytest.raises(DataError, match="more than 50 entries"):
            unpacked(root, make(files), f"image/t/{name}", limits=SMALL)


def test_a_header_that_asks_for_gigabytes_is_refused(root):
    """A PAX header is read whole: its size must not be believed."""
    info = tarfile.TarInfo("x")
    info.type, info.size = tarfile.XHDTYPE, 3 << 30
    data = gzip.compress(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 5000)
    with pytest.raises(DataError, match="asks for"):
        unpacked(root, data, "image/t/a.tar.gz")


def test_a_size_in_a_header_that_is_not_true(root):
    info = tarfile.TarInfo("x.json")
    info.size = 10_000
    with pytest.raises(DataError):
        unpacked(root, info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 512, "image/t/a.tar")
    assert not tree(root)


def test_encrypted_is_refused(root):
    data = bytearray(made_zip({"a.json": b"{}"}))
    data[6] |= 1
    at = data.index(b"PK\x01\x02")
    data[at + 8] |= 1
    with pytest.raises(DataError, match="encrypted"):
        unpacked(root, bytes(data), "image/t/a.zip")


def test_a_file_and_a_folder_of_one_name(root):
    with pytest.raises(DataError, match="a file and a folder at once"):
        unpacked(root, made_tar({"a": b"1", "a/b": b"2"}), "image/t/a.tar.gz")


def test_what_only_a_mac_wants_stays_away(root):
    unpacked(
        root, made_zip({"__MACOSX/t/._a": b"", "t/a.json": b"", "t/.DS_Store": b"", "t/._a.json": b""}), "image/t.zip"
    )
    assert set(tree(root)) == {"image/t/a.json"}


@pytest.mark.parametrize("name", MAKERS)
@given(data=st.data())
@settings(max_examples=25, deadline=None)
def test_a_damaged_archive_is_one_line_or_gives_right_paths(tmp_path_factory, name, data):
    """Cut short, or with bytes changed anywhere: never a traceback, never a file elsewhere."""
    whole = bytearray(MAKERS[name]({**FILES, "images/3.png": bytes(range(256)) * 8}))
    if data.draw(st.booleans()):
        del whole[data.draw(st.integers(0, len(whole) - 1)) :]
    for at in data.draw(st.lists(st.integers(0, max(len(whole) - 1, 0)), max_size=4)) if whole else ():
        whole[at] = data.draw(st.integers(0, 255))
    base = tmp_path_factory.mktemp("damaged")
    path = base / "data"
    journal = Journal(path)
    try:
        unpacked((path, journal), bytes(whole), f"image/t/{name}")
    except DataError as error:
        assert "\n" not in str(error)
        assert not tree((path, journal))
    finally:
        journal.close()
    assert {p.name for p in base.iterdir()} == {"data"}
    assert all(p.startswith("image/t/") for p in tree((path, journal)))


def test_a_tar_cut_between_two_entries_is_noticed(root):
    whole = made_tar(FILES, "w:")
    cut = io.BytesIO(whole).read(512 * 3 + 100)
    with pytest.raises(DataError):
        unpacked(root, cut, "image/t/a.tar")
