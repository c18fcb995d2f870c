"""Estimate the memory of a capture before the pass, from the model's attention modules and the number of tokens."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch

from headscope.tracing.hooks.labels import Labeller
from headscope.tracing.hooks.modules import Modules
from headscope.tracing.hooks.source import returns_weights
from headscope.tracing.inner_model import text_config
from headscope.tracing.inputs.inputs import Inputs

NUM_HEADS = ("num_heads", "num_attention_heads", "n_heads", "n_head")
HEAD_DIM = ("qk_head_dim", "head_dim", "attention_head_size", "key_value_proj_dim", "head_size", "d_head")
NUM_KV_HEADS = ("num_kv_heads", "num_key_value_heads")
"""The names that attention modules and configs use for these sizes."""


@dataclass(frozen=True)
class LayerSize:
    """The size of one future call of an attention module."""

    module: str
    """The module's name in the model."""
    nbytes: int
    """The bytes to keep: one text's queries and keys, or its weights if the model computes those step by step."""
    device: torch.device
    wanted: bool
    """Whether `layers=` includes it."""


@dataclass(frozen=True)
class Estimate:
    """The memory that a pass will keep, as far as it is known in advance.

    Layers of most images and some sounds count 0 bytes, because their number of positions is known only in the pass.
    """

    layers: tuple[LayerSize, ...]
    """The layers, in the order of the modules."""
    num_tokens: int
    """The number of tokens of the captured text's longest side."""
    weights: bool
    """Whether weights are kept, because the model computes attention step by step."""

    @property
    def nbytes(self) -> int:
        """The bytes that the capture will hold, without masks, which layers share."""
        return sum(layer.nbytes for layer in self.layers if layer.wanted)

    def needed(self) -> dict[torch.device, int]:
        """Return the bytes held at the end of the pass, by device."""
        found: Counter[torch.device] = Counter()
        for layer in self.layers:
            if layer.wanted:
                found[layer.device] += layer.nbytes
        return dict(found)


def estimate(modules: Modules, inputs: Inputs, layers: frozenset[int] | None) -> Estimate:
    """Estimate the memory that a pass will keep.

    Parameters
    ----------
    modules
        The model.
    inputs
        Its inputs.
    layers
        The zero-based layers of each map to keep; None for all.
    """
    lengths = {side: len(found.tokens) for side, found in inputs.sides.items()}
    lengths["main"] = lengths.get("main") or _frames(modules.model, inputs)
    lengths["vision"] = _patches(inputs)
    weights = returns_weights(modules)
    labels, count, found = Labeller(modules), Counter[tuple[str, str | None]](), []
    for name, module in innermost(modules).items():
        kind = labels.map_of(module, name)
        num_queries, num_keys = (lengths.get(side, 0) for side in labels.sides_of(kind))
        nbytes = _nbytes(module, modules.model, num_queries, num_keys, weights)
        for _ in range(_calls(module)):
            place = kind, labels.root_of(name)
            wanted = layers is None or count[place] in layers
            found.append(LayerSize(name, nbytes, _device(module), wanted))
            count[place] += 1
    return Estimate(tuple(found), max(lengths.values(), default=0), weights)


def innermost(modules: Modules) -> dict[str, torch.nn.Module]:
    """Return the attention modules that contain no other attention module."""
    around = {part for name in modules.attending for part in accumulate(name.split(".")[:-1], "{}.{}".format)}
    return {name: module for name, module in modules.attending.items() if name not in around}


def _nbytes(module: torch.nn.Module, model: Any, num_queries: int, num_keys: int, weights: bool) -> int:
    num_heads, num_kv_heads, head_dim = _sizes(module, model)
    if weights:
        count = num_heads * num_queries * num_keys
    else:
        count = (num_heads * num_queries + num_kv_heads * num_keys) * head_dim
    return count * _itemsize(module, model)


def _sizes(module: torch.nn.Module, model: Any) -> tuple[int, int, int]:
    """Return the numbers of heads and of KV heads of a module, and the length of a query."""
    config: Any = getattr(module, "config", None)
    if config is None:  # the module has no config of its own
        config = getattr(model, "config", None)
        config = text_config(config)
    num_heads = _number((module, config), NUM_HEADS) or 0
    head_dim = _number((module,), HEAD_DIM) or _number((config,), HEAD_DIM) or _even(config, num_heads)
    num_kv_heads = _number((module,), NUM_KV_HEADS)
    groups = _number((module,), ("num_key_value_groups",))
    if num_kv_heads is None:
        num_kv_heads = num_heads // groups if groups else num_heads
    return num_heads, num_kv_heads, head_dim


def _number(holders: tuple[Any, ...], names: tuple[str, ...]) -> int | None:
    found = (getattr(holder, name, None) for holder in holders for name in names)
    return next((number for number in found if isinstance(number, int) and number > 0), None)


def _even(config: Any, num_heads: int) -> int:
    return (_number((config,), ("hidden_size", "d_model", "n_embd")) or 0) // max(num_heads, 1)


def _itemsize(module: torch.nn.Module, model: Any) -> int:
    """Return the bytes per number of a module's queries; quantised parameters do not decide it."""
    floats = (parameter.dtype for parameter in module.parameters() if parameter.is_floating_point())
    dtype = next((dtype for dtype in floats if dtype.itemsize > 1), None) or getattr(model, "dtype", None)
    return dtype.itemsize if isinstance(dtype, torch.dtype) else 4


def _calls(module: torch.nn.Module) -> int:
    """Return how often a module runs in a pass: ALBERT's layers share the modules of a few groups."""
    config = getattr(module, "config", None)
    groups = _number((config,), ("num_hidden_groups",))
    layers = _number((config,), ("num_hidden_layers",))
    return 1 if groups is None or layers is None else max(1, layers // groups)


def _device(module: torch.nn.Module) -> torch.device:
    """Return the device of a module; if its parameters are loaded when it runs, the device that they are loaded to."""
    device = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    if device.type != "meta":
        return device
    fetched = next((_fetched(part) for part in module.modules() if _fetched(part) is not None), "cpu")
    return torch.device(fetched)


def _fetched(module: torch.nn.Module) -> Any:
    return getattr(getattr(module, "_hf_hook", None), "execution_device", None)


def _frames(model: Any, inputs: Inputs) -> int:
    """Return the number of positions of a sound; 0 if there is none or the model does not tell."""
    sound, count = inputs.arguments.get("input_values"), getattr(model, "_get_feat_extract_output_lengths", None)
    if not isinstance(sound, torch.Tensor) or count is None:
        return 0
    try:
        return int(count(torch.tensor(sound.shape[-1])))
    except (AttributeError, TypeError, ValueError):  # transformers' method reads a config that this model lacks
        return 0


def _patches(inputs: Inputs) -> int:
    """Return the number of patches of a text's images; 0 if the inputs do not tell."""
    grids = inputs.arguments.get("image_grid_thw")
    return int(grids.prod(-1).sum()) // inputs.batch_size if isinstance(grids, torch.Tensor) else 0
