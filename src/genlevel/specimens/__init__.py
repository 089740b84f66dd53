"""Specimens: made entries of every task type in the real shape of its annotation, each with its right answer.

They show a host that a whole pipeline works, on every task of an edition, before any data is there. They say nothing of what
a model can do: :mod:`genlevel.starter` holds small tasks that are real.
"""

from __future__ import annotations

from functools import cache

from genlevel.specimens.base import File, Folder, Maker, Specimen

__all__ = ["File", "Folder", "Maker", "Specimen", "makers"]


@cache
def makers() -> dict[str, Maker]:
    """The maker of each task type, by its name."""
    from genlevel.specimens import audio, image, language, pictures, points, video

    return {
        **image.MAKERS,
        **pictures.MAKERS,
        **video.MAKERS,
        **audio.MAKERS,
        **points.MAKERS,
        **language.MAKERS,
    }
