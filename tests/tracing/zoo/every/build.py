"""Tiny random models in which attention is sharp."""

from __future__ import annotations

from typing import Any

import torch
from transformers import PretrainedConfig

MOST = 8_000_000
"""Models with more parameters are not built: they are not small."""
SPREAD = 0.25
"""The standard deviation of matrices; small random weights give flat attention, which hides errors."""


def build(model_class: Any, config: PretrainedConfig, spread: float = SPREAD) -> Any:
    """Return a random model in evaluation mode whose attention is sharp.

    Raises
    ------
    ValueError
        The model has more than `MOST` parameters.
    """
    with torch.device("meta"):
        size = sum(parameter.numel() for parameter in model_class(config).parameters())
    if size > MOST:
        raise ValueError(f"its smallest config still has {size / 1e6:.0f} million parameters")
    torch.manual_seed(0)
    model = model_class(config).eval()
    with torch.no_grad():
        for parameter in model.parameters():
            _sharpen(parameter, spread)
    own = getattr(model, "generation_config", None)
    if own is not None and own.decoder_start_token_id is None and own.bos_token_id is None:
        own.decoder_start_token_id = 1
    return model


def _sharpen(parameter: Any, spread: float) -> None:
    if not parameter.is_floating_point() or not parameter.numel():
        return
    wanted = min(spread, 1.4 / max(parameter[0].numel(), 1) ** 0.5) if parameter.dim() > 1 else spread / 2
    if parameter.dim() > 1:
        found = float(parameter.float().std().nan_to_num(0))
        if 0 < found < 1e3:
            parameter.mul_(wanted / found)
        else:
            parameter.normal_(0, wanted)
    elif not parameter.isfinite().all() or not parameter.any():
        parameter.normal_(0, wanted)
