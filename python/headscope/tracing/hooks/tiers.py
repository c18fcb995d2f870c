"""Which models can be captured, and why the others can't."""

from __future__ import annotations

from typing import Any

import torch

from headscope.text.shortened import shown
from headscope.tracing.hooks.modules import Modules

NOT_A_MATRIX = "its attention is computed in bands of keys, so it returns no weights of queries by keys"
REFUSED = {
    "longformer": NOT_A_MATRIX,
    "led": NOT_A_MATRIX,
    "reformer": "its attention is over buckets of hashed keys, so it returns no weights of queries by keys",
}
"""Model types whose attention is no matrix of queries by keys, and the reasons."""


def modules_of(model: object) -> Modules:
    """Collect the modules of a model.

    Raises
    ------
    TypeError
        `model` is not a torch module.
    """
    if not isinstance(model, torch.nn.Module):
        raise TypeError(
            f"model must be a torch module, such as a transformers model, not {shown(model)} ({type(model).__name__})."
        )
    return Modules.of(model)


def check_served(modules: Modules) -> None:
    """Check that a model has attention that can be seen.

    Raises
    ------
    ValueError
        A part of the model computes attention that is no matrix of queries by keys; the message says why.
    """
    for part in modules.named.values():
        config: Any = vars(part).get("config")
        reason = None if getattr(config, "model_type", None) is None else _refusal(config)
        if reason:
            kind = f"models of type {config.model_type!r} ({type(part).__name__})"
            raise ValueError(f"{kind} can't be captured: {reason}.")


def _refusal(config: Any) -> str | None:
    if config.model_type in ("big_bird", "bigbird_pegasus") and config.attention_type == "block_sparse":
        return (
            "with attention_type='block_sparse' its attention is over blocks of keys drawn at random; load it with "
            "attention_type='original_full'"
        )
    return REFUSED.get(config.model_type)
