"""Why a request failed, as far as its media tell: the file among them that cannot be read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from genlevel.media.audio import load_audio
from genlevel.media.errors import MediaError
from genlevel.media.files import name_of, read_file, sniff
from genlevel.media.images import load_image, part_is_npy
from genlevel.media.points import load_points
from genlevel.records import Part

__all__ = ["blamed", "broken"]

_LARGEST: Final = 256 * 2**20


def broken(parts: Iterable[Part]) -> str:
    """The first file that is no medium of its kind, or is damaged, in one line; '' for none.

    Images, sounds and points are decoded; of a video only the first bytes are looked at, and a folder of frames is passed over.
    """
    for part in parts:
        try:
            _check(part)
        except MediaError as error:
            return " ".join(str(error).split())
    return ""


def blamed(reason: str, parts: Iterable[Part]) -> str:
    """A failure's reason behind the file that is to blame, if one of those that the model was given is broken."""
    found = broken(parts)
    return f"{found} ({reason})" if found and found not in reason else reason


def _check(part: Part) -> None:
    path = part.path
    if part.kind == "text" or path is None or path.is_dir():
        return
    if part.kind == "video":
        head = read_file(path, head=64)
        if not sniff(head).startswith(("video/", "image/")):
            raise MediaError(f"{name_of(part)}: not a video that can be read")
    elif path.exists() and path.stat().st_size > _LARGEST:
        return  # too much to look at for the sake of a message
    elif part.kind == "image" and not part_is_npy(part):
        load_image(part)
    elif part.kind == "audio":
        load_audio(part)
    elif part.kind == "points":
        load_points(part)
