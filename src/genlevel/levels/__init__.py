"""Score maps, protocols and levels: how task scores become a level."""

from __future__ import annotations

from genlevel.levels.intervals import LevelInterval, add_intervals, level_interval
from genlevel.levels.protocols import PROTOCOLS, Protocol, get_protocol
from genlevel.levels.rate import ModelLevel, Row, rate, rate_all, rate_many, sigma

__all__ = [
    "PROTOCOLS",
    "LevelInterval",
    "ModelLevel",
    "Protocol",
    "Row",
    "add_intervals",
    "get_protocol",
    "level_interval",
    "rate",
    "rate_all",
    "rate_many",
    "sigma",
]
