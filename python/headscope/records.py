"""Records: one layer of an attention map each, whatever its weights come from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.contract import PoolKind
    from headscope.tiles import Check, Edges


class Record(Protocol):
    """One layer of an attention map: whatever can say any rectangle of its weights."""

    @property
    def num_heads(self) -> int:
        """How many heads the layer has."""

    @property
    def num_queries(self) -> int:
        """How many query positions each head has."""

    @property
    def num_keys(self) -> int:
        """How many key positions each head has."""

    @property
    def nbytes(self) -> int:
        """How much memory the record holds, in bytes."""

    def weights(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return the weights of some heads, shape (heads, queries, keys).

        Both slices have a start and a stop within the record, and no step.
        """


@runtime_checkable
class VectorRecord(Record, Protocol):
    """A record that has the queries and keys that its weights come from."""

    @property
    def num_kv_heads(self) -> int:
        """How many heads have keys of their own."""

    def queries(self, heads: Sequence[int]) -> NDArray[np.float32]:
        """Return the queries of some heads after position encoding, shape (heads, queries, head_dim)."""

    def keys(self, kv_heads: Sequence[int]) -> NDArray[np.float32]:
        """Return the keys of some KV heads after position encoding, shape (KV heads, keys, head_dim)."""

    def scores(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return the scores of some heads, shape (heads, queries, keys); minus infinity where a key is hidden."""


@runtime_checkable
class PooledRecord(Record, Protocol):
    """A record that knows where its weights are 0, and has a way of its own to pool them."""

    def seen(self, queries: slice) -> tuple[int, int]:
        """Return an interval of keys outside of which all weights of these queries are 0, at no cost."""

    def pooled(
        self, heads: Sequence[int], edges: tuple[Edges, Edges], pool: PoolKind, check: Check
    ) -> NDArray[np.float32]:
        """Return weights pooled to bins, see `headscope.tiles.pooled`."""


class LeftOut:
    """A layer that was not kept: all its weights are missing."""

    nbytes = 0

    def __init__(self, num_heads: int, num_queries: int, num_keys: int) -> None:
        self.num_heads, self.num_queries, self.num_keys = num_heads, num_queries, num_keys

    def weights(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return NaN for every weight."""
        shape = len(heads), queries.stop - queries.start, keys.stop - keys.start
        return np.full(shape, np.nan, dtype=np.float32)
