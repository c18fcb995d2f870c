"""Padding that torch's own modules are told of stays, and the report says so."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

import headscope as hs

X = torch.randn(2, 5, 16)
MASK = torch.tensor([[0, 0, 0, 1, 1], [0, 0, 0, 0, 0]]).bool()
ADDED = torch.zeros(2, 5).masked_fill(MASK, -torch.inf)


def _encoder() -> nn.Module:
    return nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), 2).eval()


def _decoder() -> nn.Module:
    return nn.TransformerDecoderLayer(16, 4, 32, batch_first=True).eval()


MODULES: dict[str, Any] = {
    "src_key_padding_mask": (_encoder, {"src": X}),
    "key_padding_mask": (
        lambda: nn.MultiheadAttention(16, 4, batch_first=True).eval(),
        {"query": X, "key": X, "value": X},
    ),
    "tgt_key_padding_mask": (_decoder, {"tgt": X, "memory": X}),
    "memory_key_padding_mask": (_decoder, {"tgt": X, "memory": X}),
}


def _notes(capture: Any) -> list[str]:
    return [note for note in capture.report().notes if "keep_padding=False" in note]


@pytest.mark.parametrize("mask", [MASK, ADDED], ids=["bool", "float"])
@pytest.mark.parametrize("name", MODULES)
def test_padding_that_stays_is_named(name: str, mask: torch.Tensor) -> None:
    build, given = MODULES[name]
    model, inputs = build(), {**given, name: mask}
    found = hs.capture(model, inputs=inputs, batch_index=0)
    said = f"2 positions are shown that inputs['{name}'] hides as keys, with weights of 0"
    assert len(_notes(found)) == 1
    assert said in _notes(found)[0]
    of_mask = "cross" if name.startswith("memory") else next(iter(found.maps))
    weights = found.weights(0, map=of_mask)
    assert weights.shape == (4, 5, 5)
    np.testing.assert_array_equal(weights[:, :, 3:], 0)
    assert _notes(hs.capture(model, inputs=inputs, batch_index=1)) == []
    assert _notes(hs.capture(model, inputs=inputs, batch_index=0, keep_padding=True)) == []


def test_one_position_of_one_text() -> None:
    model = nn.MultiheadAttention(16, 4).eval()
    one = torch.tensor([False, False, False, False, True])
    found = hs.capture(model, inputs={"query": X[0], "key": X[0], "value": X[0], "key_padding_mask": one})
    assert _notes(found)[0].startswith("1 position is shown that inputs['key_padding_mask'] hides")
