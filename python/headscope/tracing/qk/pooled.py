"""Compute pooled weights from queries and keys.

While the norms of a row are unknown, every score needs an exp, which also gives the weights. A softmax preserves the
order of a row's scores. Once the norms are known, scores can therefore be pooled first, and only the largest score of a
bin, minus the row's norm, needs an exp.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from headscope.contract import PoolKind
from headscope.data.pooling import edges_within, row_chunks
from headscope.data.steps import Steps
from headscope.data.types import Edges
from headscope.tracing.qk import compute
from headscope.tracing.qk.threads import side_by_side, threads_for

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.tracing.qk.tensors import QKTensors

STEP_SECONDS = 0.03
"""The intended duration of a chunk of work; to cancel the work, its caller waits for the end of a chunk."""

FIRST_SCORES = 1 << 19
MIN_SCORES = 1 << 16
"""The sizes of the first chunk and of the smallest."""

MAX_CPU_SCORES = 1 << 20
"""The largest chunk on a CPU: 4 MiB, which stay in its caches between operations."""

SHARED_SCORES = 1 << 20
"""The number of scores below which a second thread is not worthwhile."""

SHARES = 8
"""The approximate number of pieces of work per thread, so that no thread waits long for the last one."""

MISSING = torch.nan


class Pace:
    """Adapts the number of scores in a chunk to the duration of the last chunks."""

    def __init__(self, device: torch.device) -> None:
        self.scores = FIRST_SCORES
        self._most = MAX_CPU_SCORES if device.type == "cpu" else compute.BUDGET

    def took(self, scores: int, seconds: float) -> None:
        """Record the duration of a chunk; small chunks are ignored, because their duration says little."""
        if scores * 4 >= self.scores:
            wanted = int(scores * STEP_SECONDS / max(seconds, 1e-6))
            self.scores = min(max(wanted, MIN_SCORES), 2 * self.scores, self._most)


def pooled(
    record: QKTensors, heads: Sequence[int], edges: tuple[Edges, Edges], pool: PoolKind
) -> Steps[NDArray[np.float32]]:
    """Return weights pooled to bins, shape (heads, query bins, key bins); see `headscope.data.pooling.pooled`."""
    queries, keys = edges
    count = len(queries) - 1
    result = np.empty((len(heads), count, len(keys) - 1), dtype=np.float32)
    pace = Pace(record.query.device)

    def fill(n: int, bins: slice) -> Steps[None]:
        part = queries[bins.start : bins.stop + 1], keys
        values = yield from _Head(record, heads[n], part, pool, pace).values()
        result[n, bins] = values.cpu().numpy()

    threads = threads_for(record.query.device)
    if threads == 1 or len(heads) * int(queries[-1] - queries[0]) * record.num_keys < SHARED_SCORES:
        # One head at a time: few heads share keys, and the rows of one head fill a chunk.
        for n in range(len(heads)):
            yield from fill(n, slice(0, count))
        return result
    parts = min(count, -(-SHARES * threads // len(heads)))
    # The last rows first: in a causal head they are the longest, and no thread should be left alone with them.
    spans = [slice(at * count // parts, (at + 1) * count // parts) for at in reversed(range(parts))]
    yield from side_by_side([fill(n, bins) for bins in spans for n in range(len(heads))], threads)
    return result


class _Head:
    """One head's bins, filled chunk by chunk of rows."""

    def __init__(self, record: QKTensors, head: int, edges: tuple[Edges, Edges], pool: PoolKind, pace: Pace) -> None:
        self.record, self.pool, self.pace = record, pool, pace
        self.query_edges, self.key_edges = edges
        self.heads = torch.tensor([head], device=record.query.device)
        shape = len(self.query_edges) - 1, len(self.key_edges) - 1
        self.found = torch.full(
            shape, MISSING if pool == "max" else 0.0, dtype=torch.float32, device=record.query.device
        )
        self.absent = torch.zeros(shape, dtype=torch.float32, device=record.query.device)
        self._key: Tensor | None = None
        self._key_from = 0

    def values(self) -> Steps[Tensor]:
        """Return the bins, shape (query bins, key bins)."""
        start, stop = int(self.query_edges[0]), int(self.query_edges[-1])
        knows = bool(self.record.norms.known[self.heads, start:stop].all())
        width = int(self.key_edges[-1] - self.key_edges[0]) if knows else self.record.num_keys
        at = 0
        while at < len(self.query_edges) - 1:
            at = yield from self._some(at, width)
        if self.pool == "max":
            return self.found
        sizes = [torch.from_numpy(np.diff(part)).to(self.found.device) for part in (self.query_edges, self.key_edges)]
        return self.found / (sizes[0][:, None] * sizes[1] - self.absent)  # 0 / 0 where all are missing

    def _some(self, first: int, width: int) -> Steps[int]:
        """Fill the next bins, as many as the pace allows, and return the first remaining bin."""
        edges = self.query_edges[first:]
        for bins, rows in row_chunks(edges, max(1, self.pace.scores // max(1, width))):
            yield
            began = time.perf_counter()
            self._fill(slice(first + bins.start, first + bins.stop), rows)
            self.pace.took((rows.stop - rows.start) * width, time.perf_counter() - began)
            if rows.stop == edges[bins.stop]:
                return int(first + bins.stop)
        return len(self.query_edges) - 1

    def _fill(self, bins: slice, rows: slice) -> None:
        """Pool a chunk of rows, which belong to the bins `bins`."""
        low, high = self.record.seen(rows)
        columns = self._columns(low, high)
        keys = slice(*self._keys_at(columns)) if columns.start < columns.stop else slice(low, low)
        if not bool(self.record.norms.known[self.heads, rows].all()):
            self._take(bins, columns, self._whole(rows, keys, low, high), rows, are_logs=False)
        elif keys.start == keys.stop:
            self._take(
                bins,
                columns,
                torch.empty(rows.stop - rows.start, 0, dtype=torch.float32, device=self.found.device),
                rows,
                False,
            )
        else:
            logs = self._scores(rows, keys)[0]
            # Rounding depends on the shape of a product, so a score may slightly exceed the highest one.
            logs.sub_(self._norm("highest", rows)).clamp_(max=0).sub_(self._norm("total", rows).log())
            self._take(bins, columns, logs, rows, are_logs=True)

    def _norm(self, which: Literal["highest", "total"], rows: slice) -> Tensor:
        """Return one of the norms of some rows, shape (rows, 1)."""
        norms: Tensor = getattr(self.record.norms, which)
        return norms[self.heads[0], rows, None]

    def _take(self, bins: slice, columns: slice, values: Tensor, rows: slice, are_logs: bool) -> None:
        """Pool weights, or their logarithms, of shape (rows, keys)."""
        edges = self.key_edges[columns.start : columns.stop + 1]
        if self.pool == "max":
            self._largest(bins, columns, values, rows, edges, are_logs)
        else:
            self._sums(bins, columns, values.exp_() if are_logs else values, rows, edges)

    def _columns(self, low: int, high: int) -> slice:
        """Return the bins that hold keys between `low` and `high`."""
        start = int(np.searchsorted(self.key_edges, low, side="right")) - 1
        stop = int(np.searchsorted(self.key_edges, high, side="left"))
        start, stop = max(start, 0), min(stop, len(self.key_edges) - 1)
        return slice(start, max(start, stop) if high > low else start)

    def _keys_at(self, columns: slice) -> tuple[int, int]:
        return int(self.key_edges[columns.start]), int(self.key_edges[columns.stop])

    def _scores(self, rows: slice, keys: slice) -> Tensor:
        """Return scores, shape (1, rows, keys)."""
        if self._key is None or keys.start < self._key_from or keys.stop > self._key_from + self._key.shape[1]:
            known = int(self.key_edges[0]), int(self.key_edges[-1])
            inside = known[0] <= keys.start and keys.stop <= known[1]
            part = slice(*known) if inside else slice(0, self.record.num_keys)
            self._key, self._key_from = compute.keys_of(self.record, self.heads, part), part.start
        return compute.scores(self.record, self.heads, self._key, rows, keys, self._key_from)

    def _whole(self, rows: slice, keys: slice, low: int, high: int) -> Tensor:
        """Return the weights of `keys`, shape (rows, keys), and record the norms of the rows."""
        hull = slice(min(low, keys.start), max(high, keys.stop, 1))  # rows that see no key have norms too
        scores = self._scores(rows, hull)
        sinks = self.record.rules.sinks
        exponentials = self.record.norms.take(self.heads, rows, scores, None if sinks is None else sinks.float())[0]
        return exponentials[:, keys.start - hull.start : keys.stop - hull.start].mul_(
            self._norm("total", rows).reciprocal()
        )

    def _rows_of(self, rows: slice) -> Edges:
        """Return the edges of the bins in a chunk of rows, counted from its first."""
        return edges_within(self.query_edges, rows)

    def _largest(self, bins: slice, columns: slice, values: Tensor, rows: slice, edges: Edges, are_logs: bool) -> None:
        missing = self._norm("total", rows).isnan()
        if bool(missing.any()):
            by_key = _over(values, edges - edges[0], 1, "amax")
            by_bin = self._without(missing, by_key.exp_() if are_logs else by_key, rows, edges)
        else:
            # Rows first: a maximum over rows processes many keys at a time, one over adjacent keys does not.
            by_row = _over(values, self._rows_of(rows), 0, "amax")
            by_bin = _over(by_row, edges - edges[0], 1, "amax")
            by_bin = by_bin.exp_() if are_logs else by_bin
        found = self.found[bins]
        for outside in (slice(0, columns.start), slice(columns.stop, None)):
            found[:, outside] = found[:, outside].nan_to_num(nan=0)
        found[:, columns] = found[:, columns].fmax(by_bin)

    def _without(self, missing: Tensor, by_key: Tensor, rows: slice, edges: Edges) -> Tensor:
        """Return the largest weight of the rows that are not missing, shape (query bins, key bins); NaN if all are."""
        largest = _over(by_key.masked_fill_(missing, 0), self._rows_of(rows), 0, "amax")
        # Keys of a bin that a missing row does not see have the weight 0 there, which is not missing.
        lacks = missing & (self._overlaps(rows, edges) == torch.from_numpy(np.diff(edges)).to(by_key.device))
        return largest.masked_fill_(_over(lacks, self._rows_of(rows), 0, "all"), MISSING)

    def _sums(self, bins: slice, columns: slice, weights: Tensor, rows: slice, edges: Edges) -> None:
        if columns.start == columns.stop:
            return
        by_key = _over(weights, edges - edges[0], 1, "sum")
        missing = by_key.isnan()
        if bool(missing.any()):
            absent = self._overlaps(rows, edges) * missing
            self.absent[bins, columns] += _over(absent, self._rows_of(rows), 0, "sum")
            by_key.masked_fill_(missing, 0)
        self.found[bins, columns] += _over(by_key, self._rows_of(rows), 0, "sum")

    def _overlaps(self, rows: slice, edges: Edges) -> Tensor:
        """Return the number of keys of each bin that each row may see, shape (rows, bins)."""
        visible = self.record.rules.visible
        device = self.found.device
        ends = torch.from_numpy(edges).to(device)
        if visible is None:
            return ends.diff().expand(rows.stop - rows.start, -1)
        low = torch.maximum(ends[:-1], visible.start[rows, None])
        return (torch.minimum(ends[1:], visible.stop[rows, None]) - low).clamp(min=0)


def _over(values: Tensor, edges: Edges, dim: Literal[0, 1], how: str) -> Tensor:
    """Return the maximum, the sum or the conjunction of each bin along an axis; the first edge is 0.

    A view or a copy of `values` if each bin has one value.
    """
    sizes = np.diff(edges)
    if not len(sizes):
        return values.new_empty((0, values.shape[1]) if dim == 0 else (len(values), 0))
    size, count = int(sizes[0]), len(sizes)
    even = count if (sizes == size).all() else int(np.argmax(sizes != size))
    if even >= count - 1:
        parts = [_reduced(values.narrow(dim, 0, even * size), (even, size), dim, how)] if even else []
        if even < count:
            rest = values.narrow(dim, even * size, int(sizes[-1]))
            parts.append(_reduced(rest, (1, int(sizes[-1])), dim, how))
        return parts[0] if len(parts) == 1 else torch.cat(parts, dim)
    longest = int(sizes.max())
    if count * longest > 2 * int(edges[-1]):
        parts = [getattr(values.narrow(dim, a, b - a), how)(dim) for a, b in itertools.pairwise(edges.tolist())]
        return torch.stack(parts, dim)
    # Shorter bins take their last value again, or zeros where values add up.
    at = edges[:-1, None] + np.arange(longest)
    is_beyond = at >= edges[1:, None]
    at = np.where(is_beyond, edges[-1] if how == "sum" else edges[1:, None] - 1, at)
    if how == "sum":
        zeros = values.new_zeros((1, values.shape[1]) if dim == 0 else (len(values), 1))
        values = torch.cat([values, zeros], dim)
    chosen = values.index_select(dim, torch.from_numpy(at.ravel()).to(values.device))
    return _reduced(chosen, (count, longest), dim, how)


def _reduced(values: Tensor, shape: tuple[int, int], dim: int, how: str) -> Tensor:
    """Reduce bins of equal size, `shape` (bins, size), along an axis."""
    split = values.reshape(*values.shape[:dim], *shape, *values.shape[dim + 1 :])
    reduced: Tensor = getattr(split, how)(dim + 1)
    return reduced
