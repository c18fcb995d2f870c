"""How much memory a capture will take, told before the pass from the model's attention modules and the tokens."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import torch

from headscope.capture.inputs import Inputs
from headscope.capture.labels import Labeller
from headscope.capture.modules import Modules
from headscope.capture.tiers import Plan

NUM_HEADS = ("num_heads", "num_attention_heads", "n_heads", "n_head")
HEAD_DIM = ("qk_head_dim", "head_dim", "attention_head_size", "key_value_proj_dim", "head_size", "d_head")
NUM_KV_HEADS = ("num_kv_heads", "num_key_value_heads")
"""What attention modules and configs call these sizes."""


@dataclass(frozen=True)
class LayerSize:
    """One call of an attention module that is to come."""

    module: str
    """The module's name in the model."""
    nbytes: int
    """What is kept of it: of one text its queries and keys, or its weights where the model returns those."""
    device: torch.device
    wanted: bool
    """Whether `layers=` asks for it."""


@dataclass(frozen=True)
class Estimate:
    """What a pass will keep, as far as it can be told.

    How many positions most images and some sounds have is known when they are computed: their layers count 0 bytes.
    """

    layers: tuple[LayerSize, ...]
    """In the order of the modules."""
    num_tokens: int
    """How many tokens the longest side of the captured text has."""
    weights: bool
    """Whether weights are kept, because the model returns nothing else."""
    batch_size: int = 1

    @property
    def nbytes(self) -> int:
        """How many bytes the capture will hold; masks, which layers share, are not counted."""
        return sum(layer.nbytes for layer in self.layers if layer.wanted)

    def needed(self) -> dict[torch.device, int]:
        """Return by device how many bytes are held when the pass is over.

        A model that returns its weights holds those of all layers and texts until then.
        """
        found: Counter[torch.device] = Counter()
        for layer in self.layers:
            if self.weights or layer.wanted:
                found[layer.device] += layer.nbytes * (self.batch_size if self.weights else 1)
        return dict(found)


def estimate(modules: Modules, plan: Plan, inputs: Inputs, layers: frozenset[int] | None) -> Estimate:
    """Tell what a pass will keep.

    Parameters
    ----------
    modules, plan
        The model, and the way to its attention.
    inputs
        What it is called with.
    layers
        Which layers of each map are kept; None for all.
    """
    lengths = {side: len(found.tokens) for side, found in inputs.sides.items()}
    lengths["main"] = lengths.get("main") or _frames(modules.model, inputs)
    lengths["vision"] = _patches(inputs)
    labels, count, found = Labeller(modules), Counter[tuple[str, str | None]](), []
    for name, module in innermost(modules).items():
        kind = labels.map_of(module, name)
        num_queries, num_keys = (lengths.get(side, 0) for side in labels.sides_of(kind))
        nbytes = _nbytes(module, modules.model, num_queries, num_keys, plan.eager)
        for _ in range(_calls(module)):
            place = kind, labels.root_of(name)
            wanted = layers is None or count[place] in layers
            found.append(LayerSize(name, nbytes, _device(module), wanted))
            count[place] += 1
    return Estimate(tuple(found), max(lengths.values(), default=0), plan.eager, inputs.batch_size)


def innermost(modules: Modules) -> dict[str, torch.nn.Module]:
    """Return the attention modules that have no attention module inside."""
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
    """Return how many heads a module has, how many of them have keys of their own, and the length of a query."""
    config: Any = getattr(module, "config", None)
    if config is None:  # of modules that do not hold their own
        config = getattr(model, "config", None)
        config = _text_config(config)
    num_heads = _number((module, config), NUM_HEADS) or 0
    head_dim = _number((module,), HEAD_DIM) or _number((config,), HEAD_DIM) or _even(config, num_heads)
    num_kv_heads = _number((module,), NUM_KV_HEADS)
    groups = _number((module,), ("num_key_value_groups",))
    if num_kv_heads is None:
        num_kv_heads = num_heads // groups if groups else num_heads
    return num_heads, num_kv_heads, head_dim


def _text_config(config: Any) -> Any:
    """Return the part of a config that is about text; the whole where there are several such parts."""
    try:
        return config.get_text_config()
    except (AttributeError, ValueError):
        return config


def _number(holders: tuple[Any, ...], names: tuple[str, ...]) -> int | None:
    found = (getattr(holder, name, None) for holder in holders for name in names)
    return next((number for number in found if isinstance(number, int) and number > 0), None)


def _even(config: Any, num_heads: int) -> int:
    return (_number((config,), ("hidden_size", "d_model", "n_embd")) or 0) // max(num_heads, 1)


def _itemsize(module: torch.nn.Module, model: Any) -> int:
    """Return how many bytes a number of a module's queries takes: quantised weights are no numbers of the pass."""
    floats = (parameter.dtype for parameter in module.parameters() if parameter.is_floating_point())
    dtype = next((dtype for dtype in floats if dtype.itemsize > 1), None) or getattr(model, "dtype", None)
    return dtype.itemsize if isinstance(dtype, torch.dtype) else 4


def _calls(module: torch.nn.Module) -> int:
    """Return how often a module runs: ALBERT's layers share the modules of a few groups."""
    config = getattr(module, "config", None)
    groups = _number((config,), ("num_hidden_groups",))
    layers = _number((config,), ("num_hidden_layers",))
    return 1 if groups is None or layers is None else max(1, layers // groups)


def _device(module: torch.nn.Module) -> torch.device:
    """Return where a module computes; for one whose parameters are fetched when it runs, where they are fetched to."""
    device = next((parameter.device for parameter in module.parameters()), torch.device("cpu"))
    if device.type != "meta":
        return device
    fetched = next((_fetched(part) for part in module.modules() if _fetched(part) is not None), "cpu")
    return torch.device(fetched)


def _fetched(module: torch.nn.Module) -> Any:
    return getattr(getattr(module, "_hf_hook", None), "execution_device", None)


def _frames(model: Any, inputs: Inputs) -> int:
    """Return how many positions a sound has, where the model says; 0 where it does not or there is none."""
    sound, count = inputs.arguments.get("input_values"), getattr(model, "_get_feat_extract_output_lengths", None)
    if not isinstance(sound, torch.Tensor) or count is None:
        return 0
    return int(count(torch.tensor(sound.shape[-1])))


def _patches(inputs: Inputs) -> int:
    """Return how many patches the images of a text have, where the inputs say; 0 where they do not."""
    grids = inputs.arguments.get("image_grid_thw")
    return int(grids.prod(-1).sum()) // inputs.batch_size if isinstance(grids, torch.Tensor) else 0
