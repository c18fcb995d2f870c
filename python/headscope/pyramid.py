"""A map's tiles and overviews as pages take them: encoded one head at a time, and kept for the next time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeAlias, cast

import numpy as np

from headscope.blocks import encode_block
from headscope.contract import OVERVIEW_BINS, PoolKind
from headscope.pyramid_cache import ByteCache
from headscope.tiles import Check, Place, unchecked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.maps import AttentionMap

    Weights: TypeAlias = NDArray[np.float32]


class Pyramid:
    """Encoded tiles and overviews of maps, computed when first asked for. Any thread may ask.

    Parameters
    ----------
    cache
        Where it keeps them.
    """

    def __init__(self, cache: ByteCache) -> None:
        self.cache = cache

    def tiles(
        self,
        map_: AttentionMap,
        layer: int,
        heads: Sequence[int],
        place: Place,
        pool: PoolKind,
        check: Check = unchecked,
    ) -> list[bytes]:
        """Return a tile of some heads, each in the frame of a block, with a `TileHeader`.

        Those that are not kept are computed together: their work can be shared out.

        Raises
        ------
        IndexError
            A layer, head or tile out of range.
        """
        if map_.is_blank(layer, place.level, place.row, place.column):
            return [_encoded_tile(map_, layer, head, place, pool, None) for head in heads]
        keys = {head: ("tile", map_.name, layer, head, place, pool) for head in heads}
        found = {head: self.cache.get(key) for head, key in keys.items()}
        missing = [head for head, frame in found.items() if frame is None]
        if missing:
            values = map_.tile(layer, missing, place.level, place.row, place.column, pool, check=check)
            for head, own in zip(missing, values, strict=True):
                found[head] = frame = _encoded_tile(map_, layer, head, place, pool, own[None])
                self.cache.put(keys[head], frame)
        return [cast("bytes", found[head]) for head in heads]

    def overview(self, map_: AttentionMap, layer: int, head: int, check: Check = unchecked) -> bytes:
        """Return one head's encoded overview."""
        size = len(map_.query_tokens), len(map_.key_tokens)

        def compute() -> bytes:
            values = map_.overview(layer, head, OVERVIEW_BINS, check=check)
            ranges = (0, size[0]), (0, size[1])
            return encode_block(
                values,
                kind="overview",
                map=map_.name,
                layer=layer,
                heads=[head],
                queries=ranges[0],
                keys=ranges[1],
                are_bounds=True,
                pack=True,
            )

        return self._kept(("overview", map_.name, layer, head), compute)

    def _kept(self, key: object, compute: Callable[[], bytes]) -> bytes:
        found = self.cache.get(key)
        if found is None:
            found = compute()
            self.cache.put(key, found)
        return found


def _encoded_tile(
    map_: AttentionMap, layer: int, head: int, place: Place, pool: PoolKind, values: Weights | None
) -> bytes:
    """Return one head's tile in the frame of a block; None for values that are all known to be 0."""
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
