"""The modules of a model, collected once: walking through a small model takes as long as running one of its layers."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import torch

from headscope.tracing.inner_model import is_config

if TYPE_CHECKING:
    from transformers import PretrainedConfig

ATTENTION = re.compile(r"(Attention|Attn)(V?\d+)?(Block|PoolingHead)?$|MLA$")


@dataclass(frozen=True)
class Modules:
    """The modules of a model, by name."""

    model: torch.nn.Module
    named: dict[str, torch.nn.Module]
    attending: dict[str, torch.nn.Module]
    """The attention modules among them."""

    @classmethod
    def of(cls, model: torch.nn.Module) -> Modules:
        """Collect the modules of a model."""
        named = dict(model.named_modules())
        return cls(model, named, {name: module for name, module in named.items() if is_attention(module)})


def is_attention(module: torch.nn.Module) -> bool:
    """Return whether a module's class is an attention class.

    Torch's TransformerEncoderLayer counts as a whole, because its fast path does not run its inner modules.
    """
    return says_attention(type(module).__name__) or isinstance(module, torch.nn.TransformerEncoderLayer)


@cache
def says_attention(class_name: str) -> bool:
    """Return whether the name of a class ends like that of an attention class."""
    return bool(ATTENTION.search(class_name))


def configs_of(modules: Modules) -> list[PretrainedConfig]:
    """Return all distinct configs of the model's modules, with their sub-configs."""
    found: dict[int, PretrainedConfig] = {}
    waiting = [_config_of(module) for module in modules.named.values()]
    while waiting:
        config = waiting.pop()
        if is_config(config) and id(config) not in found:
            found[id(config)] = config
            waiting += [getattr(config, name, None) for name in getattr(config, "sub_configs", ())]
    return list(found.values())


def _config_of(module: torch.nn.Module) -> Any:
    """Return a module's config, without `getattr` where it is missing: that is slow on torch modules."""
    config = vars(module).get("config")
    return getattr(module, "config", None) if config is None and hasattr(type(module), "config") else config


def num_streams(module: torch.nn.Module) -> int:
    """Return the number of predicting streams that a module attends for beside the text, as ProphetNet's; else 0."""
    found = vars(module).get("ngram")
    return found if isinstance(found, int) else 0
