"""BertViz's `util`, against BertViz's own."""

from __future__ import annotations

import inspect
from typing import Any

import numpy as np
import pytest
import torch

from headscope.bertviz import util as ours

theirs = pytest.importorskip("bertviz.util")

ATTENTION = [torch.rand(1, 4, 5, 6, generator=torch.Generator().manual_seed(layer)) for layer in range(3)]


@pytest.mark.parametrize("name", ["format_attention", "format_special_chars", "num_heads", "num_layers"])
def test_signatures_are_bertviz_own(name: str) -> None:
    expected = inspect.signature(getattr(theirs, name)).parameters.values()
    assert [(p.name, p.default) for p in inspect.signature(getattr(ours, name)).parameters.values()] == [
        (p.name, p.default) for p in expected
    ]


@pytest.mark.parametrize("heads", [None, [], [1], [3, 0], torch.tensor([True, False, False, True])])
@pytest.mark.parametrize("layers", [None, [], [2], [2, 0]])
def test_format_attention(layers: Any, heads: Any) -> None:
    if isinstance(heads, torch.Tensor):
        heads = heads.nonzero()[:, 0].tolist()
    expected = theirs.format_attention(ATTENTION, layers, heads)
    torch.testing.assert_close(ours.format_attention(ATTENTION, layers, heads), expected, rtol=0, atol=0)
    arrays = ours.format_attention([layer.numpy() for layer in ATTENTION], layers, heads)
    np.testing.assert_array_equal(arrays, expected.numpy())


def test_a_batch_keeps_its_axis() -> None:
    batch = [layer.repeat(2, 1, 1, 1) for layer in ATTENTION]
    torch.testing.assert_close(ours.format_attention(batch), theirs.format_attention(batch))


@pytest.mark.parametrize("attention", [[torch.rand(4, 5, 5)], [torch.rand(1, 4, 5, 5), torch.rand(5)], [None]])
def test_layers_of_a_wrong_shape(attention: Any) -> None:
    with pytest.raises((ValueError, AttributeError)):
        theirs.format_attention(attention)
    with pytest.raises(ValueError, match=r"shape \(.*output_attentions=True"):
        ours.format_attention(attention)


@pytest.mark.parametrize(
    ("attention", "message"),
    [([], "attention is empty"), ([torch.rand(1, 2, 3, 3), torch.rand(1, 4, 3, 3)], r"layers of shapes .*4, 3, 3")],
)
def test_layers_that_make_no_tensor(attention: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        ours.format_attention(attention)


def test_sizes() -> None:
    assert ours.num_layers(ATTENTION) == theirs.num_layers(ATTENTION) == 3
    assert ours.num_heads(ATTENTION) == theirs.num_heads(ATTENTION) == 4
    assert ours.num_heads([layer.numpy() for layer in ATTENTION]) == 4


def test_format_special_chars() -> None:
    tokens = ["Ġcat", "▁sat", "mat</w>", "##ly", "[CLS]", "a▁b"]
    assert ours.format_special_chars(tokens) == theirs.format_special_chars(tokens)
