"""Attention sinks, compared with the formula of Gu et al. 2024 on the exact weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import headscope as hs
from headscope import AttentionMap
from headscope.data.layers import MissingLayer
from headscope.tracing.qk.masks import causal
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.tensors import Rules

SIZE = 24


def map_of(is_causal: bool) -> AttentionMap:
    generator = torch.Generator().manual_seed(5)
    query, key = torch.randn(4, SIZE, 8, generator=generator), torch.randn(2, SIZE, 8, generator=generator)
    query[..., 0] += 3
    key[:, [0, 7], 0] += 3
    rules = Rules(0.6, visible=causal(SIZE, SIZE, torch.device("cpu")) if is_causal else None)
    return AttentionMap("self", [QKRecord(query, key, rules)], ["x"] * SIZE, ["x"] * SIZE)


def by_definition(weights: np.ndarray, is_causal: bool) -> np.ndarray:
    """Return the share of each key: the mean over heads, and over queries k to T (or all) of the weight of key k."""
    starts = range(SIZE) if is_causal else [0] * SIZE
    return np.array([weights[:, start:, key].mean() for key, start in enumerate(starts)])


@pytest.mark.parametrize("is_causal", [True, False])
def test_sinks_gather_more_than_their_share(is_causal: bool) -> None:
    map_ = map_of(is_causal)
    shares = by_definition(map_.block(0).astype(np.float64), is_causal)
    measured = SIZE - SIZE // 4 + 1 if is_causal else SIZE
    for share in (0.02, 0.1, 0.3):
        found = map_.sinks(0, share)
        assert list(found) == np.flatnonzero(shares[:measured] > share).tolist()
        np.testing.assert_allclose(list(found.values()), shares[list(found)], rtol=1e-5)
    assert {0, 7} <= set(map_.sinks(0, 0.1))


def test_a_missing_layer_has_no_sinks() -> None:
    assert AttentionMap("self", [MissingLayer(2, 3, 3)], ["a"] * 3, ["a"] * 3).sinks(0) == {}


def test_keys_are_excluded_by_position_by_text_and_by_occurrence() -> None:
    weights = np.full((1, 1, 5, 5), 0.2)
    capture = hs.from_attentions(list(weights), ["the", "cat", "on", "the", "mat"])
    view = capture.head_view(exclude=["the", 2], keep_sinks=[("the", 1)], sink_share=0.2, hide_sink=True)
    assert (view.exclude, view.keep_sinks, view.sink_share) == ([0, 2, 3], [3], 0.2)
    with pytest.raises(ValueError, match="exclude is 'the'; it takes a list of positions or texts of keys"):
        capture.head_view(exclude="the")
    with pytest.raises(ValueError, match="dog"):
        capture.head_view(exclude=["dog"])
