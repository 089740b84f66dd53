"""Damaged answers and records of every task type: one clear line each, in bounded time and memory."""

import json
import os
import re
import resource
import struct
import time
import zlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from genlevel import tasktypes
from genlevel.catalog.task_types import TASK_TYPE_NAMES
from genlevel.datasets.paths import forget
from genlevel.errors import NotScorable, RecordError, UnreadableAnswer
from genlevel.records import Part, Record, Sample
from genlevel.specimens import makers
from genlevel.specimens.write import record_of
from genlevel.tasktypes import TaskType

NAMES = sorted(TASK_TYPE_NAMES)
METRIC = {"eeg-to-image": "ssim"}
MEGABYTES = 700
SECONDS = 20.0


def prepared(name: str, folder: Path) -> tuple[TaskType, Record, Sample, tuple[Part, ...]]:
    specimen = makers()[name](np.random.default_rng(5), METRIC.get(name, "accuracy"))
    record = record_of(folder, specimen)
    kind = tasktypes.get(name)
    return kind, record, kind.read(record), specimen.right


def tried(kind: TaskType, parts: list[Part], sample: Sample) -> None:
    """Read an answer; whatever is wrong with it is one line."""
    try:
        kind.parse(parts, sample)
    except (UnreadableAnswer, NotScorable) as error:
        assert str(error) and "\n" not in str(error) and len(str(error)) < 2000


NUMBERS = re.compile(r"-?\d+(?:\.\d+)?")
ODD_NUMBERS = (
    "NaN",
    "Infinity",
    "-1",
    "1e999",
    "9" * 400,
    "null",
    "true",
    '"x"',
    "[]",
    "{}",
    "-0.5",
    "1e308",
    "2147483648",
)


@st.composite
def damaged_text(draw: Any, text: str) -> str:
    how = draw(st.sampled_from(["number", "cut", "twice", "swap", "case", "insert"]))
    at = draw(st.integers(0, max(len(text) - 1, 0)))
    if how == "number" and NUMBERS.search(text):
        found = list(NUMBERS.finditer(text))
        match = found[draw(st.integers(0, len(found) - 1))]
        return text[: match.start()] + draw(st.sampled_from(ODD_NUMBERS)) + text[match.end() :]
    if how == "cut":
        return text[:at]
    if how == "twice":
        return text + text
    if how == "swap":
        return text.translate(str.maketrans("[]{}", draw(st.sampled_from(["{}[]", "()()", "][}{"]))))
    if how == "case":
        return text.upper()
    return text[:at] + draw(st.text(max_size=5)) + text[at:]


@st.composite
def damaged_bytes(draw: Any, data: bytes) -> bytes:
    how = draw(st.sampled_from(["cut", "flip", "fill", "more", "none"]))
    at = draw(st.integers(0, max(len(data) - 1, 0)))
    if how == "cut":
        return data[:at]
    if how == "flip":
        return data[:at] + bytes([draw(st.integers(0, 255))]) + data[at + 1 :]
    if how == "fill":
        return data[:at] + draw(st.sampled_from([b"\0", b"\xff", b"9"])) * 8 + data[at + 8 :]
    return data + draw(st.binary(max_size=9)) if how == "more" else b""


@pytest.mark.parametrize("name", NAMES)
def test_a_damaged_answer_is_read_or_unreadable(name: str, tmp_path: Path) -> None:
    kind, _, sample, right = prepared(name, tmp_path)
    unknown = replace(sample, reference=None)

    @settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def check(data: Any) -> None:
        parts = list(right[:3])
        which = data.draw(st.integers(0, len(parts) - 1))
        part = parts[which]
        if part.kind == "text":
            parts[which] = Part("text", data.draw(damaged_text(part.text)))
        else:
            kinds = st.sampled_from([part.kind, part.kind, part.kind, "image", "video", "audio", "points"])
            parts[which] = Part(
                data.draw(kinds), data=data.draw(damaged_bytes(part.data or b"")), media_type=part.media_type
            )
        tried(kind, parts, sample)
        tried(kind, parts, unknown)

    check()


@pytest.mark.parametrize("name", NAMES)
def test_odd_numbers_in_an_answer_are_read_or_unreadable(name: str, tmp_path: Path) -> None:
    kind, _, sample, right = prepared(name, tmp_path)
    for which, part in enumerate(right[:2]):
        if part.kind != "text":
            continue
        for match in list(NUMBERS.finditer(part.text))[:12]:
            for odd in ODD_NUMBERS:
                text = part.text[: match.start()] + odd + part.text[match.end() :]
                tried(kind, [*right[:which], Part("text", text), *right[which + 1 :]], sample)


