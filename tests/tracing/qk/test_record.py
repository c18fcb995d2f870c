"""Queries, keys and scores give the weights."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import headscope as hs
from headscope.data.layers import pieces_of
from zoo.models import ZOO, build, inputs_of

KINDS = ["bert", "llama", "gemma2", "t5", "deepseek_v3", "swin", "mistral"]


@pytest.fixture(scope="module", params=KINDS)
def capture(request):
    animal = next(one for one in ZOO if one.kind == request.param)
    return hs.capture(build(animal), inputs=inputs_of(animal))


def softmax(scores):
    exponentials = np.exp(scores - scores.max(-1, keepdims=True))
    return exponentials / exponentials.sum(-1, keepdims=True)


def test_scores_make_the_weights(capture):
    for name in capture.maps:
        scores = capture.scores(1, map=name)
        assert scores.dtype == np.float32
        np.testing.assert_allclose(softmax(scores), capture.weights(1, map=name), rtol=0, atol=1e-5)


def test_queries_and_keys_make_the_scores(capture):
    name = next(iter(capture.maps))
    query, key = capture.queries(0, map=name), capture.keys(0, map=name)
    record = capture.maps[name].records[0]
    assert query.shape == (record.num_heads, record.num_queries, query.shape[-1])
    assert key.shape == (record.num_heads, record.num_keys, query.shape[-1])
    rules = pieces_of(record)[0].rules
    if rules.softcap is None and not rules.biases:
        seen = np.isfinite(capture.scores(0, map=name))
        products = np.einsum("hqd,hkd->hqk", query, key) * rules.scaling
        np.testing.assert_allclose(products[seen], capture.scores(0, map=name)[seen], rtol=1e-4, atol=1e-4)


def test_rectangles_of_scores(capture):
    whole = capture.scores(0)
    np.testing.assert_allclose(
        capture.scores(0, head=1, queries=3, keys=slice(0, 4)), whole[1, 3, :4], rtol=0, atol=1e-5
    )
    np.testing.assert_allclose(
        capture.scores(0, queries=[4, 1], keys=[2, 0]), whole[:, [4, 1]][:, :, [2, 0]], rtol=0, atol=1e-5
    )
    assert capture.queries(0, head=1).shape == whole.shape[1:2] + capture.queries(0).shape[-1:]


def test_heads_share_keys_in_grouped_query_attention():
    animal = next(one for one in ZOO if one.kind == "llama")
    capture = hs.capture(build(animal), inputs=inputs_of(animal))
    assert (capture.maps["self"].num_heads(0), capture.maps["self"].num_kv_heads(0)) == (4, 2)
    keys = capture.keys(0)
    assert (keys[0] == keys[1]).all()
    assert (keys[2] == keys[3]).all()
    assert not (keys[1] == keys[2]).all()
    assert capture.report().maps[0].num_kv_heads == (2,)


def test_records_of_weights_have_no_queries():
    animal = next(one for one in ZOO if one.kind == "gptj")
    capture = hs.capture(build(animal), inputs=inputs_of(animal))
    for ask in (capture.queries, capture.keys, capture.scores):
        with pytest.raises(ValueError, match="has only weights, no queries and keys"):
            ask(0)


def test_layers_left_out_have_no_queries(tiny):
    capture = hs.capture(tiny("bert").model, inputs={"input_ids": [[5, 6, 7]]}, layers=[1])
    with pytest.raises(ValueError, match="layer 0 was left out"):
        capture.queries(0)


@pytest.mark.parametrize("kind", ["mistral", "t5", "swin", "gptj"])
def test_moving_keeps_everything(kind):
    animal = next(one for one in ZOO if one.kind == kind)
    capture = hs.capture(build(animal), inputs=inputs_of(animal))
    name = next(iter(capture.maps))
    size, before = capture.nbytes, capture.weights(1, map=name)
    elsewhere = capture.to("meta")
    assert elsewhere is capture
    devices = {tensor.device.type for tensor in tensors(capture.maps)}
    assert devices == {"meta"}, "nothing is left where it was"
    again = hs.capture(build(animal), inputs=inputs_of(animal)).to("cpu")
    assert again.nbytes == size
    np.testing.assert_array_equal(again.weights(1, map=name), before)


def tensors(item):
    """Yield every tensor that maps hold."""
    if isinstance(item, torch.Tensor):
        return [item]
    if isinstance(item, dict):
        return tensors(tuple(item.values()))
    if isinstance(item, (tuple, list)):
        return [tensor for part in item for tensor in tensors(part)]
    return tensors(vars(item)) if type(item).__module__.startswith("headscope") else []
