"""The specialists' scores on the starter set: stored for seed 0, measured for any other."""
from __future__ import annotations
from collections.abc import Mapping
from pathlib import Path

def bars(folder: Path, seed: int) -> tuple[Mapping[str, float], str]:
    return {}, ""
