"""Small models that write, and the prompts that they continue."""

from __future__ import annotations

from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

SIZES = {"vocab_size": 50, "hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4, "intermediate_size": 64}
ENDS = {"pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 49}
IDS = torch.tensor([[5, 9, 7, 11, 9]])
PADDED = {
    "input_ids": torch.tensor([[0, 0, 9, 8, 12], [5, 9, 7, 11, 9]]),
    "attention_mask": torch.tensor([[0, 0, 1, 1, 1], [1, 1, 1, 1, 1]]),
}
PEEKING: dict[str, dict[str, Any]] = {
    "bert": {},
    "roberta": {},
    "electra": {"embedding_size": 32},
}
"""Encoders with a head that writes: the positions of a prompt see one another, and no later ones."""


def model_of(kind: str, auto: Any = AutoModelForCausalLM, **sizes: Any) -> Any:
    """Return a random model of a type, with sharp attention."""
    torch.manual_seed(0)
    return sharp(auto.from_config(AutoConfig.for_model(kind, **{**SIZES, **sizes}, **ENDS)).eval())


def sharp(model: Any) -> Any:
    """Return a model whose weights are made larger, so that attention is not even."""
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(6 if parameter.dim() > 1 else 1)
    return model
