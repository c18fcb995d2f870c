"""Weights from queries and keys: any rectangle, in float32, a few rows at a time.

The softmax of a row needs the row's largest score and the sum of the exponentials above it, whatever part of the row is
asked for. Both are computed once for each (head, query) and kept: `Norms`. Together they are the row's log-sum-exp, but
apart they keep the precision of a softmax where scores are large.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.capture.masks import Visible
    from headscope.capture.record import QKRecord

BUDGET = 1 << 21
"""At most this many scores, and values of converted keys, are in memory at a time (8 MiB each), or a row of a head."""


class Norms:
    """The largest score and the sum of exponentials of each row, filled as rows are asked for."""

    def __init__(self, num_heads: int, num_queries: int, device: torch.device) -> None:
        self.known = torch.zeros(num_heads, num_queries, dtype=torch.bool, device=device)
        self.highest = torch.empty(num_heads, num_queries, device=device)
        self.total = torch.empty(num_heads, num_queries, device=device)

    @property
    def nbytes(self) -> int:
        """How much memory this holds, in bytes."""
        return self.known.nbytes + self.highest.nbytes + self.total.nbytes

    def fill(self, heads: Tensor, rows: slice, scores: Tensor, sinks: Tensor | None) -> Tensor:
        """Take them from whole rows of scores, shape (heads, rows, keys), and return the weights of these rows.

        The scores may lack keys at either end that the rows can't see; their memory is used for the weights.
        """
        return self.take(heads, rows, scores, sinks).div_(self.total[heads, rows, None])

    def take(self, heads: Tensor, rows: slice, scores: Tensor, sinks: Tensor | None) -> Tensor:
        """Do the same, but return the exponentials whose sums are `total`."""
        highest = scores.amax(-1)
        if sinks is not None:
            highest = torch.maximum(highest, sinks[heads, None])
        # A row that sees nothing: any finite value gives it weights of exp(-inf) / 1 = 0.
        highest = highest.masked_fill(highest == -torch.inf, 0)
        exponentials = scores.sub_(highest[..., None]).exp_()
        total = exponentials.sum(-1)
        if sinks is not None:
            total += (sinks[heads, None] - highest).exp()
        total = total.masked_fill(total == 0, 1)
        self.highest[heads, rows] = highest
        self.total[heads, rows] = total
        self.known[heads, rows] = True  # last: another thread may be reading
        return exponentials


def weights(record: QKRecord, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
    """Return a rectangle of weights, shape (heads, queries, keys)."""
    result = np.zeros((len(heads), queries.stop - queries.start, keys.stop - keys.start), dtype=np.float32)
    if not result.size:
        return result
    for group in _groups(record, heads):
        chosen = torch.tensor([heads[n] for n in range(group.start, group.stop)], device=record.query.device)
        key = keys_of(record, chosen)
        for rows in _chunks(record, len(chosen), queries):
            low, high = _span(record, rows, keys)
            if low < high:
                part = _chunk(record, chosen, key, rows, slice(low, high))
                at = slice(rows.start - queries.start, rows.stop - queries.start)
                result[group, at, low - keys.start : high - keys.start] = part.cpu().numpy()
    return result


def _chunk(record: QKRecord, heads: Tensor, key: Tensor, rows: slice, keys: slice) -> Tensor:
    """Return the weights of a few rows, shape (heads, rows, keys)."""
    norms = record.norms
    if bool(norms.known[heads, rows].all()):
        part = scores(record, heads, key, rows, keys)
        # Rounding differs with the shape of a product: no score may come out above the highest.
        return part.sub_(norms.highest[heads, rows, None]).clamp_(max=0).exp_().div_(norms.total[heads, rows, None])
    low, high = _span(record, rows, slice(0, record.num_keys))
    whole = scores(record, heads, key, rows, slice(low, high))
    sinks = record.rules.sinks
    known = norms.fill(heads, rows, whole, None if sinks is None else sinks.float())
    return known[..., keys.start - low : keys.stop - low]


def all_scores(record: QKRecord, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
    """Return a rectangle of scores, shape (heads, queries, keys)."""
    result = np.empty((len(heads), queries.stop - queries.start, keys.stop - keys.start), dtype=np.float32)
    for group in _groups(record, heads):
        chosen = torch.tensor([heads[n] for n in range(group.start, group.stop)], device=record.query.device)
        key = keys_of(record, chosen)
        for rows in _chunks(record, len(chosen), queries):
            at = slice(rows.start - queries.start, rows.stop - queries.start)
            result[group, at] = scores(record, chosen, key, rows, keys).cpu().numpy()
    return result


def scores(record: QKRecord, heads: Tensor, key: Tensor, rows: slice, keys: slice, key_from: int = 0) -> Tensor:
    """Return the scores of a few rows as `Rules` defines them, shape (heads, rows, keys), float32.

    Parameters
    ----------
    record
        Whose scores.
    heads
        Which heads, int64.
    key
        The keys of these heads, shape (heads, num_keys, head_dim), float32.
    rows, keys
        Which rectangle.
    key_from
        Which key is the first of `key`, where that holds a part of them.
    """
    rules = record.rules
    query = record.query[heads, rows].float()  # (heads, rows, head_dim)
    part = key[:, keys.start - key_from : keys.stop - key_from]
    result = torch.matmul(query, part.transpose(1, 2)).mul_(rules.scaling)
    if rules.softcap is not None:
        result.div_(rules.softcap).tanh_().mul_(rules.softcap)
    for bias in rules.biases:
        result += bias.values(heads, rows, keys).float()
    if rules.visible is not None:
        _hide(result, rules.visible, rows, keys)
    return result


def _hide(scores: Tensor, visible: Visible, rows: slice, keys: slice) -> None:
    """Set the scores of what queries may not see to minus infinity: of causal rows near the diagonal alone."""
    for doubtful in visible.doubtful(rows, keys):
        hidden = visible.hidden(rows, doubtful)
        part = scores[..., doubtful.start - keys.start : doubtful.stop - keys.start]
        # One addition over all heads: masked_fill_ with a mask that is broadcast takes four times as long.
        part += torch.zeros(hidden.shape, device=hidden.device).masked_fill_(hidden, -torch.inf)


def keys_of(record: QKRecord, heads: Tensor, keys: slice = slice(None)) -> Tensor:
    """Return the keys that the heads read, all or some, shape (heads, keys, head_dim), float32."""
    shared_by = record.num_heads // record.num_kv_heads
    return record.key[heads // shared_by, keys].float()


def _span(record: QKRecord, rows: slice, keys: slice) -> tuple[int, int]:
    """Return the part of `keys` outside of which these rows see nothing: causal rows stop at the diagonal."""
    if record.rules.visible is None:
        return keys.start, keys.stop
    low, high = record.rules.visible.span(rows)
    return max(low, keys.start), min(high, keys.stop)


def _groups(record: QKRecord, heads: Sequence[int]) -> Iterator[slice]:
    step = max(1, BUDGET // (record.num_keys * max(record.key.shape[-1], 16)))
    for start in range(0, len(heads), step):
        yield slice(start, min(start + step, len(heads)))


def _chunks(record: QKRecord, num_heads: int, queries: slice) -> Iterator[slice]:
    step = max(1, BUDGET // (num_heads * record.num_keys))
    for start in range(queries.start, queries.stop, step):
        yield slice(start, min(start + step, queries.stop))
