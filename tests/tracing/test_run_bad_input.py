"""Models and arguments that can't be captured raise an error that says what to do."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoConfig, AutoModel, BertPreTrainedModel

import headscope as hs
from headscope.tracing.hooks.modules import Modules
from headscope.tracing.inputs.preflight import num_layers
from zoo.models import ZOO, build, inputs_of

IDS = torch.tensor([[5, 6, 7]])


def tiny_of(kind, **config):
    config = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2} | config
    return AutoModel.from_config(AutoConfig.for_model(kind, pad_token_id=0, bos_token_id=1, eos_token_id=2, **config))


@pytest.mark.parametrize(
    ("kind", "config", "message"),
    [
        ("mamba", {}, "MambaModel has no attention"),
        ("longformer", {"attention_window": 4}, r"'longformer' \(LongformerModel\) can't be captured: .*bands of keys"),
        ("led", {"d_model": 32, "encoder_layers": 1, "decoder_layers": 1}, "'led'.*bands of keys"),
        ("big_bird", {}, "'big_bird'.*load it with attention_type='original_full'"),
    ],
)
def test_a_model_in_no_tier_is_named(kind, config, message):
    with pytest.raises(ValueError, match=message):
        hs.capture(tiny_of(kind, **config), inputs={"input_ids": IDS})


def test_big_bird_with_full_attention():
    capture = hs.capture(tiny_of("big_bird", attention_type="original_full").eval(), inputs={"input_ids": IDS})
    assert capture.report().maps[0].tier == 3
    np.testing.assert_allclose(capture.weights(0).sum(-1), 1, atol=1e-6)


@pytest.mark.parametrize("model", ["bert-base-uncased", None, 3])
def test_values_that_are_not_models(model):
    with pytest.raises(TypeError, match="must be a torch module, such as a transformers model"):
        hs.capture(model, inputs={"input_ids": IDS})


def test_a_torch_module_without_attention():
    with pytest.raises(ValueError, match="Linear has no attention"):
        hs.capture(torch.nn.Linear(2, 2), inputs={"input": torch.ones(3, 2)})


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((), {}, "neither text nor inputs"),
        ((None, "red"), {}, "text needs the tokenizer"),
        ((None, None, "red"), {"inputs": {"input_ids": IDS}}, "text_pair needs text"),
        ((None, "red"), {"inputs": {"input_ids": IDS}}, "both text and inputs"),
        ((), {"inputs": {}}, "inputs holds no tensor"),
        ((), {"inputs": {"input_ids": torch.zeros(1, 0, dtype=torch.long)}}, "the text is empty"),
        ((), {"inputs": {"input_ids": IDS, "attention_mask": [[1, 1]]}}, r"inputs\['attention_mask'\] has 2 positions"),
        ((), {"inputs": {"input_ids": [[5, 99]]}}, "token id 99, but the model's vocabulary has ids 0 to 98"),
        ((), {"inputs": {"input_ids": [[5, -1]]}}, "token id -1"),
        ((), {"inputs": {"input_ids": [[5.0, 1.0]]}}, "must be integers"),
        ((), {"inputs": {"input_ids": [[5] * 65]}}, "has 65 tokens, but the model has positions for 64"),
        ((), {"inputs": {"input_ids": IDS, "attention_mask": [[0, 0, 0]]}}, "hides every token"),
        ((), {"inputs": {"input_ids": IDS}, "layers": []}, "layers is empty"),
    ],
)
def test_arguments_that_do_not_fit(tiny, arguments, options, message):
    with pytest.raises(ValueError, match=message):
        hs.capture(tiny("bert").model, *arguments, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": {"input_ids": IDS}, "batch_index": 1}, "batch_index 1 is out of range: valid is 0, the only one"),
        ({"inputs": {"input_ids": IDS}, "batch_index": -1}, "batch_index -1 is out of range"),
        ({"inputs": {"input_ids": IDS}, "layers": [3]}, "layers: layer 3 is out of range: valid is from 0 to 2"),
    ],
)
def test_out_of_range(tiny, options, message):
    with pytest.raises(IndexError, match=message):
        hs.capture(tiny("bert").model, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inputs": 5}, "inputs must be a mapping"),
        ({"inputs": "red"}, "inputs holds text"),
        ({"inputs": ["red", "green"]}, "inputs holds text"),
        ({"tokenizer": "bert-base-uncased", "text": "red"}, "tokenizer is the string 'bert-base-uncased'"),
        ({"inputs": {"input_ids": IDS, "attention_masks": IDS}}, "did you mean 'attention_mask'"),
        ({"inputs": {"input_ids": IDS}, "layer": [1]}, r"capture\(\) has no keyword 'layer': did you mean 'layers'"),
        ({"inputs": {"input_ids": IDS}, "zzz": 1}, "it takes model, tokenizer, text"),
    ],
)
def test_the_wrong_kind_of_argument(tiny, options, message):
    with pytest.raises(TypeError, match=message):
        hs.capture(tiny("bert").model, **options)


@pytest.mark.parametrize("kind", ["bert", "albert", "gpt2", "llama", "t5", "bart", "distilbert"])
@pytest.mark.parametrize("layers", [[3], [0, 7], [-1], np.array([3])])
def test_layers_out_of_range_are_refused_before_the_pass(tiny, kind, layers):
    model, ran = tiny(kind).model, []
    hook = model.register_forward_pre_hook(lambda *_: ran.append(1))
    with pytest.raises(IndexError, match=r"layers: layer (3|7|-1) is out of range: valid is from 0 to 2"):
        hs.capture(model, inputs={"input_ids": IDS}, layers=layers)
    hook.remove()
    assert not ran


@pytest.mark.parametrize(("layers", "message"), [(3, "a sequence of layers"), ("1", "an integer"), ([True], "integer")])
def test_invalid_layers(tiny, layers, message):
    with pytest.raises(TypeError, match=message):
        hs.capture(tiny("bert").model, inputs={"input_ids": IDS}, layers=layers)


def test_layers_may_come_from_an_iterator(tiny):
    capture = hs.capture(tiny("bert").model, inputs={"input_ids": IDS}, layers=(number for number in (0, 2)))
    assert capture.maps["self"].layers == (0, 2)


def test_layers_of_other_kinds_do_not_belong_to_the_map():
    animal = next(one for one in ZOO if one.kind == "jamba")
    with pytest.raises(IndexError, match="layers: layer 2 is out of range: valid is from 0 to 1"):
        hs.capture(build(animal), inputs=inputs_of(animal), layers=[2])


@pytest.mark.parametrize("animal", [pytest.param(animal, id=animal.kind) for animal in ZOO])
def test_the_number_of_layers_is_never_underestimated(animal):
    model = build(animal)
    maps = hs.capture(model, inputs=inputs_of(animal)).maps.values()
    assert num_layers(Modules.of(model)) >= max(map_.num_layers for map_ in maps)


def test_a_text_of_another_kind(tiny, seq2seq_tokenizer):
    with pytest.raises(TypeError, match=r"text\[1\] must be a string or the messages of a chat, not float"):
        hs.capture(tiny("bert").model, seq2seq_tokenizer, ["red", 1.5])
    with pytest.raises(TypeError, match="text must be one string, a list of strings or the messages"):
        hs.capture(tiny("bert").model, seq2seq_tokenizer, {"red"})


def test_empty_text(tiny, smollm2_tokenizer):
    with pytest.raises(ValueError, match="the text is empty"):
        hs.capture(tiny("llama").model, smollm2_tokenizer, "")


def test_a_tokenizer_of_another_model(tiny, smollm2_tokenizer):
    with pytest.raises(ValueError, match="the tokenizer belongs to another model"):
        hs.capture(tiny("llama").model, smollm2_tokenizer, "The cat sat on the mat")


@pytest.mark.parametrize("kind", ["bert", "gpt2", "mistral", "t5"])
def test_one_token(tiny, kind):
    capture = hs.capture(tiny(kind).model, inputs={"input_ids": [[5]]})
    for map_ in capture.maps.values():
        if len(map_.key_tokens) == 1:
            assert (map_.block(0) == 1).all()


@pytest.mark.parametrize(("kind", "limit"), [("bert", 64), ("roberta", 64), ("gpt2", 64), ("opt", 64), ("bart", 64)])
def test_the_longest_text(tiny, kind, limit):
    assert len(hs.capture(tiny(kind).model, inputs={"input_ids": [[5] * limit]}).weights(0, 0)) == limit
    with pytest.raises(ValueError, match=f"has {limit + 1} tokens, but the model has positions for {limit}"):
        hs.capture(tiny(kind).model, inputs={"input_ids": [[5] * (limit + 1)]})


@pytest.mark.parametrize("kind", ["llama", "t5"])
def test_rotary_and_relative_positions_have_no_limit(tiny, kind):
    assert hs.capture(tiny(kind).model, inputs={"input_ids": [[5] * 100]}).weights(0, 0).shape == (100, 100)


@pytest.mark.parametrize("ids", [[5, 6, 7], [[5, 6, 7]], np.array([[5, 6, 7]]), IDS, (5, 6, 7)])
def test_ids_of_any_form(tiny, ids):
    capture = hs.capture(tiny("gpt2").model, inputs={"input_ids": ids})
    assert capture.maps["self"].query_tokens == ("5", "6", "7")


def test_extra_outputs_of_a_tokenizer_are_ignored(tiny, seq2seq_tokenizer):
    batch = seq2seq_tokenizer("red green", return_offsets_mapping=True, return_special_tokens_mask=True)
    capture = hs.capture(tiny("bert").model, seq2seq_tokenizer, inputs=batch)
    assert capture.maps["self"].query_tokens == ("red", "green", "</s>")
    assert capture.maps["self"].query_special == (2,)


def test_chosen_layers_keep_their_numbers(tiny):
    full = hs.capture(tiny("bert").model, inputs={"input_ids": IDS})
    part = hs.capture(tiny("bert").model, inputs={"input_ids": IDS}, layers=[2])
    map_ = part.maps["self"]
    assert (map_.num_layers, map_.layers, map_.num_heads(0)) == (3, (2,), 4)
    assert (part.weights(2) == full.weights(2)).all()
    assert part.nbytes * 2 < full.nbytes
    with pytest.raises(ValueError, match="layer 0 was left out"):
        part.weights(0)
    assert np.isnan(map_.block(0)).all()


def test_a_model_configured_to_return_attentions(new_tiny, capfd):
    model = new_tiny("bert", output_attentions=True)
    capture = hs.capture(model, inputs={"input_ids": IDS, "output_attentions": True})
    assert capture.weights(0, 0).shape == (3, 3)
    assert model.config.output_attentions
    assert "does not support" not in capfd.readouterr().err


def test_a_model_class_from_a_notebook(new_tiny):
    bert = new_tiny("bert")

    class Classifier(BertPreTrainedModel):
        def __init__(self, config):
            super().__init__(config)
            self.bert = bert

        def forward(self, input_ids):
            return self.bert(input_ids)

    Classifier.__module__ = "a_module_without_source"
    capture = hs.capture(Classifier(bert.config).eval(), inputs={"input_ids": IDS})
    assert (capture.weights(1) == hs.capture(bert, inputs={"input_ids": IDS}).weights(1)).all()


def test_a_compiled_model(tiny):
    model = tiny("bert").model
    compiled = hs.capture(torch.compile(model, backend="eager"), inputs={"input_ids": IDS})
    assert (compiled.weights(2) == hs.capture(model, inputs={"input_ids": IDS}).weights(2)).all()
