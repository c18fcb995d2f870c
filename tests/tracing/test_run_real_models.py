"""End-to-end tests of the two real models."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import headscope as hs
from headscope.tracing.inputs import candidates

PAIR = ("The cat sat on the mat", "The cat lay on the rug")
TEXTS = [
    "Attention is all you need.",
    "A much longer sentence than the other one, with numbers (3.14) and a naïve façade of Unicode: 中文 🙂.",
]


def assert_equal(capture, eager, inputs, row=0, kept=slice(None)):
    with torch.no_grad():
        expected = eager(**inputs, output_attentions=True).attentions
    map_ = capture.maps["self"]
    assert map_.num_layers == len(expected)
    for layer, weights in enumerate(expected):
        wanted = weights[row].numpy()[:, kept][:, :, kept]
        np.testing.assert_allclose(map_.block(layer), wanted, rtol=0, atol=1e-5)


def test_minilm_on_a_pair(minilm):
    capture = hs.capture(minilm.model, minilm.tokenizer, *PAIR)
    map_ = capture.maps["self"]
    words = "[CLS] the cat sat on the mat [SEP] the cat lay on the rug [SEP]"
    assert map_.query_tokens == map_.key_tokens == tuple(words.split())
    assert (map_.query_special, map_.sentence_b_start) == ((0, 7, 14), 8)
    assert_equal(capture, minilm.eager, minilm.tokenizer(*PAIR, return_tensors="pt"))


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("row", [0, 1])
def test_minilm_on_a_padded_batch(minilm, side, row):
    batch = minilm.tokenizer(TEXTS, padding=True, padding_side=side, return_tensors="pt")
    capture = hs.capture(minilm.model, minilm.tokenizer, inputs=batch, batch_index=row)
    assert "[PAD]" not in capture.maps["self"].query_tokens
    assert_equal(capture, minilm.eager, batch, row, batch["attention_mask"][row].bool().numpy())


def test_a_padded_pair_keeps_its_second_sentence(minilm):
    batch = minilm.tokenizer([PAIR, ("A", "B " * 30)], padding=True, padding_side="left", return_tensors="pt")
    map_ = hs.capture(minilm.model, minilm.tokenizer, inputs=batch).maps["self"]
    assert map_.sentence_b_start == 8
    plain = {name: value.clone() for name, value in batch.items()}  # only token types mark the second sentence
    assert hs.capture(minilm.model, minilm.tokenizer, inputs=plain).maps["self"].sentence_b_start == 8


def test_smollm2_on_a_text(smollm2):
    capture = hs.capture(smollm2.model, smollm2.tokenizer, TEXTS[1])
    assert_equal(capture, smollm2.eager, smollm2.tokenizer(TEXTS[1], return_tensors="pt"))
    record = capture.maps["self"].records[0]
    assert (record.num_heads, record.num_kv_heads) == (9, 3)
    assert capture.maps["self"].query_tokens[:3] == ("A", " much", " longer")


@pytest.mark.parametrize("side", ["left", "right"])
def test_smollm2_on_a_padded_batch(smollm2, side):
    batch = smollm2.tokenizer(TEXTS, padding=True, padding_side=side, return_tensors="pt")
    capture = hs.capture(smollm2.model, smollm2.tokenizer, inputs=batch, batch_index=0)
    assert "".join(capture.maps["self"].query_tokens) == TEXTS[0]
    assert_equal(capture, smollm2.eager, batch, 0, batch["attention_mask"][0].bool().numpy())


def test_smollm2_on_a_chat(smollm2):
    chat = [{"role": "user", "content": "What is 2 + 2?"}]
    inputs = smollm2.tokenizer.apply_chat_template(chat, return_tensors="pt", return_dict=True)
    map_ = hs.capture(smollm2.model, smollm2.tokenizer, inputs=inputs).maps["self"]
    assert map_.query_tokens.count("<|im_start|>") == 2
    assert {map_.query_tokens[place] for place in map_.query_special} == {"<|im_start|>", "<|im_end|>"}


def test_logits_of_other_positions_of_long_texts_are_not_computed(smollm2, monkeypatch):
    monkeypatch.setattr(candidates, "FEW_BYTES", 100)
    shapes = []
    hook = smollm2.model.register_forward_hook(lambda _module, _inputs, output: shapes.append(output.logits.shape))
    capture = hs.capture(smollm2.model, smollm2.tokenizer, TEXTS[0])
    hook.remove()
    assert shapes[0][1] == 1
    assert len(capture.maps["self"].query_tokens) > 1
