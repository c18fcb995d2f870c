"""Reports: what a capture holds, how it was captured, and what is missing."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from transformers import GPT2Config, GPT2LMHeadModel

import headscope as hs
from headscope.data.descriptions import describe_maps

EVERY = "Every attention module that ran is shown."


def flat(queries=3, keys=3, heads=2):
    return np.full((1, heads, queries, keys), 1 / keys, dtype=np.float32)


def vectors(*shape):
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@pytest.fixture(scope="module")
def gpt2():
    config = GPT2Config(
        vocab_size=20, n_positions=32, n_embd=16, n_layer=3, n_head=2, bos_token_id=0, eos_token_id=None
    )
    return GPT2LMHeadModel(config).eval()


def headings(report):
    return re.split(r"  +", repr(report).splitlines()[1])


def test_the_report_counts_queries_and_keys():
    capture = hs.from_attentions([flat(2, 5), flat(2, 5)], ["a", "b"], key_tokens=list("vwxyz"))
    (part,) = capture.report().maps
    assert (part.num_queries, part.num_keys) == (2, 5)
    assert headings(capture.report()) == ["map", "queries x keys", "layers", "heads", "served by"]
    assert repr(capture.report()).splitlines()[2].split()[:5] == ["self", "2", "x", "5", "2"]


def test_each_map_has_its_own_size():
    capture = hs.from_attentions(
        encoder_attentions=[flat(4, 4)],
        decoder_attentions=[flat(2, 2)],
        cross_attentions=[flat(2, 4)],
        encoder_tokens=list("abcd"),
        decoder_tokens=list("ef"),
    )
    assert [(part.name, part.num_queries, part.num_keys) for part in capture.report().maps] == [
        ("encoder", 4, 4),
        ("decoder", 2, 2),
        ("cross", 2, 4),
    ]


def test_the_tier_is_an_attribute_and_no_column(gpt2):
    report = hs.capture(gpt2, inputs=[[1, 2, 3]]).report()
    assert report.maps[0].tier in (1, 2, 3)
    assert "tier" not in repr(report)
    assert "tier" not in report._repr_html_()
    assert {"served by", "KV heads", "precision", "proved to", "modules"} <= set(headings(report))


def test_prompt_and_generated_tokens_are_counted(gpt2, tmp_path):
    capture = hs.capture_generation(gpt2, inputs=[[1, 2, 3]], max_new_tokens=4, do_sample=False)
    said = "Queries of the 'self' map: 3 tokens of the prompt, 4 generated."
    assert said in repr(capture.report())
    assert said in capture.report()._repr_html_().replace("&#x27;", "'")
    loaded = hs.load(capture.save(tmp_path / "one.attn.safetensors"))
    assert repr(loaded.report()) == repr(capture.report())


def test_nothing_is_said_to_be_whole_that_is_not(gpt2):
    whole = hs.capture(gpt2, inputs=[[1, 2, 3]])
    assert EVERY in repr(whole.report())
    part = hs.capture(gpt2, inputs=[[1, 2, 3]], layers=[0, 2]).report()
    assert EVERY not in repr(part)
    assert part.left_out == ("layers= kept 2 of the 3 layers of the 'self' map: 0, 2.",)
    given = hs.from_attentions([flat()], list("abc")).report()
    assert EVERY not in repr(given)
    assert "missing" not in repr(given)


def test_a_map_of_which_no_layer_was_kept_is_named():
    capture = hs.from_attentions(
        encoder_attentions=[flat(), flat()],
        decoder_attentions=[flat()],
        encoder_tokens=list("abc"),
        decoder_tokens=list("abc"),
        layers=[1],
    )
    assert list(capture.maps) == ["encoder"]
    assert capture.report().left_out == (
        "layers= kept 1 of the 2 layers of the 'encoder' map: 1.",
        "layers= left out the 'decoder' map: none of its 1 layer was kept.",
    )


def test_a_pass_with_nan_says_so(tmp_path):
    config = GPT2Config(vocab_size=20, n_positions=32, n_embd=16, n_layer=2, n_head=2)
    model = GPT2LMHeadModel(config).eval()
    model.transformer.h[1].attn.c_attn.weight.data[:, :16] = float("nan")
    capture = hs.capture(model, inputs=[[1, 2, 3]])
    assert np.isnan(capture.weights(1)).any()
    said = "The model computed NaN or infinite numbers in the 'self' map: its weights may be NaN."
    assert said in repr(capture.report())
    assert "not proved" in repr(capture.report())
    loaded = hs.load(capture.save(tmp_path / "nan.attn.safetensors"))
    assert said in repr(loaded.report())
    json.dumps(describe_maps(capture), allow_nan=False)


def test_given_weights_that_are_missing_are_named():
    broken = flat()
    broken[0, 1, 2, 0] = np.nan
    (note,) = hs.from_attentions([flat(), broken], list("abc")).report().notes
    assert note.startswith("The 'self' map has weights that are NaN, infinite or masked, in 1 layer:")


@pytest.mark.parametrize("number", [np.nan, np.inf])
@pytest.mark.parametrize("side", ["q", "k"])
def test_given_queries_and_keys_with_nan_are_named(side, number):
    given = {"q": vectors(3, 2, 4, 8), "k": vectors(3, 2, 4, 8)}
    given[side][1, 0, 2, 3] = number
    assert hs.from_arrays(**given).report().notes[-1].startswith("q or k holds NaN or infinite numbers in layer 1:")


@pytest.mark.parametrize("shape", [(2, 4, 8), (3, 2, 4, 8)])
def test_one_reading_of_queries_and_keys_is_one_note(shape):
    one, other = hs.from_arrays(vectors(*shape), vectors(*shape)).report().notes
    assert one.startswith("q has ")
    assert other == "k was read in the same way."


def test_given_numbers_are_called_what_they_are():
    assert repr(hs.from_attentions([flat()]).report()).startswith("Capture of given weights\n")
    assert repr(hs.from_arrays(vectors(4, 8), vectors(4, 8)).report()).startswith("Capture of given queries and keys\n")
    assert repr(hs.from_attentions([flat()], name="mine").report()).startswith("Capture of mine\n")


def test_one_of_a_kind_is_in_the_singular():
    capture = hs.from_attentions([flat(1, 1, heads=1)], ["a"])
    assert "self: 1 layer x 1 head, 1 token;" in repr(capture)
    assert repr(capture.maps["self"]) == "AttentionMap('self': 1 layer x 1 head, 1 query x 1 key)"
    with pytest.raises(ValueError, match="'a' occurs once, at 0"):
        capture.select(query=("a", 1))


def test_a_notebook_aligns_text_on_the_left(gpt2):
    text = hs.capture(gpt2, inputs=[[1, 2, 3]]).report()._repr_html_()
    found = {name: side for side, name in re.findall(r'<th style="text-align: (left|right)">(.*?)</th>', text)}
    assert {name for name, side in found.items() if side == "left"} == {"map", "served by", "precision", "modules"}
    assert {"layers", "heads", "queries x keys"} <= set(found)
    row = re.findall(r'<td style="text-align: (left|right)">', text)
    assert row == list(found.values())
