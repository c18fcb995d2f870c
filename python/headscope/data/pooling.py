"""Tiles: squares of bins that together cover a head, at levels from single weights to the whole head in one tile.

At level `L` each bin covers `2**L` positions on each axis. Tile (row, column) covers the queries from
`row * 256 * 2**L` on and the keys from `column * 256 * 2**L` on, 256 bins on each axis and fewer at its end.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np

from headscope.contract import TILE_BINS, PoolKind
from headscope.data.indexing import check_position
from headscope.data.layers import MissingLayer, PooledRecord, Record
from headscope.data.steps import Steps
from headscope.data.thumbnail import bin_edges
from headscope.data.types import Edges, Weights
from headscope.ranges import check_within

CHUNK_WEIGHTS = 1 << 20
"""The number of weights in memory while they are pooled (4 MiB); at least one row of one head."""


@dataclass(frozen=True)
class Place:
    """The level, row and column of a tile."""

    level: int
    row: int
    column: int

    def edges(self, num_queries: int, num_keys: int) -> tuple[Edges, Edges]:
        """Return the edges of the bins on each axis: the start of each bin, and the end of the last one.

        Raises
        ------
        IndexError
            A head of this size has no such tile.
        """
        check_within(self.level, top_level(num_queries, num_keys) + 1, "level")
        return self._axis("row", self.row, num_queries), self._axis("column", self.column, num_keys)

    def _axis(self, what: str, number: int, size: int) -> Edges:
        step = 1 << self.level
        check_within(number, -(-size // (TILE_BINS * step)), what, where=f" at level {self.level}")
        start = number * TILE_BINS * step
        stop = min(start + TILE_BINS * step, size)
        return np.append(np.arange(start, stop, step, dtype=np.int64), stop)


def top_level(num_queries: int, num_keys: int) -> int:
    """Return the lowest level at which one tile covers a head."""
    return max(0, (max(num_queries, num_keys, 1) - 1).bit_length() - (TILE_BINS - 1).bit_length())


def check_pool(pool: str) -> PoolKind:
    """Return `pool`, or raise ValueError if it is unknown."""
    if pool not in PoolKind.__args__:  # type: ignore[attr-defined]
        raise ValueError(f'pool is {pool!r}; it can be "max" or "mean".')
    return cast("PoolKind", pool)


def seen(record: Record, queries: slice) -> tuple[int, int]:
    """Return a half-open range of keys outside of which all weights of these queries are 0, without computing."""
    return record.seen(queries) if isinstance(record, PooledRecord) else (0, record.num_keys)


def seen_by_rows(record: Record) -> list[list[int]]:
    """Return `seen` for the queries of each row of tiles at level 0, which shows the blank tiles of every level."""
    size = record.num_queries
    return [list(seen(record, slice(at, min(at + TILE_BINS, size)))) for at in range(0, size, TILE_BINS)]


def is_blank(record: Record, place: Place) -> bool:
    """Return whether all weights of a tile are known to be 0, without computing them."""
    queries, keys = place.edges(record.num_queries, record.num_keys)
    start, stop = seen(record, slice(int(queries[0]), int(queries[-1])))
    return stop <= keys[0] or keys[-1] <= start or start >= stop


def pooled(record: Record, heads: Sequence[int], edges: tuple[Edges, Edges], pool: PoolKind) -> Steps[Weights]:
    """Return weights pooled to bins.

    Parameters
    ----------
    record
        The layer.
    heads
        The zero-based heads.
    edges
        The edges of the bins of queries and of keys: the start of each bin, and the end of the last one.
    pool
        Whether a bin holds its largest weight or the mean of its weights. Missing weights are ignored; a bin of only
        missing weights is NaN.

    Returns
    -------
    ndarray of float32, shape (heads, query bins, key bins)
    """
    if isinstance(record, MissingLayer):
        return np.full((len(heads), *(len(part) - 1 for part in edges)), np.nan, dtype=np.float32)
    if isinstance(record, PooledRecord):
        return (yield from record.pooled(heads, edges, pool))
    return (yield from pooled_weights(record, heads, edges, pool))


def pooled_weights(record: Record, heads: Sequence[int], edges: tuple[Edges, Edges], pool: PoolKind) -> Steps[Weights]:
    """Pool the weights of a record without its own implementation; see `pooled`."""
    queries, keys = edges
    shape = len(heads), len(queries) - 1, len(keys) - 1
    into: Any = Largest(shape) if pool == "max" else Mean(shape)
    most = max(1, CHUNK_WEIGHTS // max(1, int(keys[-1] - keys[0])))
    for n, head in enumerate(heads):
        for bins, rows in row_chunks(queries, most):
            yield
            weights = record.weights([head], rows, slice(int(keys[0]), int(keys[-1])))[0]
            into.add(n, bins, weights, (edges_within(queries, rows)[:-1], keys[:-1] - keys[0]))
    return cast("Weights", into.values())


class Largest:
    """Collects the largest weight of each bin."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._found = np.full(shape, np.nan, dtype=np.float32)

    def add(self, head: int, bins: slice, weights: Weights, starts: tuple[Edges, Edges]) -> None:
        """Take in rows, shape (rows, keys), of these bins; `starts` are those of the bins of rows and of keys."""
        part = self._found[head, bins]
        np.fmax(part, np.fmax.reduceat(np.fmax.reduceat(weights, starts[0], axis=0), starts[1], axis=1), out=part)

    def values(self) -> Weights:
        """Return them; NaN where nothing but missing weights were taken in."""
        return self._found