@pytest.mark.parametrize("name", NAMES)
def test_a_record_with_damaged_files_is_read_or_refused(name: str, tmp_path: Path) -> None:
    kind, record, _, _ = prepared(name, tmp_path)
    files = sorted(p for p in tmp_path.rglob("*") if p.is_file())
    for path in files[:4]:
        whole = path.read_bytes()
        for data in (b"", whole[: len(whole) // 2], whole[:-1], b"\0" * len(whole), b"\xff" * 64, whole[::-1]):
            path.write_bytes(data)
            refused(kind, record)
        path.write_bytes(whole)
    kind.read(record)


def refused(kind: TaskType, record: Record) -> bool:
    try:
        kind.read(record)
    except RecordError as error:
        assert record.where in str(error) and "\n" not in str(error) and len(str(error)) < 2000
        return True
    return False


def with_paths(value: Any, change: Any) -> Any:
    if isinstance(value, Mapping):
        return {k: with_paths(v, change) for k, v in value.items()}
    if isinstance(value, list):
        return [with_paths(v, change) for v in value]
    return change(value) if isinstance(value, str) and "/0000-" in value else value


@pytest.mark.parametrize("name", NAMES)
def test_no_path_leads_out_of_the_folder(name: str, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.mkdir()
    folder = tmp_path / "task"
    folder.mkdir()
    kind, record, _, _ = prepared(name, folder)
    named = [p for p in folder.rglob("*") if "0000-" in p.name]
    if not named:
        pytest.skip("no file is named")
    for path in named:
        path.rename(secret / path.name)
    (folder / "link").symlink_to(secret)
    forget(folder)  # what is remembered of the folder may be younger than the clock of its file system tells
    tricks = (
        lambda p: f"../secret/{Path(p).name}",
        lambda p: str(secret / Path(p).name),
        lambda p: f"link/{Path(p).name}",
        lambda p: f"a/../../secret/{Path(p).name}",
        lambda p: p + "\0.png",
        lambda p: "x" * 5000,
        lambda p: "/dev/zero",
        lambda p: "file:///etc/passwd",
        lambda p: "~/x",
    )
    for trick in tricks:
        changed = Record(record.id, with_paths(record.value, trick), folder, record.where, record.header)
        assert refused(kind, changed), trick


def png_of(width: int, height: int) -> bytes:
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunk = b"IHDR" + head
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk)) + b"\0" * 64


def npy_of(shape: str) -> bytes:
    head = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(head)) + head.encode() + b"\0" * 64


OBJECTS = "{'descr': '|O', 'fortran_order': False, 'shape': (1,), }".ljust(117) + "\n"
PICKLED = b"\x93NUMPY\x01\x00v\x00" + OBJECTS.encode() + b"cos\nsystem\n"
ABSURD = {
    "png": png_of(65_000, 65_000),
    "npy": npy_of("(1000000, 1000000)"),
    "npy deep": npy_of("(" + "9, " * 40 + ")"),
    "npy negative": npy_of("(-1, 5)"),
    "pickle": PICKLED,
    "flo": b"PIEH" + struct.pack("<ii", 2**30, 2**30) + b"\0" * 64,
    "ply": b"ply\nformat binary_little_endian 1.0\nelement vertex 999999999999\nproperty double x\nproperty double y\n"
    b"property double z\nend_header\n" + b"\0" * 64,
    "wav": b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x01\0\xff\xff\0\x10\0\0\0\x10\0\0\x02\0\x10\0"
    b"data\xff\xff\xff\xff" + b"\0" * 64,
    "zip": b"PK\x03\x04" + b"\xff" * 64,
}
TEXTS = {
    "run lengths": '[{"label": 1, "rle": {"size": [100000, 100000], "counts": [0, 10000000000]}}]',
    "frames": '{"999999": [1, 2, 3, 4]}',
    "frame masks": '{"1": {"999999": {"size": [9, 9], "counts": [81]}}}',
    "track": "[" + "[1,2,3,4]," * 40_000 + "[1,2,3,4]]",
    "boxes": '{"a": [' + "[1,2,3,4]," * 20_000 + "[1,2,3,4]]}",
    "numbers": "[" + "1," * 60_000 + "1]",
    "nested": "[" * 20_000,
    "objects": '[[{"id": 1, "box": [0,0,0,1,1,1,0]}' + ', {"id": 1, "box": [0,0,0,1,1,1,0]}' * 5_000 + "]]",
    "points": '[{"label": "a", "points": [2147483647]}]',
    "letters": "a" * 300_000,
}


# Answers in words are read by few readers.
STRUCTURED = [name for name in NAMES if tasktypes.get(name).writes != "text"]


@pytest.mark.parametrize("name", [*STRUCTURED, "image-classification", "multiple-choice", "token-extraction"])
def test_absurd_counts_take_neither_time_nor_memory(name: str, tmp_path: Path) -> None:
    kind, _, sample, right = prepared(name, tmp_path)
    media = sorted({part.kind for part in right if part.kind != "text"} or kind.makes - {"text"})
    before, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    for part_kind in media[:2]:
        for data in ABSURD.values():
            tried(kind, [Part(part_kind, data=data)], sample)
    if "text" in kind.makes:
        for text in TEXTS.values():
            tried(kind, [Part("text", text)], sample)
    assert time.process_time() - start < SECONDS
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEGABYTES


def test_folders_and_devices_as_answers(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.png").write_text(json.dumps([1]))
    for name in NAMES:
        kind, _, sample, _ = prepared(name, tmp_path / name)
        for part_kind in sorted(kind.makes - {"text"}):
            for path in ("loop", "pipe", "empty", "text.png", "nowhere"):
                tried(kind, [Part(part_kind, path=tmp_path / path)], sample)
