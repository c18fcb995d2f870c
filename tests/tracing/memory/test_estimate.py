"""The estimate before the pass, compared with the memory of the capture after it."""

from __future__ import annotations

from typing import Any

import pytest
import torch

import headscope as hs
from headscope.data.layers import pieces_of
from headscope.tracing.hooks.tiers import modules_of
from headscope.tracing.inputs.prepare import prepare
from headscope.tracing.memory.estimate import Estimate, estimate
from headscope.tracing.request import Request
from zoo.models import ZOO, Animal, build, inputs_of

COUNTED = ("text", "pair", "sound")
"""Kinds of input whose number of positions is known before the pass."""


def estimated(model: Any, inputs: Any, layers: list[int] | None = None, row: int = 0) -> Estimate:
    modules = modules_of(model)
    request = Request(model=model, inputs=inputs, batch_index=row)
    return estimate(modules, prepare(request, modules), None if layers is None else frozenset(layers))


def vectors_and_weights(capture: hs.Capture) -> int:
    """Return the bytes of a capture, without masks and biases."""
    records: list[Any] = [record for map_ in capture.maps.values() for record in map_.records]
    pieces = [piece for record in records for piece in pieces_of(record)]
    parts = [getattr(piece, name, None) for piece in pieces for name in ("query", "key", "array")]
    return sum(part.nbytes for part in parts if part is not None)


@pytest.mark.parametrize("animal", [pytest.param(one, id=one.kind) for one in ZOO if one.reads in COUNTED])
def test_texts_are_estimated_exactly(animal: Animal):
    model, inputs = build(animal), inputs_of(animal)
    told, capture = estimated(model, inputs), hs.capture(model, inputs=inputs)
    assert told.nbytes == vectors_and_weights(capture)
    of_maps = capture.nbytes - (capture.logits.nbytes if capture.logits else 0)
    assert told.nbytes == pytest.approx(of_maps, rel=0.06), "masks weigh most in the smallest of models"
    assert len(told.layers) == sum(map_.num_layers for map_ in capture.maps.values())


@pytest.mark.parametrize("animal", [pytest.param(one, id=one.kind) for one in ZOO if one.reads not in COUNTED])
def test_images_are_never_overestimated(animal: Animal):
    model, inputs = build(animal), inputs_of(animal)
    told, capture = estimated(model, inputs), hs.capture(model, inputs=inputs)
    assert told.nbytes <= vectors_and_weights(capture)
    if animal.reads == "patches in text":
        assert told.nbytes == vectors_and_weights(capture)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_precision_counts(new_tiny, dtype):
    model, inputs = new_tiny("llama").to(dtype), {"input_ids": [[5] * 24]}
    assert estimated(model, inputs).nbytes == vectors_and_weights(hs.capture(model, inputs=inputs))


@pytest.mark.parametrize("kind", ["llama", "t5"])
def test_chosen_layers_and_padding_count(tiny, kind):
    inputs = {"input_ids": [[5] * 24] * 2, "attention_mask": [[1] * 24, [1] * 20 + [0] * 4]}
    inputs |= {"decoder_input_ids": [[5] * 7] * 2} if kind == "t5" else {}
    capture = hs.capture(tiny(kind).model, inputs=inputs, layers=[0, 1], batch_index=1)
    assert estimated(tiny(kind).model, inputs, [0, 1], row=1).nbytes == vectors_and_weights(capture)


def test_offloaded_layers_count_on_the_device_where_they_run(new_tiny):
    model = new_tiny("llama")
    model.layers[1].self_attn.to("meta")
    model.layers[1].self_attn.q_proj._hf_hook = type("Hook", (), {"execution_device": "cuda:0"})()
    modules = modules_of(model)
    inputs = prepare(Request(model=model, inputs={"input_ids": [[5] * 24]}), modules)
    told = estimate(modules, inputs, None)
    assert [str(layer.device) for layer in told.layers] == ["cpu", "cuda:0", "cpu"]
    assert told.needed() == {torch.device("cpu"): 2 * told.layers[0].nbytes, torch.device("cuda:0"): told.nbytes // 3}


def test_a_model_that_computes_step_by_step_keeps_the_weights_of_one_text():
    animal = next(one for one in ZOO if one.kind == "gptj")
    told = estimated(build(animal), inputs_of(animal, batch=4), [0])
    (needed,) = told.needed().values()
    assert told.weights
    assert needed == told.nbytes == 4 * 14 * 14 * 4, "one layer of one text: heads, queries, keys, float32"
