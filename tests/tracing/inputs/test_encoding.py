"""Texts as people have them: lists, pairs, chats in parts, tokenizers without padding or offsets, long texts."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import headscope as hs
from zoo.models import TINY, ZOO, Animal, build

PARTS = "{% for m in messages %}{{ m.role }} {% for p in m.content %}{{ p.text }} {% endfor %}{% endfor %}"
STRINGS = "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}"
TEXTS = ["red green blue", "green", "blue red"]


def model_of(kind, **changes):
    animal = next(one for one in ZOO if one.kind == kind)
    return build(Animal(kind, {**animal.config, **changes}))


@pytest.fixture(scope="module")
def models():
    return {kind: model_of(kind) for kind in ("bert", "llama", "gpt2")}


@pytest.mark.parametrize("index", range(3))
@pytest.mark.parametrize("kind", ["bert", "llama", "gpt2"])
def test_a_list_of_texts(models, seq2seq_tokenizer, kind, index):
    batch = seq2seq_tokenizer(TEXTS, padding=True, return_tensors="pt")
    batch.pop("token_type_ids", None)
    expected = hs.capture(models[kind], seq2seq_tokenizer, inputs=batch, batch_index=index)
    capture = hs.capture(models[kind], seq2seq_tokenizer, TEXTS, batch_index=index, segments=[TEXTS[index].split()[0]])
    assert capture.maps["self"].query_tokens == (*TEXTS[index].split(), "</s>")
    np.testing.assert_array_equal(capture.weights(1), expected.weights(1))
    assert capture.maps["self"].query_segments[0][0] == TEXTS[index].split()[0]


def test_a_list_of_pairs(models, seq2seq_tokenizer):
    capture = hs.capture(models["bert"], seq2seq_tokenizer, TEXTS, ["blue", "red green", "red"], batch_index=1)
    assert capture.maps["self"].query_tokens == ("green", "</s>", "red", "green", "</s>")
    assert capture.maps["self"].sentence_b_start == 2


def test_texts_that_can_not_be_padded_run_alone(models, seq2seq_tokenizer):
    seq2seq_tokenizer.pad_token = None
    capture = hs.capture(models["gpt2"], seq2seq_tokenizer, TEXTS, batch_index=2)
    assert capture.maps["self"].query_tokens == ("blue", "red", "</s>")
    assert capture.report().notes == ("Text 2 of 3 ran alone: the tokenizer has no pad token.",)
    expected = hs.capture(models["gpt2"], seq2seq_tokenizer, TEXTS[2])
    np.testing.assert_array_equal(capture.weights(1), expected.weights(1))


@pytest.mark.parametrize(
    ("text", "pair", "error", "message"),
    [
        ([], None, ValueError, "text is an empty list"),
        (["red", 5.5], None, TypeError, r"text\[1\] must be a string or the messages of a chat, not float"),
        (["red", "blue"], ["red"], ValueError, "text_pair is 1 strings, but text is a list of 2"),
        (["red", "blue"], "red", ValueError, "text_pair is 'red', but text is a list of 2"),
        (["red"], [None], TypeError, r"text_pair\[0\] must be a string, not NoneType"),
        ("red", ["blue"], TypeError, "text_pair is a list of 1, but text is one text"),
        (5.5, None, TypeError, "text must be one string, a list of strings or the messages of a chat, not float"),
    ],
)
def test_texts_that_do_not_fit(models, seq2seq_tokenizer, text, pair, error, message):
    with pytest.raises(error, match=message):
        hs.capture(models["bert"], seq2seq_tokenizer, text, pair)


def test_the_index_of_a_list(models, seq2seq_tokenizer):
    with pytest.raises(IndexError, match="batch_index 3 is out of range"):
        hs.capture(models["bert"], seq2seq_tokenizer, TEXTS, batch_index=3)
    with pytest.raises(IndexError, match="batch_index 1 is out of range"):
        hs.capture(models["bert"], seq2seq_tokenizer, "red", batch_index=1)


@pytest.mark.parametrize("template", [PARTS, STRINGS], ids=["a template of parts", "a template of strings"])
def test_contents_in_parts(models, seq2seq_tokenizer, template):
    seq2seq_tokenizer.chat_template = template
    chat = [
        {"role": "red", "content": [{"type": "text", "text": "green"}, {"type": "text", "text": "blue"}]},
        {"role": "blue", "content": [{"type": "text", "text": "yellow"}]},
    ]
    map_ = hs.capture(models["llama"], seq2seq_tokenizer, chat).maps["self"]
    assert map_.query_tokens[:5] == ("red", "green", "blue", "blue", "yellow")
    assert [segment[:3] for segment in map_.query_segments] == [("red", 0, 3), ("blue", 3, 5)]


def test_images_need_a_processor(models, seq2seq_tokenizer):
    seq2seq_tokenizer.chat_template = STRINGS
    chat = [{"role": "red", "content": [{"type": "image", "url": "cat.png"}, {"type": "text", "text": "blue"}]}]
    with pytest.raises(ValueError, match=r"message 0 of the chat holds a part of type 'image'.*the model's processor"):
        hs.capture(models["llama"], seq2seq_tokenizer, chat)


def test_a_template_that_refuses_the_messages(models, seq2seq_tokenizer):
    seq2seq_tokenizer.chat_template = "{{ raise_exception('roles must alternate') }}"
    with pytest.raises(ValueError, match=r"the chat template refuses the messages .*roles must alternate"):
        hs.capture(models["llama"], seq2seq_tokenizer, [{"role": "user", "content": "red"}])


def test_one_message_and_a_list_of_chats(models, seq2seq_tokenizer):
    seq2seq_tokenizer.chat_template = STRINGS
    message = {"role": "red", "content": "green"}
    for text, index in ((message, 0), ([[message], [message | {"content": "blue"}]], 0)):
        capture = hs.capture(models["llama"], seq2seq_tokenizer, text, batch_index=index)
        assert capture.maps["self"].query_tokens[:2] == ("red", "green")
    assert "ran alone: a chat is not padded" in repr(capture.report())


LONG = "red green blue " * 30


def test_a_text_that_is_too_long_says_how(seq2seq_tokenizer):
    model = model_of("bert", max_position_embeddings=16)
    with pytest.raises(
        ValueError, match=r"has 91 tokens, but the model has positions for 16: pass truncate=True .*window=16"
    ):
        hs.capture(model, seq2seq_tokenizer, LONG)
    for truncate, length in ((True, 16), (9, 9)):
        capture = hs.capture(model, seq2seq_tokenizer, LONG, truncate=truncate)
        assert len(capture.maps["self"].query_tokens) == length
        assert capture.report().notes[0] == f"Only the first {length} tokens of the text were read, as truncate= asks."
    assert hs.capture(model, seq2seq_tokenizer, "red", truncate=True).report().notes == ()


@pytest.mark.parametrize(
    ("truncate", "error", "message"),
    [
        (0, ValueError, "truncate must be at least 1"),
        ("yes", TypeError, "truncate must be True or a number of tokens"),
        (True, ValueError, "neither the model nor the tokenizer names its most tokens"),
    ],
)
def test_limits_that_do_not_fit(models, seq2seq_tokenizer, truncate, error, message):
    with pytest.raises(error, match=message):
        hs.capture(models["llama"], seq2seq_tokenizer, LONG, truncate=truncate)


@pytest.mark.parametrize(
    ("tokenizer", "error", "message"),
    [
        (None, ValueError, "text needs the tokenizer"),
        (5, TypeError, "tokenizer must be a tokenizer of transformers, .*not 5 \\(int\\)"),
        ("bert-base-uncased", TypeError, "tokenizer is the string 'bert-base-uncased'"),
        (len, TypeError, "can't be called like a Hugging Face tokenizer"),
        (lambda *_, **__: [5], TypeError, "returned a list instead of a mapping"),
    ],
)
def test_what_is_no_tokenizer(models, tokenizer, error, message):
    with pytest.raises(error, match=message):
        hs.capture(models["bert"], tokenizer, "red")


def test_several_prompts(seq2seq_tokenizer):
    animal = next(one for one in ZOO if one.kind == "llama")
    model = build(Animal("llama", animal.config, auto="AutoModelForCausalLM"))
    options = {"max_new_tokens": 3, "do_sample": False, "eos_token_id": None}
    for index, text in enumerate(TEXTS):
        capture = hs.capture_generation(model, seq2seq_tokenizer, TEXTS, sequence_index=index, **options)
        expected = hs.capture_generation(model, seq2seq_tokenizer, text, **options)
        assert capture.maps["self"].query_tokens == expected.maps["self"].query_tokens
        np.testing.assert_allclose(capture.weights(1), expected.weights(1), rtol=0, atol=1e-5)
        assert [one[0] for one in capture.maps["self"].query_segments] == ["prompt", "generated"]
    seq2seq_tokenizer.pad_token = None
    with pytest.raises(ValueError, match="prompt is a list of 3 texts that can't be padded"):
        hs.capture_generation(model, seq2seq_tokenizer, TEXTS, **options)


def test_a_batch_of_one_tensor_for_each_row(models):
    rows = [torch.tensor([5, 6, 7]), torch.tensor([8, 9])]
    capture = hs.capture(models["gpt2"], inputs=rows, batch_index=1)
    assert capture.maps["self"].query_tokens == ("8", "9")
    assert TINY["pad_token_id"] == 0
