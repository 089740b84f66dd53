"""Input made to hurt: each piece ends in one line or a number, within seconds of work and with bounded memory.

The pieces run one by one in a process of their own, which reports for each the seconds of CPU, by how much its peak of resident
memory grew, and how it ended.
"""

from __future__ import annotations

import io
import json
import os
import re
import struct
import subprocess
import sys
import time
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

SECONDS = 5.0  # some ten times what it takes, for busy machines
MEBIBYTES = 500
TEXTS = ["wer", "cer", "anls", "rouge1", "rouge_l", "rouge_l_coco", "meteor", "codebleu", "bleu4", "cider", "f1"]
TEXTS += ["exact_match", "vqa_accuracy", "teds", "teds_struct"]
HOSTILE = {
    "letters": "a" * 30_000,
    "words": "a b " * 8000,
    "brackets": "(" * 30_000,
    "quotes": "'" * 30_000,
    "points": "a." * 15_000,
    "sentences": "A. " * 10_000,
    "ampersands": "&amp;" * 6000,
    "spaces": " \t" * 15_000,
    "tags": "<table>" + "<td>" * 8000,
    "opened": "<table" * 5000,
    "comments": "<!--" * 8000 + ">",
    "sections": "<table>" + "<![CDATA[" * 4000 + ">",
    "instructions": "<table>" + "<?a" * 10_000,
    "digits": "1,1.1" * 6000,
    "hyphens": "-\n" * 15_000,
    "marks": "e" + "\u0301" * 30_000,
    "Chinese": "天地玄黄" * 8000,
    "code": "x = " + "(" * 15_000,
    "indents": "".join(" " * (k % 90) + "if x:\n" for k in range(600)),
    "controls": "\0\ufeff\u202e" * 10_000,
}


