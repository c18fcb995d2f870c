"""Models with offloaded, quantised or adapted parameters: in memory or on disk, in eight bits, with adapters."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from accelerate import cpu_offload, disk_offload, dispatch_model

import headscope as hs
from zoo.compare import differences
from zoo.models import ZOO, build, inputs_of

KINDS = ["llama", "bert", "gpt2", "bart", "falcon", "gptj", "qwen2_vl", "swin"]
CPU = torch.device("cpu")


def animal_of(kind):
    return next(one for one in ZOO if one.kind == kind)


def places(model):
    return [(name, parameter.device.type) for name, parameter in model.named_parameters()]


def forwards(model):
    return [id(vars(module).get("forward")) for module in model.modules()]


@pytest.mark.parametrize("where", ["memory", "disk"])
@pytest.mark.parametrize("kind", KINDS)
def test_offloaded_parameters(kind, where, tmp_path):
    animal = animal_of(kind)
    offloaded = build(animal)
    expected = hs.capture(copy.deepcopy(offloaded), inputs=inputs_of(animal))
    if where == "memory":
        cpu_offload(offloaded, execution_device=CPU)
    else:
        disk_offload(offloaded, tmp_path, execution_device=CPU)
    before = places(offloaded), forwards(offloaded)
    assert {device for _, device in before[0]} == {"meta"}
    capture = hs.capture(offloaded, inputs=inputs_of(animal))
    assert (places(offloaded), forwards(offloaded)) == before
    for name in expected.maps:
        np.testing.assert_array_equal(capture.weights(0, map=name), expected.weights(0, map=name))
    assert max(differences(offloaded, animal, inputs_of(animal)).values()) <= 1e-5


def test_a_model_that_is_partly_on_disk(tmp_path):
    animal = animal_of("llama")
    model = build(animal)
    expected = hs.capture(copy.deepcopy(model), inputs=inputs_of(animal))
    parts = {"embed_tokens": "cpu", "rotary_emb": "cpu", "layers.0": "cpu", "norm": "cpu"}
    parts |= {"layers.1": "disk", "layers.2": "disk"}
    model = dispatch_model(model, parts, main_device="cpu", offload_dir=tmp_path, force_hooks=True)
    assert {device for _, device in places(model)} == {"cpu", "meta"}
    capture = hs.capture(model, inputs=inputs_of(animal))
    for layer in range(3):
        np.testing.assert_array_equal(capture.weights(layer), expected.weights(layer))
    ids = inputs_of(animal)["input_ids"]
    assert hs.capture(model, inputs={"input_ids": ids.numpy()}).weights(2).shape == (4, 14, 14)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore:torch.quantize_per_tensor:UserWarning")
@pytest.mark.parametrize("kind", KINDS)
def test_layers_in_eight_bits(kind):
    animal = animal_of(kind)
    model = torch.ao.quantization.quantize_dynamic(build(animal), {torch.nn.Linear}, dtype=torch.qint8)
    assert any("quantized" in type(module).__module__ for module in model.modules()) == (kind not in ("gpt2", "falcon"))
    assert max(differences(model, animal, inputs_of(animal)).values()) <= 1e-5
    capture = hs.capture(model, inputs=inputs_of(animal))
    assert {part.precision for part in capture.report().maps} == {"float32"}


class LowRank(torch.nn.Module):
    """A layer with a low-rank adapter, as in LoRA (Hu et al. 2021, https://arxiv.org/abs/2106.09685)."""

    def __init__(self, own, rank=4):
        super().__init__()
        self.own = own
        self.down = torch.nn.Linear(own.in_features, rank, bias=False)
        self.up = torch.nn.Linear(rank, own.out_features, bias=False)

    def forward(self, hidden):
        return self.own(hidden) + self.up(self.down(hidden))


@pytest.mark.parametrize(("kind", "names"), [("llama", ("q_proj", "v_proj")), ("bert", ("query", "value"))])
def test_layers_with_adapters(kind, names):
    animal = animal_of(kind)
    model = build(animal)
    plain = hs.capture(model, inputs=inputs_of(animal)).weights(1)
    for module in list(model.modules()):
        for name in names:
            if isinstance(getattr(module, name, None), torch.nn.Linear):
                setattr(module, name, LowRank(getattr(module, name)))
    assert differences(model, animal, inputs_of(animal))["self"] <= 1e-5
    assert abs(hs.capture(model, inputs=inputs_of(animal)).weights(1) - plain).max() > 1e-3
