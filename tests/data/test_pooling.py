"""Tiles and overviews equal direct pooling of the exact matrix."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headscope import from_attentions
from headscope.data import pooling as tiles
from headscope.data.attention_map import AttentionMap
from headscope.data.layers import MissingLayer, Record
from headscope.tracing.qk import pooled as from_vectors
from headscope.tracing.qk.biases import TableBias
from headscope.tracing.qk.masks import compact
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.tensors import Rules
from headscope.tracing.qk.windowed import joined

DIM = 4


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make tiles of 8 bins and chunks of a few rows, so that small heads cover every way to cut them."""
    monkeypatch.setattr(tiles, "TILE_BINS", 8)
    monkeypatch.setattr(tiles, "CHUNK_WEIGHTS", 50)
    monkeypatch.setattr(from_vectors, "FIRST_SCORES", 200)
    monkeypatch.setattr(from_vectors, "MIN_SCORES", 50)
    monkeypatch.setattr(from_vectors, "STEP_SECONDS", 0.0)


def mask_of(kind: str, queries: int, keys: int, seed: int) -> torch.Tensor:
    at, to = torch.arange(queries)[:, None], torch.arange(keys)
    causal = to <= at + max(0, keys - queries)
    return {
        "none": torch.ones(queries, keys, dtype=torch.bool),
        "causal": causal,
        "window": causal & (to > at + max(0, keys - queries) - 5),
        "padded": causal & (to >= keys // 3),
        "holes": torch.rand(queries, keys, generator=torch.Generator().manual_seed(seed)) > 0.5,
    }[kind]


@st.composite
def vector_records(draw: Any, missing: bool = False) -> QKRecord:
    queries, keys, seed = draw(st.integers(1, 70)), draw(st.integers(1, 70)), draw(st.integers(0, 1000))
    generator = torch.Generator().manual_seed(seed)
    query = torch.randn(4, queries, DIM, generator=generator) * draw(st.sampled_from([0.1, 2.0, 8.0]))
    key = torch.randn(draw(st.sampled_from([1, 2, 4])), keys, DIM, generator=generator)
    if missing:
        query[:, draw(st.integers(0, queries - 1))] = torch.nan
    kind = draw(st.sampled_from(["none", "causal", "window"] + ([] if missing else ["padded", "holes"])))
    rules = Rules(
        scaling=0.5,
        softcap=draw(st.none() | st.just(3.0)),
        sinks=draw(st.none() | st.just(torch.tensor([0.5, -1.0, 20.0, 0.0]))),
        visible=compact(mask_of(kind, queries, keys, seed)),
        biases=draw(st.sampled_from([(), (TableBias(torch.randn(4, queries, keys, generator=generator)),)])),
    )
    return QKRecord(query, key, rules)


@st.composite
def given_records(draw: Any) -> Record:
    """Draw records that hold only weights, some of them missing."""
    queries, keys = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    rng = np.random.default_rng(draw(st.integers(0, 1000)))
    weights = rng.dirichlet(np.ones(keys), (4, queries)).astype(np.float32)
    weights[rng.random(weights.shape) < draw(st.sampled_from([0, 0.3, 0.95]))] = np.nan
    names = [f"q{n}" for n in range(queries)], [f"k{n}" for n in range(keys)]
    return (
        from_attentions(cross_attentions=[weights], encoder_tokens=names[1], decoder_tokens=names[0])
        .maps["cross"]
        .records[0]
    )


@st.composite
def records_of_pieces(draw: Any) -> Record:
    return joined(draw(st.lists(vector_records(), min_size=2, max_size=3)))


def exact(record: Record) -> np.ndarray:
    """Return all weights; a missing row is missing only for the keys that it sees."""
    rows = [record.weights(range(4), slice(n, n + 1), slice(0, record.num_keys)) for n in range(record.num_queries)]
    return np.concatenate(rows, axis=1)


def direct(whole: np.ndarray, edges: Any, pool: str) -> np.ndarray:
    """Pool each bin of the whole matrix by itself."""
    shape = whole.shape[0], *(len(part) - 1 for part in edges)
    found = np.full(shape, np.nan)
    for head, row, column in itertools.product(*map(range, shape)):
        cells = whole[head, edges[0][row] : edges[0][row + 1], edges[1][column] : edges[1][column + 1]]
        there = cells[np.isfinite(cells)].astype(np.float64)
        if there.size:
            found[head, row, column] = there.max() if pool == "max" else there.mean()
    return found


ALL_RECORDS = vector_records() | vector_records(missing=True) | given_records() | records_of_pieces()
RELAXED = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def map_of(record: Record) -> AttentionMap:
    return AttentionMap("self", [record], ["q"] * record.num_queries, ["k"] * record.num_keys)


@RELAXED
@given(record=ALL_RECORDS, pool=st.sampled_from(["max", "mean"]), data=st.data())
def test_tiles_equal_direct_pooling(record: Record, pool: Any, data: Any) -> None:
    map_, whole = map_of(record), exact(record)
    top = tiles.top_level(record.num_queries, record.num_keys)
    for level in data.draw(st.permutations(range(top + 1))):
        rows, columns = (range(-(-size // (8 << level))) for size in (record.num_queries, record.num_keys))
        for row, column in itertools.product(rows, columns):
            wanted = direct(whole, tiles.Place(level, row, column).edges(record.num_queries, record.num_keys), pool)
            found = map_.tile(0, None, level, row, column, pool)
            assert found.dtype == np.float32
            np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-5)
            if map_.is_blank(0, level, row, column):
                assert (np.nan_to_num(wanted) == 0).all()


@RELAXED
@given(record=ALL_RECORDS, bins=st.integers(1, 80))
def test_overviews_equal_direct_pooling(record: Record, bins: int) -> None:
    edges = [
        np.array([b * size // min(size, bins) for b in range(min(size, bins) + 1)])
        for size in (record.num_queries, record.num_keys)
    ]
    found = map_of(record).overview(0, bins=bins)
    np.testing.assert_allclose(found, direct(exact(record), edges, "max"), rtol=0, atol=1e-5)


@pytest.mark.parametrize("size", [65, 98, 127, 300])
@pytest.mark.parametrize("has_vectors", [True, False])
def test_a_small_head_is_one_chunk_of_work_though_its_bins_differ_in_size(
    size: int, has_vectors: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tiles, "CHUNK_WEIGHTS", size * size)
    monkeypatch.setattr(from_vectors, "FIRST_SCORES", size * size)
    monkeypatch.setattr(from_vectors, "STEP_SECONDS", 1e9)
    record: Any = causal_map(size).record(0)
    if not has_vectors:
        weights = record.weights(range(2), slice(0, size), slice(0, size))
        record = from_attentions([weights], ["t"] * size).maps["self"].record(0)
    assert len(list(tiles.overview(record, [0, 1], 64))) == 2


@RELAXED
@given(record=ALL_RECORDS)
def test_weights_are_zero_outside_of_the_keys_that_are_seen(record: Record) -> None:
    whole = exact(record)
    for n, (start, stop) in enumerate(map_of(record).seen(0)):
        outside = np.ones(record.num_keys, dtype=bool)
        outside[start:stop] = False
        assert (whole[:, n * 8 : n * 8 + 8, outside] == 0).all()


def test_no_weight_exceeds_one() -> None:
    """Scores in the hundreds have rounding errors above 1e-5, which differ between products of different shapes."""
    generator = torch.Generator().manual_seed(7)
    query, key = (torch.randn(2, 300, 16, generator=generator) * 12 for _ in range(2))
    map_ = map_of(QKRecord(query, key, Rules(1.0)))
    for place in ((0, 3, 5), (1, 2, 2), (2, 0, 1)):
        map_.overview(0)
        assert max(map_.tile(0, None, *place, pool).max() for pool in ("max", "mean")) <= 1  # type: ignore[arg-type]
    assert max(map_.block(0, None, slice(n, n + 7), slice(n, n + 5)).max() for n in range(290)) <= 1


def causal_map(size: int) -> AttentionMap:
    generator = torch.Generator().manual_seed(1)
    query, key = (torch.randn(2, size, DIM, generator=generator) for _ in range(2))
    return map_of(QKRecord(query, key, Rules(1.0, visible=compact(mask_of("causal", size, size, 0)))))


def test_tiles_above_the_diagonal_are_blank_and_cost_nothing() -> None:
    map_ = causal_map(64)
    blank = [(row, column) for row in range(8) for column in range(8) if map_.is_blank(0, 0, row, column)]
    assert blank == [(row, column) for row in range(8) for column in range(8) if column > row]
    assert map_.tile(0, None, 0, 2, 3).max() == 0
    assert not map_.records[0].norms.known.any()  # type: ignore[attr-defined]


def test_a_tile_computes_norms_only_of_its_own_rows() -> None:
    map_ = causal_map(64)
    map_.tile(0, 1, 0, 2, 1)
    known = map_.records[0].norms.known  # type: ignore[attr-defined]
    assert known.nonzero().tolist() == [[1, row] for row in range(16, 24)]


def test_cancelled_work_ends_between_chunks() -> None:
    record: Any = causal_map(64).record(0)
    steps = tiles.tile(record, [0, 1], tiles.Place(3, 0, 0))
    next(steps), next(steps)
    steps.close()
    assert 0 < int(record.norms.known.sum()) < 2 * 64


def test_a_layer_that_was_left_out_is_missing_at_no_cost() -> None:
    map_ = map_of(MissingLayer(3, 1 << 20, 1 << 20))
    assert np.isnan(map_.tile(0, [0, 2], 17, 0, 0)).all()


@pytest.mark.parametrize(
    ("place", "pool", "error", "message"),
    [
        ((4, 0, 0), "max", IndexError, "level 4 is out of range: valid is from 0 to 3"),
        ((0, 8, 0), "max", IndexError, "row 8 is out of range at level 0: valid is from 0 to 7"),
        ((1, 0, 4), "max", IndexError, "column 4"),
        ((0, -1, 0), "max", IndexError, "row -1 is out of range: valid is 0 or more"),
        ((0.5, 0, 0), "max", TypeError, "level must be a position"),
        ((0, 0, 0), "sum", ValueError, "pool is 'sum'"),
    ],
)
def test_unknown_tiles_are_refused(place: Any, pool: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        causal_map(64).tile(0, 0, *place, pool)
