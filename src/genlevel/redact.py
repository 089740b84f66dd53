"""Keys and passwords of the environment, kept out of everything that is written.

A server repeats a key in its error, a model its prompt's headers in its answer, a library the call that failed: wherever it comes
from, the value of an environment variable that is named like a secret is replaced before it reaches a file or the terminal.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Final

REPLACEMENT: Final = "[key]"
_NAME: Final = re.compile(r"(^|_)(api_?key|key|token|secret|password|passwd|credentials?)(_|$|\d)", re.IGNORECASE)
# Anything shorter is no key, and may well be a word of an answer.
_SHORTEST: Final = 12


def secrets() -> list[str]:
    """The values of environment variables named like secrets, the longest first."""
    values = {v.strip() for name, v in os.environ.items() if _NAME.search(name)}
    return sorted((v for v in values if len(v) >= _SHORTEST and not os.path.exists(v)), key=len, reverse=True)


def redactor() -> Callable[[bytes], bytes]:
    """What takes the secrets that the environment now holds out of UTF-8 text."""
    found = [value.encode("utf-8", "surrogateescape") for value in secrets()]
    replacement = REPLACEMENT.encode()

    def redact(data: bytes) -> bytes:
        for value in found:
            if value in data:
                data = data.replace(value, replacement)
        return data

    return redact


def redacted(text: str) -> str:
    """A text without the secrets that the environment now holds."""
    for value in secrets():
        text = text.replace(value, REPLACEMENT)
    return text
