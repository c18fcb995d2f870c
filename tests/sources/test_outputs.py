"""Whole outputs of models, and the argument forms of other tools."""

from __future__ import annotations

from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
import pytest
import torch
import transformers

import headscope as hs
from headscope.sources import ranges

TOKENS = list("abcd")


class InspectusMap(NamedTuple):
    matrix: np.ndarray
    info: dict[str, int]


IDS = torch.tensor([[5, 9, 7, 11], [3, 2, 8, 1]])


def weights(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).random(shape, dtype=np.float32)


@pytest.fixture(scope="module")
def bert() -> transformers.BertModel:
    sizes = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
    config = transformers.BertConfig(**sizes, num_attention_heads=4, attn_implementation="eager")
    return transformers.BertModel(config).eval()


@torch.no_grad()
@pytest.mark.parametrize("return_dict", [True, False])
def test_an_output_of_a_model(bert, return_dict):
    outputs = bert(IDS, output_attentions=True, output_hidden_states=True, return_dict=return_dict)
    own = bert(IDS, output_attentions=True).attentions
    capture = hs.from_attentions(outputs, TOKENS, batch_index=1)
    for layer in range(2):
        np.testing.assert_array_equal(capture.weights(layer), own[layer][1].numpy())


@torch.no_grad()
def test_an_output_without_attentions(bert):
    with pytest.raises(ValueError, match=r"WithPoolingAndCrossAttentions without attentions.*output_attentions=True"):
        hs.from_attentions(bert(IDS), TOKENS)


@torch.no_grad()
def test_an_output_of_an_encoder_decoder():
    sizes = {"d_model": 32, "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "vocab_size": 50}
    counts = {"encoder_layers": 2, "decoder_layers": 3, "encoder_attention_heads": 4, "decoder_attention_heads": 2}
    config = transformers.BartConfig(**sizes, **counts, attn_implementation="eager")
    outputs = transformers.BartModel(config).eval()(IDS, decoder_input_ids=IDS[:, :3], output_attentions=True)
    capture = hs.from_attentions(outputs, batch_index=1, encoder_tokens=TOKENS, decoder_tokens=["x", "y", "z"])
    assert list(capture.maps) == ["encoder", "decoder", "cross"]
    for name in capture.maps:
        np.testing.assert_array_equal(capture.weights(1, map=name), outputs[f"{name}_attentions"][1][1].numpy())


def test_a_decoder_with_cross_attention():
    outputs = {"attentions": (weights(1, 2, 3, 3),), "cross_attentions": (weights(1, 2, 3, 4),)}
    capture = hs.from_attentions(outputs, decoder_tokens=list("xyz"), encoder_tokens=TOKENS)
    assert list(capture.maps) == ["decoder", "cross"]
    np.testing.assert_array_equal(capture.weights(0, map="cross"), outputs["cross_attentions"][0][0])


@pytest.mark.parametrize("make", [dict, lambda **fields: SimpleNamespace(**fields)])
def test_any_object_with_attentions(make):
    given = [weights(1, 2, 4, 4)] * 2
    np.testing.assert_array_equal(hs.from_attentions(make(attentions=given), TOKENS).weights(1), given[1][0])


def test_outputs_of_esm_have_the_batch_first():
    attentions = torch.tensor(weights(2, 6, 3, 4, 4))
    outputs = {"logits": None, "representations": {}, "attentions": attentions, "contacts": None}
    capture = hs.from_attentions(outputs, TOKENS, batch_index=1)
    assert capture.maps["self"].num_layers == 6
    np.testing.assert_array_equal(capture.weights(5), attentions[1, 5].numpy())


# Arguments as other tools take them


def test_arguments_of_circuitsvis():
    """`attention_heads(attention, tokens)` and `attention_patterns(tokens, attention)` take (heads, queries, keys)."""
    heads = weights(3, 4, 4)
    for arguments in ((heads, TOKENS), (TOKENS, heads), (TOKENS, torch.tensor(heads)), (TOKENS, heads.tolist())):
        capture = hs.from_attentions(*arguments)
        np.testing.assert_array_equal(capture.weights(0), heads)
        assert capture.maps["self"].query_tokens == tuple(TOKENS)
    np.testing.assert_array_equal(hs.from_attentions(TOKENS, heads[1]).weights(0, 0), heads[1])


def test_arguments_of_inspectus():
    """`attention(attn, query_tokens, key_tokens)` takes 2 to 4 axes, or what a model returned."""
    names = list("xy"), TOKENS
    one, heads, layers = weights(2, 4), weights(3, 2, 4), weights(5, 3, 2, 4)
    np.testing.assert_array_equal(hs.from_attentions(one, names[0], key_tokens=names[1]).weights(0), one[None])
    np.testing.assert_array_equal(hs.from_attentions(heads, names[0], key_tokens=names[1]).weights(0), heads)
    chosen = hs.from_attentions(layers, names[0], key_tokens=names[1], axes="layer head query key")
    np.testing.assert_array_equal(chosen.weights(4), layers[4])


def test_maps_of_inspectus():
    """Its `AttentionMap` is a named tuple of a matrix and its place."""
    layers = weights(2, 3, 4, 4)
    places = [(layer, head) for layer in range(2) for head in range(3)]
    maps = [InspectusMap(layers[place], dict(zip(("layer", "head"), place, strict=True))) for place in places]
    for given in (maps, tuple(reversed(maps))):
        capture = hs.from_attentions(list(given), TOKENS)
        for layer in range(2):
            np.testing.assert_array_equal(capture.weights(layer), layers[layer])
    np.testing.assert_array_equal(hs.from_attentions(InspectusMap(layers[1, 2], {}), TOKENS).weights(0), layers[1, 2:])


# Weights that no softmax gives


@pytest.mark.parametrize("convert", [np.asarray, torch.tensor])
def test_weights_outside_of_the_softmax_are_kept_and_named(convert):
    given = np.array([[[0.6, -0.6, 0.0], [-0.9, 0.9, 0.0], [0.0, 0.0, 1.5]]], "f4")
    capture = hs.from_attentions([convert(given), convert(given * 0)])
    np.testing.assert_array_equal(capture.weights(0), given)
    below, above = capture.report().notes
    assert "below 0, the lowest is -0.9" in below
    assert "above 1, the highest is 1.5" in above
    for half in (torch.float16, torch.bfloat16):
        assert hs.from_attentions([torch.softmax(torch.randn(2, 9, 9), -1).to(half)]).report().notes[1:] == ()


def test_missing_weights_are_not_outside():
    given = np.array([[[np.nan, 1.0], [np.inf, 0.0]]], "f4")
    for gaps in (given, torch.tensor(given), torch.full((1, 2, 2), torch.nan)):
        (note,) = hs.from_attentions([gaps]).report().notes
        assert "NaN, infinite or masked" in note


def test_many_weights_are_looked_at_in_the_first_layers_only(monkeypatch):
    monkeypatch.setattr(ranges, "MOST", 16)
    below = np.full((1, 4, 4), -1, "f4")
    assert hs.from_attentions([below * 0, below]).report().notes == ()
    assert len(hs.from_attentions([below, below * 0]).report().notes) == 1
