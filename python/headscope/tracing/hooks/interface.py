"""Tier 1: the function that transformers' attention interface returns, wrapped to be observed.

The model keeps its own implementation, mask and arguments; only the looked-up function is wrapped, for one pass.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch
from torch import Tensor

from headscope.tracing.hooks import active_recorder as current
from headscope.tracing.hooks.calls import AttentionCall, Kind, result_of
from headscope.tracing.hooks.modules import Modules, configs_of

ARGUMENTS = ("module", "query", "key", "value", "attention_mask")
"""The first parameters of every attention function of transformers, in their order."""

READ = ("query", "key", "value")

WRAPPED = "__headscope_observes__"
"""The attribute that marks a wrapped function."""

EAGER = "eager_attention_forward"
"""The name of the eager function in each of transformers' model files; version 4 does not look it up."""

MISSING = object()

Function = Callable[..., Any]


@contextmanager
def observed_interface(modules: Modules) -> Iterator[None]:
    """Wrap what the interface's look-up returns, and undo it at the end, after errors too.

    All threads share the look-up, but a wrapped function records only in a thread that captures.
    """
    if "transformers.modeling_utils" not in sys.modules:  # no model of transformers was ever made
        yield
        return
    from transformers import AttentionInterface

    with ExitStack() as undo:
        for method in ("get_interface", "__getitem__"):
            if hasattr(AttentionInterface, method):
                look_up = _looking_up(getattr(AttentionInterface, method))
                undo.enter_context(_replaced(AttentionInterface, method, look_up))
        if not hasattr(AttentionInterface, "get_interface"):
            for file in _files(modules):
                undo.enter_context(_replaced(file, EAGER, observed(getattr(file, EAGER))))
        yield


def _files(modules: Modules) -> list[Any]:
    """Return the Python modules that define the model's classes and have an eager attention function."""
    names = {base.__module__ for module in modules.named.values() for base in type(module).__mro__}
    return [sys.modules[name] for name in sorted(names) if hasattr(sys.modules.get(name), EAGER)]


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = vars(owner).get(name, MISSING)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if before is MISSING:  # inherited, as the look-up of masks is
            delattr(owner, name)
        else:
            setattr(owner, name, before)


def _looking_up(lookup: Function) -> Function:
    @functools.wraps(lookup)
    def look_up(*arguments: Any, **options: Any) -> Any:
        found = lookup(*arguments, **options)
        return observed(found) if callable(found) else found

    return look_up


def observed(function: Function) -> Function:
    """Return an attention function that records its arguments and its result with the recorder of the thread."""
    if hasattr(function, WRAPPED):
        return function

    @functools.wraps(function)
    def attend(*arguments: Any, **options: Any) -> Any:
        recorder = current.recorder()
        if recorder is None:
            return function(*arguments, **options)
        named = dict(zip(ARGUMENTS, arguments, strict=False)) | options
        if kind_of(function) == "own":  # it may write into them
            named |= {name: part.clone() for name in READ if isinstance(part := named.get(name), Tensor)}
            with current.holding() as inside:
                returned = function(*arguments, **options)
            call = _call(function, named, returned)
            if call is not None:
                recorder.take_outer(call, inside)
            return returned
        with current.in_kernel():
            returned = function(*arguments, **options)
        call = _call(function, named, returned)
        if call is not None:
            recorder.take(call)
        return returned

    setattr(attend, WRAPPED, True)
    return attend


def _call(function: Function, named: dict[str, Any], returned: Any) -> AttentionCall | None:
    module, query, key, value, mask = (named.pop(name, None) for name in ARGUMENTS)
    tensors = query, key, value
    if not isinstance(module, torch.nn.Module) or not all(isinstance(part, Tensor) for part in tensors):
        return None
    if not all(part.dim() == 4 for part in tensors):
        return None
    shape = query.shape[0], query.shape[1], query.shape[2], key.shape[2]
    output, weights = result_of(returned, shape, value)
    return AttentionCall(
        module=module,
        kind=kind_of(function),
        tier=1,
        query=query,
        key=key,
        value=value,
        mask=mask,
        options=named,
        output=output,
        weights=weights,
    )


def calls_own_functions(modules: Modules) -> bool:
    """Return whether a model attends by a function that the user registered."""
    if "transformers.modeling_utils" not in sys.modules:
        return False
    from transformers import AttentionInterface

    names = {getattr(config, "_attn_implementation", None) for config in configs_of(modules)}
    known = AttentionInterface()  # type: ignore[no-untyped-call]  # of transformers
    return any(name in known and kind_of(known[name]) == "own" for name in names if isinstance(name, str))


def kind_of(function: Function) -> Kind:
    """Return which of transformers' functions this is, by its name and file; `"own"` for one of the user's."""
    name, file = getattr(function, "__name__", ""), str(getattr(function, "__module__", ""))
    if not file.startswith("transformers."):
        return "own"
    kinds: dict[str, Kind] = {"sdpa": "sdpa", "flash": "flash", "flex": "flex", "eager": "eager"}
    return next((kind for word, kind in kinds.items() if word in name), "own")
