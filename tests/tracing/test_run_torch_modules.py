"""Captures of torch's own attention modules in every layout, against the weights that they return themselves."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

import headscope as hs


@pytest.mark.parametrize("need_weights", [True, False])
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("shape", [(1, 5), (3, 5), (4, 4), (5, 5), None])
def test_multihead_attention(need_weights, batch_first, shape):
    module = nn.MultiheadAttention(16, 4, batch_first=batch_first).eval()
    count = 5 if shape is None else shape[1]
    axes = (count, 16) if shape is None else (*shape, 16) if batch_first else (count, shape[0], 16)
    states = torch.randn(axes)
    row = 0 if shape is None else shape[0] - 1
    inputs = {"query": states, "key": states, "value": states, "need_weights": need_weights}
    capture = hs.capture(module, inputs=inputs, batch_index=row)
    _, expected = module(states, states, states, average_attn_weights=False)
    expected = expected if shape is None else expected[row]
    assert list(capture.maps) == ["self"]
    np.testing.assert_allclose(capture.weights(0), expected.detach(), atol=1e-6)


@pytest.mark.filterwarnings("ignore:enable_nested_tensor")
@pytest.mark.parametrize("batch_first", [True, False])
@pytest.mark.parametrize("sizes", [(1, 5, 3), (3, 5, 4), (2, 4, 4)])
def test_transformer(batch_first, sizes):
    batch, source, target = sizes
    model = nn.Transformer(16, 4, 2, 2, 32, batch_first=batch_first).eval()
    src, tgt = torch.randn(batch, source, 16), torch.randn(batch, target, 16)
    inputs = {"src": src, "tgt": tgt} if batch_first else {"src": src.transpose(0, 1), "tgt": tgt.transpose(0, 1)}
    names = {"src": [f"s{place}" for place in range(source)], "tgt": [f"t{place}" for place in range(target)]}
    capture = hs.capture(model, inputs=inputs, tokens=names, batch_index=batch - 1)
    assert list(capture.maps) == ["encoder", "decoder", "cross"]
    sides = [(map_.query_tokens[0], map_.key_tokens[0]) for map_ in capture.maps.values()]
    assert sides == [("s0", "s0"), ("t0", "t0"), ("t0", "s0")]
    own = {"average_attn_weights": False}
    _, expected = model.encoder.layers[0].self_attn(*3 * [inputs["src"]], **own)
    np.testing.assert_allclose(capture.weights(0, map="encoder"), expected[-1].detach(), atol=1e-6)
    _, expected = model.decoder.layers[0].self_attn(*3 * [inputs["tgt"]], **own)
    np.testing.assert_allclose(capture.weights(0, map="decoder"), expected[-1].detach(), atol=1e-6)
    layer, memory = model.decoder.layers[0], model.encoder(inputs["src"])
    attended = layer.norm1(inputs["tgt"] + layer.self_attn(*3 * [inputs["tgt"]])[0])
    _, expected = layer.multihead_attn(attended, memory, memory, **own)
    np.testing.assert_allclose(capture.weights(0, map="cross"), expected[-1].detach(), atol=1e-5)


def test_padding_that_torchs_encoder_hides_has_no_weight():
    model = nn.TransformerEncoder(nn.TransformerEncoderLayer(16, 4, 32, batch_first=True), 2).eval()
    padding = torch.tensor([[False] * 3 + [True] * 2, [False] * 5])
    capture = hs.capture(
        model, inputs={"src": torch.randn(2, 5, 16), "src_key_padding_mask": padding}, keep_padding=True
    )
    assert not capture.weights(1)[:, :, 3:].any()
    np.testing.assert_allclose(capture.weights(1).sum(-1), 1, atol=1e-6)