def png_bomb() -> bytes:
    """30,000 x 30,000 pixels in 100 kB."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = zlib.compress(bytes(30_001 * 300), 9)
    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows * 100) + chunk(b"IEND", b"")


def wav(declared: int, rate: int = 16000, channels: int = 1) -> bytes:
    """A header that promises ``declared`` bytes of sound, and 100 bytes of it."""
    head = struct.pack("<4sI4s4sIHHIIHH", b"RIFF", min(declared + 36, 2**32 - 1), b"WAVE", b"fmt ", 16, 1, channels, rate,
                       rate * 2 * channels % 2**32, 2 * channels % 2**16, 16)  # fmt: skip
    return head + struct.pack("<4sI", b"data", declared) + bytes(100)


def npz(shape: tuple[int, ...], data: bytes, dtype: str = "<f8") -> bytes:
    member, out = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(member, {"shape": shape, "fortran_order": False, "descr": dtype})
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("points.npy", member.getvalue() + data)
    return out.getvalue()


def object_npz() -> bytes:
    out = io.BytesIO()
    np.savez(out, points=np.array([{}, None], object))
    return out.getvalue()


def attacks() -> Iterator[tuple[str, Callable[[], Any]]]:
    """Each attack with its name; what it needs is made before it is timed."""
    from genlevel import metrics
    from genlevel.media import load_audio, load_image, load_points
    from genlevel.metrics import masks
    from genlevel.records import Part
    from genlevel.tasktypes.literals import find_literals
    from genlevel.tasktypes.rle import decode_mask

    square = np.zeros((9, 9), bool)
    for name, mask in {
        "counts beyond the size": {"size": [100, 100], "counts": [5000, 5001]},
        "one count of 2^70": {"size": [100, 100], "counts": [2**70]},
        "negative counts": {"size": [100, 100], "counts": [10_010, -10]},
        "a huge size": {"size": [10**9, 10**9], "counts": "0"},
        "a negative size": {"size": [-5, -5], "counts": [25]},
        "two million counts": {"size": [100, 100], "counts": [1] * 2_000_000},
        "a long string": {"size": [1000, 1000], "counts": "1" * 7_000_000},
        "no last digit": {"size": [100, 100], "counts": "o" * 1000},
    }.items():
        yield f"mask: {name}", lambda mask=mask: masks.read(mask)
        yield f"mask_iou: {name}", lambda mask=mask: metrics.compute("mask_iou", [mask], [square])
        yield f"answer: {name}", lambda mask=mask: decode_mask(mask, (9, 9))
    for name, polygon in {
        "two million corners": [1.0, 2.0] * 2_000_000,
        "infinite corners": [float("inf"), 0.0] * 10,
        "far corners": [1e300, -1e300, 0.0] * 10,
        "a long outline": [0, 0, 4999, 4999] * 90_000,
    }.items():
        yield f"polygon: {name}", lambda polygon=polygon: masks.from_polygons([polygon], [5000, 5000])
    files = {
        "PNG of 900 million pixels": (load_image, png_bomb(), ".png"),
        "WAV of 4 GB": (load_audio, wav(2**32 - 50), ".wav"),
        "WAV of 65,535 channels": (load_audio, wav(100, channels=65_535), ".wav"),
        "WAV at 0 Hz": (load_audio, wav(100, rate=0), ".wav"),
        "NPZ of objects": (load_points, object_npz(), ".npz"),
        "NPZ of terabytes": (load_points, npz((10**12, 3), bytes(240)), ".npz"),
        "NPZ that unpacks to a thousand times its size": (load_points, npz((2**22, 4), bytes(2**27)), ".npz"),
        "PLY of 10^12 vertices": (
            load_points,
            b"ply\nformat ascii 1.0\nelement vertex 1000000000000\nproperty float x\nproperty float y\nproperty float z\n"
            b"end_header\n0 0 0\n",
            ".ply",
        ),
        "PLY of 10^9 vertices": (
            load_points,
            b"ply\nformat binary_little_endian 1.0\nelement vertex 1000000000\nproperty float x\nproperty float y\n"
            b"property float z\nend_header\n" + bytes(99),
            ".ply",
        ),
    }
    for name, (load, data, suffix) in files.items():
        part = Part({".png": "image", ".wav": "audio"}.get(suffix, "points"), data=data)
        yield f"file: {name}", lambda load=load, part=part: load(part)
    million = "<table>" + "<tr><td>" * 500_000
    deep = "<table>" + "<div>" * 190_000
    for name, html in {"a million nodes": million, "190,000 deep": deep}.items():
        yield f"teds: {name}", lambda html=html: metrics.compute("teds", [html], ["<table><tr><td>a</td></tr></table>"])
        yield f"teds: {name}, as reference", lambda html=html: metrics.compute("teds", ["<table><td>a</table>"], [html])
    for opening in ("[", '{"a":', "[{"):
        text = opening * 100_000
        yield f"answer: {opening} 100,000 deep", lambda text=text: list(find_literals(text))
    for metric in TEXTS:
        for name, text in HOSTILE.items():
            gold = "<table><tr><td>" + text if metric.startswith("teds") else text[: len(text) // 2] + "a b" + text
            yield f"{metric}: {name}", lambda m=metric, t=text, g=gold: metrics.compute(m, [t], [g])


def peak_mebibytes(*, reset: bool = False) -> float:
    """The process's peak of resident memory; with ``reset`` from now on. 0 where the system does not tell."""
    try:
        if reset:
            Path("/proc/self/clear_refs").write_text("5")
        found = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def main() -> None:
    """Run all attacks and print a line of JSON for each."""
    from genlevel.errors import GenlevelError

    warnings.simplefilter("error")
    for name, attack in attacks():
        before = peak_mebibytes(reset=True)
        start = time.process_time()
        try:
            attack()
            end = "value"
        except (GenlevelError, ValueError) as error:
            end = "line" if "\n" not in str(error) and len(str(error)) < 500 else f"not one line: {str(error)[:200]!r}"
        except BaseException as error:
            end = f"{type(error).__name__}: {str(error)[:200]}"
        seconds, more = time.process_time() - start, peak_mebibytes() - before
        print(json.dumps([name, round(seconds, 3), round(more, 1), end]), flush=True)


def test_attacks() -> None:
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    run = subprocess.run(
        [sys.executable, "-m", "tests.metrics.test_attacks"],
        capture_output=True, text=True, timeout=300, env=environment, check=False, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert run.returncode == 0 and run.stderr == "", run.stderr[-2000:]
    assert len(lines) > 300
    bad = [line for line in lines if line[1] > SECONDS or line[2] > MEBIBYTES or line[3] not in ("value", "line")]
    assert not bad, "\n".join(map(str, bad))


@pytest.mark.parametrize(
    "words", [r"allow_pickle\s*=\s*True", r"pickle\.load", r"weights_only\s*=\s*False", r"\beval\("]
)
def test_nothing_in_the_package_unpickles_or_evaluates(words: str) -> None:
    source = Path(__file__).parents[2] / "src"
    found = [
        f"{path.relative_to(source)}:{number}"
        for path in source.rglob("*.py")
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(words, line) and "model.eval()" not in line and ".eval()" not in line
    ]
    assert not found


if __name__ == "__main__":
    main()
