"""The weights in a snapshot: first those on screen, then those near it, until the budget is used up."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from headscope.contract import OVERVIEW_BINS, Dtype
from headscope.contract_messages import SnapshotPart
from headscope.data.attention_map import has_overviews
from headscope.data.composed import COMPOSED
from headscope.data.thumbnail import Pool
from headscope.export.snapshot.picture import overviews_of
from headscope.options import VIEWS
from headscope.wire.blocks import encode_block
from headscope.wire.vectors import head_frames, layer_bytes

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.data.attention_map import AttentionMap
    from headscope.export.shown_view import ShownView

NEAR_WEIGHTS = 250_000
"""The most off-screen weights that are packed while the cell waits; the page that shows the view adds others."""

LEVEL = 1
"""The compression level of gzip; higher levels delay the cell and hardly save bytes."""

DTYPES: tuple[Dtype, ...] = ("decimal16", "sqrt8")
"""The formats to try for weights that are not on screen, best first."""

MAX_PACKED: dict[Dtype, float] = {"decimal16": 0.85, "sqrt8": 0.6}
"""The least size of packed weights in base64, relative to unpacked ones; if it exceeds the budget, don't pack them."""

Size: TypeAlias = Callable[[Any], int]
Overviews: TypeAlias = "dict[int, NDArray[np.float32]]"


class Attempt(NamedTuple):
    """How to pack the weights on screen: their format, the overviews' bins, and whether to omit hidden heads."""

    dtype: Dtype
    bins: int = OVERVIEW_BINS
    shown_heads_only: bool = False


