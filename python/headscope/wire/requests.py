"""Reply to a page's requests for weights, queries and keys; independent of Jupyter."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing
from typing import TYPE_CHECKING, Any, TypeAlias

from headscope.contract import MESSAGE_BYTES, OVERVIEW_BINS, TILE_BINS, BlockKind
from headscope.contract_messages import AcceptedMessage, BlocksMessage, CancelledMessage, ErrorMessage
from headscope.data.attention_map import has_overviews
from headscope.data.grouping import excerpt, heads_together
from headscope.data.maps import map_named
from headscope.data.pooling import check_pool, checked_place
from headscope.ranges import check_within
from headscope.wire.blocks import encode_block
from headscope.wire.tile_cache import TileCache
from headscope.wire.vectors import check_queries, head_frames

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap

WEIGHT_BYTES = 2

SOON_SECONDS = 0.1
"""The time after which computed heads of an excerpt are sent, before the others are computed."""


def head_bytes(map_: AttentionMap) -> int:
    """Return the size in bytes of one head's block, without its header."""
    return len(map_.query_tokens) * len(map_.key_tokens) * WEIGHT_BYTES


def encoded_bytes(map_: AttentionMap, layer: int) -> int:
    """Return the size in bytes of one layer's block, without its header."""
    return map_.num_heads(layer) * head_bytes(map_)


def layer_blocks(kind: BlockKind, map_: AttentionMap, layer: int, heads: list[int] | None = None) -> Iterator[bytes]:
    """Yield the encoded blocks of some heads of one layer (None for all), each small enough for a message.

    For a map without overviews, `overview` gives its blocks.
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
    """Yield half-open ranges of queries, each as large as a message with one head can carry."""
    count = len(map_.query_tokens)
    step = max(1, min(count, MESSAGE_BYTES // max(1, len(map_.key_tokens) * WEIGHT_BYTES)))
    for start in range(0, count, step):
        yield start, min(start + step, count)


Reply = tuple[BlocksMessage | ErrorMessage | AcceptedMessage | CancelledMessage, list[bytes]]


def immediate_replies(
    maps: Mapping[str, AttentionMap], content: dict[str, Any], lock: AbstractContextManager[Any]
) -> Iterator[Reply]:
    """Yield the replies to one message of a page; nothing for a message that is not a request.

    Errors are replies too, so that the page shows them instead of waiting forever.
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
        yield error_reply(id_, error)


def error_reply(id_: str, error: Exception | None) -> Reply:
    """Return the reply to a request that failed, or that was cancelled if `error` is None."""
    if error is None:
        return {"type": "cancelled", "id": id_}, []
    return {"type": "error", "id": id_, "message": f"{type(error).__name__}: {error}"}, []


def is_deferred(content: Mapping[str, Any]) -> bool:
    """Return whether a request is answered by the worker, after its message has been handled."""
    type_ = content.get("type")
    return type_ in ("tiles", "excerpt") or (type_ == "request" and bool(content.get("later")))


def accepted_reply(maps: Mapping[str, AttentionMap], content: Mapping[str, Any]) -> Reply:
    """Return the immediate reply to a deferred request.

    Raises
    ------
    Exception
        The request is malformed; the caller replies with `error_reply`.
    """
    wanted = content["request"]
    map_ = _checked_map(maps, wanted["map"], wanted["layer"], wanted["heads"])
    seen = map_.seen(wanted["layer"]) if content["type"] == "tiles" else []
    return {"type": "accepted", "id": str(content.get("id")), "seen": seen}, []


Frames: TypeAlias = "Generator[list[bytes] | None, None, None]"
"""Yields the frames of each message, and None between chunks of work."""


def deferred_replies(
    maps: Mapping[str, AttentionMap], cache: TileCache, content: Mapping[str, Any]
) -> Generator[Reply | None, None, None]:
    """Yield the replies to a request as soon as they are computed, and None between chunks of work."""
    id_, wanted = str(content.get("id")), content["request"]
    map_ = _checked_map(maps, wanted["map"], wanted["layer"], wanted["heads"])
    if content["type"] == "tiles":
        frames = _tiles(map_, cache, wanted)
    elif content["type"] == "excerpt":
        frames = _excerpt(map_, wanted)
    elif wanted["kind"] == "overview" and has_overviews(map_):
        frames = _overviews(map_, cache, wanted)
    else:
        frames = ([block] for block in _blocks(maps, wanted))
    with closing(frames):
        for part in frames:
            yield None if part is None else ({"type": "blocks", "id": id_, "done": False}, part)
    yield {"type": "blocks", "id": id_, "done": True}, []


