"""A model's own eager attention, from its `eager_attention_forward` or its `output_attentions`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch
from torch import Tensor

from zoo.models import OLD_VERSION

FIELDS = ("attentions", "encoder_attentions", "decoder_attentions", "cross_attentions")

Seen = dict[str, list[Tensor]]
"""The weights of every call of an attention module, by its name; each (pieces, heads, queries, keys)."""


def eager_weights(model: Any, inputs: dict[str, Tensor]) -> Seen:
    """Run a model with eager attention and return the weights that its modules computed.

    The weights are recorded from the function that each model file defines for eager attention.
    """
    seen: Seen = {}
    names = {id(module): name for name, module in model.named_modules()}
    with eager(model), _listening(model, seen, names), torch.no_grad():
        model(**inputs)
    return seen


def eager_outputs(model: Any, inputs: dict[str, Tensor]) -> list[Tensor]:
    """Run a model with eager attention and return its attentions, one per layer, in the order of the maps."""
    with eager(model), torch.no_grad():
        outputs = model(**inputs, output_attentions=True)
    return [weights for name in FIELDS for weights in outputs.get(name) or ()]


@contextmanager
def eager(model: Any) -> Iterator[None]:
    """Switch every part of a model to eager attention."""
    configs = list({id(m.config): m.config for m in model.modules() if hasattr(m, "config")}.values())
    before = [config._attn_implementation for config in configs]
    try:
        for config in configs:
            config._attn_implementation_internal = "eager"
        yield
    finally:
        for config, implementation in zip(configs, before, strict=True):
            config._attn_implementation_internal = implementation


@contextmanager
def _listening(model: Any, seen: Seen, names: dict[int, str]) -> Iterator[None]:
    files = {sys.modules[type(module).__module__] for module in model.modules()}
    with ExitStack() as patches:
        for file in files:
            for name in [name for name in vars(file) if name.endswith("eager_attention_forward")]:
                patches.enter_context(patch.object(file, name, _telling(getattr(file, name), seen, names)))
        yield


def _telling(own: Any, seen: Seen, names: dict[int, str]) -> Any:
    def eager_attention_forward(module: Any, *arguments: Any, **options: Any) -> Any:
        if OLD_VERSION:  # there some models return weights only on request
            options["output_attentions"] = True
        output = own(module, *arguments, **options)
        seen.setdefault(names[id(module)], []).append(output[1].detach().float())
        return output

    return eager_attention_forward