class Mean:
    """Collects the mean of the weights of each bin."""

    def __init__(self, shape: tuple[int, int, int]) -> None:
        self._sum, self._count = np.zeros(shape), np.zeros(shape)

    def add(self, head: int, bins: slice, weights: Weights, starts: tuple[Edges, Edges]) -> None:
        """Take in rows, shape (rows, keys), of these bins; `starts` are those of the bins of rows and of keys."""
        there = np.isfinite(weights)
        for into, values in ((self._count, there), (self._sum, np.where(there, weights, 0))):
            by_bin = np.add.reduceat(values, starts[0], axis=0, dtype=np.float64)
            into[head, bins] += np.add.reduceat(by_bin, starts[1], axis=1)

    def values(self) -> Weights:
        """Return them; NaN where nothing but missing weights were taken in."""
        return np.divide(self._sum, self._count, out=np.full_like(self._sum, np.nan), where=self._count > 0).astype(
            "f4"
        )


def row_chunks(edges: Edges, most: int) -> Iterator[tuple[slice, slice]]:
    """Yield the bins and rows of chunks of at most `most` rows: whole bins, or a part of one bin."""
    at = 0
    while at < len(edges) - 1:
        if edges[at + 1] - edges[at] > most:
            for start in range(int(edges[at]), int(edges[at + 1]), most):
                yield slice(at, at + 1), slice(start, min(start + most, int(edges[at + 1])))
            at += 1
            continue
        stop = int(np.searchsorted(edges, edges[at] + most, side="right")) - 1
        yield slice(at, stop), slice(int(edges[at]), int(edges[stop]))
        at = stop


def edges_within(edges: Edges, rows: slice) -> Edges:
    """Return the edges of the bins that a chunk of `row_chunks` holds, counted from its first row."""
    inner = edges[(edges > rows.start) & (edges < rows.stop)]
    within: Edges = np.concatenate([[rows.start], inner, [rows.stop]]) - rows.start
    return within


def tile(record: Record, heads: Sequence[int], place: Place, pool: PoolKind = "max") -> Steps[Weights]:
    """Return a tile of some heads, shape (heads, query bins, key bins); see `AttentionMap.tile`."""
    edges = place.edges(record.num_queries, record.num_keys)
    if is_blank(record, place):
        return np.zeros((len(heads), *(len(part) - 1 for part in edges)), dtype=np.float32)
    return (yield from pooled(record, heads, edges, pool))


def overview(record: Record, heads: Sequence[int], bins: int) -> Steps[Weights]:
    """Return thumbnails of some heads, shape (heads, query bins, key bins); see `AttentionMap.overview`."""
    if bins < 1:
        raise ValueError(f"bins must be at least 1, not {bins}.")
    edges = (
        np.append(bin_edges(record.num_queries, bins), record.num_queries),
        np.append(bin_edges(record.num_keys, bins), record.num_keys),
    )
    return (yield from pooled(record, heads, edges, "max"))


def checked_place(level: int, row: int, column: int) -> Place:
    """Return the place of a tile; raise IndexError for negative numbers, TypeError for other values than integers."""
    numbers = (("level", level), ("row", row), ("column", column))
    return Place(*(check_position(value, None, what) for what, value in numbers))
