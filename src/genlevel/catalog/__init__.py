"""Which tasks exist: editions, specialists, skills and boards.

>>> from genlevel.catalog import load
>>> catalog = load("2025")
>>> len(catalog), catalog.select(modality="audio", paradigm="generation").edition
(699, '2025')
"""

from __future__ import annotations

from genlevel.catalog.boards import Board, boards
from genlevel.catalog.catalog import Catalog
from genlevel.catalog.load import DEFAULT_EDITION, EDITIONS, load, parse_catalog, read_catalog

__all__ = ["DEFAULT_EDITION", "EDITIONS", "Board", "Catalog", "boards", "load", "parse_catalog", "read_catalog"]
