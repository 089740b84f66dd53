"""Point sets: files written by hand, byte by byte, and by NumPy."""

from __future__ import annotations

import io
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from genlevel.media import MediaError, encode_ply, load_points
from genlevel.records import Part

POINTS = np.array([[0.0, 1.0, 2.0], [3.5, -4.0, 5.25]])


def points(data: bytes, **options) -> Part:
    return Part("points", data=data, **options)


@given(hnp.arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(3, 6)), elements=st.floats(-1e300, 1e300)))
@settings(max_examples=30, deadline=None)
def test_ply_round_trip_is_exact(array):
    assert np.array_equal(load_points(points(encode_ply(array))), array)


@pytest.mark.parametrize(("order", "name"), [("<", "binary_little_endian"), (">", "binary_big_endian")])
def test_binary_ply_with_other_types_columns_and_faces(order, name):
    header = f"""ply\nformat {name} 1.0\ncomment by hand\nelement camera 2\nproperty short a\nelement vertex 2
property uchar red\nproperty float x\nproperty double y\nproperty int z\nelement face 1
property list uchar int vertex_indices\nend_header\n"""
    body = struct.pack(order + "hh", 7, 8)
    body += struct.pack(order + "Bfdi", 9, 0.5, 1.5, -2) + struct.pack(order + "Bfdi", 10, 2.5, 3.5, 4)
    body += struct.pack(order + "Biii", 3, 0, 1, 0)
    read = load_points(points(header.encode() + body))
    assert read.tolist() == [[0.5, 1.5, -2, 9], [2.5, 3.5, 4, 10]]


def test_ascii_ply_with_windows_line_ends():
    text = "ply\r\nformat ascii 1.0\r\nelement vertex 2\r\nproperty float x\r\nproperty float y\r\nproperty float z\r\n"
    data = (text + "end_header\r\n0 1 2\r\n3.5 -4 5.25\r\n").encode()
    assert np.array_equal(load_points(points(data)), POINTS)


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("element vertex 99999999999\nproperty float x\nproperty float y\nproperty float z", "at most"),
        ("element vertex 5\nproperty float x\nproperty float y\nproperty float z", "truncated"),
        ("element vertex -1\nproperty float x\nproperty float y\nproperty float z", "line 3 of the PLY header"),
        ("element vertex 1\nproperty float x\nproperty float y", "x, y and z"),
        ("element vertex 1\nproperty list uchar int x\nproperty float y\nproperty float z", "no lists"),
        ("element face 1\nproperty list uchar int i", "no vertices"),
        ("element vertex 0\nproperty float x\nproperty float y\nproperty float z", "0 points"),
    ],
)
@pytest.mark.parametrize("kind", ["ascii", "binary_little_endian"])
def test_ply_headers_are_not_trusted(header, words, kind):
    data = f"ply\nformat {kind} 1.0\n{header}\nend_header\n".encode() + b"1 2 3\n"
    with pytest.raises(MediaError, match=words):
        load_points(points(data))


def test_npy_and_npz(tmp_path):
    np.save(tmp_path / "p.npy", np.asfortranarray(POINTS.astype(np.float32)))
    assert np.array_equal(load_points(Part("points", path=tmp_path / "p.npy")), POINTS)
    np.savez_compressed(tmp_path / "p.npz", points=POINTS, colors=np.zeros(3))
    assert np.array_equal(load_points(Part("points", path=tmp_path / "p.npz")), POINTS)
    np.savez(tmp_path / "p.npz", a=POINTS, b=POINTS)
    with pytest.raises(MediaError, match="holds 2 arrays"):
        load_points(Part("points", path=tmp_path / "p.npz"))


def test_npy_is_never_unpickled_and_its_shape_not_trusted():
    out = io.BytesIO()
    np.save(out, np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(MediaError, match="only arrays of numbers"):
        load_points(points(out.getvalue()))
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f8", "fortran_order": False, "shape": (10**6, 3)})
    with pytest.raises(MediaError, match="truncated"):
        load_points(points(out.getvalue() + bytes(100)))
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f8", "fortran_order": False, "shape": (10**15, 3)})
    with pytest.raises(MediaError, match="at most"):
        load_points(points(out.getvalue()))


@pytest.mark.parametrize("text", ["0 1 2\n3.5 -4 5.25\n", "x,y,z\n0,1,2\n3.5,-4,5.25", "# c\n0;1;2\n\n3.5;-4;5.25\n"])
def test_tables(text):
    assert np.array_equal(load_points(points(text.encode())), POINTS)


def test_obj_vertices(tmp_path):
    path = tmp_path / "m.OBJ"
    path.write_text("o thing\nv 0 1 2\nvn 0 0 1\nv 3.5 -4 5.25\nf 1 2 1\n")
    assert np.array_equal(load_points(Part("points", path=path)), POINTS)


@pytest.mark.parametrize("text", ["", "1 2\n", "1 2 3\n1 2\n", "hello there\nworld", "1 2 nan\n", "\x00\xff"])
def test_bad_tables(text):
    with pytest.raises(MediaError) as caught:
        load_points(points(text.encode("latin-1")))
    assert "\n" not in str(caught.value)


def test_limit():
    with pytest.raises(MediaError, match="at most 1"):
        load_points(points(encode_ply(POINTS)), max_points=1)


@pytest.mark.parametrize("array", [np.zeros((0, 3)), np.zeros((3, 2)), np.zeros(3), np.full((1, 3), np.inf)])
def test_encode_refuses_what_is_no_point_set(array):
    with pytest.raises(MediaError):
        encode_ply(array)


@given(st.binary(max_size=200), st.sampled_from(["", "ply", "npy", "npz"]), st.data())
@settings(max_examples=150, deadline=None)
def test_garbage_never_raises_anything_else(noise, kind, data):
    out = io.BytesIO()
    if kind == "ply":
        out.write(encode_ply(POINTS))
    elif kind == "npy":
        np.save(out, POINTS)
    elif kind == "npz":
        np.savez(out, POINTS)
    good = bytearray(out.getvalue())
    at = data.draw(st.integers(0, len(good)))
    good[at : at + len(noise)] = noise
    try:
        assert load_points(points(bytes(good))).shape[1] >= 3
    except MediaError as error:
        assert "\n" not in str(error)
