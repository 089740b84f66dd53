"""Parts of answers as JSON: text as it is, media as files that are named by the hash of their bytes."""

from __future__ import annotations

import hashlib
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from genlevel.atomic import replacing
from genlevel.errors import RunError
from genlevel.records import PART_KINDS, Part


class MediaStore:
    """The media of a folder, in ``media/<2 hex>/<sha256>.<ext>`` below it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def stored(self, part: Part) -> dict[str, Any]:
        """A part as it stands in a line; its medium is stored before.

        Raises:
            MediaError: if the medium cannot be read.
            RunError: if it cannot be written.
        """
        if part.kind == "text":
            return {"kind": "text", "text": storable(part.text)}
        from genlevel.media import media_type, part_bytes

        data, kind = part_bytes(part), media_type(part)
        digest = hashlib.sha256(data).hexdigest()
        name = f"media/{digest[:2]}/{digest}{_suffix(part, kind)}"
        path = self._folder / name
        if not path.exists():
            _write(path, data)
        return {"kind": part.kind, "file": name, "media_type": kind}

    def part(self, stored: Mapping[str, Any]) -> Part:
        """A part from a line; a medium has its absolute path.

        Raises:
            ValueError, KeyError, TypeError: if it is none, or its medium lies outside the folder.
        """
        kind = stored["kind"]
        if kind not in PART_KINDS:
            raise ValueError(f"unknown kind of part: {kind!r:.40}")
        if kind == "text":
            if not isinstance(stored["text"], str):
                raise ValueError("a text that is none")
            return Part("text", stored["text"])
        path = (self._folder / stored["file"]).resolve()
        if not path.is_relative_to((self._folder / "media").resolve()):
            raise ValueError(f"medium outside the run folder: {stored['file']!r:.200}")
        return Part(kind, path=path, media_type=str(stored.get("media_type") or ""))


def storable(text: str) -> str:
    """Text that UTF-8 can hold: a lone surrogate becomes a question mark."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _write(path: Path, data: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as partial:
            partial.write_bytes(data)
    except OSError as error:
        raise RunError(f"{path}: cannot be written ({error.strerror}); what was stored before is safe") from None


def _suffix(part: Part, kind: str) -> str:
    from genlevel.media.files import SUFFIXES

    if part.path is not None and part.path.suffix:
        return part.path.suffix.lower()
    known = next((suffix for suffix, name in SUFFIXES.items() if name == kind), None)
    return known or mimetypes.guess_extension(kind) or ".bin"
