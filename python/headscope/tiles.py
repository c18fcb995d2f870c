"""Tiles: squares of bins that together cover a head, at levels from single tokens to the whole head in one tile.

At level `L` each bin covers `2**L` positions on each axis, and tile (row, column) the queries from `row * 256 * 2**L`
on and the keys from `column * 256 * 2**L` on, 256 bins each way, less at the ends of the axes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from headscope.contract import TILE_BINS, PoolKind
from headscope.positions import check_position
from headscope.records import LeftOut, PooledRecord, Record

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Weights = NDArray[np.float32]
    Edges = NDArray[np.int64]

CHUNK_WEIGHTS = 1 << 20
"""Weights that are pooled as they come are held this many at a time (4 MiB), or one row of one head."""

ANY = 1 << 62
"""More than any level, row or column."""

Check = Callable[[], None]
"""Called between chunks of work; raises where the work is no longer wanted."""


def unchecked() -> None:
    """Let the work go on."""


@dataclass(frozen=True)
class Place:
    """Which tile of a head."""

    level: int
    row: int
    column: int

    def edges(self, num_queries: int, num_keys: int) -> tuple[Edges, Edges]:
        """Return where the bins of each axis start, and where the last one stops.

        Raises
        ------
        IndexError
            There is no such tile in a head of this size.
        """
        if not 0 <= self.level <= top_level(num_queries, num_keys):
            raise IndexError(f"level {self.level} is out of range: levels are 0 to {top_level(num_queries, num_keys)}.")
        return self._axis("row", self.row, num_queries), self._axis("column", self.column, num_keys)

    def _axis(self, what: str, number: int, size: int) -> Edges:
        step = 1 << self.level
        count = -(-size // (TILE_BINS * step))
        if not 0 <= number < count:
            raise IndexError(f"{what} {number} is out of range: level {self.level} has {count}, numbered from 0.")
        start = number * TILE_BINS * step
        stop = min(start + TILE_BINS * step, size)
        return np.append(np.arange(start, stop, step, dtype=np.int64), stop)


def top_level(num_queries: int, num_keys: int) -> int:
    """Return the level at which one tile covers a head."""
    return max(0, (max(num_queries, num_keys, 1) - 1).bit_length() - (TILE_BINS - 1).bit_length())


def check_pool(pool: str) -> PoolKind:
    """Return how to pool, or raise ValueError for what is no way to."""
    if pool not in PoolKind.__args__:  # type: ignore[attr-defined]
        raise ValueError(f'pool is {pool!r}; it can be "max" or "mean".')
    return cast("PoolKind", pool)


def seen(record: Record, queries: slice) -> tuple[int, int]:
    """Return the interval of keys outside of which the weights of all these queries are known to be 0, at no cost."""
    return record.seen(queries) if isinstance(record, PooledRecord) else (0, record.num_keys)


def seen_by_rows(record: Record) -> list[list[int]]:
    """Return what `seen` says of the queries of each row of tiles of level 0: which tiles of any level are blank."""
    size = record.num_queries
    return [list(seen(record, slice(at, min(at + TILE_BINS, size)))) for at in range(0, size, TILE_BINS)]


def is_blank(record: Record, place: Place) -> bool:
    """Return whether all weights of a tile are known to be 0, at no cost."""
    queries, keys = place.edges(record.num_queries, record.num_keys)
    start, stop = seen(record, slice(int(queries[0]), int(queries[-1])))
    return stop <= keys[0] or keys[-1] <= start or start >= stop


def pooled(
    record: Record,
    heads: Sequence[int],
    edges: tuple[Edges, Edges],
    pool: PoolKind,
    check: Check = unchecked,
) -> Weights:
    """Return weights pooled to bins.

    Parameters
    ----------
    record
        Whose weights.
    heads
        Which heads.
    edges
        Where the bins of queries, and those of keys, start, and where the last one stops.
    pool
        The largest weight in a bin, or the mean of its weights. Missing ones are ignored; a bin of nothing else is NaN.
    check
        Called before each chunk of work, with `Dropped` or the like raised where it shall end.

    Returns
    -------
    ndarray of float32, shape (heads, query bins, key bins)
    """
    if isinstance(record, LeftOut):
        return np.full((len(heads), *(len(part) - 1 for part in edges)), np.nan, dtype=np.float32)
    if isinstance(record, PooledRecord):
        return record.pooled(heads, edges, pool, check)
    return pooled_weights(record, heads, edges, pool, check)


def pooled_weights(
    record: Record, heads: Sequence[int], edges: tuple[Edges, Edges], pool: PoolKind, check: Check
) -> Weights:
    """Do what `pooled` does for a record that has nothing but weights."""
    queries, keys = edges
    shape = len(heads), len(queries) - 1, len(keys) - 1
    into: Any = Largest(shape) if pool == "max" else Mean(shape)
    most = max(1, CHUNK_WEIGHTS // max(1, int(keys[-1] - keys[0])))
    for n, head in enumerate(heads):
        for bins, rows in row_chunks(queries, most):
            check()
            weights = record.weights([head], rows, slice(int(keys[0]), int(keys[-1])))[0]
            into.add(n, bins, weights, keys[:-1] - keys[0])
    return cast("Weights", into.values())


class Largest:
    """The largest weight of each bin."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._found = np.full(shape, np.nan, dtype=np.float32)

    def add(self, head: int, bins: slice, weights: Weights, starts: Edges) -> None:
        """Take in rows, shape (rows, keys), that make up these bins in equal parts."""
        by_row = weights.reshape(bins.stop - bins.start, -1, weights.shape[1])
        part = self._found[head, bins]
        np.fmax(part, np.fmax.reduceat(np.fmax.reduce(by_row, axis=1), starts, axis=1), out=part)

    def values(self) -> Weights:
        """Return them; NaN where nothing but missing weights were taken in."""
        return self._found


