"""The one error of this room."""

from __future__ import annotations

from genlevel.errors import GenlevelError


class MediaError(GenlevelError):
    """An image, sound, video or point set cannot be read, is beyond a limit or cannot be written. One line says why."""
