"""A pass over a generated text is held against the model's own steps."""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from transformers import AutoModelForMaskedLM, AutoModelForSeq2SeqLM

import headscope as hs
from zoo.writers import IDS, PADDED, PEEKING, model_of

DECODERS = {
    "llama": {"intermediate_size": 64},
    "gpt2": {"n_embd": 32, "n_layer": 2, "n_head": 4},
    "opt": {"ffn_dim": 64, "word_embed_proj_dim": 32},
    "gptj": {"n_embd": 32, "n_layer": 2, "n_head": 4, "rotary_dim": 4},
    "bloom": {"n_layer": 2, "n_head": 4},
}


@pytest.mark.parametrize("options", [{}, {"num_beams": 3}, {"do_sample": True}], ids=["greedy", "beams", "samples"])
@pytest.mark.parametrize("inputs", [{"input_ids": IDS}, PADDED], ids=["plain", "padded"])
@pytest.mark.parametrize("kind", DECODERS)
def test_a_decoders_pass_agrees_with_its_steps(kind: str, inputs: Any, options: Any):
    model = model_of(kind, **DECODERS[kind])
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        capture = hs.capture_generation(model, inputs=inputs, max_new_tokens=4, candidates=None, **options)
    assert not any("decoding steps" in note for note in capture.report().notes)


@pytest.mark.parametrize("kind", ["xlm", "flaubert"])
def test_steps_that_read_a_mask_token_are_told(kind: str):
    sizes = {"n_words": 50, "emb_dim": 32, "n_layers": 2, "n_heads": 4, "mask_token_id": 3, "lang_id": 0}
    model = model_of(kind, AutoModelForMaskedLM, **sizes)
    with pytest.warns(UserWarning, match="decoding steps"):
        capture = hs.capture_generation(model, inputs={"input_ids": IDS}, max_new_tokens=3)
    assert any("This shows one pass over the whole text" in note for note in capture.report().notes)


@pytest.mark.parametrize("kind", PEEKING)
def test_the_same_model_as_a_decoder_agrees(kind: str):
    model = model_of(kind, **PEEKING[kind], is_decoder=True)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        hs.capture_generation(model, inputs={"input_ids": IDS}, max_new_tokens=3)


def test_an_encoder_decoder_agrees():
    sizes = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "decoder_start_token_id": 0}
    model = model_of("t5", AutoModelForSeq2SeqLM, **sizes)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        hs.capture_generation(model, inputs={"input_ids": IDS}, max_new_tokens=4)
