"""Generation from what people hold: pads without a mask, caches, embeddings, positions, pixels, sounds."""

from __future__ import annotations

import copy
from functools import cache

import numpy as np
import pytest
import torch
import transformers as tf

import headscope as hs
from zoo.eager import eager, eager_outputs
from zoo.models import SPECIAL, VISION, Animal, build
from zoo.steps import assert_equal_steps, both, rows_of, writer_of

DECODERS = ["gpt2", "llama", "mistral", "gemma2", "opt", "gpt_neox", "falcon", "bloom", "gptj", "qwen3_moe"]
SHORT = {"max_new_tokens": 4, "do_sample": False, "eos_token_id": None}


@pytest.fixture(scope="module")
def writers():
    return cache(writer_of)


def ids_of(capture, name="self"):
    return tuple(capture.maps[name].query_tokens)


@pytest.mark.parametrize("ids", [[0, 0, 9, 8, 12, 7], [9, 0, 0, 8, 12, 7], [0, 9, 8, 0, 12, 7]])
@pytest.mark.parametrize("kind", DECODERS)
def test_padding_without_a_mask_is_hidden_as_in_the_steps(writers, kind, ids):
    own, capture = both(writers(kind), {"input_ids": torch.tensor([ids])}, {})
    kept = np.array(ids) != 0
    assert ids_of(capture) == tuple(str(id_) for at, id_ in enumerate(own.sequences[0].tolist()) if at >= 6 or ids[at])
    assert_equal_steps(capture, "self", own.attentions, rows_of(own, 0), kept)


@pytest.mark.parametrize("options", [{}, {"use_cache": False}], ids=["with a cache", "without"])
@pytest.mark.parametrize("mask", [True, False], ids=["mask", "no mask"])
@pytest.mark.parametrize("kind", ["llama", "mistral", "gpt_neox", "gpt2", "gemma2"])
def test_positions_that_begin_again(writers, kind, mask, options):
    inputs = {"input_ids": torch.tensor([[5, 9, 7, 11, 9, 3]]), "position_ids": torch.tensor([[0, 1, 2, 3, 0, 1]])}
    inputs |= {"attention_mask": torch.ones(1, 6, dtype=torch.long)} if mask else {}
    own, capture = both(writers(kind), inputs, options)
    assert_equal_steps(capture, "self", own.attentions, rows_of(own, 0), np.ones(6, dtype=bool))


@pytest.mark.parametrize("where", ["inputs", "options"])
@pytest.mark.parametrize("kind", ["gpt2", "llama", "mistral", "gemma2", "opt"])
def test_a_given_cache(writers, kind, where):
    model, ids = writers(kind), torch.tensor([[2, 5, 9, 7, 5, 9, 3, 4, 5]])
    with torch.no_grad():
        past = model(ids[:, :5], use_cache=True).past_key_values
    given = {"past_key_values": past}
    inputs, options = ({"input_ids": ids} | given, {}) if where == "inputs" else ({"input_ids": ids}, given)
    capture = hs.capture_generation(model, inputs=inputs, **options, max_new_tokens=1, do_sample=False)
    assert past.get_seq_length() == 5
    own = model.generate(ids, past_key_values=copy.deepcopy(past), max_new_tokens=1, do_sample=False)
    assert ids_of(capture) == tuple(str(int(id_)) for id_ in own[0])
    for layer, wanted in enumerate(eager_outputs(model, {"input_ids": own})):
        np.testing.assert_allclose(capture.weights(layer), wanted[0].numpy(), rtol=0, atol=1e-5)
    assert capture.generation.num_prompt == 9


def test_a_cache_of_another_text(writers):
    model, ids = writers("llama"), torch.tensor([[2, 5, 9, 7, 5, 9, 3]])
    past = model(ids.flip(1)[:, :5], use_cache=True).past_key_values
    with pytest.raises(ValueError, match=r"does not hold what the model computes for the first 5 tokens"):
        hs.capture_generation(model, inputs={"input_ids": ids, "past_key_values": past}, max_new_tokens=1)
    embedded = model.get_input_embeddings()(ids[:, 5:])
    with pytest.raises(ValueError, match="embeddings beside a cache"):
        hs.capture_generation(model, inputs={"inputs_embeds": embedded, "past_key_values": past}, max_new_tokens=1)


@pytest.mark.parametrize("kind", DECODERS)
def test_embeddings_of_a_decoder(writers, kind):
    model, ids = writers(kind), torch.tensor([[5, 9, 7, 11, 9, 3]])
    with torch.no_grad():
        embedded = model.get_input_embeddings()(ids)
    own, capture = both(model, {"inputs_embeds": embedded}, {})
    written = tuple(str(int(id_)) for id_ in own.sequences[0])
    assert ids_of(capture) == ("0", "1", "2", "3", "4", "5", *written)
    assert capture.generation.steps == (None,) * 6 + tuple(range(5))
    assert_equal_steps(capture, "self", own.attentions, rows_of(own, 0), np.ones(6, dtype=bool))


def test_names_of_embeddings(writers):
    model = writers("llama")
    inputs = {"inputs_embeds": model.get_input_embeddings()(torch.tensor([[5, 9, 7]])).detach()}
    inputs["attention_mask"] = torch.tensor([[0, 1, 1]])
    for names in (["a", "b", "c"], ["b", "c"]):
        capture = hs.capture_generation(model, inputs=inputs, tokens=names, **SHORT)
        assert ids_of(capture)[:2] == ("b", "c")
        assert len(ids_of(capture)) == 6
    with pytest.raises(ValueError, match="tokens has 4 names for the 2 positions of the prompt"):
        hs.capture_generation(model, inputs=inputs, tokens=list("abcd"), **SHORT)


