"""How much one medium may weigh. Checked before anything of that size is allocated; sizes in headers are not trusted."""

from __future__ import annotations

from typing import Final

FILE_BYTES: Final = 512 * 2**20
"""Largest file of any kind, in bytes."""
IMAGE_PIXELS: Final = 64_000_000
"""Largest image or video frame, in pixels."""
AUDIO_VALUES: Final = 100_000_000
"""Most samples times channels of a sound: 35 minutes of mono at 48 kHz."""
AUDIO_CHANNELS: Final = 64
"""Most channels of a sound."""
POINTS: Final = 5_000_000
"""Most points of a point set."""
POINT_COLUMNS: Final = 64
"""Most values per point."""
FRAMES: Final = 4096
"""Most frames of a video."""
VIDEO_BYTES: Final = 2 * 2**30
"""Most bytes of all decoded frames of a video together."""
