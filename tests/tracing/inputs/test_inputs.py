"""Inputs and models in practice: padding, chats, embeddings, pipelines, wrappers, precisions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import Qwen2AudioProcessor, Wav2Vec2FeatureExtractor, WhisperFeatureExtractor, pipeline

import headscope as hs
from zoo.compare import differences
from zoo.eager import eager_weights
from zoo.models import ZOO, Animal, build, inputs_of

IDS = torch.tensor([[0, 0, 5, 6, 7, 8], [9, 10, 11, 12, 13, 14]])
MASK = torch.tensor([[0, 0, 1, 1, 1, 1], [1] * 6])
TEMPLATE = (
    "{% for m in messages %}{{ m.role }} {{ m.content }} {% endfor %}{% if add_generation_prompt %}blue{% endif %}"
)


def animal_of(kind):
    return next(one for one in ZOO if one.kind == kind)


@pytest.mark.parametrize("kind", ["bert", "llama", "gpt2", "falcon", "gptj"])
def test_padding_is_kept_on_request(kind):
    model, inputs = build(animal_of(kind)), {"input_ids": IDS, "attention_mask": MASK}
    short = hs.capture(model, inputs=inputs)
    whole = hs.capture(model, inputs=inputs, keep_padding=True)
    assert whole.maps["self"].query_tokens == ("0", "0", "5", "6", "7", "8")
    assert short.maps["self"].query_tokens == ("5", "6", "7", "8")
    np.testing.assert_allclose(whole.weights(1)[:, 2:, 2:], short.weights(1), rtol=0, atol=1e-6)
    assert (whole.weights(1)[:, 2:, :2] == 0).all()


def test_a_row_that_sees_no_key_is_blank():
    model = build(animal_of("llama"))
    whole = hs.capture(model, inputs={"input_ids": IDS, "attention_mask": MASK}, keep_padding=True)
    assert (whole.weights(0)[:, :2] == 0).all()
    assert np.isneginf(whole.scores(0)[:, :2]).all()


def test_messages_of_a_chat(seq2seq_tokenizer):
    seq2seq_tokenizer.chat_template = TEMPLATE
    messages = [{"role": "red", "content": "green"}, {"role": "blue", "content": "yellow"}]
    tokens = hs.capture(build(animal_of("llama")), seq2seq_tokenizer, messages).maps["self"].query_tokens
    assert tokens[:4] == ("red", "green", "blue", "yellow")
    seq2seq_tokenizer.chat_template = None
    with pytest.raises(ValueError, match="the tokenizer has no chat template"):
        hs.capture(build(animal_of("llama")), seq2seq_tokenizer, messages)


def test_a_chat_and_a_second_text(seq2seq_tokenizer):
    with pytest.raises(ValueError, match="text_pair can't go with the messages"):
        hs.capture(build(animal_of("llama")), seq2seq_tokenizer, [{"role": "red", "content": "green"}], "blue")


@pytest.mark.parametrize("kind", ["bert", "llama", "gptj"])
def test_embeddings_instead_of_ids(kind):
    model = build(animal_of(kind))
    embedded = model.get_input_embeddings()(IDS).detach()
    inputs = {"inputs_embeds": embedded, "attention_mask": MASK}
    capture = hs.capture(model, inputs=inputs)
    expected = hs.capture(model, inputs={"input_ids": IDS, "attention_mask": MASK})
    assert capture.maps["self"].query_tokens == ("2", "3", "4", "5")
    np.testing.assert_allclose(capture.weights(1), expected.weights(1), rtol=0, atol=1e-6)


def test_a_pipeline(tiny, seq2seq_tokenizer):
    model = tiny("bert").model
    made = pipeline("feature-extraction", model=model, tokenizer=seq2seq_tokenizer, device="cpu")
    expected = hs.capture(model, seq2seq_tokenizer, "red green")
    for capture in (hs.capture(made, "red green"), hs.capture(made, text="red green")):
        assert capture.maps["self"].query_tokens == ("red", "green", "</s>")
        np.testing.assert_array_equal(capture.weights(1), expected.weights(1))
    pair = hs.capture(made, "red", "green")
    assert pair.maps["self"].sentence_b_start == 2


class Wrapper(torch.nn.Module):
    """A wrapper around a model, like those of adapters, that passes everything on."""

    def __init__(self, model):
        super().__init__()
        self.base_model = model

    def __getattr__(self, name):
        try:
            return super().__getattr__(name)
        except AttributeError:
            return getattr(self.base_model, name)

    def forward(self, *arguments, **options):
        return self.base_model(*arguments, **options)


@pytest.mark.parametrize("kind", ["llama", "bart", "gptj"])
def test_a_model_in_a_wrapper(kind, seq2seq_tokenizer):
    model = build(animal_of(kind))
    expected = hs.capture(model, seq2seq_tokenizer, "red green blue")
    capture = hs.capture(Wrapper(model), seq2seq_tokenizer, "red green blue")
    assert list(capture.maps) == list(expected.maps)
    for name in capture.maps:
        np.testing.assert_array_equal(capture.weights(1, map=name), expected.weights(1, map=name))
    assert capture.report().maps[0].modules[0].startswith("base_model.")


def test_a_pipeline_that_generates(seq2seq_tokenizer):
    model = build(replace(animal_of("llama"), auto="AutoModelForCausalLM"))
    made = pipeline("text-generation", model=model, tokenizer=seq2seq_tokenizer, device="cpu")
    options = {"max_new_tokens": 3, "do_sample": False, "eos_token_id": None}
    expected = hs.capture_generation(model, seq2seq_tokenizer, "red green", **options)
    for capture in (
        hs.capture_generation(made, "red green", **options),
        hs.capture_generation(made, prompt="red green", **options),
    ):
        assert capture.maps["self"].query_tokens == expected.maps["self"].query_tokens
        np.testing.assert_array_equal(capture.weights(1), expected.weights(1))


@pytest.mark.parametrize("row", [0, 1])
def test_sounds_of_a_processor(row):
    animal = animal_of("wav2vec2")
    model, generator = build(animal), np.random.default_rng(6)
    extractor = Wav2Vec2FeatureExtractor(sampling_rate=16000, return_attention_mask=True)
    sounds = [generator.standard_normal(300), generator.standard_normal(200)]
    batch = extractor(sounds, sampling_rate=16000, padding=True, return_tensors="pt")
    capture = hs.capture(model, extractor, inputs=batch, batch_index=row)
    whole = hs.capture(model, extractor, inputs=batch, batch_index=row, keep_padding=True)
    frames = (29, 19)[row]  # ten samples each, less those that the first layers' kernels consume
    assert len(capture.maps["self"].query_tokens) == frames
    assert len(whole.maps["self"].query_tokens) == 29
    assert whole.maps["self"].query_tokens[:frames] == capture.maps["self"].query_tokens
    for layer, calls in enumerate(eager_weights(model, dict(batch)).values()):
        wanted = calls[0][row].numpy()
        np.testing.assert_allclose(capture.weights(layer), wanted[:, :frames, :frames], rtol=0, atol=1e-5)
        np.testing.assert_allclose(whole.weights(layer)[:, :frames], wanted[:, :frames], rtol=0, atol=1e-5)


def test_a_batch_of_sounds_with_a_decoder():
    sizes = {name: value for name, value in animal_of("bart").config.items() if name != "max_position_embeddings"}
    sizes |= {"max_source_positions": 40, "max_target_positions": 20, "input_feat_per_channel": 8, "conv_channels": 8}
    model = build(Animal("speech_to_text", sizes))
    mask = torch.ones(2, 40, dtype=torch.long)
    mask[1, 24:] = 0
    features = torch.randn(2, 40, 8, generator=torch.Generator().manual_seed(1))
    inputs = {"input_features": features, "attention_mask": mask, "decoder_input_ids": IDS[:, 2:]}
    seen = list(eager_weights(model, inputs).values())
    for row, frames in ((0, 10), (1, 6)):
        maps = hs.capture(model, inputs=inputs, batch_index=row).maps
        assert len(maps["encoder"].query_tokens) == frames
        assert maps["cross"].key_tokens == maps["encoder"].key_tokens
        assert maps["encoder"].query_tokens[:2] == ("0.00 s", "0.04 s")
        wanted = seen[0][0][row].numpy()[:, :frames, :frames]
        np.testing.assert_allclose(maps["encoder"].block(0), wanted, rtol=0, atol=1e-5)
        wanted = next(calls[0][row] for calls in seen if calls[0].shape[-2:] == (4, 10)).numpy()
        np.testing.assert_allclose(maps["cross"].block(0), wanted[:, :, :frames], rtol=0, atol=1e-5)


def test_a_chat_that_a_processor_renders(seq2seq_tokenizer):
    template = TEMPLATE.replace("m.content", "m.content[0].text")
    extractor = WhisperFeatureExtractor(feature_size=8)
    processor = Qwen2AudioProcessor(extractor, seq2seq_tokenizer, chat_template=template)
    messages = [{"role": "red", "content": [{"type": "text", "text": "green"}]}]
    assert not seq2seq_tokenizer.chat_template
    tokens = hs.capture(build(animal_of("llama")), processor, messages).maps["self"].query_tokens
    assert tokens[:2] == ("red", "green")
    with pytest.raises(ValueError, match="text needs the tokenizer"):
        hs.capture(build(animal_of("llama")), None, messages)


@pytest.mark.parametrize("kind", ["llama", "bert"])
def test_a_custom_mask_that_hides_every_key_of_a_row(kind):
    mask = torch.ones(1, 1, 6, 6, dtype=torch.bool).tril()
    mask[0, 0, 3] = False
    animal = animal_of(kind)
    capture = hs.capture(build(animal), inputs={"input_ids": IDS[1:], "attention_mask": mask})
    weights = capture.weights(0)
    assert (weights[:, 3] == 0).all()
    np.testing.assert_allclose(weights[:, [0, 1, 2, 4, 5]].sum(-1), 1, atol=1e-5)
    assert (weights[:, ~mask[0, 0].numpy()] == 0).all()
    assert np.isneginf(capture.scores(0)[:, 3]).all()


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize("kind", ["llama", "bert", "vit", "gptj"])
def test_lower_precision(kind, dtype):
    animal = animal_of(kind)
    model = build(animal, dtype)
    capture = hs.capture(model, inputs=inputs_of(animal))
    name = str(dtype).removeprefix("torch.")
    assert capture.report().maps[0].precision == name
    assert capture.weights(0).dtype == np.float32
    np.testing.assert_allclose(capture.weights(0).sum(-1), 1, atol=1e-5 if animal.tier == 1 else 1e-2)
    if animal.tier == 1:
        assert f"The model computes in {name}; weights are computed" in repr(capture.report())
        inputs = {
            key: value.to(dtype) if value.is_floating_point() else value for key, value in inputs_of(animal).items()
        }
        wanted = next(iter(eager_weights(model, inputs).values()))[0][0].numpy()
        np.testing.assert_allclose(capture.weights(0), wanted, rtol=0, atol=0.03)


def test_gradient_checkpointing_in_training():
    animal = animal_of("llama")
    model = build(animal)
    expected = hs.capture(model, inputs=inputs_of(animal))
    model.train()
    newest = hasattr(model, "activation_checkpointing_enable")
    model.activation_checkpointing_enable() if newest else model.gradient_checkpointing_enable()
    capture = hs.capture(model, inputs=inputs_of(animal))
    assert capture.maps["self"].num_layers == 3
    np.testing.assert_array_equal(capture.weights(2), expected.weights(2))
    assert model.training
    assert all(layer.gradient_checkpointing for layer in model.layers)


def test_compiled_layers():
    animal = animal_of("llama")
    model = build(animal)
    expected = hs.capture(model, inputs=inputs_of(animal))
    calls = []

    def backend(graph, _inputs):
        calls.append(graph)
        return graph.forward

    for place, layer in enumerate(model.layers):
        model.layers[place] = torch.compile(layer, backend=backend)
    capture = hs.capture(model, inputs=inputs_of(animal))
    np.testing.assert_array_equal(capture.weights(2), expected.weights(2))
    assert not calls, "nothing was compiled for the pass"


def test_a_compiled_model_is_not_recompiled_after_a_capture():
    animal, calls = animal_of("llama"), []

    def backend(graph, _inputs):
        calls.append(graph)
        return graph.forward

    model, inputs = build(animal), inputs_of(animal)
    compiled = torch.compile(model, backend=backend)
    with torch.no_grad():
        before = compiled(**inputs)[0]
        count = len(calls)
        capture = hs.capture(compiled, inputs=inputs)
        after = compiled(**inputs)[0]
    assert count
    assert len(calls) == count
    assert torch.equal(before, after)
    np.testing.assert_array_equal(capture.weights(2), hs.capture(model, inputs=inputs).weights(2))


def test_quantised_layers():
    animal = animal_of("llama")
    model = build(animal)
    with torch.no_grad():
        for layer in model.layers:
            layer.self_attn.q_proj = Rounded(layer.self_attn.q_proj)
    found = differences(model, animal, inputs_of(animal))
    assert found["self"] <= 1e-5


class Rounded(torch.nn.Module):
    """A layer with weights in eight bits."""

    def __init__(self, linear):
        super().__init__()
        self.scale = float(linear.weight.abs().max()) / 127
        self.register_buffer("codes", (linear.weight / self.scale).round().to(torch.int8))

    def forward(self, hidden):
        return torch.nn.functional.linear(hidden, self.codes.float() * self.scale)
