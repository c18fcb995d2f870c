"""Weights of any rectangle equal that rectangle of the whole softmax."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headscope.data.attention_map import AttentionMap
from headscope.tracing.qk import compute
from headscope.tracing.qk.biases import TableBias
from headscope.tracing.qk.biases import compact as compact_bias
from headscope.tracing.qk.masks import causal
from headscope.tracing.qk.masks import compact as compact_mask
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.tensors import Rules

HEADS, KV_HEADS, QUERIES, KEYS, DIM = 6, 2, 19, 23, 8


def reference(record: QKRecord) -> np.ndarray:
    """Compute the formula of `Rules` literally, in float64."""
    rules, shared_by = record.rules, record.num_heads // record.num_kv_heads
    query, key = record.query.double(), record.key.double().repeat_interleave(shared_by, dim=0)
    scores = query @ key.transpose(1, 2) * rules.scaling
    if rules.softcap is not None:
        scores = rules.softcap * torch.tanh(scores / rules.softcap)
    rows, keys = slice(0, record.num_queries), slice(0, record.num_keys)
    for bias in rules.biases:
        scores = scores + bias.values(torch.arange(record.num_heads), rows, keys).double()
    if rules.visible is not None:
        scores = scores.masked_fill(rules.visible.hidden(rows, keys), -torch.inf)
    if rules.sinks is not None:
        sink = rules.sinks.double()[:, None, None].expand(-1, record.num_queries, 1)
        scores = torch.cat([scores, sink], dim=-1)
    return torch.softmax(scores, dim=-1)[..., : record.num_keys].nan_to_num(0).numpy()


def record_of(**rules) -> QKRecord:
    generator = torch.Generator().manual_seed(4)
    query = torch.randn(HEADS, QUERIES, DIM, generator=generator) * 2
    key = torch.randn(KV_HEADS, KEYS, DIM, generator=generator) * 2
    return QKRecord(query, key, Rules(scaling=0.4, **rules))


def window(width: int) -> torch.Tensor:
    at, to = torch.arange(QUERIES)[:, None], torch.arange(KEYS)
    return (to <= at) & (to > at - width)


SINKS = torch.tensor([0.5, -1.0, 2.0, 0.0, 30.0, -30.0])
HOLES = torch.rand(QUERIES, KEYS, generator=torch.Generator().manual_seed(5)) > 0.4
TABLE = torch.randn(HEADS, QUERIES, KEYS, generator=torch.Generator().manual_seed(6))
RULES = {
    "plain": {},
    "causal": {"visible": causal(QUERIES, KEYS, torch.device("cpu"))},
    "window": {"visible": compact_mask(window(4))},
    "holes": {"visible": compact_mask(HOLES)},
    "blank rows": {"visible": compact_mask(window(4) & (torch.arange(QUERIES)[:, None] > 5))},
    "softcap": {"softcap": 1.5, "visible": compact_mask(window(40))},
    "sinks": {"sinks": SINKS, "visible": compact_mask(window(4))},
    "bias": {"biases": (TableBias(TABLE), compact_bias(TABLE[:1, :1].expand(HEADS, QUERIES, KEYS)))},
    "all": {"softcap": 3.0, "sinks": SINKS, "visible": compact_mask(HOLES), "biases": (TableBias(TABLE),)},
}


@pytest.mark.parametrize("rules", RULES)
def test_weights_follow_the_rules(rules):
    record = record_of(**RULES[rules])
    whole = record.weights(range(HEADS), slice(0, QUERIES), slice(0, KEYS))
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole, reference(record), rtol=0, atol=2e-6)


def test_a_query_that_sees_no_key_has_weights_of_zero():
    record = record_of(**RULES["blank rows"])
    assert (record.weights([0], slice(0, 6), slice(0, KEYS)) == 0).all()
    assert (record.weights([0], slice(2, 3), slice(0, 2)) == 0).all()


def test_nan_stays_in_its_row():
    record = record_of()
    record.query[2, 3, 0] = torch.nan
    whole = record.weights(range(HEADS), slice(0, QUERIES), slice(0, KEYS))
    assert np.isnan(whole[2, 3]).all()
    assert np.isnan(whole).sum() == KEYS


@pytest.mark.parametrize("scale", [1e3, 1e-3])
def test_large_and_small_scores(scale):
    record = record_of(**RULES["causal"])
    record.query.mul_(scale)
    whole = record.weights(range(HEADS), slice(0, QUERIES), slice(0, KEYS))
    assert np.isfinite(whole).all()
    np.testing.assert_allclose(whole.sum(-1), 1, atol=1e-6)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float64])
def test_other_precisions_are_computed_in_float32(dtype):
    record = record_of()
    other = QKRecord(record.query.to(dtype), record.key.to(dtype), record.rules)
    whole = other.weights(range(HEADS), slice(0, QUERIES), slice(0, KEYS))
    assert whole.dtype == np.float32
    np.testing.assert_allclose(whole, reference(other), rtol=0, atol=2e-6)


def picks(size: int):
    """Draw an index of an axis in any accepted form."""
    single = st.integers(0, size - 1)
    return st.none() | single | st.slices(size) | st.lists(single, max_size=size) | st.just(range(1, size))


@pytest.fixture(params=RULES)
def small_pieces(request, monkeypatch):
    """A map whose weights are computed in steps of a few rows and heads."""
    monkeypatch.setattr(compute, "BUDGET", 100)
    record = record_of(**RULES[request.param])
    return AttentionMap("self", [record], ["q"] * QUERIES, ["k"] * KEYS), reference(record)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(heads=picks(HEADS), queries=picks(QUERIES), keys=picks(KEYS))
def test_any_rectangle(small_pieces, heads, queries, keys):
    map_, whole = small_pieces
    wanted = whole
    for axis, chosen in enumerate((heads, queries, keys)):
        index = [chosen] if isinstance(chosen, int) else slice(None) if chosen is None else chosen
        wanted = np.take(wanted, np.arange(wanted.shape[axis])[index if index != [] else slice(0)], axis=axis)
    block = map_.block(0, heads, queries, keys)
    assert block.shape == wanted.shape
    np.testing.assert_allclose(block, wanted, rtol=0, atol=2e-6)


def test_norms_of_rows_are_computed_once():
    record = record_of(**RULES["causal"])
    record.weights([1], slice(4, 9), slice(0, 2))
    assert record.norms.known.nonzero().tolist() == [[1, row] for row in range(4, 9)]
    assert record.nbytes == sum(
        part.nbytes for part in (record.query, record.key, record.norms.known, record.norms.highest, record.norms.total)
    )
