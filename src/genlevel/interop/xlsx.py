"""The cells of an .xlsx file, after a look at what unpacking it would take."""

from __future__ import annotations

import warnings
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from genlevel.errors import ScoreError

Rows = Sequence[tuple[Any, ...]]

MAX_FILE = 32 * 1024 * 1024
MAX_UNPACKED = 256 * 1024 * 1024
MAX_ENTRIES = 2000
MAX_ROWS = 20_000
MAX_COLUMNS = 256


def load_sheets(path: Path) -> dict[str, Rows]:
    """The values of every sheet, by title; formulas as the values that were saved with them.

    Raises:
        ScoreError: for a file that is no workbook, is damaged, or is too large, packed or unpacked.
    """
    _check_size(path)
    from openpyxl import load_workbook

    with warnings.catch_warnings():
        # openpyxl warns of styles and extensions that it drops; only the values matter here.
        warnings.simplefilter("ignore")
        try:
            book = load_workbook(path, read_only=True, data_only=True, keep_links=False)
            try:
                return {sheet.title: list(_rows(path.name, sheet)) for sheet in book.worksheets}
            finally:
                book.close()
        except ScoreError:
            raise
        except Exception as error:  # openpyxl lets XML, zip, key and value errors of any kind through
            reason = str(error).splitlines()[0][:120] if str(error) else ""
            raise ScoreError(f"{path.name}: is not a readable workbook ({type(error).__name__}: {reason})") from None


def _check_size(path: Path) -> None:
    try:
        if path.stat().st_size > MAX_FILE:
            raise ScoreError(f"{path.name}: is larger than {MAX_FILE // 2**20} MB")
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except OSError as error:
        raise ScoreError(f"{path}: cannot be read: {error.strerror or error}") from None
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        raise ScoreError(f"{path.name}: is not an .xlsx workbook; save it as .xlsx, or give a CSV") from None
    # Reading an entry stops at the size that its header states, so that the sum bounds what is unpacked.
    if len(entries) > MAX_ENTRIES or sum(entry.file_size for entry in entries) > MAX_UNPACKED:
        raise ScoreError(f"{path.name}: unpacks to more than {MAX_UNPACKED // 2**20} MB or {MAX_ENTRIES} files")


def _rows(name: str, sheet: Any) -> Iterator[tuple[Any, ...]]:
    # A wrong <dimension> would cut the sheet off.
    sheet.reset_dimensions()
    for number, row in enumerate(sheet.iter_rows(values_only=True, max_col=MAX_COLUMNS), 1):
        if number > MAX_ROWS:
            raise ScoreError(f"{name} sheet {sheet.title}: has more than {MAX_ROWS} rows")
        yield tuple(row)
