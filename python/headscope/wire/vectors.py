"""Encode a head's vectors: its queries and keys, and everything that a page needs to compute weights step by step.

They are sent in the frames that `headscope.contract` defines for blocks, with a `VectorHeader`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np

from headscope.contract import MESSAGE_BYTES, HeadRule, VectorDtype, VectorHeader, VectorKind
from headscope.data.indexing import kv_head
from headscope.data.layers import Rules, VectorRecord
from headscope.wire.blocks import frame, read_frames

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.data.attention_map import AttentionMap

ROW_BYTES = 1024 * 1024
"""The approximate size of the bands of queries in which arrays of queries by keys, such as weights, are computed."""

NUMPY_DTYPES: dict[VectorDtype, str] = {"float32": "<f4", "uint8": "<u1"}


class Piece(VectorRecord, Protocol):
    """A layer, or an independent part of it, such as a window of an image, with the rule that gives its weights."""

    @property
    def rules(self) -> Rules:
        """The constants of the rule."""

    @property
    def rotary(self) -> bool:
        """Whether queries and keys are known to have been rotated by their positions."""

    def added(self, head: int, queries: slice) -> NDArray[np.float32] | None:
        """Return the bias added to a head's capped scores, shape (queries, keys); None if there is none."""

    def hidden(self, queries: slice) -> NDArray[np.bool_] | None:
        """Return True where a query may not see a key, shape (queries, keys); None if every query sees every key."""

    def sink(self, head: int) -> float | None:
        """Return the score of a head's attention sink; None if there is none."""


def rule_of(map_: AttentionMap, layer: int, head: int) -> HeadRule:
    """Return the rule by which the scores of one head are computed from its queries and keys.

    Raises
    ------
    ValueError
        The layer has no queries and keys.
    """
    record = map_.vectors(layer)
    piece, _, _ = next(_pieces(record))
    return {
        "scaling": float(piece.rules.scaling),
        "softcap": piece.rules.softcap,
        "sink": piece.sink(head),
        "num_heads": record.num_heads,
        "num_kv_heads": record.num_kv_heads,
        "kv_head": kv_head(head, record.num_heads, record.num_kv_heads),
        "rotary": piece.rotary,
    }


def added_and_hidden(
    record: VectorRecord, head: int, queries: slice
) -> tuple[NDArray[np.float32] | None, NDArray[np.bool_] | None]:
    """Return the bias added to a head's capped scores, and True where a key is hidden, each of shape (queries, keys).

    Either is None if the whole layer has none. A key with a bias of minus infinity counts as hidden, with a bias of 0.
    """
    pieces = list(_pieces(record))
    shape = queries.stop - queries.start, record.num_keys
    added = np.zeros(shape, dtype=np.float32)
    hidden = np.ones(shape, dtype=bool)
    adds = False
    for piece, rows, columns in pieces:
        here = np.flatnonzero((rows >= queries.start) & (rows < queries.stop))
        if not len(here):
            continue
        hull = slice(int(here[0]), int(here[-1]) + 1)
        target = np.ix_(rows[here] - queries.start, columns[columns >= 0])
        source = np.ix_(here - here[0], columns >= 0)
        table, unseen = piece.added(head, hull), piece.hidden(hull)
        hidden[target] = False if unseen is None else unseen[source]
        if table is not None:
            adds = True
            added[target] = table[source]
    hidden |= np.isneginf(added)
    hides = len(pieces) > 1 or pieces[0][0].hidden(slice(0, 1)) is not None or bool(hidden.any())
    return (np.where(hidden, np.float32(0), added) if adds else None), (hidden if hides else None)


def _pieces(record: VectorRecord) -> Iterator[tuple[Piece, NDArray[np.int64], NDArray[np.int64]]]:
    """Yield each piece of a layer, with the positions of its rows and of its keys in the map."""
    if record.pieces is None:
        yield cast("Piece", record), np.arange(record.num_queries), np.arange(record.num_keys)
    else:
        yield from ((cast("Piece", piece.record), piece.query_at, piece.key_at) for piece in record.pieces)


def head_frames(map_: AttentionMap, layer: int, head: int, queries: tuple[int, int]) -> Iterator[bytes]:
    """Yield the frames of one head for a half-open range of queries, each small enough for a message.

    Raises
    ------
    ValueError
        The layer has no queries and keys.
    """
    yield from query_frames(map_, layer, head, queries)
    yield from key_frames(map_, layer, rule_of(map_, layer, head)["kv_head"])
    yield from row_frames(map_, layer, head, queries)


