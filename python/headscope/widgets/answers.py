"""Answers to a page's requests for weights, and for what they come from: no Jupyter here, only encoded blocks."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from headscope.blocks import encode_block
from headscope.contract import (
    MESSAGE_BYTES,
    OVERVIEW_BINS,
    TILE_BINS,
    AcceptedMessage,
    BlockKind,
    BlocksMessage,
    CancelledMessage,
    ErrorMessage,
)
from headscope.options import has_overviews
from headscope.pyramid import Pyramid
from headscope.tiles import Check, check_pool, checked_place
from headscope.vectors import check_queries, head_frames

if TYPE_CHECKING:
    from headscope.attention import AttentionMap

WEIGHT_BYTES = 2

SOON_SECONDS = 0.1
"""Heads of an excerpt that take longer are sent apart from those that come after."""


def head_bytes(map_: AttentionMap) -> int:
    """Return the size in bytes of one head's block, without its header."""
    return len(map_.query_tokens) * len(map_.key_tokens) * WEIGHT_BYTES


def encoded_bytes(map_: AttentionMap, layer: int) -> int:
    """Return the size in bytes of one layer's block, without its header."""
    return map_.num_heads(layer) * head_bytes(map_)


def layer_blocks(kind: BlockKind, map_: AttentionMap, layer: int, heads: list[int] | None = None) -> Iterator[bytes]:
    """Yield the encoded blocks of some heads of one layer (None: all), none larger than a message may be.

    A map without overviews of its own answers with its blocks.
    """
    heads = list(range(map_.num_heads(layer))) if heads is None else heads
    if kind == "overview" and has_overviews(map_):
        queries, keys = (0, len(map_.query_tokens)), (0, len(map_.key_tokens))
        values = map_.overview(layer, heads, OVERVIEW_BINS)
        yield encode_block(values, kind=kind, map=map_.name, layer=layer, heads=heads, queries=queries, keys=keys)
        return
    together = max(1, MESSAGE_BYTES // max(1, head_bytes(map_)))
    for first in range(0, len(heads), together):
        group = heads[first : first + together]
        for rows in _row_ranges(map_):
            values = map_.block(layer, group, slice(*rows))
            yield encode_block(values, map=map_.name, layer=layer, heads=group, queries=rows)


def _row_ranges(map_: AttentionMap) -> Iterator[tuple[int, int]]:
    """Yield half-open ranges of queries, as many together as one head's message can carry."""
    count = len(map_.query_tokens)
    step = max(1, min(count, MESSAGE_BYTES // max(1, len(map_.key_tokens) * WEIGHT_BYTES)))
    for start in range(0, count, step):
        yield start, min(start + step, count)


Reply = tuple[BlocksMessage | ErrorMessage | AcceptedMessage | CancelledMessage, list[bytes]]


def answer(
    maps: Mapping[str, AttentionMap], content: dict[str, Any], lock: AbstractContextManager[Any]
) -> Iterator[Reply]:
    """Yield the messages that answer one message of a page; nothing for a message that is no request.

    Whatever goes wrong is answered too: a page that waits for ever is worse than one that shows an error.
    """
    makes = {"request": _blocks, "vectors": _vectors}.get(content.get("type", ""))
    if makes is None:
        return
    id_ = str(content.get("id"))
    try:
        with lock:
            for block in makes(maps, content["request"]):
                yield {"type": "blocks", "id": id_, "done": False}, [block]
        yield {"type": "blocks", "id": id_, "done": True}, []
    except Exception as error:
        yield failed(id_, error)


def failed(id_: str, error: Exception | None) -> Reply:
    """Return what a page is told when its request fails, or is dropped: None."""
    if error is None:
        return {"type": "cancelled", "id": id_}, []
    return {"type": "error", "id": id_, "message": f"{type(error).__name__}: {error}"}, []


def is_for_later(content: Mapping[str, Any]) -> bool:
    """Return whether the answer to a page's message may come after the kernel is done with the message."""
    type_ = content.get("type")
    return type_ in ("tiles", "excerpt") or (type_ == "request" and bool(content.get("later")))


def accepted(maps: Mapping[str, AttentionMap], content: Mapping[str, Any]) -> Reply:
    """Return what a page is told at once of a request that is answered later.

    Raises
    ------
    Exception
        The request is none: its page is to be told, see `failed`.
    """
    wanted = content["request"]
    map_ = _checked_map(maps, wanted["map"], wanted["layer"], wanted["heads"])
    seen = map_.seen(wanted["layer"]) if content["type"] == "tiles" else []
    return {"type": "accepted", "id": str(content.get("id")), "seen": seen}, []


def later(
    maps: Mapping[str, AttentionMap], pyramid: Pyramid, content: Mapping[str, Any], check: Check
) -> Iterator[Reply]:
    """Yield the messages that answer a request, each when it is computed; `check` is called between chunks of work."""
    id_, wanted = str(content.get("id")), content["request"]
    map_ = _checked_map(maps, wanted["map"], wanted["layer"], wanted["heads"])
    if content["type"] == "tiles":
        buffers = _tiles(map_, pyramid, wanted, check)
    elif content["type"] == "excerpt":
        buffers = _excerpt(map_, wanted, check)
    elif wanted["kind"] == "overview" and has_overviews(map_):
        layer = wanted["layer"]
        buffers = ([pyramid.overview(map_, layer, head, check)] for head in wanted["heads"])
    else:
        buffers = ([block] for block in _blocks(maps, wanted))
    for part in buffers:
        yield {"type": "blocks", "id": id_, "done": False}, part
        check()
    yield {"type": "blocks", "id": id_, "done": True}, []


def _tiles(map_: AttentionMap, pyramid: Pyramid, wanted: Any, check: Check) -> Iterator[list[bytes]]:
    """Yield the frames that a `TileRequest` asks for, of one tile at a time, as many heads as a message may carry."""
    pool, places = check_pool(wanted["pool"]), [checked_place(*place) for place in wanted["tiles"]]
    for place in places:
        place.edges(len(map_.query_tokens), len(map_.key_tokens))  # a wrong one is said before any is computed
    together = MESSAGE_BYTES // (TILE_BINS * TILE_BINS * WEIGHT_BYTES) - 1  # headers take room too
    for place in places:
        for first in range(0, len(wanted["heads"]), together):
            heads = wanted["heads"][first : first + together]
            yield pyramid.tiles(map_, wanted["layer"], heads, place, pool, check)


def _excerpt(map_: AttentionMap, wanted: Any, check: Check) -> Iterator[list[bytes]]:
    """Yield the frames of an excerpt, a frame a head: as many together as are there soon and a message may carry."""
    frames: list[bytes] = []
    began = time.monotonic()
    for head in wanted["heads"]:
        frame = _excerpt_frame(map_, wanted, head, check)
        if frames and (time.monotonic() - began > SOON_SECONDS or sum(map(len, frames)) + len(frame) > MESSAGE_BYTES):
            yield frames
            frames, began = [], time.monotonic()
        frames.append(frame)
    yield frames


def _excerpt_frame(map_: AttentionMap, wanted: Any, head: int, check: Check) -> bytes:
    layer = wanted["layer"]
    values = map_.excerpt(
        layer, head, wanted["queries"], wanted["keys"], without_sink=bool(wanted["without_sink"]), check=check
    )
    return encode_block(values, kind="excerpt", map=map_.name, layer=layer, heads=[head], pack=True)


def _blocks(maps: Mapping[str, AttentionMap], wanted: Any) -> Iterator[bytes]:
    """Yield the blocks that a `BlockRequest` asks for."""
    map_ = _checked_map(maps, wanted["map"], wanted["layer"], wanted["heads"])
    if wanted["kind"] not in BlockKind.__args__:  # type: ignore[attr-defined]
        raise ValueError(f"unknown kind of block {wanted['kind']!r}")
    yield from layer_blocks(wanted["kind"], map_, wanted["layer"], wanted["heads"])


def _vectors(maps: Mapping[str, AttentionMap], wanted: Any) -> Iterator[bytes]:
    """Yield the frames that a `VectorRequest` asks for."""
    map_ = _checked_map(maps, wanted["map"], wanted["layer"], [wanted["head"]])
    queries = check_queries(wanted["queries"], len(map_.query_tokens))
    yield from head_frames(map_, wanted["layer"], wanted["head"], queries)


def _checked_map(maps: Mapping[str, AttentionMap], name: str, layer: int, heads: Sequence[int]) -> AttentionMap:
    """Return the map of a request, or raise ValueError for a layer or heads that it does not have."""
    map_ = maps.get(name)
    if map_ is None:
        raise ValueError(f"there is no attention map {name!r}")
    if not 0 <= layer < map_.num_layers:
        raise ValueError(f"layer {layer} is out of range: there are {map_.num_layers}")
    wrong = [head for head in heads if not 0 <= head < map_.num_heads(layer)]
    if wrong:
        raise ValueError(f"layer {layer} has {map_.num_heads(layer)} heads, not {wrong}")
    return map_
