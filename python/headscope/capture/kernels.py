"""The model's real output while it is being captured: the fused kernel, or what it can't do by rows."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from transformers.integrations.sdpa_attention import repeat_kv, sdpa_attention_forward

ROW_BUDGET = 1 << 22
"""Softcaps and sinks are computed this many scores at a time."""


def attend(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, options: dict[str, Any]
) -> Tensor:
    """Return the attention output, shape (batch, num_queries, num_heads, head_dim).

    The fused kernel raises on a softcap and ignores sinks (transformers 5.23), so these take the way by rows.
    """
    # The kernel would warn that it returns no weights; a capture has them.
    options = {name: value for name, value in options.items() if name != "output_attentions"}
    if options.get("softcap") is None and sinks_of(options) is None:
        output: Tensor = sdpa_attention_forward(module, query, key, value, mask, **options)[0]
        return output
    return _by_rows(module, query, key, value, mask, options)


def sinks_of(options: dict[str, Any]) -> Tensor | None:
    """Return the score of each head's attention sink, shape (num_heads,), where the model has sinks."""
    sinks = options.get("s_aux")
    return options.get("sinks") if sinks is None else sinks


def is_causal(module: torch.nn.Module, query: Tensor, mask: Tensor | None, options: dict[str, Any]) -> bool:
    """Whether the kernel hides later keys by itself: no mask says so, and there is more than one query."""
    flag = options.get("is_causal")
    flag = getattr(module, "is_causal", True) if flag is None else flag
    return mask is None and query.shape[2] > 1 and bool(flag)


def scaling_of(query: Tensor, options: dict[str, Any]) -> float:
    """Return what products of queries and keys are multiplied by."""
    scaling = options.get("scaling")
    return float(query.shape[-1] ** -0.5 if scaling is None else scaling)


def _by_rows(
    module: torch.nn.Module, query: Tensor, key: Tensor, value: Tensor, mask: Tensor | None, options: dict[str, Any]
) -> Tensor:
    batch, num_heads, num_queries, _ = query.shape
    key, value = (repeat_kv(part, num_heads // part.shape[1]) for part in (key, value))
    step = max(1, ROW_BUDGET // (batch * num_heads * key.shape[2]))
    causal = is_causal(module, query, mask, options)
    outputs = []
    for start in range(0, num_queries, step):
        rows = slice(start, min(start + step, num_queries))
        scores = _capped(query[:, :, rows] @ key.transpose(2, 3) * scaling_of(query, options), options)
        scores = _masked(scores, rows, options, mask, causal)
        outputs.append(_softmax(scores, sinks_of(options)).to(value.dtype) @ value)
    return torch.cat(outputs, dim=2).transpose(1, 2).contiguous()


def _capped(scores: Tensor, options: dict[str, Any]) -> Tensor:
    softcap = options.get("softcap")
    return scores if softcap is None else torch.tanh(scores / softcap) * softcap


def _masked(scores: Tensor, rows: slice, options: dict[str, Any], mask: Tensor | None, causal: bool) -> Tensor:
    """Add bias and mask; `rows` says which queries the scores are of."""
    lowest = torch.finfo(scores.dtype).min
    bias = options.get("position_bias")
    if bias is not None:
        scores = scores + bias[:, :, rows]
    if mask is not None:
        part = mask[:, :, rows] if mask.shape[2] > 1 else mask
        return scores.masked_fill(~part, lowest) if part.dtype == torch.bool else scores + part
    if causal:
        at = torch.arange(scores.shape[-1], device=scores.device)
        scores = scores.masked_fill(at > at[rows, None], lowest)
    return scores


def _softmax(scores: Tensor, sinks: Tensor | None) -> Tensor:
    """Return weights in float32; a sink takes its share of each row and gets no weight."""
    if sinks is None:
        return torch.softmax(scores, dim=-1, dtype=torch.float32)
    batch, num_heads, num_queries, _ = scores.shape
    sink = sinks.view(1, num_heads, 1, 1).expand(batch, num_heads, num_queries, 1)
    return torch.softmax(torch.cat([scores, sink.to(scores.dtype)], dim=-1), dim=-1, dtype=torch.float32)[..., :-1]
