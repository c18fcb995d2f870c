"""The ways to a model's attention, and which of them serves which part of a model. Nothing is switched here.

1. The attention interface of transformers: the model calls our function.
2. Interception of `torch.nn.functional.scaled_dot_product_attention`, which the model calls by itself.
3. Eager attention: the model returns its weights; there are no queries and keys.
"""

from __future__ import annotations

import inspect
import re
import sys
from dataclasses import dataclass
from typing import Any

import torch
import transformers
from transformers import PreTrainedModel

from headscope.capture.modules import Modules, is_attention

BRANCHES_ON_SDPA = re.compile(r"_attn_implementation\s*(==|!=|in|not in)[^\n]*[\"']sdpa[\"']")
FUSED = "scaled_dot_product_attention"

HAVE_YOURSELF = "Weights that you have yourself can be shown with hs.from_attentions(attentions, tokens)."
NOT_A_MATRIX = "its attention is computed in bands of keys, so it returns no weights of queries by keys"
REFUSED = {
    "longformer": NOT_A_MATRIX,
    "led": NOT_A_MATRIX,
    "reformer": "its attention is over buckets of hashed keys, so it returns no weights of queries by keys",
}
"""Models that tier 3 would get wrong weights of, and why."""


@dataclass(frozen=True)
class Plan:
    """How a model is to be captured."""

    tier: dict[int, int]
    """The tier of each part (a transformers model in the model) by its id."""
    parts: tuple[PreTrainedModel, ...]

    @property
    def eager(self) -> bool:
        """Whether the whole model runs with eager attention: one part needs it."""
        return 3 in self.tier.values()

    @property
    def intercepts(self) -> bool:
        """Whether some part calls the fused kernel by itself."""
        return 2 in self.tier.values() and not self.eager


def modules_of(model: object) -> Modules:
    """Walk through what ought to be a model.

    Raises
    ------
    TypeError
        Something that is no torch module.
    """
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model must be a transformers model, not {model!r:.80} ({type(model).__name__}).")
    return Modules.of(model)


def plan_of(modules: Modules) -> Plan:
    """Find the tier of each part of a model.

    Raises
    ------
    TypeError
        Something that is no transformers model.
    ValueError
        A model without attention, or in no tier: the message says why.
    """
    parts = tuple(part for part in modules.named.values() if isinstance(part, PreTrainedModel))
    if not parts:
        raise TypeError(
            f"model is a {type(modules.model).__name__} with no transformers model in it; capture needs one. "
            f"{HAVE_YOURSELF}"
        )
    if not modules.attending and not any(map(_has_interface, parts)):
        raise ValueError(
            f"models of type {parts[0].config.model_type!r} ({type(parts[0]).__name__}) have no attention: none of "
            f"their modules is an attention module, so there is nothing to capture. {HAVE_YOURSELF}"
        )
    return Plan({id(part): _tier(part) for part in parts}, parts)


def _tier(part: PreTrainedModel) -> int:
    if uses_interface(type(part)):
        return 1
    if not any(is_attention(module) for module in part.modules()):
        return 1  # a backbone without attention takes any implementation
    kind, source = str(part.config.model_type), _source(type(part))
    if reason := _refusal(part):
        raise ValueError(f"models of type {kind!r} ({type(part).__name__}) can't be captured: {reason}.")
    asked = getattr(part.config, "output_attentions", False)  # then such models leave the kernel
    if FUSED in source and part.config._attn_implementation == "sdpa" and not asked:
        return 2
    if "output_attentions" in source or "attentions" in (getattr(type(part), "_can_record_outputs", None) or {}):
        return 3
    raise ValueError(
        f"models of type {kind!r} ({type(part).__name__}) compute attention themselves in transformers "
        f"{transformers.__version__}: not through its attention interface, not with torch's fused kernel, and they "
        f"return no weights with output_attentions=True. {HAVE_YOURSELF}"
    )


def _refusal(part: Any) -> str | None:
    config = part.config
    if config.model_type in ("big_bird", "bigbird_pegasus") and config.attention_type == "block_sparse":
        return (
            "with attention_type='block_sparse' its attention is over blocks of keys drawn at random; load it with "
            "attention_type='original_full'"
        )
    return REFUSED.get(config.model_type)


def _has_interface(part: PreTrainedModel) -> bool:
    return "ALL_ATTENTION_FUNCTIONS" in _source(type(part))


def uses_interface(model_class: type[PreTrainedModel]) -> bool:
    """Whether a model's attention goes through the interface, as transformers reads it from the source.

    A class from a notebook has no source to read; then the model class that it extends decides.
    """
    try:
        if model_class._can_set_attn_implementation():
            return True
    except KeyError:  # transformers 4.57 on a class of a module that is not loaded
        pass
    if _own_source(model_class):
        return False
    bases = (base for base in model_class.__mro__[1:] if issubclass(base, PreTrainedModel))
    return any(base._can_set_attn_implementation() for base in bases if base is not PreTrainedModel)


def branches_on_sdpa(part: PreTrainedModel) -> bool:
    """Whether a model does something only where its implementation is named `sdpa`, such as choosing keys by a mask."""
    return bool(BRANCHES_ON_SDPA.search(_source(type(part))))


def _source(model_class: type[PreTrainedModel]) -> str:
    """Return the source of the file that a class is from; for a class from a notebook, of the class that it extends."""
    bases = (base for base in model_class.__mro__ if issubclass(base, PreTrainedModel) and base is not PreTrainedModel)
    return next((source for base in bases if (source := _own_source(base))), "")


def _own_source(model_class: type[PreTrainedModel]) -> str:
    try:
        return inspect.getsource(sys.modules[model_class.__module__])
    except (KeyError, OSError, TypeError):
        return ""
