"""Point sets: PLY, NPY, NPZ, OBJ vertices and plain tables to arrays, and back to PLY."""

from __future__ import annotations

import io
import zipfile
from typing import IO, Any, Final

import numpy as np
import numpy.typing as npt

from genlevel.media.errors import MediaError
from genlevel.media.files import media_type, name_of, part_bytes
from genlevel.media.limits import FILE_BYTES, POINT_COLUMNS, POINTS
from genlevel.media.ply import read_ply
from genlevel.records import Part

Points = npt.NDArray[np.float64]


def load_points(part: Part, *, max_points: int = POINTS) -> Points:
    """A point set: float64 of shape (N, C), C >= 3, the first three columns x, y, z in the file's unit.

    PLY (ASCII or binary; further scalar vertex properties follow in file order), NPY (N, C), NPZ (its only array, or the one
    named ``points``, ``xyz`` or ``pcd``), OBJ (vertices), and text with one point a line, split by spaces, commas or
    semicolons (one header line is allowed).

    Raises:
        MediaError: not points, fewer than 3 columns, no points, not finite, or more than ``max_points``.
    """
    name, data, kind = name_of(part), part_bytes(part), media_type(part)
    if not data:
        raise MediaError(f"{name}: the file is empty")
    if data[:4] in {b"ply\n", b"ply\r"} or kind == "model/ply":
        points = read_ply(data, name, max_points)
    elif data[:6] == b"\x93NUMPY":
        points = read_npy(io.BytesIO(data), name)
    elif data[:4] == b"PK\x03\x04":
        points = _read_npz(data, name)
    else:
        points = _read_text(data, name, max_points, obj=kind == "model/obj")
    return _checked(points, name, max_points)


def encode_ply(points: npt.ArrayLike) -> bytes:
    """A binary little-endian PLY of points (N, C >= 3), doubles, columns x, y, z, value3, value4, ...

    Raises:
        MediaError: wrong shape, not finite, or too many.
    """
    values = _checked(np.asarray(points), "points", POINTS)
    names = ["x", "y", "z", *(f"value{i}" for i in range(3, values.shape[1]))]
    header = "".join(f"property double {name}\n" for name in names)
    start = f"ply\nformat binary_little_endian 1.0\nelement vertex {len(values)}\n{header}end_header\n"
    return start.encode("ascii") + values.astype("<f8").tobytes()


def read_npy(file: IO[bytes], name: str, limit: int = FILE_BYTES) -> npt.NDArray[Any]:
    """One NPY array, never unpickled; its header's shape must fit the bytes that follow.

    Raises:
        MediaError: not NPY, of Python objects, or other than the size that its header says.
    """
    try:
        version = np.lib.format.read_magic(file)
        if version not in ((1, 0), (2, 0)):
            raise ValueError
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(file)
    except Exception:  # numpy's header reader lets through what Python's literal parser and dtype() raise
        raise MediaError(f"{name}: the NPY header cannot be read") from None
    if dtype.hasobject or dtype.kind not in "biuf" or any(not isinstance(n, int) or n < 0 for n in shape):
        raise MediaError(f"{name}: only arrays of numbers are taken, not {dtype}")
    size = dtype.itemsize
    for n in shape:
        size *= n
    if size > limit:
        raise MediaError(f"{name}: the array has {size} bytes; at most {limit} are taken")
    data = file.read(size)
    if len(data) != size:
        raise MediaError(f"{name}: the array is truncated ({len(data)} of {size} bytes)")
    return np.frombuffer(data, dtype).reshape(shape, order="F" if fortran else "C")


_UNPACKED: Final = 64 * 2**20
_ARRAY_NAMES: Final = ("points", "xyz", "pcd", "vertices")


def _read_npz(data: bytes, name: str) -> npt.NDArray[Any]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            found: list[str] = [n for n in _ARRAY_NAMES if n in members] or [*members]
            if found == list(members) and len(members) != 1:
                raise MediaError(f"{name}: holds {len(members)} arrays and none is called {' or '.join(_ARRAY_NAMES)}")
            member = members[found[0]]
            if member.file_size > _UNPACKED + 100 * len(data):
                raise MediaError(
                    f"{name}: unpacks to {member.file_size} bytes, which is too much for a file of {len(data)}"
                )
            with archive.open(member) as file:
                return read_npy(file, name)
    except MediaError:
        raise
    except Exception:  # zipfile and the decompressors raise a dozen kinds of error on garbage
        raise MediaError(f"{name}: the NPZ archive cannot be read") from None


def _read_text(data: bytes, name: str, max_points: int, *, obj: bool) -> Points:
    try:
        lines = data.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise MediaError(
            f"{name}: not a point set that can be read (PLY, NPY, NPZ, OBJ or a table of numbers)"
        ) from None
    if obj:
        rows = [(i, line.split()[1:]) for i, line in enumerate(lines, 1) if line[:2] in {"v ", "v\t"}]
    else:
        table = str.maketrans(",;", "  ")
        split = ((i, line.translate(table).split()) for i, line in enumerate(lines, 1))
        rows = [(i, cells) for i, cells in split if cells and not cells[0].startswith(("#", "//"))]
        if rows and not _numbers(rows[0][1]):
            rows = rows[1:]
    if not rows:
        raise MediaError(f"{name}: holds no points")
    if len(rows) > max_points:
        raise MediaError(f"{name}: {len(rows)} points; at most {max_points} are taken")
    width = len(rows[0][1])
    values = []
    for i, cells in rows:
        numbers = _numbers(cells)
        if numbers is None or len(numbers) != width or not 3 <= width <= POINT_COLUMNS:
            raise MediaError(f"{name}: line {i} is not a point of {max(width, 3)} numbers")
        values.append(numbers)
    return np.array(values)


def _numbers(cells: list[str]) -> list[float] | None:
    try:
        return [float(cell) for cell in cells]
    except ValueError:
        return None


def _checked(points: npt.NDArray[Any], name: str, max_points: int) -> Points:
    if points.ndim != 2 or not 3 <= points.shape[1] <= POINT_COLUMNS or points.dtype.kind not in "iuf":
        raise MediaError(f"{name}: points have shape (N, 3 to {POINT_COLUMNS}), not {points.dtype} {points.shape}")
    if not 0 < len(points) <= max_points:
        raise MediaError(f"{name}: {len(points)} points; 1 to {max_points} are taken")
    values = points.astype(np.float64)
    if not np.isfinite(values).all():
        raise MediaError(f"{name}: holds values that are not finite")
    return values
