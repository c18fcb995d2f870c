"""Masks and biases in compact form equal the tables from which they were read."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from headscope.tracing.qk import biases, masks
from headscope.tracing.qk.masks import Visible


def hidden(visible: Visible | None, num_queries: int, num_keys: int) -> torch.Tensor:
    if visible is None:
        return torch.zeros(num_queries, num_keys, dtype=torch.bool)
    return visible.hidden(slice(0, num_queries), slice(0, num_keys))


@st.composite
def mask_tables(draw) -> torch.Tensor:
    """Draw masks of the kinds that models make, and arbitrary ones."""
    num_queries, num_keys = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    at, to = torch.arange(num_queries)[:, None], torch.arange(num_keys)
    shape = draw(st.sampled_from(["full", "causal", "window", "chunks", "any", "same rows"]))
    bits = st.lists(st.booleans(), min_size=num_keys, max_size=num_keys)
    if shape == "any":
        return torch.tensor(draw(st.lists(bits, min_size=num_queries, max_size=num_queries)))
    padding = torch.tensor(draw(bits))
    if shape == "same rows":
        return padding.expand(num_queries, num_keys)
    allowed = {
        "full": torch.ones(num_queries, num_keys, dtype=torch.bool),
        "causal": to <= at,
        "window": (to <= at) & (to > at - draw(st.integers(1, 5))),
        "chunks": (to <= at) & (to // 3 == at // 3),
    }[shape]
    return allowed & padding if draw(st.booleans()) else allowed


@settings(deadline=None)
@given(mask_tables())
def test_a_compact_mask_equals_its_table(mask):
    num_queries, num_keys = mask.shape
    visible = masks.compact(mask)
    assert torch.equal(hidden(visible, num_queries, num_keys), ~mask)
    assert (visible is None) == bool(mask.all())
    if visible is not None:
        low, high = visible.span(slice(0, num_queries))
        assert not mask[:, :low].any()
        assert not mask[:, high:].any()


@settings(deadline=None)
@given(mask_tables(), st.data())
def test_a_selection_of_positions(mask, data):
    queries, keys = (
        torch.tensor(sorted(data.draw(st.sets(st.integers(0, size - 1), min_size=1)))) for size in mask.shape
    )
    visible = masks.compact(mask)
    if visible is not None:
        chosen = visible.select(queries, keys)
        assert torch.equal(hidden(chosen, len(queries), len(keys)), ~mask[queries][:, keys])


@pytest.mark.parametrize("kind", ["causal", "window", "padded", "gap"])
def test_masks_of_models_take_memory_in_proportion_to_tokens(kind):
    def held(size: int) -> int:
        at, to = torch.arange(size)[:, None], torch.arange(size)
        mask = (to <= at) & ((to > at - 7) | (kind != "window"))
        if kind == "padded":
            mask = mask & (to > size // 3)
        if kind == "gap":
            mask = mask & ((to < size // 3) | (to > size // 2))
        visible = masks.compact(mask)
        assert visible is not None
        assert visible.exceptions is None
        return visible.nbytes

    assert held(400) == 2 * held(200)


def test_the_causal_rule_counts_from_the_first_position():
    for num_queries, num_keys in ((5, 5), (3, 6), (6, 3)):
        visible = masks.causal(num_queries, num_keys, torch.device("cpu"))
        allowed = torch.ones(num_queries, num_keys, dtype=torch.bool).tril()
        assert torch.equal(hidden(visible, num_queries, num_keys), ~allowed)


def distance_table(num_queries: int, num_keys: int) -> torch.Tensor:
    distance = torch.arange(num_keys) - torch.arange(num_queries)[:, None]
    return torch.stack([torch.sin(distance * 0.7), -0.3 * distance.abs()])


@pytest.mark.parametrize(("num_queries", "num_keys"), [(6, 6), (4, 7), (7, 4), (1, 5), (5, 1)])
def test_a_bias_by_distance_is_kept_by_distance(num_queries, num_keys):
    table = distance_table(num_queries, num_keys)
    bias = biases.compact(table)
    assert isinstance(bias, biases.DistanceBias)
    heads = torch.tensor([1, 0])
    rows, keys = slice(0, num_queries), slice(num_keys // 2, num_keys)
    assert torch.equal(bias.values(heads, rows, keys), table[heads][:, rows, keys])


def test_a_selection_of_a_bias():
    queries, keys = torch.tensor([0, 3, 4]), torch.tensor([1, 2, 6])
    everything = slice(0, 3), slice(0, 3)
    irregular = torch.randn(2, 5, 7, generator=torch.Generator().manual_seed(7))
    for table, kind in ((distance_table(5, 7), biases.DistanceBias), (irregular, biases.TableBias)):
        bias = biases.compact(table)
        assert isinstance(bias, kind)
        values = bias.select(queries, keys).values(torch.tensor([0, 1]), *everything)
        assert torch.equal(values, table[:, queries][:, :, keys])


def test_a_bias_of_zeros_is_none():
    assert biases.compact(torch.zeros(2, 3, 4)) is None


@given(st.data())
def test_the_doubtful_parts_contain_all_hidden_keys(data: st.DataObject) -> None:
    size = 12
    ends = st.lists(st.integers(0, size), min_size=size, max_size=size)
    pairs = [sorted(pair) for pair in zip(data.draw(ends), data.draw(ends), strict=True)]
    shown = data.draw(st.none() | st.lists(st.booleans(), min_size=size, max_size=size))
    start, stop = (torch.tensor(part) for part in zip(*pairs, strict=True))
    visible = Visible(size, start, stop, None if shown is None else torch.tensor(shown))
    rows, keys = (slice(*sorted(data.draw(st.tuples(st.integers(0, size), st.integers(0, size))))) for _ in "rk")
    if rows.start == rows.stop:
        return
    outside = torch.ones(size, dtype=torch.bool)
    for part in visible.doubtful(rows, keys):
        outside[part] = False
    assert not bool((visible.hidden(rows, slice(0, size)) & outside)[:, keys].any())
