"""Tokens as people have them: strings, ids, bytes, arrays, iterators, rows of a batch, or none."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import headscope as hs
from headscope.sources.tokens import read_tokens

WEIGHTS = np.full((1, 2, 3, 3), 1 / 3, "f4")


@pytest.mark.parametrize(
    ("tokens", "expected"),
    [
        (["a", "b", "c"], "abc"),
        (("a", "b", "c"), "abc"),
        ((letter for letter in "abc"), "abc"),
        (np.array(["a", "b", "c"]), "abc"),
        (np.array(["a", "b", "c"], dtype=object), "abc"),
        ([np.str_("a"), "b", "c"], "abc"),
        ([b"a", b"b", b"c"], "abc"),
        ({"a": 1, "b": 1, "c": 1}.keys(), "abc"),
        ([1, 2, 3], "123"),
        (np.array([1, 2, 3]), "123"),
        (np.array([1, 2, 3], dtype=np.uint8), "123"),
        (torch.tensor([1, 2, 3]), "123"),
        ([torch.tensor(1), torch.tensor(2), torch.tensor(3)], "123"),
        (torch.tensor([[1, 2, 3]]), "123"),
        ([["a", "b", "c"]], "abc"),
        (range(1, 4), "123"),
        (None, "012"),
    ],
)
def test_tokens_of_any_form(tokens, expected):
    map_ = hs.from_attentions([WEIGHTS], tokens).maps["self"]
    assert map_.query_tokens == map_.key_tokens == tuple(expected)


def test_tokens_of_a_batch():
    tokens = [["a", "b", "c"], ["d", "e", "f"]]
    map_ = hs.from_attentions([np.repeat(WEIGHTS, 2, 0)], tokens, batch_index=1).maps["self"]
    assert map_.query_tokens == ("d", "e", "f")
    with pytest.raises(ValueError, match="tokens holds the tokens of 2 texts: choose one with batch_index"):
        hs.from_attentions([WEIGHTS], tokens)


def test_positions_are_the_default_of_every_side():
    capture = hs.from_attentions(
        encoder_attentions=[WEIGHTS],
        decoder_attentions=[WEIGHTS[:, :, :2, :2]],
        cross_attentions=[WEIGHTS[:, :, :2]],
        decoder_tokens=["x", "y"],
    )
    cross = capture.maps["cross"]
    assert (cross.query_tokens, cross.key_tokens) == (("x", "y"), ("0", "1", "2"))
    alone = hs.from_attentions([WEIGHTS[:, :, :2]]).maps["self"]
    assert (alone.query_tokens, alone.key_tokens) == (("0", "1"), ("0", "1", "2"))


def test_segments_of_positions():
    map_ = hs.from_attentions([WEIGHTS], segments=[("first", 0, 2)]).maps["self"]
    assert [segment.name for segment in map_.query_segments] == ["first"]


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"encoder_attentions": [WEIGHTS], "encoder_tokens": 7}, TypeError, "encoder_tokens must be a sequence of str"),
        ({"attentions": [WEIGHTS], "tokens": "abc"}, TypeError, "tokens must be a sequence of strings.*not one string"),
        ({"attentions": [WEIGHTS], "tokens": {"a", "b", "c"}}, TypeError, "tokens must be a sequence"),
        ({"attentions": [WEIGHTS], "tokens": {"input_ids": [1]}}, TypeError, "tokens is a dict: pass its tokens"),
        ({"attentions": [WEIGHTS], "tokens": np.array(3)}, TypeError, "tokens must be a sequence"),
        ({"attentions": [WEIGHTS], "tokens": [1.5, 2, 3]}, TypeError, r"tokens\[0\] is 1.5 \(float\), not a string"),
        ({"attentions": [WEIGHTS], "tokens": [True, 2, 3]}, TypeError, r"tokens\[0\] is True"),
        ({"attentions": [WEIGHTS], "tokens": ["a", None, "c"]}, TypeError, r"tokens\[1\] is None.*convert_ids_to_tok"),
        ({"attentions": [WEIGHTS], "tokens": ["a"]}, ValueError, "3 query positions, but tokens has 1"),
        ({"attentions": [WEIGHTS], "tokens": []}, ValueError, "3 query positions, but tokens has 0"),
        ({"attentions": [WEIGHTS], "key_tokens": ["a"]}, ValueError, "3 key positions, but key_tokens has 1"),
    ],
)
def test_tokens_that_do_not_fit(options, error, message):
    with pytest.raises(error, match=message):
        hs.from_attentions(**options)


ANY = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.binary(), st.just(object()))


@given(st.one_of(ANY, st.lists(ANY), st.lists(st.lists(ANY)), st.dictionaries(st.text(), ANY), st.sets(st.text())))
def test_anything_is_read_or_named(value):
    refused = None
    try:
        found = read_tokens("tokens", value)
    except (TypeError, ValueError) as error:
        refused = error
    if refused is None:
        assert found is None or all(isinstance(token, str) for token in found)
    else:
        assert str(refused).startswith("tokens")
