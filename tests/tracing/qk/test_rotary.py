"""Recognising modules that rotate their queries and keys."""

from __future__ import annotations

import pytest
import torch
from transformers import AutoConfig, AutoModel

from headscope.tracing.qk.rotary import is_rotary


@pytest.mark.parametrize("kind", ["llama", "mistral", "qwen3", "phi3", "gemma2", "gpt_oss"])
def test_rotary_models(tiny, kind):
    modules = [
        module for module in tiny(kind).model.modules() if hasattr(module, "q_proj") or hasattr(module, "qkv_proj")
    ]
    assert modules
    assert all(is_rotary(module) for module in modules)


@pytest.mark.parametrize("kind", ["bert", "gpt2", "opt", "t5", "bart", "albert"])
def test_models_with_other_positions(tiny, kind):
    assert not any(is_rotary(module) for module in tiny(kind).model.modules())


def test_layers_that_do_not_rotate_are_recognised():
    config = AutoConfig.for_model(
        "smollm3",
        vocab_size=99,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=4,
        num_attention_heads=4,
        num_key_value_heads=2,
        no_rope_layers=[1, 1, 1, 0],
        pad_token_id=0,
    )
    model = AutoModel.from_config(config)
    assert [is_rotary(layer.self_attn) for layer in model.layers] == [True, True, True, False]


def test_a_condition_on_more_than_the_module_proves_nothing():
    class Unsure(torch.nn.Module):
        def forward(self, query, key, alibi=None):
            if alibi is None:
                query, key = apply_rotary_pos_emb(query, key)  # noqa: F821
            return query @ key

    class Sure(torch.nn.Module):
        def forward(self, query, key):
            query, key = apply_rotary_pos_emb(query, key)  # noqa: F821
            return query @ key

    assert (is_rotary(Unsure()), is_rotary(Sure()), is_rotary(None)) == (False, True, False)
