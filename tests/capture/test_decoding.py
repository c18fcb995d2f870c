"""One pass over a generated text has the attention of the steps that wrote it.

The steps are the model's own: `generate` run eagerly with the same options and the same seed, `output_attentions=True`
and `return_dict_in_generate=True`. A step computes one row, that of the token that it reads; the first step computes
the rows of the whole prompt. Nothing computes the row of the last token of a text.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

import headscope as hs
from zoo.eager import eager
from zoo.models import ZOO, build

DECODERS = ["gpt2", "mistral", "gemma2", "gpt_oss", "gemma4_text", "deepseek_v3", "jamba", "falcon", "gptj", "bloom"]
ENCODER_DECODERS = ["t5", "bart", "marian"]
IDS = torch.randint(3, 90, (1, 6), generator=torch.Generator().manual_seed(7))
BATCH = {
    "input_ids": torch.cat([IDS, IDS.flip(1)]),
    "attention_mask": torch.tensor([[0, 0, 1, 1, 1, 1], [1] * 6]),
}
OPTIONS = {"max_new_tokens": 5, "eos_token_id": None, "pad_token_id": 0, "do_sample": False}
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
    made = {}

    def writer(kind):
        if kind not in made:
            auto = "AutoModelForSeq2SeqLM" if kind in ENCODER_DECODERS else "AutoModelForCausalLM"
            made[kind] = build(replace(next(one for one in ZOO if one.kind == kind), auto=auto))
        return made[kind]

    return writer


def both(model, inputs, options, index=0):
    """What the model's own steps returned, and the capture of one of the texts that they wrote."""
    options = OPTIONS | options
    torch.manual_seed(5)
    with eager(model):
        own = model.generate(**inputs, **options, output_attentions=True, return_dict_in_generate=True)
    torch.manual_seed(5)
    return own, hs.capture_generation(model, inputs=inputs, sequence_index=index, **options)


def rows_of(own, index):
    """Which row of its batch each step had the text in: a beam may go on from another one."""
    beams = getattr(own, "beam_indices", None)
    return [index] * 99 if beams is None else [int(beam) for beam in beams[index] if beam >= 0]


def assert_equal_steps(capture, name, steps, rows, kept):
    """Hold the weights of each step against the capture.

    `kept` says which positions of what the first step read are shown; later steps read no padding.
    """
    weights = [capture.weights(layer, map=name) for layer in range(capture.maps[name].num_layers)]
    computed = set()
    for number, (layers, row) in enumerate(zip(steps, rows, strict=False)):
        shown = np.concatenate([kept, np.ones(number, dtype=bool)])
        ours = np.cumsum(shown) - 1
        for found, layer in zip(weights, layers, strict=True):
            wanted = layer[row].float().numpy()
            queries = np.arange(len(shown) - wanted.shape[1], len(shown))
            wanted, at = wanted[:, shown[queries]], ours[queries[shown[queries]]]
            columns = np.arange(found.shape[2])
            if name != "cross":
                keys = seen_keys(wanted, len(shown))
                wanted, columns = wanted[:, :, : len(keys)][:, :, shown[keys]], ours[keys[shown[keys]]]
            np.testing.assert_allclose(found[:, at][:, :, columns], wanted, rtol=0, atol=1e-5)
            np.testing.assert_allclose(wanted.sum(-1), found[:, at].sum(-1), rtol=0, atol=1e-5)
        computed |= set(at.tolist())
    assert computed == set(range(weights[0].shape[1] - 1)), "every row but the last one was compared"


def seen_keys(wanted, length):
    """The positions of a step's keys: a static cache has empty places after them, a sliding one drops the first."""
    assert (wanted[:, :, length:] == 0).all()
    return np.arange(max(0, length - wanted.shape[2]), length)


def positions(mask):
    return mask.bool().numpy()


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


def test_an_encoder_decoder_that_goes_on_from_a_beginning(writers):
    start = torch.tensor([[1, 20, 30]])
    own, capture = both(writers("bart"), {"input_ids": IDS, "decoder_input_ids": start}, {})
    assert capture.generation.steps == (None,) * 3 + tuple(range(5))
    for name, steps in (("decoder", own.decoder_attentions), ("cross", own.cross_attentions)):
        assert_equal_steps(capture, name, steps, rows_of(own, 0), np.ones(3, dtype=bool))


def test_speculation_by_looking_up_the_prompt(writers):
    ids = torch.cat([IDS, IDS, IDS], dim=1)
    own, capture = both(writers("llama"), {"input_ids": ids}, {"prompt_lookup_num_tokens": 2})
    assert capture.maps["self"].query_tokens == tuple(str(int(id_)) for id_ in own.sequences[0])
    assert_equal_steps(capture, "self", own.attentions, rows_of(own, 0), np.ones(18, dtype=bool))
