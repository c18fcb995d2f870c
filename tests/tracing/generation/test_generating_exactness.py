"""One pass over a generated text has the attention of the decoding steps that wrote it.

The steps come from the model's own `generate` with eager attention, the same options and seed,
`output_attentions=True` and `return_dict_in_generate=True`. The first step computes the rows of the whole prompt; every
other step computes the row of the token that it reads. No step computes the row of the last token of a text.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch

from zoo.steps import ENCODER_DECODERS, assert_equal_steps, both, positions, rows_of, writer_of

DECODERS = ["gpt2", "mistral", "gemma2", "gpt_oss", "gemma4_text", "deepseek_v3", "jamba", "falcon", "gptj", "bloom"]
IDS = torch.randint(3, 90, (1, 6), generator=torch.Generator().manual_seed(7))
BATCH = {
    "input_ids": torch.cat([IDS, IDS.flip(1)]),
    "attention_mask": torch.tensor([[0, 0, 1, 1, 1, 1], [1] * 6]),
}
SAMPLED = {"do_sample": True, "top_k": 20, "temperature": 1.5}
WAYS = {
    "greedy": {},
    "sampling": SAMPLED,
    "beam search": {"num_beams": 3},
    "sampled beams": SAMPLED | {"num_beams": 3},
    "static cache": {"cache_implementation": "static"},
    "sampling with a static cache": SAMPLED | {"cache_implementation": "static"},
    "several sequences": SAMPLED | {"num_return_sequences": 3},
    "several beams": {"num_beams": 4, "num_return_sequences": 2},
    "constraints on tokens": {
        "repetition_penalty": 1.3,
        "no_repeat_ngram_size": 2,
        "min_new_tokens": 3,
        "eos_token_id": 98,
    },
    "without a cache": {"use_cache": False},
}


@pytest.fixture(scope="module")
def writers():
    return cache(writer_of)


@pytest.mark.parametrize("way", WAYS)
def test_a_prompt(writers, way):
    own, capture = both(writers("llama"), {"input_ids": IDS}, WAYS[way])
    assert capture.maps["self"].query_tokens == tuple(str(int(id_)) for id_ in own.sequences[0])
    assert_equal_steps(capture, "self", own.attentions, rows_of(own, 0), np.ones(6, dtype=bool))


@pytest.mark.parametrize("way", ["greedy", "sampling", "beam search", "static cache"])
@pytest.mark.parametrize("kind", DECODERS)
def test_a_prompt_in_other_models(writers, kind, way):
    own, capture = both(writers(kind), {"input_ids": IDS}, WAYS[way])
    assert_equal_steps(capture, "self", own.attentions, rows_of(own, 0), np.ones(6, dtype=bool))


@pytest.mark.parametrize("way", ["greedy", "sampling", "beam search", "static cache"])
@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("kind", ["llama", "gpt2", "mistral"])
def test_a_batch_with_padding_on_the_left(writers, kind, row, way):
    own, capture = both(writers(kind), BATCH, WAYS[way], row)
    kept = positions(BATCH["attention_mask"][row])
    written = [str(int(id_)) for id_, shown in zip(own.sequences[row], [*kept, *[True] * 5], strict=True) if shown]
    assert list(capture.maps["self"].query_tokens) == written
    assert_equal_steps(capture, "self", own.attentions, rows_of(own, row), kept)


def test_a_text_of_a_batch_that_ends_before_the_other(writers):
    free, _ = both(writers("llama"), BATCH, {})
    end = int(free.sequences[0, 7])
    assert end not in free.sequences[1]
    own, capture = both(writers("llama"), BATCH, {"eos_token_id": end})
    assert capture.generation.steps == (None,) * 4 + (0, 1)
    kept = positions(BATCH["attention_mask"][0])
    assert_equal_steps(capture, "self", own.attentions[:2], rows_of(own, 0), kept)


@pytest.mark.parametrize("index", range(6))
def test_several_sequences_of_each_prompt(writers, index):
    own, capture = both(writers("llama"), BATCH, WAYS["several sequences"], index)
    assert len({tuple(sequence) for sequence in own.sequences.tolist()}) == 6, "the samples differ"
    kept = positions(BATCH["attention_mask"][index // 3])
    assert_equal_steps(capture, "self", own.attentions, rows_of(own, index), kept)


@pytest.mark.parametrize("index", range(4))
def test_several_beams_of_each_prompt(writers, index):
    own, capture = both(writers("llama"), BATCH, WAYS["several beams"], index)
    kept = positions(BATCH["attention_mask"][index // 2])
    assert_equal_steps(capture, "self", own.attentions, rows_of(own, index), kept)


@pytest.mark.parametrize("way", ["greedy", "sampling", "beam search", "static cache", "several beams"])
@pytest.mark.parametrize("kind", ENCODER_DECODERS)
def test_an_encoder_decoder(writers, kind, way):
    own, capture = both(writers(kind), {"input_ids": IDS}, WAYS[way])
    assert capture.maps["decoder"].query_tokens == tuple(str(int(id_)) for id_ in own.sequences[0])
    for layer, wanted in enumerate(own.encoder_attentions):
        np.testing.assert_allclose(capture.weights(layer, map="encoder"), wanted[0].numpy(), rtol=0, atol=1e-5)
    for name, steps in (("decoder", own.decoder_attentions), ("cross", own.cross_attentions)):
        assert_equal_steps(capture, name, steps, rows_of(own, 0), np.ones(1, dtype=bool))


@pytest.mark.parametrize("way", ["greedy", "beam search"])
@pytest.mark.parametrize("kind", ENCODER_DECODERS)
def test_an_encoder_decoder_that_reads_a_padded_batch(writers, kind, way):
    batch = BATCH | {"attention_mask": BATCH["attention_mask"].flip(1)}
    own, capture = both(writers(kind), batch, WAYS[way])
    kept = positions(batch["attention_mask"][0])
    steps = [[layer[:, :, :, kept] for layer in layers] for layers in own.cross_attentions]
    assert_equal_steps(capture, "cross", steps, rows_of(own, 0), np.ones(1, dtype=bool))
    assert_equal_steps(capture, "decoder", own.decoder_attentions, rows_of(own, 0), np.ones(1, dtype=bool))


def test_an_encoder_decoder_that_continues_a_beginning(writers):
    start = torch.tensor([[1, 20, 30]])
    own, capture = both(writers("bart"), {"input_ids": IDS, "decoder_input_ids": start}, {})
    assert capture.generation.steps == (None,) * 3 + tuple(range(5))
    for name, steps in (("decoder", own.decoder_attentions), ("cross", own.cross_attentions)):
        assert_equal_steps(capture, name, steps, rows_of(own, 0), np.ones(3, dtype=bool))


def test_prompt_lookup_decoding(writers):
    ids = torch.cat([IDS, IDS, IDS], dim=1)
    own, capture = both(writers("llama"), {"input_ids": ids}, {"prompt_lookup_num_tokens": 2})
    assert capture.maps["self"].query_tokens == tuple(str(int(id_)) for id_ in own.sequences[0])
    assert_equal_steps(capture, "self", own.attentions, rows_of(own, 0), np.ones(18, dtype=bool))
