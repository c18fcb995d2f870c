"""Functions of users that write into their weights or values once the output is computed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from transformers import AttentionInterface, BertConfig, BertModel

import headscope as hs

IDS = torch.tensor([[5, 9, 7, 11, 9, 3]])
SIZES = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
KEPT: list[Any] = []


def attend(query, key, value, *, before, after):
    weights = (3 * query @ key.mT).softmax(-1)
    before(weights)
    KEPT.append(weights.clone())
    output = (weights @ value).transpose(1, 2).contiguous()
    after(weights, value)
    return output, None


def nothing(*_):
    """Write into nothing."""


WRITES = {
    "dropout in place": (lambda w: nn.functional.dropout(w, 0.3, training=False, inplace=True), nothing),
    "keys switched off": (lambda w: w[..., 0].zero_(), lambda w, _v: w.mul_(0)),
    "weights cleared": (nothing, lambda w, _v: w.zero_()),
    "values cleared": (nothing, lambda _w, v: v.zero_()),
    "rescaled": (lambda w: w.mul_(torch.linspace(0.5, 1.5, w.shape[-1])), lambda w, _v: w.fill_(1)),
}


@pytest.mark.parametrize("what", WRITES)
def test_weights_are_those_that_gave_the_output(what):
    before, after = WRITES[what]

    def own(_module, query, key, value, _mask, **_):
        return attend(query, key, value, before=before, after=after)

    AttentionInterface.register("of_a_user", own)
    torch.manual_seed(0)
    model = BertModel(BertConfig(**SIZES, initializer_range=0.5, attn_implementation="of_a_user")).eval()
    KEPT.clear()
    capture = hs.capture(model, inputs={"input_ids": IDS})
    for layer in (0, 1):
        np.testing.assert_allclose(capture.weights(layer), KEPT[layer][0].detach(), atol=1e-6)
