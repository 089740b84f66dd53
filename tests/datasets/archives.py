"""Archives made by code, good and bad."""

from __future__ import annotations

import io
import stat
import tarfile
import zipfile
from collections.abc import Callable, Mapping


def made_zip(files: Mapping[str, bytes], *, links: Mapping[str, str] | None = None, packed: bool = False) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED if packed else zipfile.ZIP_STORED)
        for name, target in (links or {}).items():
            info = zipfile.ZipInfo(name)
            info.external_attr = (stat.S_IFLNK | 0o777) << 16
            archive.writestr(info, target)
    return out.getvalue()


def made_tar(
    files: Mapping[str, bytes],
    mode: str = "w:gz",
    *,
    others: Mapping[str, bytes] | None = None,
    link: str = "/etc/passwd",
) -> bytes:
    """``others`` are entries of another type, by name: the type's byte."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, kind in (others or {}).items():
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, link
            archive.addfile(info)
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


MAKERS: dict[str, Callable[[Mapping[str, bytes]], bytes]] = {
    "a.zip": made_zip,
    "a.tar": lambda files: made_tar(files, "w:"),
    "a.tar.gz": made_tar,
    "a.tgz": made_tar,
    "a.tar.bz2": lambda files: made_tar(files, "w:bz2"),
    "a.tar.xz": lambda files: made_tar(files, "w:xz"),
}
