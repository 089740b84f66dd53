"""Evidence: one row of sufficient statistics per sample, as columns.

Because a metric's value depends on its evidence alone, the rows can be stored, merged across workers, re-reduced without
the model, and resampled for an interval.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
Array = NDArray[Any]


@dataclass(frozen=True, slots=True)
class Ragged:
    """A column whose rows hold different numbers of items.

    Row ``i`` is ``values[offsets[i]:offsets[i + 1]]``; ``offsets`` is int64 with one entry more than there are rows.
    """

    values: Array
    offsets: NDArray[np.int64]

    @classmethod
    def from_rows(cls, rows: Sequence[Array], *, dtype: Any = None, width: int | None = None) -> Ragged:
        """Join per-row arrays; ``width`` gives the second axis when all rows are empty."""
        lengths = np.fromiter((len(row) for row in rows), np.int64, len(rows))
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        shape: tuple[int, ...] = (0,) if width is None else (0, width)
        filled = [np.asarray(row, dtype=dtype) for row in rows if len(row)]
        values = np.concatenate(filled) if filled else np.zeros(shape, dtype or np.float64)
        return cls(values, offsets)

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, row: int) -> Array:
        return self.values[self.offsets[row] : self.offsets[row + 1]]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Items in each row, shape (rows,)."""
        return np.diff(self.offsets)

    @property
    def row_of(self) -> NDArray[np.int64]:
        """For each item the row it belongs to, shape (items,)."""
        return np.repeat(np.arange(len(self)), self.lengths)

    def take(self, rows: NDArray[np.int64]) -> Ragged:
        """The given rows, in the given order; a row may come more than once."""
        lengths = self.lengths[rows]
        offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
        items = np.arange(offsets[-1]) + np.repeat(self.offsets[rows] - offsets[:-1], lengths)
        return Ragged(self.values[items], offsets)


Column = Array | Ragged


class Evidence:
    """A table with one row per sample. All columns have the same number of rows."""

    __slots__ = ("columns",)

    def __init__(self, **columns: Column) -> None:
        lengths = {name: len(column) for name, column in columns.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"evidence columns differ in length: {lengths}")
        self.columns: dict[str, Column] = columns

    def __len__(self) -> int:
        return len(next(iter(self.columns.values()))) if self.columns else 0

    def __getitem__(self, name: str) -> Array:
        """A plain column."""
        column = self.columns[name]
        if isinstance(column, Ragged):
            raise TypeError(f"column '{name}' is ragged; use .ragged('{name}')")
        return column

    def ragged(self, name: str) -> Ragged:
        """A ragged column."""
        column = self.columns[name]
        if not isinstance(column, Ragged):
            raise TypeError(f"column '{name}' is not ragged")
        return column

    def take(self, rows: Any) -> Evidence:
        """The given rows (indices or a boolean mask)."""
        index = np.asarray(rows)
        if index.dtype == np.bool_:
            index = np.flatnonzero(index)
        index = index.astype(np.int64)
        return Evidence(**{k: c.take(index) if isinstance(c, Ragged) else c[index] for k, c in self.columns.items()})

    @classmethod
    def concat(cls, shards: Iterable[Evidence]) -> Evidence:
        """Rows of all shards, in order. Exactly the evidence that the unsharded data would give."""
        tables = [s for s in shards if len(s)]
        if not tables:
            return cls()
        joined: dict[str, Column] = {}
        for name, first in tables[0].columns.items():
            if isinstance(first, Ragged):
                parts = [t.ragged(name) for t in tables]
                lengths = np.concatenate([p.lengths for p in parts])
                offsets = np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths)])
                joined[name] = Ragged(np.concatenate([p.values for p in parts]), offsets)
            else:
                joined[name] = np.concatenate([t[name] for t in tables])
        return cls(**joined)

    def to_arrays(self) -> dict[str, Array]:
        """Flat named arrays for an NPZ file: a ragged column becomes ``name`` and ``name.offsets``."""
        flat: dict[str, Array] = {}
        for name, column in self.columns.items():
            if isinstance(column, Ragged):
                flat[name] = column.values
                flat[f"{name}.offsets"] = column.offsets
            else:
                flat[name] = column
        return flat

    @classmethod
    def from_arrays(cls, flat: Mapping[str, Array]) -> Evidence:
        """The inverse of :meth:`to_arrays`."""
        columns: dict[str, Column] = {}
        for name, values in flat.items():
            if name.endswith(".offsets"):
                continue
            offsets = flat.get(f"{name}.offsets")
            columns[name] = values if offsets is None else Ragged(values, offsets.astype(np.int64))
        return cls(**columns)
