"""NPZ files from anyone: what savez wrote comes back; whatever lies about its size is one line before memory is taken."""

from __future__ import annotations

import io
import tracemalloc
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from genlevel.metrics.archive import BASE_BYTES, read_arrays


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(st.lists(npst.arrays(npst.scalar_dtypes(), npst.array_shapes(min_dims=0, min_side=0)), max_size=4))
def test_what_savez_wrote_comes_back(tmp_path: Path, arrays: list[np.ndarray]) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, **{f"n{k}.offsets": array for k, array in enumerate(arrays)})
    found = read_arrays(path)
    assert [*found] == [f"n{k}.offsets" for k in range(len(arrays))]
    for array, back in zip(arrays, found.values(), strict=True):
        assert (back.dtype, back.shape) == (array.dtype, array.shape)
        assert back.tobytes() == array.tobytes()
        assert back.flags.writeable


def header(shape: tuple[int, ...], dtype: str = "<f8") -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"shape": shape, "fortran_order": False, "descr": dtype})
    return buffer.getvalue()


def archive(path: Path, **members: bytes) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        for name, data in members.items():
            file.writestr(f"{name}.npy", data)
    return path


def bomb(path: Path) -> Path:
    zeros = bytes(1 << 20)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file, file.open("a.npy", "w", force_zip64=True) as member:
        member.write(header((1 << 27,)))
        for _ in range(1 << 10):
            member.write(zeros)
    return path


def objects(path: Path) -> Path:
    np.savez(path, a=np.array([{}, None], object))
    return path


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (bomb, "unpacks to"),
        (objects, "never unpickled"),
        (lambda path: archive(path, a=header((10**12,)) + bytes(80)), "not of the size"),
        (lambda path: archive(path, a=header((-1,)) + bytes(8)), "header"),
        (lambda path: archive(path, a=header((2**62, 4, 16)) + bytes(8)), "not of the size"),
        (lambda path: archive(path, a=b"\x93NUMPY\x01\x00\x06\x00{'a'}\n"), "no header"),
        (lambda path: archive(path, a=b"(" * 9000), "no header"),
        (lambda path: archive(path, **{f"a{k}": header((1,)) + bytes(8) for k in range(300)}), "300 arrays"),
        (lambda path: Path(path.write_bytes(b"PK\x03\x04" + bytes(99)) and path), "no whole NPZ"),
        (lambda path: Path(path.write_bytes(b"") or path), "no whole NPZ"),
    ],
)
def test_lies_are_one_line(tmp_path: Path, make: object, says: str) -> None:
    path = make(tmp_path / "a.npz")  # type: ignore[operator]
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=says) as error:
            read_arrays(path)
        assert tracemalloc.get_traced_memory()[1] < BASE_BYTES
    finally:
        tracemalloc.stop()
    assert "\n" not in str(error.value)


def test_a_damaged_file_is_one_line_wherever_it_is_damaged(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez_compressed(path, a=np.arange(900.0), b=np.array(["x", "yz"]))
    whole = path.read_bytes()
    for at in range(0, len(whole), 7):
        for data in (whole[:at], whole[:at] + b"\xff" + whole[at + 1 :]):
            path.write_bytes(data)
            try:
                read_arrays(path)
            except ValueError as error:
                assert "\n" not in str(error)
