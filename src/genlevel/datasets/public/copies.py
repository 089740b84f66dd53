"""Copies of datasets on the hub, in Parquet: which files are a task's, and from their columns to records.

The table is ``copies.toml``. Rows are streamed; a medium stands in its row as the bytes of a file and goes on as a part with
these bytes, so nothing is written and no name in the data is ever a path.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from genlevel.datasets.public.base import Item, Reader
from genlevel.datasets.public.folder import Folder
from genlevel.datasets.public.language.base import Made, Maker, below, made_items
from genlevel.datasets.public.parquet import class_names, rows
from genlevel.errors import DataError, RecordError
from genlevel.media.limits import FILE_BYTES
from genlevel.records import Part, PartKind

__all__ = ["Copy", "CopyReader", "copies", "of_split", "reader_of"]

_STEP: Final = re.compile(r"([^.\[\]]+)(\[\])?")
_MOST_ALIKE: Final = 1000
_MEDIA: Final[dict[str, PartKind]] = {"image": "image", "audio": "audio", "video": "video"}


@dataclass(frozen=True, slots=True)
class Copy:
    """An entry of the table; see there."""

    split: str
    config: str = ""
    id: str = ""
    maker: str = ""
    columns: Mapping[str, str | list[str]] = field(default_factory=dict)
    input: Mapping[str, str | list[str]] = field(default_factory=dict)
    output: Mapping[str, str | list[str]] = field(default_factory=dict)
    group: tuple[str, ...] = ()
    collect: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @property
    def mapped(self) -> bool:
        """Whether the table says what the columns hold; else the dataset's own reader knows."""
        return bool(self.maker or self.input)

    @property
    def used(self) -> list[str]:
        """The columns that are read."""
        gathered = [column for inner in self.collect.values() for column in inner.values()]
        named = [*self.columns.values(), *self.input.values(), *self.output.values(), *gathered, *self.group, self.id]
        flat = [name for each in named for name in ([each] if isinstance(each, str) else each) if name]
        return list(dict.fromkeys(_STEP.match(name)[1] for name in flat))  # type: ignore[index]


@cache
def copies() -> Mapping[str, Copy]:
    """The table by task id."""
    text = (files("genlevel.datasets.public") / "copies.toml").read_text(encoding="utf-8")
    table = tomllib.loads(text)
    return MappingProxyType({i: Copy(**{**row, "group": tuple(row.get("group", ()))}) for i, row in table.items()})


def of_split(paths: Iterable[str], copy: Copy) -> list[str]:
    """The Parquet files of the copy's config and split among the paths of a repository or folder, in order.

    Understood are ``<config>/<split>-00000-of-00002.parquet``, ``data/<split>-...parquet`` and ``<config>/<split>/0000.parquet``.
    If files of several configs fit, none is taken.

    >>> of_split(["a/test-0.parquet", "a/train-0.parquet", "a/test.txt"], Copy("test"))
    ['a/test-0.parquet']
    """
    name = re.compile(rf"{re.escape(copy.split)}([-_.].*)?\.parquet", re.IGNORECASE)
    found: dict[tuple[str, ...], list[str]] = {}
    for path in sorted(paths):
        *above, file = path.split("/")
        if not file.casefold().endswith(".parquet"):
            continue
        if above and above[-1].casefold() == copy.split.casefold():
            above.pop()
        elif not name.fullmatch(file):
            continue
        if not copy.config or copy.config in above:
            found.setdefault(tuple(above), []).append(path)
    return next(iter(found.values())) if len(found) == 1 else []


def reader_of(task_id: str) -> CopyReader | None:
    """The reader of a task's copy by its columns; None where the table has none."""
    copy = copies().get(task_id)
    return CopyReader(copy) if copy is not None and copy.mapped else None