def _tiles(map_: AttentionMap, cache: TileCache, wanted: Any) -> Frames:
    """Yield the frames for a `TileRequest`, one tile at a time, with as many heads as fit into a message."""
    pool, places = check_pool(wanted["pool"]), [checked_place(*place) for place in wanted["tiles"]]
    for place in places:
        place.edges(len(map_.query_tokens), len(map_.key_tokens))  # reports a wrong place before any tile is computed
    together = MESSAGE_BYTES // (TILE_BINS * TILE_BINS * WEIGHT_BYTES) - 1  # minus one, to leave room for headers
    for place in places:
        for first in range(0, len(wanted["heads"]), together):
            heads = wanted["heads"][first : first + together]
            yield (yield from cache.tiles(map_, wanted["layer"], heads, place, pool))


def _overviews(map_: AttentionMap, cache: TileCache, wanted: Any) -> Frames:
    """Yield overviews, one head per message."""
    for head in wanted["heads"]:
        yield [(yield from cache.overview(map_, wanted["layer"], head))]


def _excerpt(map_: AttentionMap, wanted: Any) -> Frames:
    """Yield the frames of an excerpt, one per head; heads computed within SOON_SECONDS share a message if they fit."""
    frames: list[bytes] = []
    began = time.monotonic()
    for frame in _excerpt_frames(map_, wanted):
        if frame is None:
            yield None
            continue
        if frames and (time.monotonic() - began > SOON_SECONDS or sum(map(len, frames)) + len(frame) > MESSAGE_BYTES):
            yield frames
            frames, began = [], time.monotonic()
        frames.append(frame)
    yield frames


def _excerpt_frames(map_: AttentionMap, wanted: Any) -> Iterator[bytes | None]:
    """Yield a frame for each head, and None between chunks of work. Small heads are computed together."""
    layer, heads, record = wanted["layer"], wanted["heads"], map_.record(wanted["layer"])
    step = heads_together(record, wanted["queries"])
    for group in (heads[first : first + step] for first in range(0, len(heads), step)):
        steps = excerpt(record, group, wanted["queries"], wanted["keys"], wanted["without"])
        try:
            while True:
                next(steps)
                yield None
        except StopIteration as stop:
            values = stop.value
        for head, part in zip(group, values, strict=True):
            yield encode_block(part[None], kind="excerpt", map=map_.name, layer=layer, heads=[head], pack=True)


def _blocks(maps: Mapping[str, AttentionMap], wanted: Any) -> Iterator[bytes]:
    """Yield the blocks for a `BlockRequest`."""
    map_ = _checked_map(maps, wanted["map"], wanted["layer"], wanted["heads"])
    if wanted["kind"] not in BlockKind.__args__:  # type: ignore[attr-defined]
        raise ValueError(f"unknown kind of block {wanted['kind']!r}")
    yield from layer_blocks(wanted["kind"], map_, wanted["layer"], wanted["heads"])


def _vectors(maps: Mapping[str, AttentionMap], wanted: Any) -> Iterator[bytes]:
    """Yield the frames for a `VectorRequest`."""
    map_ = _checked_map(maps, wanted["map"], wanted["layer"], [wanted["head"]])
    queries = check_queries(wanted["queries"], len(map_.query_tokens))
    yield from head_frames(map_, wanted["layer"], wanted["head"], queries)


def _checked_map(maps: Mapping[str, AttentionMap], name: str, layer: int, heads: Sequence[int]) -> AttentionMap:
    """Return the map of a request; raise ValueError if it does not have the layer or the heads."""
    map_ = map_named(maps, name)
    check_within(layer, map_.num_layers, "layer")
    wrong = [head for head in heads if not 0 <= head < map_.num_heads(layer)]
    if wrong:
        raise ValueError(f"layer {layer} has {map_.num_heads(layer)} heads, not {wrong}")
    return map_
