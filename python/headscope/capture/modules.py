"""The modules of a model, found in one walk: each walk through a small model takes as long as one of its layers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Any

import torch
from transformers import PretrainedConfig

ATTENTION = re.compile(r"(Attention|Attn)(V?\d+)?(Block|PoolingHead)?$|MLA$")


@dataclass(frozen=True)
class Modules:
    """Every module of a model by its name."""

    model: torch.nn.Module
    named: dict[str, torch.nn.Module]
    attending: dict[str, torch.nn.Module]
    """Those that attend."""

    @classmethod
    def of(cls, model: torch.nn.Module) -> Modules:
        """Walk through a model."""
        named = dict(model.named_modules())
        return cls(model, named, {name: module for name, module in named.items() if is_attention(module)})


def is_attention(module: torch.nn.Module) -> bool:
    """Whether a module's class says that it attends; of torch's own encoder layer only the whole is sure to run."""
    return says_attention(type(module).__name__) or isinstance(module, torch.nn.TransformerEncoderLayer)


@cache
def says_attention(class_name: str) -> bool:
    """Whether a class is called an attention."""
    return bool(ATTENTION.search(class_name))


def configs_of(modules: Modules) -> list[PretrainedConfig]:
    """Return every distinct config that some module of the model reads, and their sub-configs."""
    found: dict[int, PretrainedConfig] = {}
    waiting = [_config_of(module) for module in modules.named.values()]
    while waiting:
        config = waiting.pop()
        if isinstance(config, PretrainedConfig) and id(config) not in found:
            found[id(config)] = config
            waiting += [getattr(config, name, None) for name in getattr(config, "sub_configs", ())]
    return list(found.values())


def _config_of(module: torch.nn.Module) -> Any:
    """Return a module's config. Asking a module for an attribute that it lacks is slow: there are many of them."""
    config = vars(module).get("config")
    return getattr(module, "config", None) if config is None and hasattr(type(module), "config") else config
