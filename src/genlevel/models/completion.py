"""Reading a chat completion: text and images, however the server arranges them."""

from __future__ import annotations

import base64
import re
from typing import Any, Final

from genlevel.errors import RequestFailed
from genlevel.records import Part, Reply, Usage

_IMAGE_TYPE: Final = re.compile(r"image/[A-Za-z0-9.+-]{1,40}")
_THOUGHTS: Final = {"thinking", "reasoning"}


def read_completion(answer: Any, attempts: int = 1) -> Reply:
    """The parts and usage of a chat completion; what the model thought before it answered is left out.

    Raises:
        RequestFailed: if the server's JSON is no chat completion, or the answer was refused or empty.
    """
    try:
        choice = answer["choices"][0]
        message = choice["message"]
        content, images = message.get("content"), message.get("images")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise RequestFailed(f"the server's answer is no chat completion{_said(answer)}", attempts) from None
    pieces = [*(content if isinstance(content, list) else [content]), *(images if isinstance(images, list) else [])]
    parts = tuple(part for part in (_read(piece, attempts) for piece in pieces) if part is not None)
    if not parts:
        reason = message.get("refusal") or choice.get("finish_reason") or "no content"
        raise RequestFailed(f"the server gave an empty answer ({' '.join(str(reason).split())[:200]})", attempts)
    return Reply(parts, _usage(answer.get("usage")), attempts)


def _said(answer: Any) -> str:
    """What a server said that reports an error with status 200."""
    error = answer.get("error") if isinstance(answer, dict) else None
    message = error.get("message", error) if isinstance(error, dict) else error
    return f": {' '.join(str(message).split())[:200]}" if message else " (no choices[0].message)"


def _usage(usage: Any) -> Usage:
    if not isinstance(usage, dict):
        return Usage()
    counts = [usage.get(name) for name in ("prompt_tokens", "completion_tokens")]
    return Usage(*(count if isinstance(count, int) and 0 <= count < 2**53 else 0 for count in counts))


def _read(piece: Any, attempts: int) -> Part | None:
    if isinstance(piece, str):
        return Part("text", piece) if piece else None
    if not isinstance(piece, dict) or piece.get("type") in _THOUGHTS:
        return None
    if isinstance(piece.get("text"), str):
        return Part("text", piece["text"]) if piece["text"] else None
    url = piece.get("image_url")
    url = url.get("url") if isinstance(url, dict) else url
    return _image(url, attempts) if isinstance(url, str) else None


def _image(url: str, attempts: int) -> Part:
    head, comma, data = url.partition(",")
    if not (comma and head.startswith("data:") and head.endswith(";base64")):
        raise RequestFailed("the server gave an image that is no data URL; links are not followed", attempts)
    try:
        decoded = base64.b64decode(data, validate=True)
    except ValueError:
        raise RequestFailed("the server gave an image whose base64 is damaged", attempts) from None
    from genlevel.media.files import sniff

    declared = head[5:-7]
    kind = sniff(decoded[:64]) or (declared if _IMAGE_TYPE.fullmatch(declared) else "")
    return Part("image", data=decoded, media_type=kind)
