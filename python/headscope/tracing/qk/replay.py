"""Prove a recorded layer: replay a few of its rows against what the model's attention function really returned.

For these rows, `weights @ values` is computed from the record alone and compared with the observed output. A wrong
mask, scale, window, bias or order of heads shows as a difference in the size of the weights; rounding stays far below.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from headscope.tracing.qk.compute import product
from headscope.tracing.qk.tensors import QKTensors

BUDGET = 1 << 24
"""The most values of converted keys in memory at a time (64 MiB); at least one KV head."""

FLOOR = 1e-5
"""A difference that rounding may always cause in float32."""


@dataclass(frozen=True)
class Replay:
    """The result of a replay."""

    difference: float
    """The largest difference of the heads, as a share of the largest value: how far the weights of a row may be off."""
    bound: float
    """The largest difference that the model's precision explains."""

    @property
    def proves(self) -> bool:
        """Whether the record gives what the model computed."""
        return self.difference <= self.bound


def rows_of(record: QKTensors, turn: int) -> list[int]:
    """Choose a few query rows to replay: the last one, an early one, and others that change with `turn`.

    Rows that see no key are left out: functions differ in what they return for them.
    """
    count, visible = record.num_queries, record.rules.visible
    chosen = sorted({count - 1, count // 3, (turn * 7919 + count // 2) % count})
    if visible is None:
        return chosen
    at = torch.tensor(chosen, device=visible.start.device)
    if visible.exceptions is None:
        some = (visible.start[at] < visible.stop[at]).tolist()
    else:
        some = visible.exceptions[at].any(-1).tolist()
    return [row for row, sees in zip(chosen, some, strict=True) if sees]


def replay(record: QKTensors, value: Tensor, output: Tensor, rows: Sequence[int]) -> Replay:
    """Compare rows of `weights @ values` with the output of the model's own function.

    Parameters
    ----------
    record
        The layer.
    value
        The values, shape (KV heads, num_keys, value_dim).
    output
        What the function returned, shape (num_queries, num_heads, value_dim).
    rows
        The query rows to compare.
    """
    if not rows:
        return Replay(0.0, 0.0)
    wanted = output[list(rows)].float().transpose(0, 1)  # (heads, rows, value_dim)
    largest = _largest(value)
    exact, depth = _output(record, value, rows, torch.float32)
    precision = max(torch.finfo(tensor.dtype).eps for tensor in (record.query, record.key, value, output))
    found = torch.stack([(exact - wanted).abs().amax() / largest, depth]).nan_to_num(torch.inf).tolist()
    first = Replay(found[0], _bound(precision, found[1]))
    if first.proves or record.query.dtype == torch.float32:
        return first
    # The function may have rounded its scores to the model's precision, which moves sharp weights by more.
    rounded, _ = _output(record, value, rows, record.query.dtype)
    second = float((rounded - wanted).abs().amax() / largest)
    return Replay(second, first.bound) if second < first.difference else first


def _largest(value: Tensor) -> Tensor:
    """Return the largest size of a value, without a copy of all of them."""
    return torch.maximum(-value.amin(), value.amax()).float().clamp(min=1e-30)


def _bound(precision: float, depth: float) -> float:
    """Return the bound for scores of size `depth`: an error of a score is an error of its weight's exponent."""
    return FLOOR + 8 * precision * (1 + depth) if precision < 1e-5 else 4 * precision * (1 + depth / 16)


def _output(record: QKTensors, value: Tensor, rows: Sequence[int], dtype: torch.dtype) -> tuple[Tensor, Tensor]:
    """Return the output of some rows, shape (heads, rows, value_dim), and the mean size of the scores that count."""
    kv_heads, of_values = record.num_kv_heads, len(value)
    step = max(1, BUDGET // max(1, record.num_keys * record.key.shape[-1]))
    scores, depths = [], []
    for start in range(0, kv_heads, step):
        part = slice(start, min(start + step, kv_heads))
        scores.append(_products(record, part, rows, dtype))
    raw = _joined(scores)
    weights = _weights(record, raw, rows)
    for start in range(0, of_values, step):
        part = slice(start, min(start + step, of_values))
        depths.append(_times(weights, value, part, dtype))
    return _joined(depths), (weights * raw.abs()).sum(-1).amax()


def _joined(parts: Sequence[Tensor]) -> Tensor:
    return parts[0] if len(parts) == 1 else torch.cat(list(parts))


def _products(record: QKTensors, kv_heads: slice, rows: Sequence[int], dtype: torch.dtype) -> Tensor:
    """Return the scaled products of some heads, shape (heads, rows, keys), float32."""
    each = record.num_heads // record.num_kv_heads
    query = record.query[kv_heads.start * each : kv_heads.stop * each, list(rows)].to(dtype)
    key = record.key[kv_heads].to(dtype)
    count, size = kv_heads.stop - kv_heads.start, len(rows)
    products = product(query.reshape(count, each * size, -1), key.transpose(1, 2))
    return (products * record.rules.scaling).reshape(count * each, size, -1).float()


def _weights(record: QKTensors, scores: Tensor, rows: Sequence[int]) -> Tensor:
    rules, every = record.rules, slice(0, record.num_keys)
    if rules.softcap is not None or rules.shared:
        scores = scores.clone()  # the products are asked for again
    at = torch.tensor(rows, device=scores.device)
    if rules.softcap is not None:
        scores.div_(rules.softcap).tanh_().mul_(rules.softcap)
    for bias in rules.biases:
        scores += bias.values(torch.arange(record.num_heads, device=scores.device), at, every).float()
    if rules.visible is not None:
        scores.masked_fill_(rules.visible.hidden(at, every), -torch.inf)
    if rules.sinks is None:
        return torch.softmax(scores, dim=-1)
    sink = rules.sinks.float()[:, None, None].expand(-1, len(rows), 1)
    return torch.softmax(torch.cat([scores, sink], dim=-1), dim=-1)[..., :-1]


def _times(weights: Tensor, value: Tensor, kv_heads: slice, dtype: torch.dtype) -> Tensor:
    num_heads, size, num_keys = weights.shape
    each = num_heads // len(value)
    part = weights[kv_heads.start * each : kv_heads.stop * each].to(dtype)
    count = kv_heads.stop - kv_heads.start
    found = product(part.reshape(count, each * size, num_keys), value[kv_heads].to(dtype))
    return found.reshape(count * each, size, -1).float()


def replay_of_weights(weights: Tensor, value: Tensor, output: Tensor, turn: int) -> Replay:
    """Compare returned weights, shape (heads, queries, keys), with the output; the other arguments as in `replay`."""
    num_queries = weights.shape[1]
    rows = sorted({num_queries - 1, num_queries // 3, (turn * 7919 + num_queries // 2) % num_queries})
    found = _times(weights[:, rows].float(), value, slice(0, len(value)), torch.float32)
    largest = _largest(value)
    wanted = output[rows].float().transpose(0, 1)
    precision = max(torch.finfo(tensor.dtype).eps for tensor in (weights, value, output))
    difference = float(((found - wanted).abs().amax() / largest).nan_to_num(torch.inf))
    return Replay(difference, _bound(precision, 0.0))
