"""Layers that a model computes in independent pieces: windows of an image, several images, packed sequences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np

from headscope.data.layers import PlacedPiece, Record, VectorRecord
from headscope.data.pooling import pooled_weights, seen

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.contract import PoolKind
    from headscope.data.steps import Steps
    from headscope.data.types import Edges

    Places = Sequence[NDArray[np.int64]]
    Block = Callable[[Sequence[int], slice, slice], NDArray[np.float32]]


@dataclass(frozen=True)
class PiecesRecord:
    """One layer joined from independent pieces; weights between pieces are zero."""

    pieces: tuple[PlacedPiece, ...]
    module: str = ""
    """The name of the attention module in the model."""
    rules: ClassVar[None] = None

    @property
    def num_heads(self) -> int:
        """The number of heads of the layer."""
        return self.pieces[0].record.num_heads

    @property
    def num_queries(self) -> int:
        """The number of query positions."""
        return 1 + max(int(piece.query_at.max()) for piece in self.pieces)

    @property
    def num_keys(self) -> int:
        """The number of key positions."""
        return 1 + max(int(piece.key_at.max()) for piece in self.pieces)

    @property
    def nbytes(self) -> int:
        """The memory of the record in bytes, without masks and biases, which layers may share."""
        places = {id(part): part.nbytes for piece in self.pieces for part in (piece.query_at, piece.key_at)}
        return sum(places.values()) + sum(piece.record.nbytes for piece in self.pieces)

    def weights(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return the weights of some heads, shape (heads, queries, keys)."""
        return self._put_together([piece.record.weights for piece in self.pieces], 0, heads, queries, keys)

    def pooled(self, heads: Sequence[int], edges: tuple[Edges, Edges], pool: PoolKind) -> Steps[NDArray[np.float32]]:
        """Return weights pooled to bins; see `headscope.data.pooling.pooled`."""
        return pooled_weights(self, heads, edges, pool)

    def seen(self, queries: slice) -> tuple[int, int]:
        """Return a half-open range of keys outside of which all weights of these queries are 0."""
        found: list[int] = []
        for piece in self.pieces:
            here = _within(piece.query_at, queries)
            if len(here):
                low, high = seen(piece.record, slice(int(here[0]), int(here[-1]) + 1))
                places = piece.key_at[low:high]
                found.extend(places[places >= 0])
        return (int(min(found)), int(max(found)) + 1) if found else (0, 0)

    def _put_together(
        self, blocks: Sequence[Block], elsewhere: float, heads: Sequence[int], queries: slice, keys: slice
    ) -> NDArray[np.float32]:
        shape = len(heads), queries.stop - queries.start, keys.stop - keys.start
        result = np.full(shape, elsewhere, dtype=np.float32)
        for block_of, piece in zip(blocks, self.pieces, strict=True):
            rows, columns = piece.query_at, piece.key_at
            here, there = _within(rows, queries), _within(columns, keys)
            if len(here) and len(there):
                hulls = slice(here[0], here[-1] + 1), slice(there[0], there[-1] + 1)
                block = block_of(heads, *hulls)[:, here - here[0]][:, :, there - there[0]]
                result[:, rows[here, None] - queries.start, columns[there] - keys.start] = block
        return result


@dataclass(frozen=True)
class VectorPieces(PiecesRecord):
    """A layer of independent pieces that all have queries and keys."""

    @property
    def vectors(self) -> list[VectorRecord]:
        """The records of the pieces."""
        return [cast("VectorRecord", piece.record) for piece in self.pieces]

    @property
    def num_kv_heads(self) -> int:
        """The number of KV heads."""
        return self.vectors[0].num_kv_heads

    def queries(self, heads: Sequence[int]) -> NDArray[np.float32]:
        """Return the queries of some heads, shape (heads, queries, head_dim)."""
        places = [piece.query_at for piece in self.pieces]
        return _gathered([piece.queries(heads) for piece in self.vectors], places, self.num_queries)

    def keys(self, kv_heads: Sequence[int]) -> NDArray[np.float32]:
        """Return the keys of some KV heads, shape (KV heads, keys, head_dim)."""
        places = [piece.key_at for piece in self.pieces]
        return _gathered([piece.keys(kv_heads) for piece in self.vectors], places, self.num_keys)

    def scores(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return the scores of some heads, shape (heads, queries, keys); minus infinity between pieces."""
        return self._put_together([piece.scores for piece in self.vectors], -np.inf, heads, queries, keys)


def _gathered(parts: Sequence[NDArray[np.float32]], at: Places, size: int) -> NDArray[np.float32]:
    result = np.zeros((parts[0].shape[0], size, parts[0].shape[2]), dtype=np.float32)
    for part, places in zip(parts, at, strict=True):
        result[:, places[places >= 0]] = part[:, places >= 0]
    return result


def _within(places: NDArray[np.int64], wanted: slice) -> NDArray[np.int64]:
    """Return the rows of a piece whose positions are in `wanted`, in ascending order."""
    return np.flatnonzero((places >= wanted.start) & (places < wanted.stop))


def joined(pieces: Sequence[Record], places: tuple[Places, Places] | None = None, module: str = "") -> Record:
    """Join pieces to one record; they are consecutive unless `places` gives the positions of queries and keys."""
    if len(pieces) == 1 and places is None:
        return pieces[0]
    queries, keys = places or (
        _consecutive([piece.num_queries for piece in pieces]),
        _consecutive([piece.num_keys for piece in pieces]),
    )
    return record_of([PlacedPiece(*part) for part in zip(pieces, queries, keys, strict=True)], module)


def record_of(pieces: Sequence[PlacedPiece], module: str) -> PiecesRecord:
    """Return the record of a layer made of pieces; it has queries and keys if all pieces have them."""
    have_vectors = all(isinstance(piece.record, VectorRecord) for piece in pieces)
    return (VectorPieces if have_vectors else PiecesRecord)(tuple(pieces), module)


def _consecutive(sizes: Sequence[int]) -> Places:
    ends = np.cumsum(sizes, dtype=np.int64)
    return [np.arange(end - size, end, dtype=np.int64) for end, size in zip(ends, sizes, strict=True)]
