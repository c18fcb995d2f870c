"""Compute any rectangle of weights from queries and keys, in float32, a few rows at a time.

Even for a part of a row, the softmax needs the row's largest score and the sum of all exponentials relative to it. Both
are computed once per (head, query) and kept, see `headscope.tracing.qk.norms`. Together they are the row's log-sum-exp;
kept separately, they preserve the precision of the softmax for large scores.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from headscope.data.indexing import kv_head

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.tracing.qk.masks import Visible
    from headscope.tracing.qk.tensors import QKTensors, Rules

BUDGET = 1 << 21
"""The most scores, and values of converted keys, in memory at a time (8 MiB each); at least one row of one head."""


def weights(record: QKTensors, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
    """Return a rectangle of weights, shape (heads, queries, keys)."""
    result = np.zeros((len(heads), queries.stop - queries.start, keys.stop - keys.start), dtype=np.float32)
    if not result.size:
        return result
    for group in _groups(record, heads):
        chosen = _tensor_of(heads[group], record)
        # A row's norms need all of its scores, once.
        needed = keys if bool(record.norms.known[chosen, queries].all()) else slice(0, record.num_keys)
        key = keys_of(record, chosen, needed)
        for rows in _chunks(len(chosen), queries, needed):
            low, high = _span(record, rows, keys)
            if low < high:
                part = _chunk(record, chosen, key, rows, slice(low, high), needed.start)
                at = slice(rows.start - queries.start, rows.stop - queries.start)
                result[group, at, low - keys.start : high - keys.start] = part.cpu().numpy()
    return result


def _chunk(record: QKTensors, heads: Tensor, key: Tensor, rows: slice, keys: slice, key_from: int) -> Tensor:
    """Return the weights of a few rows, shape (heads, rows, keys)."""
    norms = record.norms
    if bool(norms.known[heads, rows].all()):
        part = scores(record, heads, key, rows, keys, key_from)
        # Rounding depends on the shape of a product, so a score may slightly exceed the highest one.
        return part.sub_(norms.highest[heads, rows, None]).clamp_(max=0).exp_().div_(norms.total[heads, rows, None])
    low, high = _span(record, rows, slice(0, record.num_keys))
    whole = scores(record, heads, key, rows, slice(low, high))
    sinks = record.rules.sinks
    known = norms.fill(heads, rows, whole, None if sinks is None else sinks.float())
    return known[..., keys.start - low : keys.stop - low]


def all_scores(record: QKTensors, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
    """Return a rectangle of scores, shape (heads, queries, keys)."""
    result = np.empty((len(heads), queries.stop - queries.start, keys.stop - keys.start), dtype=np.float32)
    for group in _groups(record, heads):
        chosen = _tensor_of(heads[group], record)
        key = keys_of(record, chosen, keys)
        for rows in _chunks(len(chosen), queries, keys):
            at = slice(rows.start - queries.start, rows.stop - queries.start)
            result[group, at] = scores(record, chosen, key, rows, keys, keys.start).cpu().numpy()
    return result


def _tensor_of(heads: Sequence[int], record: QKTensors) -> Tensor:
    return torch.tensor(list(heads), device=record.query.device)


def scores(record: QKTensors, heads: Tensor, key: Tensor, rows: slice, keys: slice, key_from: int = 0) -> Tensor:
    """Return the scores of a few rows as `Rules` defines them, shape (heads, rows, keys), float32.

    Parameters
    ----------
    record
        The layer.
    heads
        The zero-based heads, int64.
    key
        The keys of these heads, shape (heads, num_keys, head_dim), float32; or some of them, see `key_from`. Heads that
        share keys, in equal and adjacent parts, may have them once.
    rows, keys
        The rectangle of queries and keys.
    key_from
        The position of the first key in `key`, 0 by default.
    """
    query = record.query[heads, rows].float()  # (heads, rows, head_dim)
    part = key[:, keys.start - key_from : keys.stop - key_from]
    together = query.reshape(len(key), -1, query.shape[-1])  # (key heads, heads of each and rows, head_dim)
    result = product(together, part.transpose(1, 2)).mul_(record.rules.scaling)
    result = result.reshape(*query.shape[:2], part.shape[1])
    return apply_rules(result, record.rules, heads, rows, keys)


def product(one: Tensor, other: Tensor) -> Tensor:
    """Return a product of matrices in their own precision, also inside the user's `torch.autocast`."""
    with torch.autocast(one.device.type, enabled=False):
        return torch.matmul(one, other)


def apply_rules(result: Tensor, rules: Rules, heads: Tensor, rows: slice, keys: slice) -> Tensor:
    """Turn scaled products, shape (heads, rows, keys), float32, into scores, in place."""
    if rules.softcap is not None:
        result.div_(rules.softcap).tanh_().mul_(rules.softcap)
    for bias in rules.biases:
        result += bias.values(heads, rows, keys).float()
    if rules.visible is not None:
        _hide(result, rules.visible, rows, keys)
    return result


def _hide(scores: Tensor, visible: Visible, rows: slice, keys: slice) -> None:
    """Set the scores of hidden keys to minus infinity; for causal rows this touches only keys near the diagonal."""
    for doubtful in visible.doubtful(rows, keys):
        hidden = visible.hidden(rows, doubtful)
        part = scores[..., doubtful.start - keys.start : doubtful.stop - keys.start]
        # One addition for all heads; masked_fill_ with a broadcast mask takes four times as long.
        part += torch.zeros(hidden.shape, dtype=torch.float32, device=hidden.device).masked_fill_(hidden, -torch.inf)


def keys_of(record: QKTensors, heads: Tensor, keys: slice = slice(None)) -> Tensor:
    """Return all or some of the keys that the heads read, shape (heads, keys, head_dim), float32.

    Keys that the heads share, in equal and adjacent parts, are returned once: shape (KV heads, keys, head_dim).
    """
    read = kv_head(heads, record.num_heads, record.num_kv_heads)
    once, counts = torch.unique_consecutive(read, return_counts=True)
    return record.key[once if bool((counts == counts[0]).all()) else read, keys].float()


def _span(record: QKTensors, rows: slice, keys: slice) -> tuple[int, int]:
    """Return the part of `keys` that these rows can see at most: causal rows end at the diagonal."""
    if record.rules.visible is None:
        return keys.start, keys.stop
    low, high = record.rules.visible.span(rows)
    return max(low, keys.start), min(high, keys.stop)


def _groups(record: QKTensors, heads: Sequence[int]) -> Iterator[slice]:
    """Yield parts of the heads whose converted keys are within the budget; heads that share keys count once."""
    step = max(1, BUDGET // (record.num_keys * max(record.key.shape[-1], 16)))
    read = [kv_head(head, record.num_heads, record.num_kv_heads) for head in heads]
    starts = [at for at in range(len(read)) if at == 0 or read[at] != read[at - 1]] + [len(read)]
    for first in range(0, len(starts) - 1, step):
        yield slice(starts[first], starts[min(first + step, len(starts) - 1)])


def _chunks(num_heads: int, queries: slice, keys: slice) -> Iterator[slice]:
    step = max(1, BUDGET // max(1, num_heads * (keys.stop - keys.start)))
    for start in range(queries.start, queries.stop, step):
        yield slice(start, min(start + step, queries.stop))
