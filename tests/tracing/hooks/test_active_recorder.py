"""A user's attention function that is not proved as a whole: what is seen inside of it is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  # torch's own convention
from transformers import AttentionInterface, LlamaConfig, LlamaModel

import headscope as hs

IDS = torch.tensor([[5, 9, 7, 11, 9, 3, 8, 6]])
SEEN: list[torch.Tensor] = []


def _scores(q: torch.Tensor, k: torch.Tensor, scale: float) -> torch.Tensor:
    size = q.shape[2]
    hidden = ~torch.ones(size, size).tril().bool()
    return (q @ k.transpose(-1, -2) * scale).masked_fill(hidden, -1e9)


def _by_hand(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    weights = _scores(q, k, 0.2).softmax(-1)
    SEEN.append(weights[0].clone())
    return (weights @ v).transpose(1, 2).contiguous(), weights


def without_weights(_module: Any, q: Any, k: Any, v: Any, _mask: Any, **_: Any) -> Any:
    return _by_hand(q, k, v)[0], None


def with_other_weights(_module: Any, q: Any, k: Any, v: Any, _mask: Any, **_: Any) -> Any:
    output, weights = _by_hand(q, k, v)
    return output, torch.full_like(weights, 0.125)


def of_a_window(_module: Any, q: Any, k: Any, v: Any, _mask: Any, **_: Any) -> Any:
    at = torch.arange(q.shape[2])
    weights = _scores(q, k, 0.3).masked_fill(at[:, None] - at >= 3, -1e9).softmax(-1)
    SEEN.append(weights[0].clone())
    return (weights @ v).transpose(1, 2).contiguous(), None


def fused(_module: Any, q: Any, k: Any, v: Any, _mask: Any, **_: Any) -> Any:
    SEEN.append(_scores(q, k, 0.7).softmax(-1)[0])
    return F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=0.7).transpose(1, 2), None


def with_noise(_module: Any, q: Any, k: Any, v: Any, _mask: Any, **_: Any) -> Any:
    output, weights = _by_hand(q, k, v)
    return output * 0.5, weights


def of_itself(_module: Any, q: Any, k: Any, v: Any, _mask: Any, **_: Any) -> Any:
    SEEN.append(_scores(q, k, 8**-0.5).softmax(-1)[0])
    return F.scaled_dot_product_attention(q, k, v, is_causal=True).transpose(1, 2), None


def _model(function: Any) -> Any:
    name = f"own_{function.__name__}"
    AttentionInterface.register(name, function)
    torch.manual_seed(0)
    sizes = {"vocab_size": 50, "hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2}
    config = LlamaConfig(**sizes, num_attention_heads=4, num_key_value_heads=4)
    config._attn_implementation = name
    model = LlamaModel(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                parameter.mul_(8)
    return model


@pytest.mark.parametrize("function", [without_weights, with_other_weights, of_a_window, fused, with_noise, of_itself])
def test_what_is_seen_inside_is_shown(function: Any) -> None:
    model = _model(function)
    SEEN.clear()
    capture = hs.capture(model, inputs=IDS)
    assert list(capture.maps) == ["self"]
    assert capture.maps["self"].num_layers == 2
    for layer in range(2):
        np.testing.assert_allclose(capture.weights(layer), SEEN[layer], atol=1e-6)
    assert capture.report().missing == {}


def test_one_layer_for_each_call() -> None:
    capture = hs.capture(_model(of_itself), inputs=IDS)
    assert [part.tier for part in capture.report().maps] == [1]
    capture = hs.capture(_model(fused), inputs=IDS)
    assert [part.tier for part in capture.report().maps] == [2]
    capture = hs.capture(_model(without_weights), inputs=IDS)
    assert [part.tier for part in capture.report().maps] == [3]


def linear(_module: Any, q: Any, k: Any, v: Any, _mask: Any, **_: Any) -> Any:
    return (q.sigmoid() * k.sigmoid() * v).transpose(1, 2).contiguous(), None


def linear_with_weights(_module: Any, q: Any, k: Any, v: Any, _mask: Any, **_: Any) -> Any:
    return linear(_module, q, k, v, _mask)[0], torch.full((*q.shape[:3], k.shape[2]), 0.125)


@pytest.mark.parametrize(
    ("function", "said"),
    [(linear, "and it returned no weights"), (linear_with_weights, "and neither do the weights that it returned")],
)
def test_nothing_is_shown_that_is_not_proved(function: Any, said: str) -> None:
    with pytest.raises(ValueError, match=f"computes attention by rules of its own.*{said}"):
        hs.capture(_model(function), inputs=IDS)
