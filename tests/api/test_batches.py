"""Captures of several texts: `capture_batch`, its list, its windows, and its menu."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Whitespace
from tokenizers.processors import TemplateProcessing
from transformers import PreTrainedTokenizerFast

import headscope as hs
from headscope.contract import SNAPSHOT_TYPE
from headscope.widgets.samples import Samples
from headscope.widgets.store import store_of

TEXTS = ["red green blue", "green", "blue red"]
LONG = "red green blue yellow " * 6


@pytest.fixture
def tokenizer():
    words = ["<pad>", "<s>", "</s>", "<unk>", "red", "green", "blue", "yellow"]
    backend = Tokenizer(WordLevel({word: id_ for id_, word in enumerate(words)}, unk_token="<unk>"))
    backend.pre_tokenizer = Whitespace()
    special = [("<s>", 1), ("</s>", 2)]
    backend.post_processor = TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B:1 </s>:1", special_tokens=special
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", bos_token="<s>", eos_token="</s>", unk_token="<unk>"
    )


def assert_same(capture, expected):
    for name, map_ in expected.maps.items():
        assert capture.maps[name].query_tokens == map_.query_tokens
        for layer in map_.layers:
            np.testing.assert_array_equal(capture.weights(layer, map=name), expected.weights(layer, map=name))


@pytest.mark.parametrize("kind", ["bert", "llama", "t5"])
def test_each_text_is_captured_as_if_alone(tiny, tokenizer, kind):
    model = tiny(kind).model
    captures = hs.capture_batch(model, tokenizer, TEXTS)
    assert len(captures) == 3
    for capture, text in zip(captures, TEXTS, strict=True):
        assert_same(capture, hs.capture(model, tokenizer, text))
    assert captures.labels == tuple(TEXTS)
    assert [len(part) for part in (captures[:2], captures[1:2])] == [2, 1]
    assert captures[-1] is captures[2]
    with pytest.raises(IndexError, match=r"captures\[3\] does not exist: there are 3 captures, 0 to 2"):
        captures[3]
    assert repr(captures).splitlines() == [
        f"<3 captures of {captures[0].name}>",
        *(f"{n}: {t}" for n, t in enumerate(TEXTS)),
    ]


def test_pairs_and_targets(tiny, tokenizer):
    pairs = hs.capture_batch(tiny("bert").model, tokenizer, TEXTS[:2], ["blue", "red"])
    assert [capture.maps["self"].sentence_b_start for capture in pairs] == [5, 3]
    written = hs.capture_batch(tiny("t5").model, tokenizer, TEXTS[:2], targets=["blue blue", "red"])
    assert written[0].maps["decoder"].query_tokens[1:] == ("<s>", "blue", "blue")


@pytest.mark.parametrize("kind", ["bert", "llama", "gpt2"])
def test_rows_of_a_batch(tiny, tokenizer, kind):
    model, batch = tiny(kind).model, tokenizer(TEXTS, padding=True, return_tensors="pt")
    batch.pop("token_type_ids", None)
    for inputs in (batch, tokenizer(TEXTS), [tokenizer(text) for text in TEXTS]):
        captures = hs.capture_batch(model, tokenizer, inputs=inputs)
        for row, capture in enumerate(captures):
            expected = hs.capture(model, tokenizer, inputs=batch, batch_index=row)
            assert capture.maps["self"].query_tokens == expected.maps["self"].query_tokens
            np.testing.assert_allclose(capture.weights(1), expected.weights(1), rtol=0, atol=1e-5)


@pytest.mark.parametrize(("window", "stride"), [(8, None), (8, 6), (8, 1), (10, 3), (26, None), (99, None)])
def test_windows(tiny, tokenizer, window, stride):
    model, ids = tiny("bert").model, tokenizer(LONG)["input_ids"]
    captures = hs.capture_batch(model, tokenizer, LONG, window=window, stride=stride)
    step, room, content = stride or (window - 2) // 2, window - 2, ids[1:-1]
    starts = [0]
    while starts[-1] + room < len(content):
        starts.append(starts[-1] + step)
    assert len(captures) == len(starts)
    for capture, start in zip(captures, starts, strict=True):
        own = [1, *content[start : start + room], 2]
        assert_same(capture, hs.capture(model, tokenizer, inputs={"input_ids": [own]}))
        stop = min(start + room, 24) - 1
        if window < 26:
            assert capture.report().notes[0].startswith(f"A window of the text: its tokens {start} to {stop} of 24")
        else:
            assert capture.report().notes == ()


def test_a_window_of_the_model_and_windows_of_several_texts(new_tiny, tokenizer):
    model = new_tiny("bert", max_position_embeddings=12)
    captures = hs.capture_batch(model, tokenizer, LONG, window=True)
    assert {len(capture.maps["self"].query_tokens) for capture in captures[:-1]} == {12}
    several = hs.capture_batch(model, tokenizer, [LONG, "red"], window=True)
    assert len(several) == len(captures) + 1
    assert several.labels[-1] == "text 1, tokens 0 to 0: red"
    assert several.labels[1] == "text 0, tokens 5 to 14: green blue yellow red green blue yellow red green blue"
    assert captures.labels[0] == "tokens 0 to 9: red green blue yellow red green blue yellow red green"


@pytest.mark.parametrize(
    ("texts", "options", "error", "message"),
    [
        ("red", {}, TypeError, "texts must be a list of texts, not str"),
        ([], {}, ValueError, "texts is an empty list"),
        (TEXTS, {"stride": 5}, ValueError, "stride is for windows"),
        (LONG, {"window": 2}, ValueError, "window is 2 tokens, which leaves no room"),
        (LONG, {"window": 8, "stride": 7}, ValueError, "stride is 7: it must be from 1 to 6"),
        (LONG, {"window": "8"}, TypeError, "window must be a number of tokens or True"),
        (LONG, {"window": 8, "stride": 2.5}, TypeError, "stride must be a number of tokens"),
        (LONG, {"window": 8, "segments": "lines"}, ValueError, "window reads single texts without segments"),
        (["red", 5.5], {}, TypeError, r"texts\[1\]: text must be one string"),
        (TEXTS, {"targets": ["red"]}, ValueError, "targets has 1 for 3 texts"),
        (TEXTS, {"text_pairs": "red"}, TypeError, "text_pairs must be a list"),
        (None, {}, ValueError, "neither texts nor inputs were given: call capture_batch"),
        (None, {"text_pairs": ["red"], "inputs": [[5]]}, ValueError, "text_pairs needs texts"),
        (None, {"inputs": [[5]], "window": 8}, ValueError, "window is for texts"),
        (TEXTS, {"layer": 1}, TypeError, r"capture_batch\(\) has no keyword 'layer': did you mean 'layers'"),
    ],
)
def test_arguments_that_do_not_fit(tiny, tokenizer, texts, options, error, message):
    with pytest.raises(error, match=message):
        hs.capture_batch(tiny("bert").model, tokenizer, texts, **options)


def test_a_window_needs_a_limit(tiny, tokenizer):
    with pytest.raises(ValueError, match="has positions for any number of tokens: pass a number"):
        hs.capture_batch(tiny("llama").model, tokenizer, LONG, window=True)


@pytest.mark.parametrize("name", [name for name in dir(hs.Capture) if name[0] != "_"] + ["maps", "name", "logits"])
def test_what_one_capture_has_is_explained_on_a_list(tiny, tokenizer, name):
    captures = hs.capture_batch(tiny("bert").model, tokenizer, TEXTS)
    with pytest.raises(AttributeError, match=rf"each of its 3 captures has: captures\[0\]\.{name}\b"):
        getattr(captures, name)


def test_other_attributes_of_a_list(tiny, tokenizer):
    captures = hs.capture_batch(tiny("bert").model, tokenizer, TEXTS)
    assert not hasattr(captures, "_anything")
    with pytest.raises(AttributeError, match="'CaptureList' object has no attribute 'anything'"):
        captures.anything  # noqa: B018
    assert copy.copy(captures).labels == captures.labels
    with pytest.raises(TypeError, match=r"captures\['red'\] does not exist: captures are found by number, from 0 to 2"):
        captures["red"]
    with pytest.raises(IndexError, match=r"captures\[1\] does not exist: 0 is the only capture"):
        captures[:1][1]
    assert repr(captures[:1]).startswith("<1 capture of ")
    (long,) = hs.CaptureList(list(captures[:1]), ["word " * 50]).labels
    assert len(repr(hs.CaptureList(list(captures[:1]), [long])).splitlines()[1]) == len("0: ") + 80


def test_the_menu_changes_the_explorer(tiny, tokenizer):
    captures = hs.capture_batch(tiny("bert").model, tokenizer, TEXTS)
    samples = Samples(captures, captures.labels)
    menu, first = samples.children
    assert [label for label, _ in menu.options] == ["0: red green blue", "1: green", "2: blue red"]
    menu.value = 2
    assert samples.children[0] is menu
    assert samples.children[1].store is store_of(captures[2])
    menu.value = 0
    assert samples.children[1] is first
    bundle = captures._repr_mimebundle_()
    data = bundle[0] if isinstance(bundle, tuple) else bundle
    assert "application/vnd.jupyter.widget-view+json" in data
    assert data["text/plain"] == repr(captures)
    alone = captures[:1]._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in (alone[0] if isinstance(alone, tuple) else alone)


def test_a_snapshot_shows_the_chosen_text_and_says_which_it_is(tiny, tokenizer):
    captures = hs.capture_batch(tiny("bert").model, tokenizer, TEXTS)
    samples = Samples(captures, captures.labels)
    for number, text in enumerate(TEXTS):
        samples.menu.value = number
        data, metadata = samples._repr_mimebundle_()
        said = f"text {number + 1} of 3: {text}"
        snapshot = data[SNAPSHOT_TYPE]
        assert snapshot["name"] == f"{captures[0].name}, {said}"
        assert snapshot["maps"][0]["query_tokens"] == ["<s>", *text.split(), "</s>"]
        assert said in metadata["image/png"]["alt"]
    assert hs.CaptureList(list(captures[:1]))[0].explorer().shown_name == captures[0].name


def test_lists_that_do_not_fit(tiny, tokenizer):
    captures = hs.capture_batch(tiny("bert").model, tokenizer, TEXTS)
    with pytest.raises(ValueError, match="at least one"):
        hs.CaptureList([])
    with pytest.raises(ValueError, match="there are 1 labels for 3 captures"):
        hs.CaptureList(list(captures), ["one"])
    assert hs.CaptureList(list(captures)).labels[1].endswith(" 1")
    assert torch.is_tensor(captures[0].maps["self"].records[0].query)
