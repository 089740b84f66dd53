"""The specialists of the starter set: one classical algorithm for each task, with scikit-image, scikit-learn and SciPy."""

from __future__ import annotations

from genlevel.starter.specialists.base import Example, Specialist, specialist

__all__ = ["Example", "Specialist", "specialist"]
