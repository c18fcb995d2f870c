"""Records: the layers of an attention map, in any form that gives their weights."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.contract import PoolKind
    from headscope.data.steps import Steps
    from headscope.data.types import Edges


class Held(Protocol):
    """An object with a known size in memory."""

    @property
    def nbytes(self) -> int:
        """Its memory, in bytes."""


class Rules(Protocol):
    """The constants by which the scores of a layer are computed from its queries and keys."""

    @property
    def scaling(self) -> float:
        """The factor of the products of queries and keys."""

    @property
    def softcap(self) -> float | None:
        """The softcap of the scores; None if they are not capped."""

    @property
    def shared(self) -> Sequence[Held]:
        """Masks and biases, which layers may share."""


@dataclass(frozen=True)
class PlacedPiece:
    """A part of a layer, and its place."""

    record: Record
    query_at: NDArray[np.int64]
    """The position in the map of each of its rows; -1 for padding."""
    key_at: NDArray[np.int64]
    """The position in the map of each of its columns; -1 for padding."""


class Record(Protocol):
    """One layer of an attention map: any object that returns rectangles of its weights.

    A class that derives from this one has no pieces, no rules and no module unless it overrides them.
    """

    @property
    def num_heads(self) -> int:
        """The number of heads of the layer."""

    @property
    def num_queries(self) -> int:
        """The number of query positions."""

    @property
    def num_keys(self) -> int:
        """The number of key positions."""

    @property
    def nbytes(self) -> int:
        """The memory of the record in bytes, without masks and biases, which layers may share; see `nbytes_of`."""

    @property
    def pieces(self) -> Sequence[PlacedPiece] | None:
        """The independent parts of the layer, such as windows of an image; None for a layer in one piece."""
        return None

    @property
    def rules(self) -> Rules | None:
        """The rules for its scores; None if it has only weights, or if each piece has rules of its own."""
        return None

    @property
    def module(self) -> str:
        """The name of the attention module in the model; empty if it is unknown."""
        return ""

    def weights(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return the weights of some heads, shape (heads, queries, keys).

        Both slices have a start and a stop within the record, and no step.
        """


@runtime_checkable
class VectorRecord(Record, Protocol):
    """A record that has the queries and keys from which its weights are computed."""

    @property
    def num_kv_heads(self) -> int:
        """The number of KV heads."""

    def queries(self, heads: Sequence[int]) -> NDArray[np.float32]:
        """Return the queries of some heads after position encoding, shape (heads, queries, head_dim)."""

    def keys(self, kv_heads: Sequence[int]) -> NDArray[np.float32]:
        """Return the keys of some KV heads after position encoding, shape (KV heads, keys, head_dim)."""

    def scores(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return the scores of some heads, shape (heads, queries, keys); minus infinity where a key is hidden."""


@runtime_checkable
class PooledRecord(Record, Protocol):
    """A record that knows where its weights are 0 and has its own implementation of pooling."""

    def seen(self, queries: slice) -> tuple[int, int]:
        """Return a half-open range of keys outside of which all weights of these queries are 0, without computing."""

    def pooled(self, heads: Sequence[int], edges: tuple[Edges, Edges], pool: PoolKind) -> Steps[NDArray[np.float32]]:
        """Return weights pooled to bins; see `headscope.data.pooling.pooled`."""


@runtime_checkable
class SplitRecord(Record, Protocol):
    """A record whose rows may hold several softmaxes, side by side."""

    @property
    def key_edges(self) -> Sequence[int]:
        """The edges of their ranges of keys, from 0 to `num_keys`."""


class MissingLayer:
    """A layer that was not kept: all its weights are missing."""

    nbytes = 0
    pieces = None
    rules = None
    module = ""

    def __init__(self, num_heads: int, num_queries: int, num_keys: int) -> None:
        self.num_heads, self.num_queries, self.num_keys = num_heads, num_queries, num_keys

    def weights(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return NaN for every weight."""
        shape = len(heads), queries.stop - queries.start, keys.stop - keys.start
        return np.full(shape, np.nan, dtype=np.float32)


def pieces_of(record: Record) -> tuple[Record, ...]:
    """Return the independent parts of a layer; the layer itself if it is in one piece."""
    return (record,) if record.pieces is None else tuple(piece.record for piece in record.pieces)


def nbytes_of(records: Iterable[Record]) -> int:
    """Return the memory of layers in bytes; a mask or bias that several layers share counts once."""
    records = list(records)
    rules = [piece.rules for record in records for piece in pieces_of(record)]
    shared = {id(part): part.nbytes for rule in rules if rule is not None for part in rule.shared}
    return sum(record.nbytes for record in records) + sum(shared.values())


def why_no_vectors(record: Record) -> str:
    """Return a sentence that says why a layer has no queries and keys; empty if it has them."""
    if isinstance(record, VectorRecord):
        return ""
    if isinstance(record, MissingLayer):
        return "This layer was left out of the capture: name it in layers= to keep its queries and keys."
    if getattr(record, "by_steps", False):
        return (
            f"Each row of {record.module} is what one decoding step gave, whose queries and keys are not kept: the "
            "model's pass over the whole text differs from its own steps."
        )
    if record.module:
        return (
            f"The model computes the attention of {record.module} in code of its own, which gives weights alone: its "
            "queries and keys can't be seen from outside."
        )
    return (
        "These weights were given without the queries and keys that they come from. "
        "hs.capture(model, tokenizer, text) keeps both."
    )
