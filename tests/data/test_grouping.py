"""Excerpts: weights between groups of tokens, compared with sums and means of the exact weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from headscope import AttentionMap
from headscope.data.arrays import ArrayRecord
from headscope.data.grouping import Groups, excerpt
from headscope.data.layers import MissingLayer
from headscope.tracing.qk.masks import causal
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.tensors import Rules

SIZE, HEADS = 40, 4


def map_of(*records: object, size: int = SIZE) -> AttentionMap:
    return AttentionMap("self", records, ["x"] * size, ["x"] * size)  # type: ignore[arg-type]


def qk_record(visible: bool = True, size: int = SIZE) -> QKRecord:
    generator = torch.Generator().manual_seed(3)
    query, key = (torch.randn(heads, size, 8, generator=generator) for heads in (HEADS, 2))
    rules = Rules(0.9, visible=causal(size, size, torch.device("cpu")) if visible else None)
    return QKRecord(query, key, rules)


@st.composite
def groups(draw: st.DrawFn, size: int = SIZE) -> Groups:
    """Draw groups of one or more ranges, with gaps between them."""
    ends = sorted(draw(st.sets(st.integers(0, size), min_size=2, max_size=14)))
    pairs = list(zip(ends[::2], ends[1::2], strict=False))
    parts: list[list[int]] = []
    for start, stop in pairs:
        if parts and draw(st.booleans()):
            parts[-1] += [start, stop]
        else:
            parts.append([start, stop])
    return parts


def members(group: list[int]) -> list[int]:
    return [at for start, stop in zip(group[::2], group[1::2], strict=True) for at in range(start, stop)]


def direct(weights: np.ndarray, queries: Groups, keys: Groups, without: list[int]) -> np.ndarray:
    """Return an excerpt computed by its definition, shape (heads, query groups, key groups)."""
    if without:
        rest = np.delete(weights, without, axis=-1).sum(-1, keepdims=True)
        weights = weights * np.divide(1, rest, out=np.ones_like(rest), where=rest > 0)
    rows = np.stack([weights[:, members(list(group))].mean(1) for group in queries], 1)
    return np.stack([rows[..., members(list(group))].sum(-1) for group in keys], 2)


@given(groups(), groups(), st.sets(st.integers(0, SIZE - 1), max_size=3).map(sorted), st.booleans())
def test_an_excerpt_sums_over_keys_and_averages_over_queries(
    queries: Groups, keys: Groups, without: list[int], visible: bool
) -> None:
    map_ = map_of(qk_record(visible))
    found = map_.excerpt(0, [2, 0], queries, keys, without=without)
    weights = map_.block(0, [2, 0]).astype(np.float64)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, direct(weights, queries, keys, without), rtol=1e-5, atol=1e-5)


def test_an_excerpt_is_computed_in_chunks_that_can_be_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("headscope.data.grouping.CHUNK_WEIGHTS", 3 * SIZE)
    whole = [[0, SIZE]]
    assert list(excerpt(qk_record(), [1], whole, whole)) == [None] * -(-SIZE // 3)
    found = map_of(qk_record()).excerpt(0, 1, whole, [[0, 5], [5, SIZE]])
    np.testing.assert_allclose(found[0].sum(), 1, atol=1e-6)
    record = qk_record()
    steps = excerpt(record, [1], whole, whole)
    next(steps), next(steps)
    steps.close()
    assert int(record.norms.known.sum()) == 3


def test_an_excerpt_is_missing_where_weights_are() -> None:
    weights = np.full((1, 4, 4), 0.25, dtype=np.float32)
    weights[0, 1, 2] = np.nan
    map_ = map_of(ArrayRecord(weights), MissingLayer(1, 4, 4), size=4)
    found = map_.excerpt(0, 0, [[0, 2], [2, 4]], [[0, 2], [2, 4]])[0]
    assert np.isnan(found).tolist() == [[False, True], [False, False]]
    assert np.isnan(map_.excerpt(1, 0, [[0, 2]], [[0, 1], [1, 4]])).all()


@pytest.mark.parametrize(
    ("queries", "message"),
    [
        ([[]], "query group 0 is \\[\\]; it needs a start and a stop"),
        ([[0, 3, 5]], "needs a start and a stop for each range"),
        ([[0, 3], [2, 4]], "query group 1 has 2 to 4; ranges rise, within 0 to 40"),
        ([[4, 4]], "query group 0 has 4 to 4"),
        ([[0, SIZE + 1]], "has 0 to 41; ranges rise, within 0 to 40"),
        ([[-1, 3]], "has -1 to 3"),
    ],
)
def test_invalid_groups_are_refused(queries: Groups, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        map_of(qk_record()).excerpt(0, 0, queries, [[0, SIZE]])


def test_an_excerpt_without_groups_is_empty() -> None:
    assert map_of(qk_record()).excerpt(0, [0, 1], [], [[0, 3]]).shape == (2, 0, 1)