def assert_equal_decoder(own, capture):
    """Compare the decoder's tokens and its weights with those of the model's own steps."""
    decoder = own.decoder_attentions
    start = decoder[0][0].shape[-1]
    assert_equal_steps(capture, "decoder", decoder, rows_of(own, 0), np.ones(start, dtype=bool))
    assert_equal_steps(capture, "cross", own.cross_attentions, rows_of(own, 0), np.ones(start, dtype=bool))


@pytest.mark.parametrize("kind", ["t5", "bart", "marian"])
def test_embeddings_of_an_encoder_decoder(writers, kind):
    embedded = torch.randn(1, 7, 32, generator=torch.Generator().manual_seed(1))
    own, capture = both(writers(kind), {"inputs_embeds": embedded}, {})
    assert ids_of(capture, "decoder") == tuple(str(int(id_)) for id_ in own.sequences[0])
    assert_equal_decoder(own, capture)


DECODER = dict(SPECIAL, vocab_size=99, d_model=32, decoder_start_token_id=2)
LAYERS = {
    f"{side}_{what}": value
    for side in ("encoder", "decoder")
    for what, value in (("layers", 2), ("attention_heads", 4), ("ffn_dim", 48))
}
SOUNDS = {
    "whisper": (
        DECODER
        | LAYERS
        | {
            "num_mel_bins": 8,
            "max_source_positions": 50,
            "max_target_positions": 60,
            "suppress_tokens": [],
            "begin_suppress_tokens": [],
        },
        {"input_features": torch.randn(1, 8, 100, generator=torch.Generator().manual_seed(3))},
    ),
    "speech_to_text": (
        DECODER
        | LAYERS
        | {"max_source_positions": 60, "max_target_positions": 60, "input_feat_per_channel": 8, "conv_channels": 8},
        {"input_features": torch.randn(1, 40, 8, generator=torch.Generator().manual_seed(3))},
    ),
    "moonshine": (
        dict(
            SPECIAL,
            vocab_size=99,
            hidden_size=32,
            intermediate_size=48,
            encoder_num_hidden_layers=2,
            decoder_num_hidden_layers=2,
            encoder_num_attention_heads=4,
            decoder_num_attention_heads=4,
            decoder_start_token_id=1,
        ),
        {"input_values": torch.randn(1, 4000, generator=torch.Generator().manual_seed(3))},
    ),
}


@pytest.fixture(scope="module")
def listeners():
    return cache(lambda kind: build(Animal(kind, SOUNDS[kind][0], auto="AutoModelForSpeechSeq2Seq")))


@pytest.mark.parametrize("mask", [False, True])
@pytest.mark.parametrize("kind", SOUNDS)
def test_sounds(listeners, kind, mask):
    model, inputs = listeners(kind), dict(SOUNDS[kind][1])
    if mask:
        length = inputs["input_features"].shape[2 if kind == "whisper" else 1] if kind != "moonshine" else 4000
        inputs["attention_mask"] = torch.ones(1, length, dtype=torch.long)
    own, capture = both(model, inputs, {})
    assert_equal_decoder(own, capture)


@pytest.mark.parametrize("options", [{}, {"return_timestamps": True}, {"max_new_tokens": 3}])
def test_the_start_tokens_of_whisper(listeners, options):
    model, inputs = listeners("whisper"), SOUNDS["whisper"][1]
    before = model.generation_config
    model.generation_config = copy.deepcopy(before)
    model.generation_config.no_timestamps_token_id, model.generation_config.max_new_tokens = 40, 4
    try:
        whole = model.generate(**inputs, **options, return_dict_in_generate=True)["sequences"][0]
        names = tuple(str(int(id_)) for id_ in whole)
        capture = hs.capture_generation(model, inputs=inputs, **options)
        if "return_timestamps" in options:  # with segments, `generate` leaves out the start
            names = ("2", *names)
        assert ids_of(capture, "decoder") == names
        assert capture.generation.num_prompt == (1 if "return_timestamps" in options else 2)
        if not options:
            read = hs.capture(model, inputs=inputs)
            assert ids_of(read, "decoder") == names[:-1]
            own = eager_outputs(model, inputs | {"decoder_input_ids": whole[None, :-1]})
            maps = [layer for name in ("encoder", "decoder", "cross") for layer in range(read.maps[name].num_layers)]
            assert len(own) == len(maps)
            for name, first in (("decoder", 2), ("cross", 4)):
                for layer in range(2):
                    wanted = own[first + layer][0].numpy()
                    np.testing.assert_allclose(read.weights(layer, map=name), wanted, rtol=0, atol=1e-5)
    finally:
        model.generation_config = before


def test_pixels():
    torch.manual_seed(1)
    vision = tf.ViTConfig(**VISION)
    text = tf.BertConfig(
        **SPECIAL, vocab_size=99, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4
    )
    config = tf.VisionEncoderDecoderConfig.from_encoder_decoder_configs(vision, text)
    config.decoder_start_token_id, config.pad_token_id = 1, 0
    model = tf.VisionEncoderDecoderModel(config).eval()
    inputs = {"pixel_values": torch.randn(1, 3, 16, 16)}
    options = SHORT | {"decoder_start_token_id": 1, "pad_token_id": 0}
    with eager(model):
        own = model.generate(**inputs, **options, output_attentions=True, return_dict_in_generate=True)
    capture = hs.capture_generation(model, inputs=inputs, **options)
    assert ids_of(capture, "decoder") == tuple(str(int(id_)) for id_ in own.sequences[0])
    assert_equal_decoder(own, capture)


def test_what_is_no_text_is_refused():
    sizes = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    with pytest.raises(ValueError, match="BertModel can't generate"):
        hs.capture_generation(tf.BertModel(tf.BertConfig(**sizes)), inputs={"input_ids": [[5]]})
