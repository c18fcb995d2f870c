"""What a pass adds to the caller's arguments can't change a number: over every class of the installed transformers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
import transformers
from transformers import AutoModelForCausalLM, BioGptConfig, BioGptForSequenceClassification, PreTrainedModel

import headscope as hs
from headscope.tracing.inputs.economies import WRITES_TEXT, economies, only_selects
from zoo.eager import eager_outputs
from zoo.models import DECODERS, TINY, ZOO, build

IDS = torch.tensor([[5, 9, 7, 11, 9, 3, 8, 6]])
PACKED = torch.tensor([[0, 1, 2, 3, 0, 1, 2, 3]])


def every_class():
    named = (getattr(transformers, name, None) for name in dir(transformers) if WRITES_TEXT.search(name))
    return [kind for kind in named if isinstance(kind, type) and issubclass(kind, PreTrainedModel)]


def test_which_classes_only_select_logits():
    found = {kind.__name__ for kind in every_class() if only_selects(kind)}
    assert len(found) > 150 or transformers.__version__.startswith("4.")
    assert {"LlamaForCausalLM", "BioGptForCausalLM", "Gemma3ForCausalLM"} <= found
    # These pass it on to a model inside, or count positions with it.
    others = {"Gemma4ForCausalLM", "LlavaOnevisionForConditionalGeneration", "CsmDepthDecoderForCausalLM"}
    assert not others & found


def writer(animal):
    return build(replace(animal, auto="AutoModelForCausalLM"))


@pytest.mark.parametrize("animal", [pytest.param(animal, id=animal.kind) for animal in DECODERS])
def test_no_weight_and_no_logit_depends_on_it(animal):
    model = writer(animal)
    added = economies(model, {"input_ids": IDS})
    assert economies(model, {"input_ids": IDS, "logits_to_keep": 3}) == {}
    with torch.no_grad():
        plain, economical = model(input_ids=IDS), model(input_ids=IDS, **added)
    torch.testing.assert_close(economical.logits[:, -1], plain.logits[:, -1], rtol=0, atol=1e-5)
    short = hs.capture(model, inputs={"input_ids": IDS})
    whole = hs.capture(model, inputs={"input_ids": IDS, "logits_to_keep": 0})
    for name, map_ in short.maps.items():
        for layer in map_.layers:
            np.testing.assert_array_equal(short.weights(layer, map=name), whole.weights(layer, map=name))


@pytest.mark.parametrize("animal", [pytest.param(animal, id=animal.kind) for animal in DECODERS])
def test_no_weight_depends_on_the_cache_that_offloading_leaves_out(animal, tmp_path):
    model, inputs = writer(animal), {"input_ids": IDS}
    filed = hs.capture(model, inputs=inputs, offload=tmp_path)
    plain = hs.capture(model, inputs=inputs)
    for name, map_ in plain.maps.items():
        for layer in map_.layers:
            np.testing.assert_array_equal(filed.weights(layer, map=name), plain.weights(layer, map=name))


def test_what_offloading_adds(tmp_path):
    model = writer(next(one for one in ZOO if one.kind == "llama"))
    assert economies(model, {"input_ids": IDS}, offloads=True) == {"logits_to_keep": 1, "use_cache": False}
    assert economies(model, {"input_ids": IDS, "position_ids": PACKED}, logits=True, offloads=True) == {}
    inputs = {"input_ids": IDS, "position_ids": PACKED}
    capture = hs.capture(model, inputs=inputs, offload=tmp_path)
    np.testing.assert_allclose(capture.weights(0), eager_outputs(model, inputs)[0][0].numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("kind", ["llama", "qwen2", "mistral", "gpt_neox", "phi3", "gemma2", "olmo2", "qwen3_moe"])
@pytest.mark.parametrize("given", [{}, {"use_cache": False}, {"use_cache": True}], ids=["default", "without", "with"])
def test_packed_positions_are_read_as_the_model_reads_them(kind, given):
    """With a cache, positions may begin again; without one, transformers takes them for several texts."""
    animal = next((one for one in DECODERS if one.kind == kind), None)
    if animal is None:
        pytest.skip(f"{kind} is not in the zoo")
    model, inputs = writer(animal), {"input_ids": IDS, "position_ids": PACKED, **given}
    capture = hs.capture(model, inputs=inputs)
    for layer, wanted in enumerate(eager_outputs(model, inputs)):
        np.testing.assert_allclose(capture.weights(layer), wanted[0].numpy(), rtol=0, atol=1e-5)


def test_a_classifier_that_pools_its_logits():
    torch.manual_seed(0)
    sizes = {name: value for name, value in TINY.items() if name != "num_hidden_layers"}
    model = BioGptForSequenceClassification(BioGptConfig(**sizes, num_hidden_layers=2, num_labels=3)).eval()
    assert economies(model, {"input_ids": IDS}) == {}
    capture = hs.capture(model, inputs={"input_ids": IDS})
    for layer, wanted in enumerate(eager_outputs(model, {"input_ids": IDS})):
        np.testing.assert_allclose(capture.weights(layer), wanted[0].numpy(), rtol=0, atol=1e-5)


class Pooled(torch.nn.Module):
    """A user's module that reads the logits of every position."""

    def __init__(self, model):
        super().__init__()
        self.model = model

    def forward(self, **inputs):
        return self.model(**inputs).logits[:, 4]


def test_a_module_around_a_language_model_gets_every_logit():
    model = writer(next(one for one in ZOO if one.kind == "llama"))
    assert isinstance(model, type(AutoModelForCausalLM.from_config(model.config)))
    assert economies(Pooled(model), {"input_ids": IDS}) == {}
    assert hs.capture(Pooled(model), inputs={"input_ids": IDS}).maps["self"].num_layers == 3
