"""The state of a model and of torch that a capture changes for one pass and must restore."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from transformers import AttentionInterface
from transformers.masking_utils import AttentionMaskInterface


def everything(model: torch.nn.Module) -> tuple[Any, ...]:
    """Return all state that a capture changes."""
    configs = [copy.deepcopy(module.config.__dict__) for module in model.modules() if hasattr(module, "config")]
    hooks = [
        len(value) for module in model.modules() for name, value in vars(module).items() if name.endswith("_hooks")
    ]
    everywhere = torch.nn.modules.module
    hooks += [len(everywhere._global_forward_hooks), len(everywhere._global_forward_pre_hooks)]
    functions = without_ours(AttentionInterface())  # type: ignore[no-untyped-call]
    masks = without_ours(AttentionMaskInterface())  # type: ignore[no-untyped-call]
    kernel = F.scaled_dot_product_attention, torch.backends.mha.get_fastpath_enabled()
    attributes = [sorted(vars(module)) for module in model.modules()]
    return repr(configs), hooks, functions, masks, kernel, attributes, [module.training for module in model.modules()]


def without_ours(interface: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is registered, but for what a capture registers once for all."""
    return {name: value for name, value in interface.items() if name != "headscope"}
