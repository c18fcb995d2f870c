"""The function that a model looks up runs as it is, whichever it is, and is what the capture shows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from transformers import AttentionInterface, LlamaConfig, LlamaForCausalLM
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import AttentionMaskInterface, eager_mask, sdpa_mask
from transformers.models.llama.modeling_llama import eager_attention_forward

import headscope as hs
from headscope.data.steps import finish

EDGES = np.array([0, 3, 7])
IDS = torch.tensor([[2, 5, 9, 7, 5, 9, 3]])
SIZES = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}


def scores_of(query: Any, key: Any, scaling: float, mask: Any) -> Any:
    return query @ key.transpose(2, 3) * scaling + mask


def colder(_module, query, key, value, attention_mask, scaling=None, **_):
    """Attention at another temperature, which returns its weights."""
    weights = torch.softmax(scores_of(query, key, scaling / 8, attention_mask), -1)
    return (weights @ value).transpose(1, 2).contiguous(), weights


def colder_in_silence(_module, query, key, value, attention_mask, scaling=None, **_):
    weights = torch.softmax(scores_of(query, key, scaling / 8, attention_mask), -1)
    return (weights @ value).transpose(1, 2).contiguous(), None


def unscaled(_module, query, key, value, attention_mask, **_):
    """Attention that ignores the scale; what it returns besides its output is no weights."""
    weights = torch.softmax(scores_of(query, key, 1.0, attention_mask), -1)
    return (weights @ value).transpose(1, 2).contiguous(), weights.sum()


def lying(_module, query, key, value, attention_mask, scaling=None, **_):
    """Attention that returns other weights than those it used."""
    weights = torch.softmax(scores_of(query, key, scaling / 8, attention_mask), -1)
    return (weights @ value).transpose(1, 2).contiguous(), weights.flip(1)


def by_heads(module, query, key, value, attention_mask, **options):
    """The kernel's output with heads before positions, and no tuple around it."""
    return sdpa_attention_forward(module, query, key, value, attention_mask, **options)[0].transpose(1, 2), None


def model_with(function: Any, mask: Any = eager_mask) -> Any:
    AttentionInterface.register("of_a_user", function)
    AttentionMaskInterface.register("of_a_user", mask)
    torch.manual_seed(0)
    return LlamaForCausalLM(LlamaConfig(**SIZES, initializer_range=0.5, attn_implementation="of_a_user")).eval()


def weights_seen(model: Any, function: Any) -> list[np.ndarray]:
    """Run the model with a function around its own one that computes weights from the function's output."""
    seen = []

    def listening(module, query, key, value, attention_mask, **options):
        eye = torch.eye(key.shape[2]).expand(*value.shape[:2], -1, -1)
        seen.append(function(module, query, key, eye, attention_mask, **options)[0].transpose(1, 2)[0])
        return function(module, query, key, value, attention_mask, **options)

    AttentionInterface.register("of_a_user", listening)
    with torch.no_grad():
        model(IDS)
    AttentionInterface.register("of_a_user", function)
    return [weights.numpy() for weights in seen]


@pytest.mark.parametrize(
    ("function", "mask", "tier"),
    [
        (colder, eager_mask, 3),
        (unscaled, eager_mask, 1),
        (eager_attention_forward, eager_mask, 1),
        (sdpa_attention_forward, sdpa_mask, 1),
    ],
    ids=["colder", "unscaled", "eager", "sdpa"],
)
def test_a_function_of_the_users_own_runs_and_is_shown(function, mask, tier):
    model = model_with(function, mask)
    expected = weights_seen(model, function)
    capture = hs.capture(model, inputs={"input_ids": IDS})
    for layer in range(2):
        np.testing.assert_allclose(capture.weights(layer), expected[layer], atol=1e-5)
    assert capture.report().maps[0].tier == tier
    assert capture.report().maps[0].function == ("of_a_user" if tier == 1 else "")


def writing_into(*places):
    """The kernel's output of a function that afterwards uses the memory of some arguments for something else."""

    def writing(module, query, key, value, attention_mask, **options):
        found = sdpa_attention_forward(module, query, key, value, attention_mask, **options)
        for part in places:
            {"query": query, "key": key, "value": value}[part].mul_(3).add_(1)
        return found[0], None

    return writing


@pytest.mark.parametrize("places", [("query",), ("key",), ("value",), ("query", "key", "value")], ids="+".join)
def test_a_function_may_write_into_its_arguments(places):
    expected = hs.capture(model_with(sdpa_attention_forward, sdpa_mask), inputs={"input_ids": IDS})
    capture = hs.capture(model_with(writing_into(*places), sdpa_mask), inputs={"input_ids": IDS})
    np.testing.assert_allclose(capture.weights(0), expected.weights(0), atol=1e-6)
    assert not capture.report().missing


@pytest.mark.parametrize("function", [colder_in_silence, lying], ids=lambda function: function.__name__)
def test_what_can_not_be_proved_shows_what_is_seen_inside(function):
    expected = hs.capture(model_with(colder), inputs={"input_ids": IDS})
    capture = hs.capture(model_with(function), inputs={"input_ids": IDS})
    for layer in range(2):
        np.testing.assert_allclose(capture.weights(layer), expected.weights(layer), atol=1e-6)
    assert not capture.report().missing


def test_an_error_of_the_function_names_the_call():
    def broken(*_arguments, **_options):
        raise ZeroDivisionError("mine")

    with pytest.raises(ValueError, match="failed with ZeroDivisionError: mine"):
        hs.capture(model_with(broken), inputs={"input_ids": IDS})
    assert not hasattr(AttentionInterface().get_interface("sdpa", None), "__headscope_observes__")


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float64])
def test_the_precision_of_a_session_changes_nothing(dtype):
    model = model_with(eager_attention_forward)
    expected = hs.capture(model, inputs={"input_ids": IDS})
    weights = [expected.weights(layer) for layer in range(2)]
    torch.set_default_dtype(dtype)
    try:
        capture = hs.capture(model, inputs={"input_ids": IDS})
        found = [capture.weights(layer) for layer in range(2)]
        pooled = finish(capture.maps["self"].records[0].pooled([0], (EDGES, EDGES), "max"))
    finally:
        torch.set_default_dtype(torch.float32)
    np.testing.assert_array_equal(found, weights)
    again = finish(expected.maps["self"].records[0].pooled([0], (EDGES, EDGES), "max"))
    np.testing.assert_array_equal(pooled, again)


def test_weights_inside_of_autocast_are_in_full_precision():
    capture = hs.capture(model_with(eager_attention_forward), inputs={"input_ids": IDS})
    again = hs.capture(model_with(eager_attention_forward), inputs={"input_ids": IDS})
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = [again.weights(layer) for layer in range(2)]
    np.testing.assert_array_equal(found, [capture.weights(layer) for layer in range(2)])


def test_a_pass_inside_of_autocast_is_shown_as_it_ran():
    model = model_with(sdpa_attention_forward, sdpa_mask)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        capture = hs.capture(model, inputs={"input_ids": IDS})
    report = capture.report().maps[0]
    assert report.precision == "bfloat16"
    assert report.difference < 0.02
