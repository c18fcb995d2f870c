"""The cache of tiles and overviews stays within its limit and returns the same bytes."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headscope.data.attention_map import AttentionMap
from headscope.data.pooling import Place, top_level
from headscope.data.steps import finish
from headscope.tracing.qk.masks import causal
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.tensors import Rules
from headscope.wire.blocks import decode_blocks
from headscope.wire.lru import CACHE_BYTES, ByteLru
from headscope.wire.tile_cache import TileCache

SIZE = 700


@pytest.fixture(scope="module")
def map_() -> AttentionMap:
    generator = torch.Generator().manual_seed(3)
    records = [
        QKRecord(
            torch.randn(4, SIZE, 8, generator=generator),
            torch.randn(2, SIZE, 8, generator=generator),
            Rules(0.5, visible=causal(SIZE, SIZE, torch.device("cpu"))),
        )
        for _ in range(2)
    ]
    return AttentionMap("self", records, ["x"] * SIZE, ["x"] * SIZE)


def test_a_tile_is_encoded_with_its_place(map_: AttentionMap) -> None:
    [frame] = finish(TileCache(ByteLru(CACHE_BYTES)).tiles(map_, 1, [3], Place(1, 1, 0), "mean"))
    [(header, values)] = decode_blocks(frame)
    assert 0 < header.pop("packed") < 94 * 256 * 2  # type: ignore[typeddict-item]
    assert header == {
        "kind": "tile", "map": "self", "layer": 1, "heads": [3], "queries": [512, 700], "keys": [0, 512],
        "shape": [1, 94, 256], "dtype": "decimal16", "missing": 0,
        "level": 1, "row": 1, "column": 0, "pool": "mean", "blank": False,
    }  # fmt: skip
    np.testing.assert_allclose(values, map_.tile(1, 3, 1, 1, 0, "mean"), rtol=5e-4, atol=1e-7)


def test_several_heads_equal_single_heads(map_: AttentionMap) -> None:
    tiles, place = TileCache(ByteLru(CACHE_BYTES)), Place(1, 1, 1)
    one = finish(tiles.tiles(map_, 0, [2], place, "max"))
    several = finish(tiles.tiles(map_, 0, [0, 2, 1], place, "max"))
    assert several[1] == one[0]
    heads = [header["heads"] for frame in several for header, _ in decode_blocks(frame)]
    assert heads == [[0], [2], [1]]
    assert tiles.lru.nbytes == sum(map(len, several))


def test_a_blank_tile_has_only_a_header(map_: AttentionMap) -> None:
    tiles = TileCache(ByteLru(CACHE_BYTES))
    [(header, _)] = decode_blocks(finish(tiles.tiles(map_, 0, [0], Place(0, 0, 2), "max"))[0])
    assert (header["shape"], header["blank"], tiles.lru.nbytes) == ([1, 0, 0], True, 0)  # type: ignore[typeddict-item]
    assert (header["queries"], header["keys"]) == ([0, 256], [512, 700])


def test_what_is_cached_is_not_computed_again(map_: AttentionMap, monkeypatch: pytest.MonkeyPatch) -> None:
    tiles = TileCache(ByteLru(CACHE_BYTES))

    def frames() -> list[bytes]:
        return [*finish(tiles.tiles(map_, 0, [3, 1], Place(0, 2, 1), "max")), finish(tiles.overview(map_, 0, 1))]

    first = frames()
    monkeypatch.setattr("headscope.wire.tile_cache.tile", None)
    monkeypatch.setattr("headscope.wire.tile_cache.overview", None)
    assert frames() == first
    assert tiles.lru.nbytes == sum(map(len, first))
    assert CACHE_BYTES == 256 * 1024**2


@pytest.mark.parametrize("limit", [0, 150_000, 700_000])
def test_a_random_walk_of_500_requests_stays_within_the_limit(map_: AttentionMap, limit: int) -> None:
    tiles, walk = TileCache(ByteLru(limit)), random.Random(limit)
    level, row, column = 2, 0, 0
    for _ in range(500):
        level = min(max(level + walk.choice([-1, 0, 0, 1]), 0), top_level(SIZE, SIZE))
        last = -(-SIZE // (256 << level)) - 1
        row, column = (min(max(at + walk.choice([-1, 0, 1]), 0), last) for at in (row, column))
        layer, head = walk.randrange(2), walk.randrange(4)
        if walk.random() < 0.1:
            finish(tiles.overview(map_, layer, head))
        else:
            heads = [head, (head + 1) % 4][: walk.randint(1, 2)]
            place = Place(level, row, column)
            frames = finish(tiles.tiles(map_, layer, heads, place, walk.choice(["max", "mean"])))
            headers = [header for frame in frames for header, _ in decode_blocks(frame)]
            assert [(header["layer"], header["heads"]) for header in headers] == [(layer, [one]) for one in heads]
        assert tiles.lru.nbytes <= limit
    assert (tiles.lru.nbytes > 0) == (limit > 0)


OPERATIONS = st.one_of(
    st.tuples(st.just("put"), st.integers(0, 9), st.integers(0, 60)),
    st.tuples(st.just("get"), st.integers(0, 9), st.just(0)),
    st.tuples(st.just("limit"), st.just(0), st.integers(0, 120)),
)


@settings(deadline=None)
@given(operations=st.lists(OPERATIONS, max_size=60))
def test_the_least_recently_used_entry_is_evicted_first(operations: list[tuple[str, int, int]]) -> None:
    """The cache behaves like a list in order of use that is cut off at the limit."""
    cache, model, limit = ByteLru(100), [], 100
    for what, key, size in operations:
        if what == "limit":
            cache.max_bytes = limit = size
        elif what == "put":
            cache.put(key, bytes(size))
            model = [entry for entry in model if entry[0] != key] + [(key, size)] * (size <= limit)
        else:
            found = cache.get(key)
            assert (None if found is None else len(found)) == dict(model).get(key)
            model.sort(key=lambda entry, key=key: entry[0] == key)
        while sum(size for _, size in model) > limit:
            model.pop(0)
        assert (cache.nbytes, len(cache)) == (sum(size for _, size in model), len(model))
    cache.clear()
    assert (cache.nbytes, len(cache)) == (0, 0)


def test_a_negative_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="max_bytes is -1"):
        ByteLru(-1)