class Mean:
    """The mean of the weights of each bin."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._sum, self._count = np.zeros(shape), np.zeros(shape)

    def add(self, head: int, bins: slice, weights: Weights, starts: Edges) -> None:
        """Take in rows, shape (rows, keys), that make up these bins in equal parts."""
        by_row = weights.reshape(bins.stop - bins.start, -1, weights.shape[1])
        there = np.isfinite(by_row)
        self._count[head, bins] += np.add.reduceat(there.sum(1), starts, axis=1)
        self._sum[head, bins] += np.add.reduceat(np.where(there, by_row, 0).sum(1, dtype=np.float64), starts, axis=1)

    def values(self) -> Weights:
        """Return them; NaN where nothing but missing weights were taken in."""
        return np.divide(self._sum, self._count, out=np.full_like(self._sum, np.nan), where=self._count > 0).astype(
            "f4"
        )


def row_chunks(edges: Edges, most: int) -> Iterator[tuple[slice, slice]]:
    """Cut rows into chunks of at most `most`: whole bins of one size, or a part of one bin. Yield the bins and rows."""
    sizes, at = np.diff(edges), 0
    while at < len(sizes):
        size = int(sizes[at])
        if size > most:
            for start in range(int(edges[at]), int(edges[at + 1]), most):
                yield slice(at, at + 1), slice(start, min(start + most, int(edges[at + 1])))
            at += 1
            continue
        stop, last = at + 1, min(len(sizes), at + most // size)
        while stop < last and sizes[stop] == size:
            stop += 1
        yield slice(at, stop), slice(int(edges[at]), int(edges[stop]))
        at = stop


def tile(
    record: Record, heads: Sequence[int], place: Place, pool: PoolKind = "max", check: Check = unchecked
) -> Weights:
    """Return a tile of some heads, shape (heads, query bins, key bins); see `AttentionMap.tile`."""
    edges = place.edges(record.num_queries, record.num_keys)
    if is_blank(record, place):
        return np.zeros((len(heads), *(len(part) - 1 for part in edges)), dtype=np.float32)
    return pooled(record, heads, edges, pool, check)


def checked_place(level: int, row: int, column: int) -> Place:
    """Return a place of three whole numbers, or raise an error for what is none."""
    numbers = (("level", level), ("row", row), ("column", column))
    return Place(*(check_position(value, ANY, what) for what, value in numbers))
