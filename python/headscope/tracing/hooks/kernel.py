"""Tier 2: calls of torch's fused kernel, whatever name it was imported by, seen by a mode of this thread alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch.nn.functional as F  # noqa: N812  # torch's own convention
from torch import Tensor
from torch.overrides import TorchFunctionMode

from headscope.tracing.hooks import active_recorder as current
from headscope.tracing.hooks.active_recorder import Observer
from headscope.tracing.hooks.calls import AttentionCall
from headscope.tracing.hooks.shapes import axes_of_call, heads_or_windows

KERNEL = F.scaled_dot_product_attention
PARAMETERS = ("query", "key", "value", "attn_mask", "dropout_p", "is_causal")


class SeesKernel(TorchFunctionMode):
    """Records each call of `scaled_dot_product_attention`; every function runs as it would without it."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        options = dict(kwargs or {})
        if func is not KERNEL:
            return func(*args, **options)
        recorder = current.recorder()
        if recorder is None:
            return func(*args, **options)
        with current.in_kernel():
            output = func(*args, **options)
        call = kernel_call(recorder, dict(zip(PARAMETERS, args, strict=False)) | options, output)
        if call is not None:
            recorder.take(call)
        return output


def kernel_call(recorder: Observer, given: Mapping[str, Any], output: Any) -> AttentionCall | None:
    """Return the record of a call of the fused kernel; None if its tensors have other axes than attention has."""
    tensors = [part for name in ("query", "key", "value") if isinstance(part := given.get(name), Tensor)]
    module = recorder.watch.running()
    if module is None or len(tensors) < 3 or not isinstance(output, Tensor) or min(part.dim() for part in tensors) < 2:
        return None
    recorder.origins.attended(output, tensors[0])
    first = tensors[0] if tensors[0].dim() == output.dim() else output  # queries may be shared by the texts
    axes = axes_of_call(first, tensors[1].shape[-2], recorder.watch.stack, recorder.layout)
    if axes.doubtful and recorder.layout.generic:
        recorder.refuse(module, heads_or_windows(module, first.shape))
        return None
    query, key, value, out = (axes.four(part) for part in (*tensors, output))
    if query is None or key is None or value is None or out is None:
        return None
    if len(query) != len(out) or query.shape[1] != out.shape[1]:
        query = query.expand(*out.shape[:2], -1, -1)
    key, value = (part.expand(len(out), -1, -1, -1) if len(part) == 1 else part for part in (key, value))
    return AttentionCall(
        module=module,
        kind="kernel",
        tier=2,
        query=query,
        key=key,
        value=value,
        mask=_aligned(given.get("attn_mask"), query),
        options={
            "scaling": given.get("scale"),
            "is_causal": bool(given.get("is_causal", False)),
            "dropout_p": given.get("dropout_p"),
        },
        output=out.transpose(1, 2),
        origins=recorder.origins.of_call(tensors[0], tensors[1]),
    )


def _aligned(mask: Any, query: Tensor) -> Any:
    """Return a mask with four axes: one with three counts heads, or batch and heads as one."""
    if not isinstance(mask, Tensor) or mask.dim() == 4 or mask.dim() < 3:
        return mask
    batch, num_heads = query.shape[:2]
    if mask.dim() == 3 and len(mask) == batch * num_heads:
        return mask.view(batch, num_heads, *mask.shape[1:])
    return mask.flatten(0, -4)[:, -1:] if mask.dim() > 4 else mask
