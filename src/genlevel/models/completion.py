"""Reading a chat completion: text, images and sound, however the server arranges them."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from genlevel.errors import RequestFailed
from genlevel.records import Part, PartKind, Reply, Usage

_TYPE: Final = re.compile(r"(?:image|audio|video)/[A-Za-z0-9.+-]{1,40}")
_URLS: Final[dict[PartKind, str]] = {"image": "image_url", "audio": "audio_url", "video": "video_url"}
_A: Final[dict[PartKind, str]] = {"image": "an image", "audio": "a sound", "video": "a video"}
_NO_USAGE: Final = Usage()
_THOUGHTS: Final = {"thinking", "reasoning"}


def read_completion(answer: Any, attempts: int = 1, usage: Usage = _NO_USAGE) -> Reply:
    """The parts of a chat completion; what the model thought before it answered is left out.

    Raises:
        RequestFailed: if the server's JSON is no chat completion, or the answer was refused or empty. It is paid for too.
    """
    with billed(usage):
        return Reply(_parts(answer, attempts), usage, attempts)


@contextmanager
def billed(usage: Usage) -> Iterator[None]:
    """What fails here failed after the server had answered, and so cost ``usage``."""
    try:
        yield
    except RequestFailed as error:
        error.usage = usage
        raise


def _parts(answer: Any, attempts: int) -> tuple[Part, ...]:
    try:
        choice = answer["choices"][0]
        message = choice["message"]
        content, images, spoken = message.get("content"), message.get("images"), message.get("audio")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise RequestFailed(f"the server's answer is no chat completion{_said(answer)}", attempts) from None
    pieces = [*(content if isinstance(content, list) else [content]), *(images if isinstance(images, list) else [])]
    read = [_read(piece, attempts) for piece in pieces]
    if isinstance(spoken, dict) and isinstance(spoken.get("data"), str):
        read.append(decoded("audio", "", spoken["data"], attempts))
    parts = tuple(part for part in read if part is not None)
    if not parts:
        reason = message.get("refusal") or choice.get("finish_reason") or "no content"
        raise RequestFailed(f"the server gave an empty answer ({' '.join(str(reason).split())[:200]})", attempts)
    return parts


def _said(answer: Any) -> str:
    """What a server said that reports an error with status 200."""
    error = answer.get("error") if isinstance(answer, dict) else None
    message = error.get("message", error) if isinstance(error, dict) else error
    return f": {' '.join(str(message).split())[:200]}" if message else " (no choices[0].message)"


def _read(piece: Any, attempts: int) -> Part | None:
    if isinstance(piece, str):
        return Part("text", piece) if piece else None
    if not isinstance(piece, dict) or piece.get("type") in _THOUGHTS:
        return None
    if isinstance(piece.get("text"), str):
        return Part("text", piece["text"]) if piece["text"] else None
    for kind, name in _URLS.items():
        url = piece.get(name)
        url = url.get("url") if isinstance(url, dict) else url
        if isinstance(url, str):
            return linked(kind, url, attempts)
    return None


def linked(kind: PartKind, url: str, attempts: int) -> Part:
    """A medium that a server gave as a data URL.

    Raises:
        RequestFailed: another address, or damaged base64.
    """
    head, comma, data = url.partition(",")
    if not (comma and head.startswith("data:") and head.endswith(";base64")):
        raise RequestFailed(f"the server gave {_A[kind]} that is no data URL; links are not followed", attempts)
    return decoded(kind, head[5:-7], data, attempts)


def decoded(kind: PartKind, declared: str, data: Any, attempts: int) -> Part:
    """A medium that a server gave as base64; ``declared`` is the type that it named.

    Raises:
        RequestFailed: no base64.
    """
    try:
        content = base64.b64decode(data, validate=True)
    except (ValueError, TypeError):
        raise RequestFailed(f"the server gave {_A[kind]} whose base64 is damaged", attempts) from None
    return medium(kind, content, declared)


def medium(kind: PartKind, data: bytes, declared: str = "") -> Part:
    """A medium that a server gave: its type is what its bytes say, or else what the server declared."""
    from genlevel.media.files import sniff

    return Part(kind, data=data, media_type=sniff(data[:64]) or (declared if _TYPE.fullmatch(declared) else ""))
