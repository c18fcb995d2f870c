"""The ways in which an attention function may understand its arguments, likeliest first.

Implementations differ: eager functions add whatever mask they get and know no causal flag, torch's kernel reads a
boolean mask as "may see" and the flag only without a mask, flash kernels read padding, flag and window. Which reading
is right is not guessed: replay decides (`headscope.tracing.qk.replay`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from torch import Tensor

from headscope.tracing.hooks.calls import AttentionCall

OPTIONAL = ("softcap", "sinks", "position_bias", "scaling")
"""Arguments that a function of the user's own may ignore."""


@dataclass(frozen=True)
class Reading:
    """One understanding of a call's arguments, from which its rules follow."""

    mask: Tensor | None = None
    """The mask, of any shape that broadcasts to (batch, heads, queries, keys)."""
    added: bool = False
    """Whether a mask that is not of floating point is added to the scores as numbers, as eager functions do."""
    causal: bool = False
    """Whether later keys are hidden."""
    aligned_at_end: bool = False
    """Whether the last query is the last key's, as in flash kernels; otherwise the first query is the first key's."""
    window: int | None = None
    """The number of keys that a query sees at most, itself included; None for all."""
    scaling: float | None = None
    """The factor of the products; None for head_dim ** -0.5."""
    softcap: float | None = None
    sinks: Tensor | None = None
    position_bias: Tensor | None = None


def readings(call: AttentionCall) -> Iterator[Reading]:
    """Yield the readings of a call, likeliest first; no reading comes twice."""
    seen: list[Reading] = []
    for reading in _readings(call):
        if not any(_same(reading, other) for other in seen):
            seen.append(reading)
            yield reading


def _same(one: Reading, other: Reading) -> bool:
    """Return whether two readings are equal; tensors are equal if they are the same one."""
    pairs = ((value, vars(other)[name]) for name, value in vars(one).items())
    return all(a is b if isinstance(a, Tensor) or isinstance(b, Tensor) else a == b for a, b in pairs)


def _readings(call: AttentionCall) -> Iterator[Reading]:
    options = call.options
    plain = Reading(
        scaling=_number(options.get("scaling")),
        softcap=_number(options.get("softcap")),
        sinks=_first_tensor(options, "s_aux", "sinks"),
        position_bias=_first_tensor(options, "position_bias"),
    )
    masks = _mask_readings(call)
    likely = {"eager": ("eager", "sdpa", "flash"), "flash": ("flash", "eager", "sdpa")}
    order = likely.get(call.kind, ("sdpa", "eager", "flash"))
    found = [replace(plain, **vars_of) for name in order for vars_of in masks[name]]
    yield from found
    if call.kind in ("own", "eager"):
        given = [name for name in OPTIONAL if getattr(plain, name) is not None]
        for used in product((True, False), repeat=len(given)):
            ignored: dict[str, Any] = {name: None for name, use in zip(given, used, strict=True) if not use}
            if ignored:
                yield from (replace(reading, **ignored) for reading in found)
        if plain.scaling != 1:
            yield from (replace(reading, scaling=1.0) for reading in found)  # the queries are scaled already


def _mask_readings(call: AttentionCall) -> dict[str, list[dict[str, Any]]]:
    """Return what each family of functions makes of the mask and the causal flag, as fields of a reading."""
    mask = dense(call.mask, call)
    several = call.num_queries > 1
    flag = call.options.get("is_causal")
    flag = bool(getattr(call.module, "is_causal", True) if flag is None else flag)
    window = call.options.get("sliding_window")
    window = int(window) if isinstance(window, int) and window > 0 else None
    padding = mask[:, None, None, :] if mask is not None and mask.dim() == 2 and len(mask) == call.batch else None
    end = {"causal": flag and several, "aligned_at_end": True}
    packed = packing(call)
    flash: list[dict[str, Any]] = [{"mask": padding, "window": window, **end}, {"mask": padding, **end}]
    if packed is not None:
        flash.append({"mask": packed, "window": window, **end})
    sdpa: list[dict[str, Any]] = [{"mask": mask, "causal": mask is None and several and flag}]
    if mask is not None:
        sdpa.append({"mask": mask, "causal": several and flag})
    return {"eager": [{"mask": mask, "added": True}], "sdpa": sdpa, "flash": flash}


def dense(mask: Any, call: AttentionCall) -> Tensor | None:
    """Return a mask as a tensor; a block mask of torch's flex attention becomes a boolean one."""
    if mask is None or isinstance(mask, Tensor):
        return mask
    if not hasattr(mask, "mask_mod"):
        return None
    from torch.nn.attention.flex_attention import create_mask

    batch, num_heads = mask.shape[0], mask.shape[1]
    shown: Tensor = create_mask(mask.mask_mod, batch, num_heads, call.num_queries, call.num_keys, call.device.type)
    return shown


def packing(call: AttentionCall) -> Tensor | None:
    """Return which keys belong to the text of each query where position ids start anew; None if they never do."""
    positions = call.options.get("position_ids")
    same = call.num_queries == call.num_keys
    if not same or not isinstance(positions, Tensor) or positions.shape[-1] != call.num_queries or positions.dim() != 2:
        return None
    number = (positions == 0).cumsum(-1)
    if not bool((number[:, -1] > 1).any()):
        return None
    return (number[:, :, None] == number[:, None, :])[:, None]


def _number(value: Any) -> float | None:
    return (
        float(value) if isinstance(value, (int, float)) or (isinstance(value, Tensor) and value.numel() == 1) else None
    )


def _first_tensor(options: Mapping[str, Any], *names: str) -> Tensor | None:
    return next((options[name] for name in names if isinstance(options.get(name), Tensor)), None)
