"""Tier 1, the door into a model: an attention function of our own, registered with transformers for one pass."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor
from transformers import AttentionInterface, PretrainedConfig
from transformers.masking_utils import AttentionMaskInterface, sdpa_mask

from headscope.capture import current
from headscope.capture.interception import intercepted
from headscope.capture.kernels import attend
from headscope.capture.modules import Modules, configs_of
from headscope.capture.tiers import Plan, branches_on_sdpa

NAME = "headscope"
"""What transformers knows our functions by; never a name that holds `sdpa`, `flex_attention` or `flash_attention`."""

FIELD = "_attn_implementation_internal"
MISSING = object()
LEAVES_HOOKS = "transformers.utils.output_capturing"
MARK = "_output_capturing_hooks_installed"
"""What says on a module that the hooks are there."""

_switch = threading.Lock()
_this_thread = threading.local()


def attention(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, attention_mask: Tensor | None, **options: Any
) -> tuple[Tensor, None]:
    """Attend with the fused kernel, and let the recorder of this thread take the arguments.

    The signature is that of transformers' attention functions. A pass that another thread runs meanwhile over the same
    model comes here too, and is not recorded.
    """
    recorder = current.recorder()
    if recorder is not None:
        recorder.take(module, query, key, attention_mask, options)
    with current.in_kernel():
        return attend(module, query, key, value, attention_mask, options), None


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
def switched(modules: Modules, plan: Plan) -> Iterator[None]:
    """Let each part of the model attend as its tier wants, and undo it on any outcome."""
    with ExitStack() as undo:
        if plan.intercepts:
            undo.enter_context(intercepted())
        if not plan.eager:
            AttentionInterface.register(NAME, attention)
            AttentionMaskInterface.register(NAME, sdpa_mask)
        names = _names(plan)
        if "sdpa" in names.values():
            undo.enter_context(_in_place_of_sdpa())
        before = [(config, config.__dict__.get(FIELD, MISSING)) for config in configs_of(modules)]
        undo.callback(_put_back, before)
        for config, _ in before:
            if (name := names.get(id(config), "eager" if plan.eager else NAME)) is not None:
                # Not set_attn_implementation: it checks, warns and goes on to other configs.
                setattr(config, FIELD, name)
        yield


def _names(plan: Plan) -> dict[int, str | None]:
    """Return the implementation that configs are to name where it is not the usual one; None leaves a config alone."""
    names: dict[int, str | None] = {}
    for part in () if plan.eager else plan.parts:
        if plan.tier[id(part)] == 2:
            names[id(part.config)] = None
        elif branches_on_sdpa(part):
            names[id(part.config)] = "sdpa"
    return names


@contextmanager
def _in_place_of_sdpa() -> Iterator[None]:
    """Answer to transformers' name for its fused kernel."""
    own = AttentionInterface()["sdpa"]  # type: ignore[no-untyped-call]
    try:
        AttentionInterface.register("sdpa", attention)
        yield
    finally:
        AttentionInterface.register("sdpa", own)


def _put_back(before: list[tuple[PretrainedConfig, Any]]) -> None:
    for config, value in before:
        if value is MISSING:
            config.__dict__.pop(FIELD, None)
        else:
            setattr(config, FIELD, value)


@contextmanager
def evaluation(modules: Modules) -> Iterator[None]:
    """Switch dropout off, and give every module its own mode back on any outcome."""
    training = [module for module in modules.named.values() if module.training]
    try:
        for module in training:
            module.training = False
        yield
    finally:
        for module in training:
            module.training = True


@contextmanager
def without_lasting_hooks(modules: Modules) -> Iterator[None]:
    """Take away what transformers leaves on modules that are asked for hidden states or attentions the first time."""
    walked = list(modules.named.values())
    marked = {id(module) for module in walked if MARK in vars(module)}
    before = [tuple(module._forward_hooks) for module in walked]
    try:
        yield
    finally:
        for module, known in zip(walked, before, strict=True):
            if len(module._forward_hooks) > len(known):
                for id_ in set(module._forward_hooks) - set(known):
                    if getattr(module._forward_hooks[id_], "__module__", "") == LEAVES_HOOKS:
                        del module._forward_hooks[id_]
            if MARK in vars(module) and id(module) not in marked:
                delattr(module, MARK)
