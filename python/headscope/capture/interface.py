"""The door into a model: an attention function of our own, registered with transformers and switched on for one pass.

Only models that ask transformers' `AttentionInterface` for their attention function can be captured this way; the gate
checks that before anything is switched.
"""

from __future__ import annotations

import inspect
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
import transformers
from torch import Tensor
from transformers import AttentionInterface, PretrainedConfig, PreTrainedModel
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from headscope.capture.kernels import attend

if TYPE_CHECKING:
    from headscope.capture.recorder import Recorder

NAME = "headscope"
"""What transformers knows our functions by; never a name that holds `sdpa`, `flex_attention` or `flash_attention`."""

FIELD = "_attn_implementation_internal"
MISSING = object()

_switch = threading.Lock()
_this_thread = threading.local()


def attention(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """Attend with the fused kernel, and let the recorder of this thread take the arguments.

    The signature is that of transformers' attention functions. A pass that another thread runs meanwhile over the same
    model comes here too, and is not recorded.
    """
    recorder = getattr(_this_thread, "recorder", None)
    if recorder is not None:
        recorder.take(module, query, key, attention_mask, options)
    return attend(module, query, key, value, attention_mask, options), None


def check_model(model: object) -> None:
    """Refuse a model that can't be captured.

    Raises
    ------
    TypeError
        Something that is no transformers model.
    ValueError
        A model whose attention does not go through the interface.
    """
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model must be a transformers model, not {model!r:.80} ({type(model).__name__}).")
    parts = [part for part in model.modules() if isinstance(part, PreTrainedModel)]
    if not parts:
        raise TypeError(
            f"model is a {type(model).__name__} with no transformers model in it; capture needs one. Weights that you "
            "have yourself can be shown with hs.from_attentions(attentions, tokens)."
        )
    for part in parts:
        if not _uses_interface(type(part)):
            raise ValueError(
                f"models of type {part.config.model_type!r} ({type(part).__name__}) compute attention themselves in "
                f"transformers {transformers.__version__}, not through its attention interface, so their queries and "
                'keys can\'t be captured. Load the model with attn_implementation="eager", call it with '
                "output_attentions=True, and pass outputs.attentions to hs.from_attentions(attentions, tokens)."
            )


def _uses_interface(model_class: type[PreTrainedModel]) -> bool:
    """Whether a model's attention goes through the interface, as transformers reads it from the source.

    A class from a notebook has no source to read; then the model class that it extends decides.
    """
    if model_class._can_set_attn_implementation():
        return True
    try:
        inspect.getsource(sys.modules[model_class.__module__])
    except (KeyError, OSError, TypeError):
        bases = (base for base in model_class.__mro__[1:] if issubclass(base, PreTrainedModel))
        return any(base._can_set_attn_implementation() for base in bases if base is not PreTrainedModel)
    return False


@contextmanager
def capturing() -> Iterator[None]:
    """Wait for captures in other threads to end; refuse one inside another.

    Raises
    ------
    RuntimeError
        If this thread is capturing already, as from a hook of the model.
    """
    if getattr(_this_thread, "capturing", False):
        raise RuntimeError("capture was called while a capture is running in this thread: let the first one end.")
    with _switch:
        _this_thread.capturing = True
        try:
            yield
        finally:
            _this_thread.capturing = False


@contextmanager
def switched(model: torch.nn.Module, recorder: Recorder) -> Iterator[None]:
    """Let the model run our attention function and `recorder` take what passes, and undo it on any outcome."""
    AttentionInterface.register(NAME, attention)
    AttentionMaskInterface.register(NAME, sdpa_mask)
    before = [(config, config.__dict__.get(FIELD, MISSING)) for config in configs_of(model)]
    try:
        for config, _ in before:
            # Not set_attn_implementation: it checks, warns and goes on to other configs.
            setattr(config, FIELD, NAME)
        _this_thread.recorder = recorder
        yield
    finally:
        _this_thread.recorder = None
        for config, value in before:
            if value is MISSING:
                config.__dict__.pop(FIELD, None)
            else:
                setattr(config, FIELD, value)


@contextmanager
def evaluation(model: torch.nn.Module) -> Iterator[None]:
    """Switch dropout off, and give every module its own mode back on any outcome."""
    training = [module for module in model.modules() if module.training]
    try:
        for module in training:
            module.training = False
        yield
    finally:
        for module in training:
            module.training = True


def configs_of(model: torch.nn.Module) -> list[PretrainedConfig]:
    """Return every distinct config that some module of the model reads, and their sub-configs."""
    found: dict[int, PretrainedConfig] = {}
    waiting = [getattr(module, "config", None) for module in model.modules()]
    while waiting:
        config = waiting.pop()
        if isinstance(config, PretrainedConfig) and id(config) not in found:
            found[id(config)] = config
            waiting += [getattr(config, name, None) for name in getattr(config, "sub_configs", ())]
    return list(found.values())
