"""Names that users give to positions of any kind."""

from __future__ import annotations

import pytest
import torch

import headscope as hs
from zoo.models import ZOO, build, inputs_of

IDS = torch.tensor([[5, 9, 7, 11]])


def model_of(kind):
    return build(next(one for one in ZOO if one.kind == kind))


@pytest.fixture(scope="module")
def models():
    return {kind: model_of(kind) for kind in ("bert", "llama", "bart", "vit", "wav2vec2")}


def test_names_of_a_text(models, seq2seq_tokenizer):
    capture = hs.capture(models["bert"], seq2seq_tokenizer, "red green", tokens=["a", "b", "end"])
    map_ = capture.maps["self"]
    assert map_.query_tokens == map_.key_tokens == ("a", "b", "end")
    assert map_.query_special == (2,)


@pytest.mark.parametrize("names", [["p", "q", "a", "b"], ["a", "b"], {"input_ids": ["a", "b"]}, {"main": ["a", "b"]}])
def test_names_of_embeddings_beside_padding(models, names):
    embedded = models["llama"].get_input_embeddings()(IDS).detach()
    inputs = {"inputs_embeds": embedded, "attention_mask": torch.tensor([[0, 0, 1, 1]])}
    assert hs.capture(models["llama"], inputs=inputs, tokens=names).maps["self"].key_tokens == ("a", "b")


def test_names_of_both_sides(models):
    names = {"input_ids": list("abcd"), "decoder_input_ids": ["x", "y"]}
    inputs = {"input_ids": IDS, "decoder_input_ids": torch.tensor([[1, 6]])}
    maps = hs.capture(models["bart"], inputs=inputs, tokens=names).maps
    assert maps["cross"].query_tokens == maps["decoder"].key_tokens == ("x", "y")
    assert maps["cross"].key_tokens == maps["encoder"].query_tokens == tuple("abcd")
    maps = hs.capture(models["bart"], inputs=inputs, tokens={"decoder": ["x", "y"], "encoder": list("abcd")}).maps
    assert maps["decoder"].query_tokens == ("x", "y")
    assert maps["encoder"].query_tokens == tuple("abcd")


@pytest.mark.parametrize("kind", ["vit", "wav2vec2"])
def test_names_of_patches_and_times(models, kind):
    inputs = inputs_of(next(one for one in ZOO if one.kind == kind))
    (name, map_), *_ = hs.capture(models[kind], inputs=inputs).maps.items()
    names = [f"place {number}" for number in range(len(map_.query_tokens))]
    for tokens in (names, {name: names}):
        found = hs.capture(models[kind], inputs=inputs, tokens=tokens).maps[name]
        assert found.query_tokens == found.key_tokens == tuple(names)


def test_names_of_cached_positions(models):
    past = models["llama"](IDS, use_cache=True).past_key_values
    inputs = {"input_ids": IDS[:, :2], "past_key_values": past}
    map_ = hs.capture(models["llama"], inputs=inputs).maps["self"]
    assert map_.key_tokens == ("past 0", "past 1", "past 2", "past 3", "5", "9")
    map_ = hs.capture(models["llama"], inputs=inputs, tokens=list("abcdef")).maps["self"]
    assert (map_.query_tokens, map_.key_tokens) == (("e", "f"), tuple("abcdef"))
    assert past.get_seq_length() == 4


@pytest.mark.parametrize(
    ("tokens", "error", "message"),
    [
        (["a"], ValueError, "tokens has 1 names for the 4 positions of input_ids"),
        ({"input_ids": ["a"]}, ValueError, "tokens has 1 names for the 4 positions"),
        ({"self": ["a"]}, ValueError, "tokens has 1 names for 'self', but the sizes of its maps are 'self' 4 x 4"),
        ({"vision": ["a"]}, ValueError, "tokens has names for 'vision': it can have them for .* the maps 'self'"),
        ({"decoder_input_ids": ["a"]}, ValueError, "tokens has names for 'decoder_input_ids'"),
        ("abcd", TypeError, "tokens must be a list of strings, one for each position, not 'abcd'"),
        (5, TypeError, "tokens must be a list of strings"),
        ([1, 2, 3, 4], TypeError, r"tokens\[0\] is 1: each name is a string"),
        ({5: ["a"]}, TypeError, "tokens has the key 5"),
        ({"input_ids": "abcd"}, TypeError, r"tokens\['input_ids'\] must be a list of strings"),
    ],
)
def test_names_that_do_not_fit(models, tokens, error, message):
    with pytest.raises(error, match=message):
        hs.capture(models["bert"], inputs={"input_ids": IDS}, tokens=tokens)