@dataclass(frozen=True)
class CopyReader(Reader):
    """Rows of Parquet, read as the table says."""

    copy: Copy

    @property
    def layout(self) -> str:  # type: ignore[override]
        """The files of the split."""
        return f"{self.copy.config + '/' if self.copy.config else ''}{self.copy.split}-00000-of-00001.parquet"

    def find(self, folder: Folder) -> tuple[Path, ...]:
        """The files of the split, in any folder below."""
        there = [path.relative_to(folder.path).as_posix() for path in below(folder, "", ".parquet")]
        found = of_split(there, self.copy)
        if not found:
            raise DataError(f"has no {self.layout} of the copy on the hub")
        return tuple(folder.path / path for path in found)

    def items(self, folder: Folder, labels: tuple[Path, ...]) -> Iterator[Item | RecordError]:
        """The samples of each row, or of each group of rows."""
        maker, names = _maker(self.copy), _Names(labels)

        def make(raw: Mapping[str, Any]) -> Iterable[Made]:
            return maker(_raw(raw["rows"], names, self.copy))

        for place, key, held in self._entries(labels):
            yield from made_items((place, key, {"rows": held}), make)

    def _rows(self, labels: tuple[Path, ...]) -> Iterator[tuple[str, int, Mapping[str, Any]]]:
        at = 0
        for path in labels:
            used = self.copy.used
            for row in rows(path, used):
                if at == 0:
                    lacking = [name for name in used if name not in row]
                    if lacking:
                        raise DataError(f"{path}: has no column {', '.join(lacking)}; is it a copy of another form?")
                yield f"{path.name}, row {at}", at, row
                at += 1

    def _entries(self, labels: tuple[Path, ...]) -> Iterator[tuple[str, str, list[Mapping[str, Any]]]]:
        """Place, id and rows of each entry: one row, or those one after another that are alike in the columns of the group."""
        copy, held = self.copy, list[Mapping[str, Any]]()
        place = key = ""
        for where, at, row in self._rows(labels):
            alike = held and copy.group and all(row.get(column) == held[0].get(column) for column in copy.group)
            if held and not (alike and len(held) < _MOST_ALIKE):
                yield place, key, held
                held = []
            if not held:
                place = where
                key = str(row[copy.id]) if copy.id and row.get(copy.id) is not None else str(at)
            held.append(row)
        if held:
            yield place, key, held


class _Names:
    """The names of classes that stand in the columns as numbers, asked of the first file once for each column."""

    def __init__(self, labels: tuple[Path, ...]) -> None:
        self._path = labels[0]
        self._known: dict[str, list[str] | None] = {}

    def of(self, column: str) -> list[str] | None:
        if column not in self._known:
            self._known[column] = class_names(self._path, column)
        return self._known[column]


def _raw(held: Sequence[Mapping[str, Any]], names: _Names, copy: Copy) -> Mapping[str, Any]:
    """The raw entry of the rows: the maker's keys, or the record's input and output."""
    raw: dict[str, Any] = {key: _value(held[0], column) for key, column in copy.columns.items()}
    for part, table in (("input", copy.input), ("output", copy.output)):
        if table:
            raw[part] = {key: _of_record(held[0], key, column, names) for key, column in table.items()}
    for key, inner in copy.collect.items():
        raw[key] = [{name: _value(row, column) for name, column in inner.items()} for row in held]
    return raw


def _maker(copy: Copy) -> Maker:
    if not copy.maker:
        return lambda raw: [("", dict(raw))]
    from genlevel.datasets.public.language import classification, conll, questions, relations

    for module in (classification, conll, questions, relations):
        if copy.maker in module.MAKERS:
            made: Maker = module.MAKERS[copy.maker]
            return made
    raise DataError(f"copies.toml: no maker '{copy.maker}'")


def _value(row: Mapping[str, Any], column: str | Sequence[str]) -> Any:
    """What a column, a field in it, or several columns hold."""
    if not isinstance(column, str):
        return "\n".join(
            part for part in (_value(row, each) for each in column) if isinstance(part, str) and part.strip()
        )
    value: Any = row
    for step in column.split("."):
        match = _STEP.fullmatch(step)
        assert match is not None, column
        value = [_field(item, match[1]) for item in value] if isinstance(value, list) else _field(value, match[1])
    return value


def _field(value: Any, name: str) -> Any:
    return value.get(name) if isinstance(value, Mapping) else None


def _of_record(row: Mapping[str, Any], key: str, column: str | Sequence[str], names: _Names) -> Any:
    """A value as it stands in a record: media as parts, classes by their names."""
    value = _value(row, column)
    kind = next((kind for start, kind in _MEDIA.items() if key.startswith(start)), None)
    if kind is not None:
        return _media(value, kind, str(column))
    if isinstance(value, int) and not isinstance(value, bool) and isinstance(column, str):
        known = names.of(column)
        if known is not None and 0 <= value < len(known):
            return known[value]
    return value


def _media(value: Any, kind: PartKind, column: str) -> Part:
    """A medium: ``{"bytes", "path"}`` or the bytes alone. The path is a name that somebody gave, and is not followed."""
    data = value.get("bytes") if isinstance(value, Mapping) else value
    if not isinstance(data, bytes) or not data or len(data) > FILE_BYTES:
        raise ValueError(f"the column '{column}' holds no {kind} of 1 to {FILE_BYTES} bytes")
    return Part(kind, data=data)
