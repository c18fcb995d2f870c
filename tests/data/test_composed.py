"""The picture of all of an encoder-decoder: its blocks equal the three maps, of real models of several shapes."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
import torch
import transformers

import headscope as hs
from headscope.data.composed import ComposedMap
from headscope.data.pooling import top_level

SIZES: dict[str, Any] = {
    "vocab_size": 99,
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 3,
    "encoder_attention_heads": 4,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "pad_token_id": 0,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "forced_eos_token_id": 2,
    "decoder_start_token_id": 2,
    "max_position_embeddings": 512,
}
MODELS: dict[str, tuple[str, dict[str, Any]]] = {
    "Bart": ("BartForConditionalGeneration", SIZES),
    "Marian": ("MarianMTModel", SIZES | {"encoder_layers": 3, "decoder_layers": 1, "encoder_attention_heads": 2}),
    "T5": (
        "T5ForConditionalGeneration",
        {
            "vocab_size": 99,
            "d_model": 32,
            "d_kv": 8,
            "d_ff": 32,
            "num_layers": 3,
            "num_decoder_layers": 2,
            "num_heads": 4,
            "decoder_start_token_id": 0,
        },
    ),
    "Whisper": (
        "WhisperForConditionalGeneration",
        SIZES
        | {
            "encoder_attention_heads": 2,
            "decoder_attention_heads": 4,
            "num_mel_bins": 8,
            "max_source_positions": 20,
            "max_target_positions": 30,
        },
    ),
}


def captured(kind: str, source: int = 11, target: int = 6) -> hs.Capture:
    torch.manual_seed(0)
    name, sizes = MODELS[kind]
    model = getattr(transformers, name)(getattr(transformers, f"{kind}Config")(**sizes)).eval()
    inputs = {"decoder_input_ids": torch.randint(3, 99, (1, target))}
    if kind == "Whisper":
        inputs["input_features"] = torch.randn(1, 8, 40)
    else:
        inputs["input_ids"] = torch.randint(3, 99, (1, source))
    return hs.capture(model, inputs=inputs)


def composed_by_hand(capture: hs.Capture, layer: int) -> np.ndarray:
    """Return the picture of a layer, put together from the exact weights of the three maps."""
    maps = [capture.maps[name] for name in ("encoder", "cross", "decoder")]
    source, target = (len(capture.maps[name].query_tokens) for name in ("encoder", "decoder"))
    heads = max(map_.num_heads(layer) for map_ in maps if layer < map_.num_layers)
    whole = np.full((heads, source + target, source + target), np.nan, dtype=np.float32)
    for map_, (row, column) in zip(maps, ((0, 0), (source, 0), (source, source)), strict=True):
        if layer < map_.num_layers:
            weights = map_.block(layer)
            whole[: weights.shape[0], row : row + weights.shape[1], column : column + weights.shape[2]] = weights
    return whole


@pytest.mark.parametrize("kind", MODELS)
def test_blocks_equal_the_maps(kind: str) -> None:
    capture = captured(kind)
    map_ = capture.maps["all"]
    layers = {name: each.num_layers for name, each in capture.maps.items()}
    assert list(layers) == ["encoder", "decoder", "cross"]
    assert map_.num_layers == max(layers.values())
    for layer in range(map_.num_layers):
        whole = composed_by_hand(capture, layer)
        np.testing.assert_array_equal(capture.weights(layer, map="all"), whole)
        np.testing.assert_allclose(
            map_.block(layer, [1], slice(3, 14), [2, 1, 12]), whole[[1], 3:14][:, :, [2, 1, 12]], atol=1e-6
        )
        rows = np.nansum(whole, axis=2)
        inside = layer < layers["encoder"], layer < layers["decoder"]
        source = len(capture.maps["encoder"].query_tokens)
        for head in range(2):
            np.testing.assert_allclose(rows[head, :source], float(inside[0]), atol=1e-5)
            np.testing.assert_allclose(rows[head, source:], 2.0 * inside[1], atol=1e-5)
        assert np.isnan(whole[:, :source, source:]).all()


@pytest.fixture(scope="module")
def long_capture() -> hs.Capture:
    """Text longer than a tile on both sides, whose boundary lies within a bin of every level above 0."""
    return captured("Bart", source=301, target=290)


def pooled_by_hand(weights: np.ndarray, edges: np.ndarray, pool: str) -> np.ndarray:
    """Return one head pooled to square bins, without missing weights."""
    bins = [[weights[a:b, c:d] for c, d in itertools.pairwise(edges)] for a, b in itertools.pairwise(edges)]
    how = np.nanmax if pool == "max" else np.nanmean
    return np.array([[np.nan if np.isnan(one).all() else how(one) for one in row] for row in bins])


@pytest.mark.parametrize("pool", ["max", "mean"])
@pytest.mark.parametrize("layer", [0, 2])
def test_tiles_equal_the_pooled_blocks(long_capture: hs.Capture, layer: int, pool: Any) -> None:
    map_, head = long_capture.maps["all"], 1
    whole = composed_by_hand(long_capture, layer)[head]
    size = len(whole)
    assert top_level(size, size) == 2
    for level in (0, 2):
        edges = np.append(np.arange(0, size, 2**level), size)
        wanted = whole if level == 0 else pooled_by_hand(whole, edges, pool)
        step = 256
        for row in range(-(-len(wanted) // step)):
            for column in range(-(-len(wanted) // step)):
                found = map_.tile(layer, [head], level, row, column, pool)[0]
                part = wanted[row * step : (row + 1) * step, column * step : (column + 1) * step]
                np.testing.assert_allclose(found, part, atol=1e-6)
                assert not map_.is_blank(layer, level, row, column) or not part.any()


def test_thumbnails_and_excerpts_equal_the_blocks(long_capture: hs.Capture) -> None:
    map_ = long_capture.maps["all"]
    whole = composed_by_hand(long_capture, 1)
    size, source = whole.shape[1], 301
    edges = np.append(np.arange(64) * size // 64, size)
    np.testing.assert_allclose(map_.overview(1, [3])[0], pooled_by_hand(whole[3], edges, "max"), atol=1e-6)
    found = map_.excerpt(1, [1], [[0, source], [source, size]], [[0, source], [source, size]])[0]
    np.testing.assert_allclose(found, [[1, np.nan], [1, 1]], atol=1e-5)


def test_keys_are_left_out_of_each_softmax_by_itself(long_capture: hs.Capture) -> None:
    source, size = 301, 591
    found = long_capture.maps["all"].excerpt(
        0, [0], [[source, size]], [[1, source], [source + 1, size]], without=[0, source]
    )[0]
    weights = composed_by_hand(long_capture, 0)[0, source:]
    others = [weights[:, 1:source], weights[:, source + 1 :]]
    totals = [part.sum(1) for part in others]
    # The first target token sees no other target token, so nothing of its weights is left.
    np.testing.assert_allclose(found[0], [1, (totals[1] > 0).mean()], atol=1e-5)


@pytest.mark.parametrize("kind", MODELS)
def test_a_trace_reads_the_blocks(kind: str) -> None:
    capture = captured(kind)
    source, layers = len(capture.maps["encoder"].query_tokens), capture.maps["all"].num_layers
    for query, key in ((1, 2), (source + 2, 3), (source + 3, source + 1), (2, source + 1)):
        pair = capture.trace(query=query, key=key, map="all")
        strongest = capture.trace(query=query, exclude=[], map="all")
        for layer in range(layers):
            whole = capture.weights(layer, map="all")
            heads = len(whole)
            np.testing.assert_allclose(pair[layer, :heads], whole[:, query, key], atol=1e-6)
            np.testing.assert_allclose(strongest[layer, :heads], np.fmax.reduce(whole[:, query], axis=-1), atol=1e-6)
            assert np.isnan([pair[layer, heads:], strongest[layer, heads:]]).all()


def test_sinks_are_those_of_the_maps() -> None:
    capture = captured("T5")
    found = capture.maps["all"].sinks(0, share=0.05)
    source = len(capture.maps["encoder"].query_tokens)
    own = {name: map_.sinks(0, share=0.05) for name, map_ in capture.maps.items()}
    wanted = {key: max(own[name].get(key, 0) for name in ("encoder", "cross")) for key in own["encoder"] | own["cross"]}
    assert found == wanted | {source + key: share for key, share in own["decoder"].items()}


def test_tokens_words_and_segments_are_joined() -> None:
    def weights(queries: int, keys: int) -> list[np.ndarray]:
        return [np.full((2, queries, keys), 1 / keys, dtype=np.float32)]

    capture = hs.from_attentions(
        encoder_attentions=weights(3, 3),
        decoder_attentions=weights(2, 2),
        cross_attentions=weights(2, 3),
        encoder_tokens=["a", "b", "</s>"],
        decoder_tokens=["x", "y"],
    )
    map_ = capture.maps["all"]
    assert map_.query_tokens == map_.key_tokens == ("a", "b", "</s>", "x", "y")
    assert [tuple(segment) for segment in map_.query_segments] == [("source", 0, 3), ("target", 3, 5)]
    np.testing.assert_allclose(capture.segment_weights(0, 0, map="all"), [[1, np.nan], [1, 1]], rtol=1e-6)
    assert list(capture.maps) == ["encoder", "decoder", "cross"]
    assert "all" in capture.maps
    assert isinstance(map_, ComposedMap)
    assert map_.info()["parts"][1] == {"name": "cross", "queries": [3, 5], "keys": [0, 3]}


def test_it_takes_no_memory_and_moves_with_the_capture() -> None:
    capture = captured("T5")
    before = capture.weights(1, map="all")
    assert capture.maps["all"].nbytes == 0
    np.testing.assert_array_equal(capture.to("cpu").weights(1, map="all"), before)


def test_captures_without_three_maps_say_why() -> None:
    weights = [np.full((2, 3, 3), 1 / 3, dtype=np.float32)]
    capture = hs.from_attentions(weights, ["a", "b", "c"])
    assert "all" not in capture.maps
    with pytest.raises(ValueError, match=r"in one picture, and this capture has only 'self'"):
        capture.weights(0, map="all")
    with pytest.raises(ValueError, match=r"in one picture, and this capture has only 'self'"):
        capture.head_view(map="all")


def test_what_shows_one_attention_refuses_it() -> None:
    capture = captured("T5")
    for call in (capture.neuron_view, capture.text_view):
        with pytest.raises(
            ValueError, match=r"shows one attention at a time: .* Choose 'encoder', 'decoder' or 'cross'"
        ):
            call(map="all")
    for read in (capture.queries, capture.keys, capture.scores):
        with pytest.raises(ValueError, match="each with queries and keys of its own"):
            read(0, map="all")


def test_notes_are_on_the_heads_of_one_attention() -> None:
    capture = captured("T5")
    with pytest.raises(KeyError, match="a note is on a head of encoder, decoder, cross"):
        capture.notes["all", 0, 1] = "copies"
    assert len(capture.notes) == 0
