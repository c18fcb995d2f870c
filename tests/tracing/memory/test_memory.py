"""A capture holds only queries and keys, in proportion to the number of tokens."""

from __future__ import annotations

import gc

import pytest
import torch

import headscope as hs
from headscope.data.layers import nbytes_of
from zoo.models import ZOO, build, inputs_of

KINDS = ["bert", "gpt2", "mistral", "phi3", "gpt_oss", "gemma2", "t5", "bart"]


def capture_of(loaded, length, padded):
    inputs = {"input_ids": torch.full((2, length), 5)}
    if padded:
        inputs["attention_mask"] = torch.ones(2, length, dtype=torch.long)
        inputs["attention_mask"][1, : length // 4] = 0
    if loaded.model.config.is_encoder_decoder:
        inputs["decoder_input_ids"] = torch.full((2, length), 6)
    return hs.capture(loaded.model, inputs=inputs, batch_index=1)


def of_maps(capture):
    """The bytes of a capture's attention, without what the model predicts."""
    return capture.nbytes - (capture.logits.nbytes if capture.logits else 0)


def storages(capture):
    """Return the storage of every tensor that a capture refers to, by address."""
    return {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in tensors_of(capture)}


def tensors_of(capture):
    """Return every tensor that a capture refers to."""
    found, seen, waiting = [], set(), [capture]
    while waiting:
        item = waiting.pop()
        if id(item) in seen or isinstance(item, type):
            continue
        seen.add(id(item))
        if isinstance(item, torch.Tensor):
            found.append(item)
        else:
            waiting += [value for value in gc.get_referents(item) if not callable(value)]
    return found


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_memory_is_true_and_grows_with_the_tokens(tiny, kind, padded):
    short, long = (capture_of(tiny(kind), length, padded) for length in (24, 48))
    assert sum(storages(short).values()) == of_maps(short)
    assert sum(storages(long).values()) == of_maps(long)
    assert of_maps(long) < 2.01 * of_maps(short)


@pytest.mark.parametrize("animal", [pytest.param(animal, id=animal.kind) for animal in ZOO])
def test_memory_is_true_before_and_after_weights_are_asked_for(animal):
    capture = hs.capture(build(animal), inputs=inputs_of(animal, batch=2), batch_index=1)
    assert tensors_and_places(capture) == of_maps(capture)
    for name, map_ in capture.maps.items():
        capture.weights(map_.num_layers - 1, map=name)
    assert tensors_and_places(capture) == of_maps(capture)


def tensors_and_places(capture):
    """Return all tensors, and the places of an image's pieces."""
    places = {
        id(place): place.nbytes
        for map_ in capture.maps.values()
        for record in map_.records
        for piece in record.pieces or ()
        for place in (piece.query_at, piece.key_at)
    }
    return sum(storages(capture).values()) + sum(places.values())


@pytest.mark.parametrize("kind", ["bert", "llama"])
def test_a_new_capture_holds_only_queries_and_keys(tiny, kind):
    capture = hs.capture(tiny(kind).model, inputs={"input_ids": [[5] * 24]})
    records = capture.maps["self"].records
    alone = sum(record.query.nbytes + record.key.nbytes for record in records)
    assert of_maps(capture) == alone + (0 if kind == "bert" else records[0].rules.visible.nbytes)


@pytest.mark.parametrize("animal", [pytest.param(animal, id=animal.kind) for animal in ZOO])
def test_no_graph_is_kept_alive(animal):
    model = build(animal)
    assert any(parameter.requires_grad for parameter in model.parameters())
    capture = hs.capture(model, inputs=inputs_of(animal))
    found = tensors_of(capture)
    assert found
    assert not [tensor for tensor in found if tensor.requires_grad or tensor.grad_fn is not None]
    assert all(parameter.grad is None for parameter in model.parameters())
    shared = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    assert not [tensor for tensor in found if tensor.untyped_storage().data_ptr() in shared], "nor any of the model"


def test_embeddings_with_gradients_are_released(tiny):
    embedded = tiny("llama").model.get_input_embeddings()(torch.tensor([[5, 6, 7]]))
    assert embedded.requires_grad
    capture = hs.capture(tiny("llama").model, inputs={"inputs_embeds": embedded}, keep_padding=True)
    assert not [tensor for tensor in tensors_of(capture) if tensor.requires_grad]


def test_candidates_hold_no_tensor_of_the_model():
    animal = next(one for one in ZOO if one.kind == "llama4")
    capture = hs.capture(build(animal), inputs=inputs_of(animal), candidates=3)
    assert (
        capture.nbytes == tensors_and_places(capture) + capture.logits.ids.nbytes + capture.logits.probabilities.nbytes
    )
    assert not [tensor for tensor in tensors_of(capture) if tensor.requires_grad]


@pytest.mark.parametrize("layers", [[0], [2], [0, 2]])
@pytest.mark.parametrize("kind", ["mistral", "gpt_oss", "t5"])
def test_memory_is_true_of_chosen_layers(tiny, kind, layers):
    inputs = {"input_ids": [[5] * 24], "attention_mask": [[1] * 20 + [0] * 4]}
    inputs |= {"decoder_input_ids": [[5] * 7]} if kind == "t5" else {}
    capture = hs.capture(tiny(kind).model, inputs=inputs, layers=layers)
    assert capture.maps[next(iter(capture.maps))].layers == tuple(layers)
    assert sum(storages(capture).values()) == of_maps(capture)


def test_the_sliding_window_shares_one_rule(tiny):
    records = capture_of(tiny("mistral"), 24, padded=False).maps["self"].records
    assert records[0].rules.visible is records[2].rules.visible
    mask = records[0].rules.visible.nbytes
    assert mask > 0
    assert nbytes_of(records) == sum(record.nbytes for record in records) + mask
