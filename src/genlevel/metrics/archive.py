"""NPZ files from anyone, read with bounds: evidence that another machine wrote."""

from __future__ import annotations

import zipfile
import zlib
from math import prod
from pathlib import Path
from typing import IO

import numpy as np

from genlevel.metrics.evidence import Array

MAX_ARRAYS = 256
# What a file may unpack to: so much, and a multiple of its own size. Evidence packs to a hundredth at best, but for zeros.
BASE_BYTES = 256 << 20
TIMES = 100


def read_arrays(path: Path) -> dict[str, Array]:
    """All arrays of an NPZ file by name; objects are never unpickled, and no size in a header is taken without a check.

    Raises:
        ValueError: in one line: no archive, damaged, arrays of objects, or larger unpacked than its size allows.
        OSError: if the file cannot be read.
    """
    most = BASE_BYTES + TIMES * path.stat().st_size
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MAX_ARRAYS:
                raise ValueError(f"holds {len(members)} arrays, at most {MAX_ARRAYS} are read")
            size = sum(member.file_size for member in members)
            if size > most:
                raise ValueError(f"unpacks to {size} bytes, at most {most} are read from a file of its size")
            arrays = {}
            for member in members:
                with archive.open(member) as file:
                    arrays[member.filename.removesuffix(".npy")] = _read_array(file, member)
            return arrays
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise ValueError(f"is no whole NPZ archive ({error})") from None


def _read_array(file: IO[bytes], member: zipfile.ZipInfo) -> Array:
    try:
        version = np.lib.format.read_magic(file)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version]
        shape, fortran, dtype = read(file)
    except Exception:  # the header is read by a parser of Python literals and by dtype(), which raise what they like
        raise ValueError(f"array '{member.filename}' has no header that can be read") from None
    if dtype.hasobject:
        raise ValueError(f"array '{member.filename}' holds objects, which are never unpickled")
    size = dtype.itemsize * prod(shape)
    if min(shape, default=0) < 0 or size != member.file_size - file.tell():
        raise ValueError(f"array '{member.filename}' is not of the size that its header says")
    data = file.read(size)
    if len(data) != size:
        raise ValueError(f"array '{member.filename}' is cut off")
    # A copy, which can be written to.
    array = np.frombuffer(bytearray(data), dtype) if size else np.zeros(prod(shape), dtype)
    return array.reshape(shape, order="F" if fortran else "C")
