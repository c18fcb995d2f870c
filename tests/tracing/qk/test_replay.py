"""A replay proves right rules and nothing else: each wrong rule shows, in every precision."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from headscope.tracing.qk.biases import TableBias
from headscope.tracing.qk.masks import banded, causal
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.replay import replay, replay_of_weights, rows_of
from headscope.tracing.qk.tensors import Rules

HEADS, KV_HEADS, SIZE, DIM = 4, 2, 17, 8


def record_of(dtype: torch.dtype = torch.float32, **rules: object) -> QKRecord:
    made = torch.Generator().manual_seed(5)
    query = 2 * torch.randn(HEADS, SIZE, DIM, generator=made)
    key = 2 * torch.randn(KV_HEADS, SIZE, DIM, generator=made)
    return QKRecord(query.to(dtype), key.to(dtype), Rules(scaling=DIM**-0.5, **rules))  # type: ignore[arg-type]


def values_of(dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.randn(KV_HEADS, SIZE, 6, generator=torch.Generator().manual_seed(7)).to(dtype)


def output_of(record: QKRecord, value: Tensor) -> Tensor:
    """Compute the output literally, in float64, shape (queries, heads, value_dim)."""
    every = slice(0, SIZE)
    scores = torch.tensor(record.scores(range(HEADS), every, every)).double()
    if record.rules.sinks is not None:
        scores = torch.cat([scores, record.rules.sinks.double()[:, None, None].expand(-1, SIZE, 1)], -1)
    weights = torch.softmax(scores, -1)[..., :SIZE]
    each = HEADS // KV_HEADS
    return (weights @ value.double().repeat_interleave(each, 0)).transpose(0, 1).to(value.dtype)


CPU = torch.device("cpu")
RULES = {
    "plain": {},
    "causal": {"visible": causal(SIZE, SIZE, CPU)},
    "window": {"visible": banded(SIZE, SIZE, CPU, 0, True, 5)},
    "softcap": {"softcap": 3.0},
    "sinks": {"sinks": torch.tensor([0.5, -1.0, 2.0, 0.0])},
    "bias": {"biases": (TableBias(torch.randn(HEADS, SIZE, SIZE, generator=torch.Generator().manual_seed(3))),)},
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("rules", RULES)
def test_right_rules_are_proved(rules: str, dtype: torch.dtype):
    record, value = record_of(dtype, **RULES[rules]), values_of(dtype)
    found = replay(record, value, output_of(record, value), rows_of(record, 3))
    assert found.proves
    assert found.difference < (1e-6 if dtype == torch.float32 else 0.02)


@pytest.mark.parametrize("turn", range(5))
@pytest.mark.parametrize("real", RULES)
@pytest.mark.parametrize("read", RULES)
def test_other_rules_are_not_proved(real: str, read: str, turn: int):
    if real == read:
        return
    value = values_of()
    output = output_of(record_of(**RULES[real]), value)
    record = record_of(**RULES[read])
    assert not replay(record, value, output, rows_of(record, turn)).proves


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=str)
@pytest.mark.parametrize("read", ["plain", "window", "sinks", "bias"])
def test_other_rules_are_not_proved_in_low_precision(read: str, dtype: torch.dtype):
    value = values_of(dtype)
    output = output_of(record_of(dtype, **RULES["causal"]), value)
    record = record_of(dtype, **RULES[read])
    assert not replay(record, value, output, rows_of(record, 1)).proves


@given(st.floats(0.5, 2).filter(lambda factor: abs(factor - 1) > 1e-3))
@settings(max_examples=40, deadline=None)
def test_another_scale_is_not_proved(factor: float):
    record, value = record_of(), values_of()
    output = output_of(record, value)
    wrong = replace(record, rules=replace(record.rules, scaling=record.rules.scaling * factor))
    assert not replay(wrong, value, output, rows_of(wrong, 1)).proves


@given(st.permutations(range(HEADS)).filter(lambda order: list(order) != list(range(HEADS))))
@settings(max_examples=30, deadline=None)
def test_another_order_of_heads_is_not_proved(order: list[int]):
    record, value = record_of(), values_of()
    output = output_of(record, value)[:, order]
    assert not replay(record, value, output, rows_of(record, 1)).proves


def test_rows_that_see_no_key_are_left_out():
    shown = causal(SIZE, SIZE, CPU)
    empty = replace(shown, stop=torch.zeros_like(shown.stop))
    record = record_of(visible=empty)
    assert rows_of(record, 1) == []
    assert replay(record, values_of(), torch.full((SIZE, HEADS, 6), torch.nan), []).proves


def test_numbers_that_are_none_are_not_proved():
    record, value = record_of(), values_of()
    output = output_of(record, value)
    output[SIZE - 1, 2, 3] = torch.nan
    assert not replay(record, value, output, rows_of(record, 1)).proves


def test_returned_weights_are_proved_by_the_output_alone():
    record, value = record_of(), values_of()
    output = output_of(record, value)
    weights = torch.tensor(record.weights(range(HEADS), slice(0, SIZE), slice(0, SIZE)))
    assert replay_of_weights(weights, value, output, 1).proves
    assert not replay_of_weights(weights.flip(0), value, output, 1).proves
    assert not replay_of_weights(weights.mean(0, keepdim=True).expand(HEADS, -1, -1), value, output, 1).proves
