"""Pooled weights from queries and keys.

The norms of rows that nobody has asked for yet take an exp of every score, and those give the weights too. A softmax
keeps the order of a row's scores, so once its norm is known, the largest weight of a bin is that of its largest score
less the row's norm, and only what is left after pooling goes through exp.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch
from torch import Tensor

from headscope.capture import compute
from headscope.capture.side_by_side import side_by_side, threads_for
from headscope.contract import PoolKind
from headscope.tiles import Check, row_chunks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.capture.record import QKRecord

    Edges = NDArray[np.int64]

STEP_SECONDS = 0.03
"""A chunk of work aims to take this long: whoever drops the work waits for the end of a chunk."""

FIRST_SCORES = 1 << 19
LEAST_SCORES = 1 << 16
"""The size of the first chunk, and of the smallest."""

MOST_CPU_SCORES = 1 << 20
"""The largest chunk on a CPU: 4 MiB, which stay in its caches from one step to the next."""

SHARED_SCORES = 1 << 20
"""Fewer are not worth a second thread."""

SHARES = 8
"""Into how many pieces the work is cut for each thread, about: none should wait long for the last one."""

MISSING = torch.nan


class Pace:
    """How many scores to compute at a time, by how long the last ones took."""

    def __init__(self, device: torch.device) -> None:
        self.scores = FIRST_SCORES
        self._most = MOST_CPU_SCORES if device.type == "cpu" else compute.BUDGET

    def took(self, scores: int, seconds: float) -> None:
        """Take in how long a chunk took; small ones say little."""
        if scores * 4 >= self.scores:
            wanted = int(scores * STEP_SECONDS / max(seconds, 1e-6))
            self.scores = min(max(wanted, LEAST_SCORES), 2 * self.scores, self._most)


def pooled(
    record: QKRecord, heads: Sequence[int], edges: tuple[Edges, Edges], pool: PoolKind, check: Check
) -> NDArray[np.float32]:
    """Return weights pooled to bins, shape (heads, query bins, key bins); see `headscope.tiles.pooled`."""
    queries, keys = edges
    count = len(queries) - 1
    result = np.empty((len(heads), count, len(keys) - 1), dtype=np.float32)
    pace = Pace(record.query.device)

    def fill(n: int, bins: slice, check: Check) -> None:
        part = queries[bins.start : bins.stop + 1], keys
        result[n, bins] = _Head(record, heads[n], part, pool, check, pace).values().cpu().numpy()

    threads = threads_for(record.query.device)
    if threads == 1 or len(heads) * int(queries[-1] - queries[0]) * record.num_keys < SHARED_SCORES:
        # One head at a time: heads that share keys are few, and rows of one fill a chunk.
        for n in range(len(heads)):
            fill(n, slice(0, count), check)
        return result
    parts = min(count, -(-SHARES * threads // len(heads)))
    # The last rows first: they are the longest of a causal head, and no thread should be left alone with them.
    spans = [slice(at * count // parts, (at + 1) * count // parts) for at in reversed(range(parts))]
    side_by_side([partial(fill, n, bins) for bins in spans for n in range(len(heads))], threads, check)
    return result


class _Head:
    """One head's bins, filled chunk by chunk of rows."""

    def __init__(
        self, record: QKRecord, head: int, edges: tuple[Edges, Edges], pool: PoolKind, check: Check, pace: Pace
    ) -> None:
        self.record, self.pool, self.check, self.pace = record, pool, check, pace
        self.query_edges, self.key_edges = edges
        self.heads = torch.tensor([head], device=record.query.device)
        shape = len(self.query_edges) - 1, len(self.key_edges) - 1
        self.found = torch.full(shape, MISSING if pool == "max" else 0.0, device=record.query.device)
        self.absent = torch.zeros(shape, device=record.query.device)
        self._key: Tensor | None = None
        self._key_from = 0

    def values(self) -> Tensor:
        """Return the bins, shape (query bins, key bins)."""
        start, stop = int(self.query_edges[0]), int(self.query_edges[-1])
        knows = bool(self.record.norms.known[self.heads, start:stop].all())
        width = int(self.key_edges[-1] - self.key_edges[0]) if knows else self.record.num_keys
        at = 0
        while at < len(self.query_edges) - 1:
            at = self._some(at, width)
        if self.pool == "max":
            return self.found
        sizes = [torch.from_numpy(np.diff(part)).to(self.found.device) for part in (self.query_edges, self.key_edges)]
        return self.found / (sizes[0][:, None] * sizes[1] - self.absent)  # 0 / 0 where all are missing

    def _some(self, first: int, width: int) -> int:
        """Fill the next bins, as many as the pace allows, and return the first bin that is left."""
        edges = self.query_edges[first:]
        for bins, rows in row_chunks(edges, max(1, self.pace.scores // max(1, width))):
            self.check()
            began = time.perf_counter()
            self._fill(slice(first + bins.start, first + bins.stop), rows)
            self.pace.took((rows.stop - rows.start) * width, time.perf_counter() - began)
            if rows.stop == edges[bins.stop]:
                return int(first + bins.stop)
        return len(self.query_edges) - 1

    def _fill(self, bins: slice, rows: slice) -> None:
        """Take a chunk of rows into the bins that they make up in equal parts."""
        low, high = self.record.seen(rows)
        columns = self._columns(low, high)
        keys = slice(*self._keys_at(columns)) if columns.start < columns.stop else slice(low, low)
        if not bool(self.record.norms.known[self.heads, rows].all()):
            self._take(bins, columns, self._whole(rows, keys, low, high), rows, are_logs=False)
        elif keys.start == keys.stop:
            self._take(bins, columns, torch.empty(rows.stop - rows.start, 0, device=self.found.device), rows, False)
        else:
            logs = self._scores(rows, keys)[0]
            # Rounding differs with the shape of a product: no score may come out above the highest.
            logs.sub_(self._norm("highest", rows)).clamp_(max=0).sub_(self._norm("total", rows).log())
            self._take(bins, columns, logs, rows, are_logs=True)

    def _norm(self, which: Literal["highest", "total"], rows: slice) -> Tensor:
        """Return what the softmax of some rows needs, shape (rows, 1)."""
        norms: Tensor = getattr(self.record.norms, which)
        return norms[self.heads[0], rows, None]

    def _take(self, bins: slice, columns: slice, values: Tensor, rows: slice, are_logs: bool) -> None:
        """Pool weights or their logarithms, shape (rows, keys)."""
        edges = self.key_edges[columns.start : columns.stop + 1]
        if self.pool == "max":
            self._largest(bins, columns, values, rows, edges, are_logs)
        else:
            self._sums(bins, columns, values.exp_() if are_logs else values, rows, edges)

    def _columns(self, low: int, high: int) -> slice:
        """Return the bins of keys of which these rows see any."""
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
        """Return the weights of these keys, shape (rows, keys), and leave the norms of the rows known."""
        hull = slice(min(low, keys.start), max(high, keys.stop, 1))  # rows that see nothing have norms too
        scores = self._scores(rows, hull)
        sinks = self.record.rules.sinks
        exponentials = self.record.norms.take(self.heads, rows, scores, None if sinks is None else sinks.float())[0]
        return exponentials[:, keys.start - hull.start : keys.stop - hull.start].mul_(
            self._norm("total", rows).reciprocal()
        )

    def _largest(self, bins: slice, columns: slice, values: Tensor, rows: slice, edges: Edges, are_logs: bool) -> None:
        missing = self._norm("total", rows).isnan()
        if bool(missing.any()):
            by_key = _over_keys(values, edges - edges[0], "amax")
            by_bin = self._without(missing, by_key.exp_() if are_logs else by_key, bins, rows, edges)
        else:
            # Rows first: their maximum is taken many keys at a time, that of a few neighbours one by one.
            by_row = _by_bin(values, bins).amax(1)
            by_bin = _over_keys(by_row, edges - edges[0], "amax")
            by_bin = by_bin.exp_() if are_logs else by_bin
        found = self.found[bins]
        for outside in (slice(0, columns.start), slice(columns.stop, None)):
            found[:, outside] = found[:, outside].nan_to_num(nan=0)
        found[:, columns] = found[:, columns].fmax(by_bin)

    def _without(self, missing: Tensor, by_key: Tensor, bins: slice, rows: slice, edges: Edges) -> Tensor:
        """Return the largest of those rows of a bin that are there, shape (query bins, key bins); NaN if none is."""
        largest = _by_bin(by_key.masked_fill_(missing, 0), bins).amax(1)
        # Where a missing row does not see all keys of a bin, the others are there, and 0.
        lacks = missing & (self._overlaps(rows, edges) == torch.from_numpy(np.diff(edges)).to(by_key.device))
        return largest.masked_fill_(_by_bin(lacks, bins).all(1), MISSING)

    def _sums(self, bins: slice, columns: slice, weights: Tensor, rows: slice, edges: Edges) -> None:
        if columns.start == columns.stop:
            return
        by_key = _over_keys(weights, edges - edges[0], "sum")
        missing = by_key.isnan()
        if bool(missing.any()):
            absent = self._overlaps(rows, edges) * missing
            self.absent[bins, columns] += _by_bin(absent, bins).sum(1)
            by_key.masked_fill_(missing, 0)
        self.found[bins, columns] += _by_bin(by_key, bins).sum(1)

    def _overlaps(self, rows: slice, edges: Edges) -> Tensor:
        """Return how many keys of each bin each row may see, shape (rows, bins): what is missing where a row is."""
        visible = self.record.rules.visible
        device = self.found.device
        ends = torch.from_numpy(edges).to(device)
        if visible is None:
            return ends.diff().expand(rows.stop - rows.start, -1)
        low = torch.maximum(ends[:-1], visible.start[rows, None])
        return (torch.minimum(ends[1:], visible.stop[rows, None]) - low).clamp(min=0)


def _by_bin(values: Tensor, bins: slice) -> Tensor:
    """Return rows that make up bins in equal parts, shape (bins, rows of each, columns)."""
    count = bins.stop - bins.start
    return values.reshape(count, len(values) // count, values.shape[1])


def _over_keys(values: Tensor, edges: Edges, how: str) -> Tensor:
    """Return the largest or the sum of each bin of keys, shape (rows, bins); the edges start at 0."""
    sizes = np.diff(edges)
    if not len(sizes):
        return values.new_empty(len(values), 0)
    even = len(sizes) if (sizes == sizes[0]).all() else int(np.argmax(sizes != sizes[0]))
    size = int(sizes[0])
    if size == 1 and even == len(sizes):
        return values.clone() if how == "amax" else values
    if even < len(sizes) - 1:
        return torch.stack([getattr(values[:, a:b], how)(1) for a, b in itertools.pairwise(edges)], 1)
    parts = [getattr(values[:, : even * size].reshape(len(values), even, size), how)(2)]
    if even < len(sizes):
        parts.append(getattr(values[:, even * size :], how)(1, keepdim=True))
    return torch.cat(parts, 1)
