"""A head's vectors: its queries and keys, and all that makes weights of them, for a page to show the way step by step.

They travel in frames of the form that `headscope.contract` gives to blocks, with a `VectorHeader`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from headscope.blocks import frame, read_frames
from headscope.contract import MESSAGE_BYTES, HeadRule, VectorDtype, VectorHeader, VectorKind
from headscope.records import LeftOut, Record, VectorRecord

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.attention import AttentionMap

ROW_BYTES = 1024 * 1024
"""What is as long as all keys, such as weights, is computed in bands of queries of about this size."""

NUMPY_DTYPES: dict[VectorDtype, str] = {"float32": "<f4", "uint8": "<u1"}


class Rules(Protocol):
    """The constants of a layer's rule."""

    scaling: float
    softcap: float | None


class Piece(VectorRecord, Protocol):
    """What attends at once: a layer, or a part of it that sees nothing of the others, such as a window of an image."""

    rules: Rules
    rotary: bool

    def added(self, head: int, queries: slice) -> NDArray[np.float32] | None:
        """Return what is added to a head's capped scores, shape (queries, keys)."""

    def hidden(self, queries: slice) -> NDArray[np.bool_] | None:
        """Return which keys the queries may not see, shape (queries, keys)."""

    def sink(self, head: int) -> float | None:
        """Return the score of a head's sink."""


def why_no_vectors(record: Record) -> str:
    """Return the sentence that says why a layer has no queries and keys; empty where it has."""
    if isinstance(record, VectorRecord):
        return ""
    if isinstance(record, LeftOut):
        return "This layer was left out of the capture: name it in layers= to keep its queries and keys."
    module = getattr(record, "module", "")
    if module:
        return (
            f"The model computes the attention of {module} in code of its own, which gives weights alone: its queries "
            "and keys can't be seen from outside."
        )
    return (
        "These weights were given without the queries and keys that they come from. "
        "hs.capture(model, tokenizer, text) keeps both."
    )


def rule_of(map_: AttentionMap, layer: int, head: int) -> HeadRule:
    """Return how the scores of one head come from its queries and keys.

    Raises
    ------
    ValueError
        There are no queries and keys of the layer.
    """
    record = map_.vectors(layer)
    piece, _, _ = next(_pieces(record))
    return {
        "scaling": float(piece.rules.scaling),
        "softcap": piece.rules.softcap,
        "sink": piece.sink(head),
        "num_heads": record.num_heads,
        "num_kv_heads": record.num_kv_heads,
        "kv_head": head // (record.num_heads // record.num_kv_heads),
        "rotary": piece.rotary,
    }


def added_and_hidden(
    record: VectorRecord, head: int, queries: slice
) -> tuple[NDArray[np.float32] | None, NDArray[np.bool_] | None]:
    """Return what is added to a head's capped scores and which keys are hidden, each of shape (queries, keys).

    Either is None where the whole layer has none of it. A key that is hidden by an addition of minus infinity counts
    as hidden, and nothing is added to it.
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
    """Yield what attends at once, with the positions of its rows and of its keys in the map."""
    parts: Any = record
    if hasattr(record, "pieces"):
        yield from zip(parts.pieces, parts.query_at, parts.key_at, strict=True)
    else:
        yield parts, np.arange(record.num_queries), np.arange(record.num_keys)


def head_frames(map_: AttentionMap, layer: int, head: int, queries: tuple[int, int]) -> Iterator[bytes]:
    """Yield the frames of one head for a range of queries, none larger than a message may be.

    Raises
    ------
    ValueError
        There are no queries and keys of the layer.
    """
    yield from query_frames(map_, layer, head, queries)
    yield from key_frames(map_, layer, rule_of(map_, layer, head)["kv_head"])
    yield from row_frames(map_, layer, head, queries)


def layer_frames(map_: AttentionMap, layer: int, weights: bool = True) -> Iterator[bytes]:
    """Yield the frames of all heads of a layer, with the exact weights if wanted.

    Raises
    ------
    ValueError
        There are no queries and keys of the layer.
    """
    record = map_.vectors(layer)
    queries = 0, record.num_queries
    for kv_head in range(record.num_kv_heads):
        yield from key_frames(map_, layer, kv_head)
    for head in range(record.num_heads):
        yield from query_frames(map_, layer, head, queries)
        yield from row_frames(map_, layer, head, queries, weights)


def layer_bytes(map_: AttentionMap, layer: int) -> tuple[int, int]:
    """Return how many bytes a layer's queries and keys take, and how many its exact weights; 0 where there are none."""
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
    """Yield the frames of what is added and hidden for a range of queries, and of the exact weights if wanted."""
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
    """Return one frame.

    Parameters
    ----------
    values
        Shape (rows, columns); bool for `hidden`, else float32.
    kind, map, layer, head, rule
        As `headscope.contract.VectorHeader` says.
    start
        The position of the first row.
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
    """Return a range of queries as a page names it.

    Raises
    ------
    ValueError
        It is no range of the map's queries.
    """
    start, stop = (int(position) for position in queries)
    if not 0 <= start <= stop <= count:
        raise ValueError(f"queries {start} to {stop} are out of range: there are {count}")
    return start, stop
