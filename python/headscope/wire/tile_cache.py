"""Encoded tiles and overviews of attention maps, one head at a time, computed once and cached."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from headscope.contract import OVERVIEW_BINS, PoolKind
from headscope.data.pooling import Place, overview, tile
from headscope.data.steps import Steps
from headscope.wire.blocks import encode_block
from headscope.wire.lru import ByteLru

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.data.attention_map import AttentionMap

    Weights: TypeAlias = NDArray[np.float32]


class TileCache:
    """A thread-safe cache of encoded tiles and overviews, which are computed on first request.

    Parameters
    ----------
    lru
        The cache for the encoded bytes.
    """

    def __init__(self, lru: ByteLru) -> None:
        self.lru = lru

    def tiles(
        self,
        map_: AttentionMap,
        layer: int,
        heads: Sequence[int],
        place: Place,
        pool: PoolKind,
    ) -> Steps[list[bytes]]:
        """Return a tile of some heads, one frame with a `TileHeader` per head.

        Heads that are not cached are computed together, so that threads can share the work.

        Raises
        ------
        IndexError
            A layer, head or tile is out of range.
        """
        if map_.is_blank(layer, place.level, place.row, place.column):
            return [_encoded_tile(map_, layer, head, place, pool, None) for head in heads]
        keys = {head: ("tile", map_.name, layer, head, place, pool) for head in heads}
        found = {head: self.lru.get(key) for head, key in keys.items()}
        missing = [head for head, frame in found.items() if frame is None]
        if missing:
            values = yield from tile(map_.record(layer), missing, place, pool)
            for head, own in zip(missing, values, strict=True):
                found[head] = frame = _encoded_tile(map_, layer, head, place, pool, own[None])
                self.lru.put(keys[head], frame)
        return [cast("bytes", found[head]) for head in heads]

    def overview(self, map_: AttentionMap, layer: int, head: int) -> Steps[bytes]:
        """Return one head's encoded overview."""
        key = "overview", map_.name, layer, head
        found = self.lru.get(key)
        if found is None:
            values = yield from overview(map_.record(layer), [head], OVERVIEW_BINS)
            found = encode_block(
                values,
                kind="overview",
                map=map_.name,
                layer=layer,
                heads=[head],
                queries=(0, len(map_.query_tokens)),
                keys=(0, len(map_.key_tokens)),
                are_bounds=True,
                pack=True,
            )
            self.lru.put(key, found)
        return found


def _encoded_tile(
    map_: AttentionMap, layer: int, head: int, place: Place, pool: PoolKind, values: Weights | None
) -> bytes:
    """Return one head's encoded tile; `values` None means that all weights are known to be 0."""
    queries, keys = place.edges(len(map_.query_tokens), len(map_.key_tokens))
    return encode_block(
        np.empty((1, 0, 0), dtype=np.float32) if values is None else values,
        kind="tile",
        map=map_.name,
        layer=layer,
        heads=[head],
        queries=(int(queries[0]), int(queries[-1])),
        keys=(int(keys[0]), int(keys[-1])),
        are_bounds=pool == "max" and place.level > 0,
        pack=True,
        more={
            "level": place.level,
            "row": place.row,
            "column": place.column,
            "pool": pool,
            "blank": values is None,
        },
    )
