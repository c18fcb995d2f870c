"""Captures on a GPU: weights equal the model's own eager attention, and queries and keys stay on the GPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

import headscope as hs

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU that PyTorch can use")

SIZE = 700


def llama(dtype: torch.dtype) -> Any:
    config = LlamaConfig(
        vocab_size=99,
        hidden_size=64,
        intermediate_size=96,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=1024,
    )
    torch.manual_seed(0)
    model: Any = LlamaForCausalLM(config)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4)
    return model.eval().to("cuda", dtype)


def batch() -> dict[str, torch.Tensor]:
    return {"input_ids": torch.arange(SIZE, device="cuda")[None] * 7 % 99}


@pytest.fixture(params=[torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
def model(request: pytest.FixtureRequest) -> Any:
    return llama(request.param)


def eager(model: Any) -> np.ndarray[Any, Any]:
    """Return the eager attention weights of a float32 copy of the model, shape (layers, heads, queries, keys)."""
    model.set_attn_implementation("eager")
    with torch.no_grad():
        found = model(**batch(), output_attentions=True).attentions
    return np.stack([layer[0].float().cpu().numpy() for layer in found])


def test_weights_are_the_models_own(model: Any) -> None:
    capture = hs.capture(model, inputs=batch())
    assert {record.query.device.type for record in capture.maps["self"].records} == {"cuda"}  # type: ignore[attr-defined]
    found = np.stack([capture.weights(layer) for layer in (0, 1)])
    # In half precision eager attention rounds its scores, so the weights are compared with a softmax by NumPy.
    wanted = eager(model) if model.dtype == torch.float32 else softmax(capture)
    np.testing.assert_allclose(found, wanted, atol=1e-5)


def softmax(capture: hs.Capture) -> np.ndarray[Any, Any]:
    """Return the weights that NumPy computes from queries and keys, shape (layers, heads, queries, keys)."""
    queries = np.stack([capture.queries(layer) for layer in (0, 1)]).astype(np.float64)
    keys = np.stack([capture.keys(layer) for layer in (0, 1)]).astype(np.float64)
    scores = np.where(np.tri(SIZE, dtype=bool), queries @ keys.swapaxes(2, 3) / 4, -np.inf)
    shares = np.exp(scores - scores.max(-1, keepdims=True))
    weights: np.ndarray[Any, Any] = shares / shares.sum(-1, keepdims=True)
    return weights


def test_tiles_excerpts_and_overviews_are_those_of_the_cpu(model: Any) -> None:
    capture = hs.capture(model, inputs=batch())
    map_ = capture.maps["self"]
    groups = [[0, 1], [1, 400], [400, 401], [401, SIZE]]

    def all_kinds() -> list[np.ndarray[Any, Any]]:
        tiles = [map_.tile(1, None, level, 0, 0, pool) for level in (0, 1, 2) for pool in ("max", "mean")]
        return [*tiles, map_.overview(1), map_.excerpt(1, None, groups, groups, without=[0]), map_.block(0)]

    on_gpu = all_kinds()
    assert capture.to("cpu") is capture
    for found, wanted in zip(on_gpu, all_kinds(), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-5, atol=1e-5)


def test_offloading_frees_the_gpus_memory(model: Any) -> None:
    kept = hs.capture(model, inputs=batch())
    before = torch.cuda.memory_allocated()
    filed = hs.capture(model, inputs=batch(), offload="disk")
    assert torch.cuda.memory_allocated() - before < kept.maps["self"].records[0].query.nbytes  # type: ignore[attr-defined]
    np.testing.assert_allclose(filed.weights(1), kept.weights(1), atol=1e-5)


def test_a_capture_that_exceeds_the_gpus_memory_is_refused(model: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda *_: (1000, 80 << 30))
    monkeypatch.setattr(torch.cuda, "memory_reserved", lambda *_: torch.cuda.memory_allocated())
    with pytest.raises(MemoryError, match="free"):
        hs.capture(model, inputs=batch())