def layer_frames(map_: AttentionMap, layer: int, weights: bool = True) -> Iterator[bytes]:
    """Yield the frames of all heads of a layer, by default with the exact weights.

    Raises
    ------
    ValueError
        The layer has no queries and keys.
    """
    record = map_.vectors(layer)
    queries = 0, record.num_queries
    for shared in range(record.num_kv_heads):
        yield from key_frames(map_, layer, shared)
    for head in range(record.num_heads):
        yield from query_frames(map_, layer, head, queries)
        yield from row_frames(map_, layer, head, queries, weights)


def layer_bytes(map_: AttentionMap, layer: int) -> tuple[int, int]:
    """Return the bytes of a layer's queries and keys, and those of its exact weights; 0 without queries and keys."""
    record = map_.records[layer]
    if not isinstance(record, VectorRecord):
        return 0, 0
    head_dim = record.queries([0]).shape[2]
    rows = record.num_heads * record.num_queries + record.num_kv_heads * record.num_keys
    return 4 * rows * head_dim, 4 * record.num_heads * record.num_queries * record.num_keys


def query_frames(map_: AttentionMap, layer: int, head: int, queries: tuple[int, int]) -> Iterator[bytes]:
    """Yield the frames of a head's queries and its rule."""
    values = map_.vectors(layer).queries([head])[0]
    rule = rule_of(map_, layer, head)
    for start, stop in _bands(*queries, values.shape[1], MESSAGE_BYTES):
        yield encode_vectors(values[start:stop], "queries", map_.name, layer, head, start, rule)


def key_frames(map_: AttentionMap, layer: int, kv_head: int) -> Iterator[bytes]:
    """Yield the frames of a KV head's keys."""
    values = map_.vectors(layer).keys([kv_head])[0]
    for start, stop in _bands(0, len(values), values.shape[1], MESSAGE_BYTES):
        yield encode_vectors(values[start:stop], "keys", map_.name, layer, kv_head, start)


def row_frames(
    map_: AttentionMap, layer: int, head: int, queries: tuple[int, int], weights: bool = True
) -> Iterator[bytes]:
    """Yield the frames of bias and hidden keys for a range of queries, and by default of the exact weights."""
    record = map_.vectors(layer)
    place = map_.name, layer, head
    for start, stop in _bands(*queries, record.num_keys, ROW_BYTES):
        added, hidden = added_and_hidden(record, head, slice(start, stop))
        if added is not None:
            yield encode_vectors(added, "bias", *place, start)
        if hidden is not None:
            yield encode_vectors(hidden, "hidden", *place, start)
        if weights:
            yield encode_vectors(map_.block(layer, [head], slice(start, stop))[0], "weights", *place, start)


def _bands(start: int, stop: int, columns: int, limit: int) -> Iterator[tuple[int, int]]:
    step = max(1, limit // (4 * max(1, columns)))
    for first in range(start, stop, step):
        yield first, min(first + step, stop)


def encode_vectors(
    values: NDArray[Any],
    kind: VectorKind,
    map: str,
    layer: int,
    head: int,
    start: int = 0,
    rule: HeadRule | None = None,
) -> bytes:
    """Return one encoded frame.

    Parameters
    ----------
    values
        Values of shape (rows, columns); bool for `hidden`, float32 otherwise.
    kind, map, layer, head, rule
        The fields of `headscope.contract.VectorHeader`.
    start
        The zero-based position of the first row, 0 by default.
    """
    dtype: VectorDtype = "uint8" if values.dtype == np.bool_ else "float32"
    header: VectorHeader = {
        "kind": kind,
        "map": map,
        "layer": int(layer),
        "head": int(head),
        "rows": [int(start), int(start) + len(values)],
        "shape": list(values.shape),
        "dtype": dtype,
        "rule": rule,
    }
    return frame(header, np.ascontiguousarray(values, NUMPY_DTYPES[dtype]).tobytes())


def decode_vectors(buffer: bytes | memoryview) -> Iterator[tuple[VectorHeader, NDArray[Any]]]:
    """Yield the header and the values, shape (rows, columns), of each frame in `buffer`.

    Raises
    ------
    ValueError
        The buffer does not hold whole frames.
    """
    yield from read_frames(buffer, NUMPY_DTYPES)


def check_queries(queries: Sequence[int], count: int) -> tuple[int, int]:
    """Return a half-open range of queries that a page requests, as integers.

    Raises
    ------
    ValueError
        The range is not within the map's `count` queries.
    """
    start, stop = (int(position) for position in queries)
    if not 0 <= start <= stop <= count:
        raise ValueError(f"queries {start} to {stop} are out of range: there are {count}")
    return start, stop