ATTEMPTS = (
    Attempt("decimal16"),
    Attempt("sqrt8"),
    Attempt("sqrt8", OVERVIEW_BINS // 2),
    Attempt("sqrt8", OVERVIEW_BINS // 4, shown_heads_only=True),
)
"""The attempts to fit the weights on screen into the budget, best first."""


@dataclass(frozen=True)
class Piece:
    """Some heads of one layer, which are packed together."""

    kind: Literal["block", "overview", "vectors"]
    map: AttentionMap
    layer: int
    heads: tuple[int, ...]
    bins: int = OVERVIEW_BINS

    @property
    def count(self) -> int:
        """The number of values."""
        if self.kind == "vectors":
            return sum(layer_bytes(self.map, self.layer)) // 4 // self.map.num_heads(self.layer) * len(self.heads)
        queries, keys = len(self.map.query_tokens), len(self.map.key_tokens)
        if self.kind == "overview":
            queries, keys = min(self.bins, queries), min(self.bins, keys)
        return len(self.heads) * queries * keys


def parts_of(view: ShownView, budget: int, size: Size) -> list[SnapshotPart]:
    """Return the parts of a view's snapshot: everything on screen plus some of its surroundings, or nothing.

    Parameters
    ----------
    view
        The displayed view.
    budget
        The most bytes that the parts may take; if what is on screen does not fit, the result is empty.
    size
        Returns the bytes that parts take in the notebook.
    """
    overviews = overviews_of(view) if VIEWS[view.view].has_grid else {}
    parts = _needed(view, budget, size, overviews)
    left = budget - size(parts)
    near = NEAR_WEIGHTS
    for piece in _around(view) if parts else ():
        if _holds(parts, piece):
            continue
        near -= piece.count
        part = _fitting(piece, left, size) if near >= 0 else None
        if part is None:
            break
        parts.append(part)
        left -= size([part])
    return parts


def _needed(view: ShownView, budget: int, size: Size, overviews: Overviews) -> list[SnapshotPart]:
    """Return the parts that show what is on screen, or none if they don't fit."""
    for attempt in ATTEMPTS:
        pieces = list(_on_screen(view, attempt))
        if not pieces or sum(_least_bytes(piece, attempt.dtype) for piece in pieces) > budget:
            continue
        parts = [_packed(piece, attempt.dtype, overviews) for piece in pieces]
        if size(parts) <= budget and all(part["data"] for part in parts):
            return parts
    return []


def _fitting(piece: Piece, budget: int, size: Size) -> SnapshotPart | None:
    for dtype in DTYPES:
        if _least_bytes(piece, dtype) <= budget:
            part = _packed(piece, dtype, {})
            if size([part]) <= budget:
                return part
    return None


def _least_bytes(piece: Piece, dtype: Dtype) -> float:
    each = 4 if piece.kind == "vectors" else 2 if dtype == "decimal16" else 1
    return piece.count * each * MAX_PACKED[dtype]


def _on_screen(view: ShownView, attempt: Attempt) -> Iterator[Piece]:
    """Yield what the view shows; of the selected layer, all heads or only those that are switched on."""
    map_, layer = view.shown_map, view.layer
    if VIEWS[view.view].has_grid:
        kind: Literal["overview", "block"] = "overview" if has_overviews(map_) else "block"
        for row in _layers(view, map_):
            yield Piece(kind, map_, row, _all_heads(map_, row), attempt.bins)
    if view.view == "model" and not view.detail:
        return
    if not VIEWS[view.view].has_grid or has_overviews(map_):
        heads = tuple(view.heads) if attempt.shown_heads_only else _all_heads(map_, layer)
        yield Piece("block", map_, layer, heads)
    if _has_neurons(view) and not map_.info()["no_vectors"][layer]:
        yield Piece("vectors", map_, layer, (view.heads[0],))


def _around(view: ShownView) -> Iterator[Piece]:
    """Yield what the reader may open next, nearest first."""
    map_, layer = view.shown_map, view.layer
    if _has_neurons(view) and not map_.info()["no_vectors"][layer]:
        for head in _all_heads(map_, layer):
            yield Piece("vectors", map_, layer, (head,))
    for row in sorted(_layers(view, map_), key=lambda row: abs(row - layer)):
        yield Piece("block", map_, row, _all_heads(map_, row))
    # The picture of all already has the weights of the other maps.
    for other in view.store.capture.maps.values() if map_.name != COMPOSED else ():
        if other is not map_:
            for row in sorted(_layers(view, other), key=lambda row: abs(row - layer)):
                yield Piece("block", other, row, _all_heads(other, row))


def _has_neurons(view: ShownView) -> bool:
    return bool(view.view == "neuron" or (view.view == "explorer" and view.tab == "neurons"))


def _layers(view: ShownView, map_: AttentionMap) -> Iterable[int]:
    return [layer for layer in map_.layers if not view.include_layers or layer in view.include_layers]


def _all_heads(map_: AttentionMap, layer: int) -> tuple[int, ...]:
    return tuple(range(map_.num_heads(layer)))


def _holds(parts: list[SnapshotPart], piece: Piece) -> bool:
    wanted = {"kind": piece.kind, "map": piece.map.name, "layer": piece.layer}
    same = (part for part in parts if wanted.items() <= part.items())
    return any(set(piece.heads) <= set(part["heads"]) for part in same)


def _packed(piece: Piece, dtype: Dtype, overviews: Overviews) -> SnapshotPart:
    """Return one part; its data is empty if it needs overviews that have not been computed yet."""
    frames = _frames(piece, dtype, overviews)
    data = base64.b64encode(gzip.compress(frames, LEVEL, mtime=0)).decode() if frames else ""
    heads = list(piece.heads)
    return {"kind": piece.kind, "map": piece.map.name, "layer": piece.layer, "heads": heads, "data": data}


def _frames(piece: Piece, dtype: Dtype, overviews: Overviews) -> bytes:
    map_, layer, heads = piece.map, piece.layer, piece.heads
    if piece.kind == "vectors":
        return b"".join(head_frames(map_, layer, heads[0], (0, len(map_.query_tokens))))
    values = map_.block(layer, heads) if piece.kind == "block" else _pooled(overviews, piece)
    if values is None:
        return b""
    spans: dict[str, Any] = {"queries": (0, len(map_.query_tokens)), "keys": (0, len(map_.key_tokens))}
    return encode_block(values, map=map_.name, layer=layer, heads=heads, kind=piece.kind, dtype=dtype, **spans)


def _pooled(overviews: Overviews, piece: Piece) -> NDArray[np.float32] | None:
    """Return a layer's overviews, pooled to at most the bins of the piece; None if there are none."""
    values = overviews.get(piece.layer)
    if values is None or max(values.shape[1:]) <= piece.bins:
        return values
    pool = Pool(len(values), values.shape[1], values.shape[2], piece.bins)
    pool.add(range(values.shape[1]), values)
    return pool.values
