"""Answers to a page's requests for weights: no Jupyter here, only encoded blocks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any

from headscope.blocks import encode_block
from headscope.contract import MESSAGE_BYTES, OVERVIEW_BINS, BlockKind, BlockRequest, BlocksMessage, ErrorMessage
from headscope.options import has_overviews

if TYPE_CHECKING:
    from headscope.attention import AttentionMap

FLOAT16_BYTES = 2


def head_bytes(map_: AttentionMap) -> int:
    """Return the size in bytes of one head's block, without its header."""
    return len(map_.query_tokens) * len(map_.key_tokens) * FLOAT16_BYTES


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
    step = max(1, min(count, MESSAGE_BYTES // max(1, len(map_.key_tokens) * FLOAT16_BYTES)))
    for start in range(0, count, step):
        yield start, min(start + step, count)


Reply = tuple[BlocksMessage | ErrorMessage, list[bytes]]


def answer(
    maps: Mapping[str, AttentionMap], content: dict[str, Any], lock: AbstractContextManager[Any]
) -> Iterator[Reply]:
    """Yield the messages that answer one message of a page; nothing for a message that is no request.

    Whatever goes wrong is answered too: a page that waits for ever is worse than one that shows an error.
    """
    if content.get("type") != "request":
        return
    id_ = str(content.get("id"))
    try:
        request = _checked(maps, content["request"])
        map_ = maps[request["map"]]
        with lock:
            for block in layer_blocks(request["kind"], map_, request["layer"], request["heads"]):
                yield {"type": "blocks", "id": id_, "done": False}, [block]
        yield {"type": "blocks", "id": id_, "done": True}, []
    except Exception as error:
        yield {"type": "error", "id": id_, "message": f"{type(error).__name__}: {error}"}, []


def _checked(maps: Mapping[str, AttentionMap], request: BlockRequest) -> BlockRequest:
    """Return the request, or raise ValueError for one that this capture can't answer."""
    map_ = maps.get(request["map"])
    if map_ is None:
        raise ValueError(f"there is no attention map {request['map']!r}")
    if not 0 <= request["layer"] < map_.num_layers:
        raise ValueError(f"layer {request['layer']} is out of range: there are {map_.num_layers}")
    heads = [head for head in request["heads"] if not 0 <= head < map_.num_heads(request["layer"])]
    if heads:
        raise ValueError(f"layer {request['layer']} has {map_.num_heads(request['layer'])} heads, not {heads}")
    if request["kind"] not in BlockKind.__args__:  # type: ignore[attr-defined]
        raise ValueError(f"unknown kind of block {request['kind']!r}")
    return request
