"""The PLY format, read strictly: vertices only, counts checked against the bytes that are there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from genlevel.media.errors import MediaError
from genlevel.media.limits import POINT_COLUMNS

_TYPES: Final = {
    **dict.fromkeys(("char", "int8"), "i1"),
    **dict.fromkeys(("uchar", "uint8"), "u1"),
    **dict.fromkeys(("short", "int16"), "i2"),
    **dict.fromkeys(("ushort", "uint16"), "u2"),
    **dict.fromkeys(("int", "int32"), "i4"),
    **dict.fromkeys(("uint", "uint32"), "u4"),
    **dict.fromkeys(("float", "float32"), "f4"),
    **dict.fromkeys(("double", "float64"), "f8"),
}
_ORDERS: Final = {"ascii": "", "binary_little_endian": "<", "binary_big_endian": ">"}
_HEADER_BYTES: Final = 64 * 1024


@dataclass
class _Element:
    name: str
    count: int
    properties: list[tuple[str, str]] = field(default_factory=list)
    lists: bool = False


def read_ply(data: bytes, name: str, max_points: int) -> npt.NDArray[np.float64]:
    """The vertices of a PLY file: (N, C), columns x, y, z and then the other vertex properties in file order.

    Elements before the vertices are skipped if their size is fixed; elements after them (faces) are ignored.

    Raises:
        MediaError: not PLY 1.0, no vertices with x, y and z, or truncated.
    """
    order, elements, body = _read_header(data, name)
    at = next((i for i, element in enumerate(elements) if element.name == "vertex"), None)
    if at is None:
        raise MediaError(f"{name}: the PLY file has no vertices")
    vertex, before = elements[at], elements[:at]
    columns = [column for column, _ in vertex.properties]
    if vertex.lists or not {"x", "y", "z"} <= set(columns) or len(set(columns)) != len(columns):
        raise MediaError(f"{name}: a PLY vertex needs the numbers x, y and z, each once, and no lists")
    if len(columns) > POINT_COLUMNS or vertex.count > max_points:
        raise MediaError(f"{name}: {vertex.count} points of {len(columns)} values; at most {max_points} are taken")
    if any(element.lists for element in before):
        raise MediaError(f"{name}: the PLY file has lists before its vertices")
    values = _ascii(data, body, before, vertex, name) if not order else _binary(data, body, order, before, vertex, name)
    first = [columns.index(axis) for axis in "xyz"]
    return values[:, first + [i for i in range(len(columns)) if i not in first]]


def _read_header(data: bytes, name: str) -> tuple[str, list[_Element], int]:
    """Byte order, elements, and where the body starts."""
    head = data[:_HEADER_BYTES]
    mark = head.find(b"\nend_header")
    body = head.find(b"\n", mark + 1) + 1
    if not head.startswith(b"ply") or mark < 0 or body == 0:
        raise MediaError(f"{name}: not a PLY file, or its header has no end")
    lines = head[:mark].decode("ascii", "replace").splitlines()
    order: str | None = None
    elements: list[_Element] = []
    for i, line in enumerate(lines, 1):
        words = line.split()
        match words:
            case ["ply"] | ["comment" | "obj_info", *_] | []:
                pass
            case ["format", kind, "1.0"] if kind in _ORDERS and order is None:
                order = _ORDERS[kind]
            case ["element", what, count] if count.isascii() and count.isdigit() and len(count) < 12:
                elements.append(_Element(what, int(count)))
            case ["property", "list", size, kind, _] if elements and size in _TYPES and kind in _TYPES:
                elements[-1].lists = True
            case ["property", kind, what] if elements and kind in _TYPES:
                elements[-1].properties.append((what, _TYPES[kind]))
            case _:
                raise MediaError(f"{name}: line {i} of the PLY header cannot be read")
    if order is None:
        raise MediaError(f"{name}: the PLY header names no format")
    return order, elements, body


def _binary(
    data: bytes, body: int, order: str, before: list[_Element], vertex: _Element, name: str
) -> npt.NDArray[np.float64]:
    start = body + sum(element.count * _width(element) for element in before)
    row = np.dtype([(f"c{i}", order + kind) for i, (_, kind) in enumerate(vertex.properties)])
    if start + vertex.count * row.itemsize > len(data):
        raise MediaError(f"{name}: the PLY file is truncated (its header says {vertex.count} vertices)")
    rows = np.frombuffer(data, row, vertex.count, start)
    out = np.empty((vertex.count, len(vertex.properties)))
    for i in range(out.shape[1]):
        out[:, i] = rows[f"c{i}"]
    return out


def _width(element: _Element) -> int:
    return sum(int(kind[1]) for _, kind in element.properties)


def _ascii(data: bytes, body: int, before: list[_Element], vertex: _Element, name: str) -> npt.NDArray[np.float64]:
    lines: list[Any] = data[body:].splitlines()
    start = sum(element.count for element in before)
    # The count is believed only as far as there are lines.
    lines = lines[start : start + vertex.count]
    width = len(vertex.properties)
    if len(lines) != vertex.count:
        raise MediaError(f"{name}: the PLY file is truncated (its header says {vertex.count} vertices)")
    out = np.empty((vertex.count, width))
    for i, line in enumerate(lines):
        try:
            out[i] = [float(cell) for cell in line.split()]
        except ValueError:
            raise MediaError(f"{name}: vertex {i} of the PLY file is not {width} numbers") from None
    return out
