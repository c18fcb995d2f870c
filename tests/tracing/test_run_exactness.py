"""Captured weights equal the model's own eager attention."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import headscope as hs

KINDS = [
    *("bert", "roberta", "distilbert", "electra", "albert"),
    *("gpt2", "opt", "llama", "mistral", "qwen2", "qwen3", "phi3", "gemma2", "gpt_oss"),
]
SEQ2SEQ = ["t5", "bart"]
ATTRIBUTES = {
    "self": "attentions",
    "encoder": "encoder_attentions",
    "decoder": "decoder_attentions",
    "cross": "cross_attentions",
}
TOLERANCE = 1e-5
LENGTH = 14


def random_ids(*shape: int) -> torch.Tensor:
    return torch.randint(3, 99, shape, generator=torch.Generator().manual_seed(1))


def padding(lengths: list[int], side: str) -> torch.Tensor:
    mask = torch.zeros(len(lengths), LENGTH, dtype=torch.long)
    for row, length in enumerate(lengths):
        mask[row, slice(length) if side == "right" else slice(LENGTH - length, None)] = 1
    return mask


def eager_attentions(eager, inputs, name="self"):
    with torch.no_grad():
        outputs = eager(**inputs, output_attentions=True)
    return [layer.numpy() for layer in outputs[ATTRIBUTES[name]]]


def assert_equal(map_, expected, row, queries=slice(None), keys=slice(None)):
    assert map_.num_layers == len(expected)
    sharpest = 0.0
    for layer, weights in enumerate(expected):
        wanted = weights[row][:, queries][:, :, keys]
        np.testing.assert_allclose(map_.block(layer), wanted, rtol=0, atol=TOLERANCE)
        sharpest = max(sharpest, float(wanted.max() - wanted.mean()))
    assert sharpest > 0.3, "flat attention would hide errors"


@pytest.mark.parametrize("kind", KINDS)
def test_plain_text(tiny, kind):
    loaded, inputs = tiny(kind), {"input_ids": random_ids(1, LENGTH)}
    capture = hs.capture(loaded.model, inputs=inputs)
    assert list(capture.maps) == ["self"]
    assert_equal(capture.maps["self"], eager_attentions(loaded.eager, inputs), 0)
    assert capture.maps["self"].query_tokens == tuple(str(int(id_)) for id_ in inputs["input_ids"][0])


@pytest.mark.parametrize("row", [0, 1, 2])
@pytest.mark.parametrize("kind", KINDS)
def test_each_row_of_a_batch(tiny, kind, row):
    loaded, inputs = tiny(kind), {"input_ids": random_ids(3, LENGTH)}
    capture = hs.capture(loaded.model, inputs=inputs, batch_index=row)
    assert_equal(capture.maps["self"], eager_attentions(loaded.eager, inputs), row)


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("kind", KINDS)
def test_padded_positions_are_dropped(tiny, kind, side):
    loaded, lengths = tiny(kind), [LENGTH, 9, 1]
    inputs = {"input_ids": random_ids(3, LENGTH), "attention_mask": padding(lengths, side)}
    expected = eager_attentions(loaded.eager, inputs)
    for row, length in enumerate(lengths):
        map_ = hs.capture(loaded.model, inputs=inputs, batch_index=row).maps["self"]
        assert len(map_.query_tokens) == len(map_.key_tokens) == length
        kept = inputs["attention_mask"][row].bool().numpy()
        for layer, weights in enumerate(expected):
            wanted = weights[row][:, kept][:, :, kept]
            np.testing.assert_allclose(map_.block(layer), wanted, rtol=0, atol=TOLERANCE)


@pytest.mark.parametrize("kind", ["bert", "gpt2", "mistral"])
def test_a_gap_in_the_attention_mask(tiny, kind):
    loaded, mask = tiny(kind), torch.ones(1, LENGTH, dtype=torch.long)
    mask[0, 4:7] = 0
    inputs = {"input_ids": random_ids(1, LENGTH), "attention_mask": mask}
    kept = mask[0].bool().numpy()
    map_ = hs.capture(loaded.model, inputs=inputs).maps["self"]
    assert_equal(map_, eager_attentions(loaded.eager, inputs), 0, kept, kept)


@pytest.mark.parametrize("kind", ["bert", "roberta", "albert"])
def test_sentence_pair(tiny, kind):
    loaded = tiny(kind, type_vocab_size=2)
    types = torch.tensor([[0] * 6 + [1] * 8])
    inputs = {"input_ids": random_ids(1, LENGTH), "token_type_ids": types}
    map_ = hs.capture(loaded.model, inputs=inputs).maps["self"]
    assert map_.sentence_b_start == 6
    assert_equal(map_, eager_attentions(loaded.eager, inputs), 0)
