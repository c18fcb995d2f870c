"""The attentions of `generate`, step by step, against one pass of the model's own attention over the generated ids."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
import transformers

import headscope as hs

SIZES = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2}
HEADS = {"num_attention_heads": 4, "num_key_value_heads": 2, "initializer_range": 0.1, "pad_token_id": 0}
EAGER = {"attn_implementation": "eager"}
PROMPT = torch.tensor([[5, 9, 7, 11, 9]])
TWO = torch.tensor([[5, 9, 7, 11, 9], [3, 2, 8, 8, 1]])
STEPS = {
    "max_new_tokens": 6,
    "eos_token_id": None,
    "do_sample": False,
    "output_attentions": True,
    "return_dict_in_generate": True,
}


@cache
def model(kind: str):
    torch.manual_seed(1)
    if kind == "llama":
        return transformers.LlamaForCausalLM(transformers.LlamaConfig(**SIZES, **HEADS, **EAGER)).eval()
    if kind == "window":
        config = transformers.MistralConfig(**SIZES, **HEADS, **EAGER, sliding_window=4)
        return transformers.MistralForCausalLM(config).eval()
    if kind == "both":
        config = transformers.Gemma2Config(**SIZES, **HEADS, **EAGER, sliding_window=4, head_dim=8)
        return transformers.Gemma2ForCausalLM(config).eval()
    sizes = {"d_model": 32, "d_kv": 8, "d_ff": 64, "num_layers": 2, "num_heads": 4, "vocab_size": 50}
    config = transformers.T5Config(**sizes, **EAGER, decoder_start_token_id=0, initializer_factor=1.0)
    return transformers.T5ForConditionalGeneration(config).eval()


@torch.no_grad()
def of_one_pass(kind: str, ids: torch.Tensor) -> list[np.ndarray]:
    return [layer[0].numpy() for layer in model(kind)(ids[None], output_attentions=True).attentions]


def generate(kind: str, ids: torch.Tensor, **options):
    torch.manual_seed(0)
    return model(kind).generate(ids, **{**STEPS, **options})


@pytest.mark.parametrize("cache_kind", [None, "static"])
@pytest.mark.parametrize("kind", ["llama", "window", "both"])
def test_steps_are_one_map(kind, cache_kind):
    outputs = generate(kind, PROMPT, cache_implementation=cache_kind)
    ids = outputs.sequences[0]
    expected = of_one_pass(kind, ids[:-1])
    for given in (outputs, outputs.attentions, list(map(list, outputs.attentions))):
        capture = hs.from_attentions(given, [f"t{id_}" for id_ in ids])
        for layer in range(2):
            np.testing.assert_allclose(capture.weights(layer), expected[layer], atol=5e-6)
            part = capture.weights(layer, [3, 1], slice(3, 8), slice(4, 9))
            np.testing.assert_array_equal(part, capture.weights(layer)[[3, 1], 3:8, 4:9])
    assert capture.maps["self"].query_tokens == tuple(f"t{id_}" for id_ in ids[:-1])
    assert capture.generation.num_prompt == 5
    assert capture.generation.steps == (*[None] * 5, 0, 1, 2, 3, 4)


def test_a_generation_saves_and_loads(tmp_path):
    capture = hs.from_attentions(generate("both", PROMPT))
    capture.save(tmp_path / "steps.attn.safetensors")
    loaded = hs.load(tmp_path / "steps.attn.safetensors")
    np.testing.assert_array_equal(loaded.weights(1), capture.weights(1))
    assert loaded.generation == capture.generation
    assert capture.to("cpu").weights(0).shape == (4, 10, 10)
    meta = capture.to("meta").maps["self"].records[0]
    assert {step.array.device.type for step in meta.rows} == {"meta"}


@pytest.mark.parametrize("options", [{}, {"do_sample": True, "num_return_sequences": 2}])
def test_each_sequence_of_a_batch(options):
    outputs = generate("llama", TWO, **options)
    for number, ids in enumerate(outputs.sequences):
        capture = hs.from_attentions(outputs, ids, batch_index=number)
        np.testing.assert_allclose(capture.weights(1), of_one_pass("llama", ids[:-1])[1], atol=5e-6)
    with pytest.raises(ValueError, match=f"a batch of {len(outputs.sequences)} texts"):
        hs.from_attentions(outputs)


def test_beams_are_followed_from_row_to_row():
    outputs = generate("llama", TWO, num_beams=3, num_return_sequences=2)
    assert all(len(set(rows)) > 1 for rows in outputs.beam_indices.tolist()), "some beam swaps rows"
    for number, ids in enumerate(outputs.sequences):
        capture = hs.from_attentions(outputs, ids, batch_index=number)
        np.testing.assert_allclose(capture.weights(1), of_one_pass("llama", ids[:-1])[1], atol=5e-6)


def test_beams_without_their_indices_are_refused():
    outputs = generate("llama", PROMPT, num_beams=3)
    with pytest.raises(ValueError, match=r"3 rows.*they may be beams.*whole output"):
        hs.from_attentions(outputs.attentions, batch_index=0)
    outputs.beam_indices = None
    with pytest.raises(ValueError, match="3 rows for 1 generated sequences and no beam_indices"):
        hs.from_attentions(outputs)


def test_a_generation_from_a_cache_has_rows_for_what_it_read():
    past = model("llama")(PROMPT[:, :3], use_cache=True).past_key_values
    outputs = generate("llama", PROMPT, past_key_values=past)
    ids = outputs.sequences[0].tolist()
    capture = hs.from_attentions(outputs, ids)
    np.testing.assert_allclose(capture.weights(1), of_one_pass("llama", outputs.sequences[0][:-1])[1][:, 3:], atol=5e-6)
    assert capture.maps["self"].key_tokens == tuple(map(str, ids[:-1]))
    assert capture.maps["self"].query_tokens == tuple(map(str, ids[3:-1]))
    assert hs.from_attentions(outputs).maps["self"].query_tokens[0] == "3"


@pytest.mark.parametrize("options", [{}, {"num_beams": 3}, {"num_beams": 3, "num_return_sequences": 2}])
def test_an_encoder_decoder(options):
    texts = torch.tensor([[5, 9, 7, 11], [4, 8, 2, 1]])
    outputs = generate("t5", texts, **options)
    for number, ids in enumerate(outputs.sequences):
        text = texts[number * len(texts) // len(outputs.sequences)]
        capture = hs.from_attentions(outputs, batch_index=number, encoder_tokens=text, decoder_tokens=ids)
        with torch.no_grad():
            whole = model("t5")(text[None], decoder_input_ids=ids[None, :-1], output_attentions=True)
        for name in ("encoder", "decoder", "cross"):
            for layer in range(2):
                own = whole[f"{name}_attentions"][layer][0].numpy()
                np.testing.assert_allclose(capture.weights(layer, map=name), own, atol=5e-6)
        assert capture.generation.map == "decoder"
        assert capture.maps["cross"].query_tokens == tuple(map(str, ids[:-1].tolist()))


def test_a_static_cache_is_not_read_beyond_the_text():
    steps = [[torch.rand(1, 2, 3, 8)], [torch.rand(1, 2, 1, 8)]]
    steps[0][0][..., 3:], steps[1][0][..., 4:] = 0, 0
    assert hs.from_attentions(steps).weights(0).shape == (2, 4, 4)
    steps[1][0][..., 5] = 0.5
    with pytest.raises(ValueError, match=r"attentions\[1\] has weights for 6 positions, but only 4 were read"):
        hs.from_attentions(steps)


@pytest.mark.parametrize(
    ("steps", "message"),
    [
        (
            [[torch.rand(1, 2, 5, 5)] * 2] * 2,
            r"attentions\[1\] reads 5 positions, but a step of generate",
        ),
        ([[torch.rand(1, 2, 1, 1)] * 2] * 2, r"attentions\[1\] has 1 key, but 2 positions were read"),
        (
            [[torch.rand(1, 2, 3, 3)] * 2, [torch.rand(1, 2, 1, 4)]],
            r"attentions\[1\] has 1 layers, but",
        ),
        ([[torch.rand(1, 2, 3, 3)], [torch.rand(2, 1, 4)]], r"attentions\[1\]\[0\] has shape \(2, 1, 4\)"),
        ([[torch.rand(1, 2, 3, 3)], [None]], r"attentions\[1\]\[0\] is None"),
        ([[torch.rand(2, 2, 3, 3)]], "attentions holds a batch of 2 texts"),
    ],
)
def test_what_are_no_steps(steps, message):
    with pytest.raises(ValueError, match=message):
        hs.from_attentions(steps)
