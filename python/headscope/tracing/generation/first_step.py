"""Observe what `generate` really begins with: start tokens that it adds, and the mask that it infers from padding."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from headscope.tracing.generation.steps import Steps
from headscope.tracing.inner_model import inner_model
from headscope.tracing.inputs.caches import cached_positions

KEPT = (
    "input_ids",
    "inputs_embeds",
    "attention_mask",
    "position_ids",
    "token_type_ids",
    "use_cache",
    "decoder_input_ids",
)
"""The arguments of the first step to keep; caches would hold memory."""


@contextmanager
def first_step(model: torch.nn.Module, steps: Steps | None = None) -> Iterator[dict[str, Any]]:
    """Observe a model while it generates, and take down in `steps` what each step says.

    Yields the arguments of the first step, as a dictionary that is filled when the step runs. It stays empty if the
    model generates without calling its own forward. A generation may begin anew, as Whisper's does after it has found
    the language: then the arguments are those of the last beginning.
    """
    found: dict[str, Any] = {}
    steps = Steps() if steps is None else steps
    inner = inner_model(model) or model
    parameters = inspect.signature(inner.forward)

    def see(_module: torch.nn.Module, placed: tuple[Any, ...], named: dict[str, Any]) -> None:
        arguments = dict(parameters.bind_partial(*placed, **named).arguments)
        arguments |= arguments.pop("kwargs", {})
        if cached_positions(arguments) and found:
            return
        if not _is_next(found, arguments):
            found.clear()
            steps.clear()
            found.update({name: arguments[name] for name in KEPT if arguments.get(name) is not None})

    hooks = (
        inner.register_forward_pre_hook(see, with_kwargs=True),
        inner.register_forward_hook(lambda _module, _arguments, output: steps.take(output)),
    )
    try:
        yield found
    finally:
        for hook in hooks:
            hook.remove()


def _is_next(before: dict[str, Any], arguments: dict[str, Any]) -> bool:
    """Return whether a step without a cache goes on after the steps so far, which its ids begin with."""
    name = "decoder_input_ids" if "decoder_input_ids" in arguments else "input_ids"
    start, ids = before.get(name), arguments.get(name)
    if not isinstance(start, Tensor) or not isinstance(ids, Tensor):
        return bool(before)
    length = before.setdefault("length", start.shape[1])
    same = len(start) == len(ids) and bool((ids[:, : start.shape[1]] == start).all())
    if same and ids.shape[1] == length + 1:
        before["length"] = ids.shape[1]
        return True
    return False


def with_start(ids: Tensor, start: Any) -> Tensor:
    """Return generated ids with the start tokens before them, if `generate` left these out.

    Parameters
    ----------
    ids
        The ids that `generate` returned, shape (texts, positions).
    start
        What the decoder read in the first step, shape (rows, positions), with equally many rows for each text; None
        if that is unknown.
    """
    if not isinstance(start, Tensor):
        return ids
    start = start[:: max(1, len(start) // len(ids))][: len(ids)].to(ids.device)
    length = start.shape[1]
    if len(start) != len(ids) or (ids.shape[1] >= length and bool((ids[:, :length] == start).all())):
        return ids
    return torch.cat([start.to(ids.dtype), ids], dim=1)
