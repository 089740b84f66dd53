"""The options that say which catalog to use, the same in every command."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from genlevel.cli.output import note
from genlevel.counts import many

if TYPE_CHECKING:
    from genlevel.catalog import Catalog

_LISTED = 5
# A task's folder lies so deep in a data folder: modality, paradigm, skill, task.
_ABOVE = 4


def add_catalog_options(
    parser: argparse.ArgumentParser, default: str = "the data folder's own catalog.csv, else 2025"
) -> None:
    """Add --edition, --catalog and --sota; ``default`` is what the help says of an edition that is not given."""
    group = parser.add_argument_group("catalog")
    group.add_argument("--edition", metavar="E", help=f"2024 or 2025 (default: {default})")
    group.add_argument(
        "--catalog", type=Path, metavar="FILE", help="your own tasks, as CSV (see 'genlevel tasks --format csv')"
    )
    group.add_argument("--sota", type=Path, metavar="FILE", help="CSV task_id,sota that replaces specialists' scores")


def _hint_above(data: Path) -> None:
    """Say that a catalog above the data folder is not used, where there is one."""
    above = next((p / "catalog.csv" for p in data.absolute().parents[:_ABOVE] if (p / "catalog.csv").is_file()), None)
    if above is not None:
        note(f"note: {above}, above the data folder, is not used; give --catalog {above} for its tasks")


def catalog_file(args: argparse.Namespace, data: Path) -> Path | None:
    """The user's own catalog that the options name, or without --edition and --catalog the data folder's, if there is one."""
    own = data / "catalog.csv"
    named: Path | None = args.catalog
    return named or (own if args.edition is None and own.is_file() else None)


def load_catalog(args: argparse.Namespace, data: Path | None = None) -> Catalog:
    """The catalog that the options name; without --edition and --catalog, the data folder's own one if it has one."""
    from genlevel.catalog import load

    own = data / "catalog.csv" if data is not None else None
    if args.edition is None and args.catalog is None and own is not None and own.is_file():
        catalog = load(catalog=own, sota=args.sota)
    else:
        catalog = load(args.edition, catalog=args.catalog, sota=args.sota)
        if args.edition is None and args.catalog is None and data is not None:
            _hint_above(data)
    for line in catalog.notes[:_LISTED]:
        note(f"warning: {line}")
    if len(catalog.notes) > _LISTED:
        note(f"warning: {many(len(catalog.notes) - _LISTED, 'more such row')}")
    return catalog
