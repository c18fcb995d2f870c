"""Attention that a model computes in pieces: windows of an image, several images, packed sequences."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np

from headscope.records import Record, VectorRecord
from headscope.tiles import pooled_weights, seen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.contract import PoolKind
    from headscope.tiles import Check, Edges

    Places = Sequence[NDArray[np.int64]]


@dataclass(frozen=True)
class PiecesRecord:
    """One layer put together of pieces that do not see each other: between them all weights are zero."""

    pieces: tuple[Record, ...]
    query_at: Places
    """For each piece, which position of the map each of its rows is; -1 for one that is no position of the map."""
    key_at: Places
    module: str = ""
    """The name of the attention module in the model."""

    @property
    def num_heads(self) -> int:
        """How many heads the layer has."""
        return self.pieces[0].num_heads

    @property
    def num_queries(self) -> int:
        """How many query positions each head has."""
        return 1 + max(int(places.max()) for places in self.query_at)

    @property
    def num_keys(self) -> int:
        """How many key positions each head has."""
        return 1 + max(int(places.max()) for places in self.key_at)

    @property
    def nbytes(self) -> int:
        """How much memory the record holds, in bytes."""
        places = sum(part.nbytes for part in self.query_at)
        if self.key_at is not self.query_at:
            places += sum(part.nbytes for part in self.key_at)
        return places + sum(piece.nbytes for piece in self.pieces)

    def weights(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return the weights of some heads, shape (heads, queries, keys)."""
        return self._put_together("weights", 0, heads, queries, keys)

    def pooled(
        self, heads: Sequence[int], edges: tuple[Edges, Edges], pool: PoolKind, check: Check
    ) -> NDArray[np.float32]:
        """Return weights pooled to bins, see `headscope.tiles.pooled`."""
        return pooled_weights(self, heads, edges, pool, check)

    def seen(self, queries: slice) -> tuple[int, int]:
        """Return an interval of keys outside of which all weights of these queries are 0."""
        found: list[int] = []
        for piece, rows, columns in zip(self.pieces, self.query_at, self.key_at, strict=True):
            here = _within(rows, queries)
            if len(here):
                low, high = seen(piece, slice(int(here[0]), int(here[-1]) + 1))
                places = columns[low:high]
                found.extend(places[places >= 0])
        return (int(min(found)), int(max(found)) + 1) if found else (0, 0)

    def _put_together(
        self, what: str, elsewhere: float, heads: Sequence[int], queries: slice, keys: slice
    ) -> NDArray[np.float32]:
        shape = len(heads), queries.stop - queries.start, keys.stop - keys.start
        result = np.full(shape, elsewhere, dtype=np.float32)
        for piece, rows, columns in zip(self.pieces, self.query_at, self.key_at, strict=True):
            here, there = _within(rows, queries), _within(columns, keys)
            if len(here) and len(there):
                hulls = slice(here[0], here[-1] + 1), slice(there[0], there[-1] + 1)
                block = getattr(piece, what)(heads, *hulls)[:, here - here[0]][:, :, there - there[0]]
                result[:, rows[here, None] - queries.start, columns[there] - keys.start] = block
        return result


@dataclass(frozen=True)
class VectorPieces(PiecesRecord):
    """The same where every piece has its queries and keys."""

    pieces: tuple[VectorRecord, ...]

    @property
    def num_kv_heads(self) -> int:
        """How many heads have keys of their own."""
        return self.pieces[0].num_kv_heads

    def queries(self, heads: Sequence[int]) -> NDArray[np.float32]:
        """Return the queries of some heads, shape (heads, queries, head_dim)."""
        return _gathered([piece.queries(heads) for piece in self.pieces], self.query_at, self.num_queries)

    def keys(self, kv_heads: Sequence[int]) -> NDArray[np.float32]:
        """Return the keys of some KV heads, shape (KV heads, keys, head_dim)."""
        return _gathered([piece.keys(kv_heads) for piece in self.pieces], self.key_at, self.num_keys)

    def scores(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return the scores of some heads, shape (heads, queries, keys); minus infinity between pieces."""
        return self._put_together("scores", -np.inf, heads, queries, keys)


def _gathered(parts: Sequence[NDArray[np.float32]], at: Places, size: int) -> NDArray[np.float32]:
    result = np.zeros((parts[0].shape[0], size, parts[0].shape[2]), dtype=np.float32)
    for part, places in zip(parts, at, strict=True):
        result[:, places[places >= 0]] = part[:, places >= 0]
    return result


def _within(places: NDArray[np.int64], wanted: slice) -> NDArray[np.int64]:
    """Return which rows of a piece are among the wanted positions, in rising order."""
    return np.flatnonzero((places >= wanted.start) & (places < wanted.stop))


def joined(pieces: Sequence[Record], query_at: Places | None = None, module: str = "") -> Record:
    """Return one record of several pieces, one after another unless `query_at` says where their positions are."""
    if len(pieces) == 1:
        return pieces[0]
    queries = query_at or _consecutive([piece.num_queries for piece in pieces])
    keys = query_at or _consecutive([piece.num_keys for piece in pieces])
    if all(isinstance(piece, VectorRecord) for piece in pieces):
        return VectorPieces(cast("tuple[VectorRecord, ...]", tuple(pieces)), queries, keys, module)
    return PiecesRecord(tuple(pieces), queries, keys, module)


def _consecutive(sizes: Sequence[int]) -> Places:
    ends = np.cumsum(sizes, dtype=np.int64)
    return [np.arange(end - size, end, dtype=np.int64) for end, size in zip(ends, sizes, strict=True)]
