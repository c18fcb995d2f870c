"""The weights in a snapshot: what is on screen first, then what is near it, as far as they fit."""

from __future__ import annotations

import base64
import gzip
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeAlias

import numpy as np

from headscope.blocks import encode_block
from headscope.contract import OVERVIEW_BINS, Dtype, SnapshotPart
from headscope.options import WITH_GRID, has_overviews
from headscope.pooling import Pool
from headscope.vectors import head_frames, layer_bytes
from headscope.widgets.snapshot_picture import overviews_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.attention import AttentionMap
    from headscope.widgets.views import View

NEAR_WEIGHTS = 250_000
"""How many weights that are not on screen are packed while a cell waits; the page that shows the view adds others."""

LEVEL = 1
"""How tightly gzip packs: weights hardly get smaller with more of the cell's time."""

DTYPES: tuple[Dtype, ...] = ("decimal16", "sqrt8")
"""How weights that are not on screen are packed, best first."""

MOST_PACKED: dict[Dtype, float] = {"decimal16": 0.85, "sqrt8": 0.6}
"""Packing is not tried where it would have to make weights smaller than this part of their bytes, in base64."""

Size: TypeAlias = Callable[[Any], int]
Overviews: TypeAlias = "dict[int, NDArray[np.float32]]"


class Attempt(NamedTuple):
    """How much of what is on screen is packed, and how exactly."""

    dtype: Dtype
    bins: int = OVERVIEW_BINS
    shown_heads_only: bool = False


ATTEMPTS = (
    Attempt("decimal16"),
    Attempt("sqrt8"),
    Attempt("sqrt8", OVERVIEW_BINS // 2),
    Attempt("sqrt8", OVERVIEW_BINS // 4, shown_heads_only=True),
)
"""What is tried, best first."""


@dataclass(frozen=True)
class Piece:
    """What is packed together: some heads of one layer."""

    kind: Literal["block", "overview", "vectors"]
    map: AttentionMap
    layer: int
    heads: tuple[int, ...]
    bins: int = OVERVIEW_BINS

    @property
    def count(self) -> int:
        """How many numbers it has."""
        if self.kind == "vectors":
            return sum(layer_bytes(self.map, self.layer)) // 4 // self.map.num_heads(self.layer) * len(self.heads)
        queries, keys = len(self.map.query_tokens), len(self.map.key_tokens)
        if self.kind == "overview":
            queries, keys = min(self.bins, queries), min(self.bins, keys)
        return len(self.heads) * queries * keys


def parts_of(view: View, room: int, size: Size) -> list[SnapshotPart]:
    """Return what a snapshot of a view holds: all that is on screen, or nothing where that does not fit.

    Parameters
    ----------
    view
        What is displayed.
    room
        How many bytes the parts may have.
    size
        Says how many bytes a part takes.
    """
    overviews = overviews_of(view) if view.view in WITH_GRID else {}
    parts = _needed(view, room, size, overviews)
    left = room - size(parts)
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


def _needed(view: View, room: int, size: Size, overviews: Overviews) -> list[SnapshotPart]:
    """Return the parts that the view cannot do without, or none where they don't fit."""
    for attempt in ATTEMPTS:
        pieces = list(_on_screen(view, attempt))
        if not pieces or sum(_least_bytes(piece, attempt.dtype) for piece in pieces) > room:
            continue
        parts = [_packed(piece, attempt.dtype, overviews) for piece in pieces]
        if size(parts) <= room and all(part["data"] for part in parts):
            return parts
    return []


def _fitting(piece: Piece, room: int, size: Size) -> SnapshotPart | None:
    for dtype in DTYPES:
        if _least_bytes(piece, dtype) <= room:
            part = _packed(piece, dtype, {})
            if size([part]) <= room:
                return part
    return None


def _least_bytes(piece: Piece, dtype: Dtype) -> float:
    each = 4 if piece.kind == "vectors" else 2 if dtype == "decimal16" else 1
    return piece.count * each * MOST_PACKED[dtype]


def _on_screen(view: View, attempt: Attempt) -> Iterator[Piece]:
    """Yield what the view shows; of the layer on screen all heads, or only those that are switched on."""
    map_, layer = view.store.shown_map, view.store.layer
    if view.view in WITH_GRID:
        kind: Literal["overview", "block"] = "overview" if has_overviews(map_) else "block"
        for row in _layers(view, map_):
            yield Piece(kind, map_, row, _all_heads(map_, row), attempt.bins)
    if view.view == "model" and not view.detail:
        return
    if view.view not in WITH_GRID or has_overviews(map_):
        heads = tuple(view.heads) if attempt.shown_heads_only else _all_heads(map_, layer)
        yield Piece("block", map_, layer, heads)
    if _has_neurons(view) and not map_.info()["no_vectors"][layer]:
        yield Piece("vectors", map_, layer, (view.heads[0],))


def _around(view: View) -> Iterator[Piece]:
    """Yield what a reader may turn to, nearest first."""
    map_, layer = view.store.shown_map, view.store.layer
    if _has_neurons(view) and not map_.info()["no_vectors"][layer]:
        for head in _all_heads(map_, layer):
            yield Piece("vectors", map_, layer, (head,))
    for row in sorted(_layers(view, map_), key=lambda row: abs(row - layer)):
        yield Piece("block", map_, row, _all_heads(map_, row))
    for other in view.store.capture.maps.values():
        if other is not map_:
            for row in sorted(_layers(view, other), key=lambda row: abs(row - layer)):
                yield Piece("block", other, row, _all_heads(other, row))


def _has_neurons(view: View) -> bool:
    return bool(view.view == "neuron" or (view.view == "explorer" and view.tab == "neurons"))


def _layers(view: View, map_: AttentionMap) -> Iterable[int]:
    return [layer for layer in map_.layers if not view.include_layers or layer in view.include_layers]


def _all_heads(map_: AttentionMap, layer: int) -> tuple[int, ...]:
    return tuple(range(map_.num_heads(layer)))


def _holds(parts: list[SnapshotPart], piece: Piece) -> bool:
    wanted = {"kind": piece.kind, "map": piece.map.name, "layer": piece.layer}
    same = (part for part in parts if wanted.items() <= part.items())
    return any(set(piece.heads) <= set(part["heads"]) for part in same)


def _packed(piece: Piece, dtype: Dtype, overviews: Overviews) -> SnapshotPart:
    """Return one part. Its data is empty where overviews would take long, and so have not been made."""
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
    """Return a layer's overviews in at most as many bins as the piece has; None where there are none."""
    values = overviews.get(piece.layer)
    if values is None or max(values.shape[1:]) <= piece.bins:
        return values
    pool = Pool(len(values), values.shape[1], values.shape[2], piece.bins)
    pool.add(range(values.shape[1]), values)
    return pool.values
