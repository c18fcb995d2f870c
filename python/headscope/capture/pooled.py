"""Pooled weights from queries and keys: the scores are pooled, and only what is left of them goes through exp.

A softmax keeps the order of a row's scores, so the largest weight of a bin is that of its largest score less the row's
norm. Once the norms of the rows are known, a rectangle costs no more than its own scores.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch import Tensor

from headscope.capture import compute
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

MISSING = torch.nan
HIDDEN = -torch.inf


class Pace:
    """How many scores to compute at a time, by how long the last ones took."""

    def __init__(self) -> None:
        self.scores = FIRST_SCORES

    def took(self, scores: int, seconds: float) -> None:
        """Take in how long a chunk took; small ones say little."""
        if scores * 4 >= self.scores:
            wanted = int(scores * STEP_SECONDS / max(seconds, 1e-6))
            self.scores = min(max(wanted, LEAST_SCORES), 2 * self.scores, compute.BUDGET)


def pooled(
    record: QKRecord, heads: Sequence[int], edges: tuple[Edges, Edges], pool: PoolKind, check: Check
) -> NDArray[np.float32]:
    """Return weights pooled to bins, shape (heads, query bins, key bins); see `headscope.tiles.pooled`."""
    result = np.empty((len(heads), len(edges[0]) - 1, len(edges[1]) - 1), dtype=np.float32)
    pace = Pace()
    for n, head in enumerate(heads):  # one at a time: heads that share keys are few, and rows of one fill a chunk
        result[n] = _Head(record, head, edges, pool, check, pace).values().cpu().numpy()
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
            return self.found.exp_()
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
        norms, (low, high) = self.record.norms, self.record.seen(rows)
        columns = self._columns(low, high)
        if not bool(norms.known[self.heads, rows].all()):
            scores = self._whole(rows, columns, low, high)
        elif columns.start < columns.stop:
            scores = self._scores(rows, slice(*self._keys_at(columns)))
        else:
            scores = torch.empty(1, rows.stop - rows.start, 0, device=self.found.device)
        if self.pool == "max":
            self._largest(bins, rows, columns, scores[0])
        elif columns.start < columns.stop:
            self._sums(bins, rows, columns, scores[0])

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

    def _whole(self, rows: slice, columns: slice, low: int, high: int) -> Tensor:
        """Return the scores of these bins of keys, and leave the norms of the rows known."""
        start, stop = self._keys_at(columns) if columns.start < columns.stop else (low, low)
        hull = slice(min(low, start), max(high, stop, 1))  # rows that see nothing have norms too
        scores = self._scores(rows, hull)
        part = scores[..., start - hull.start : stop - hull.start].clone()
        sinks = self.record.rules.sinks
        self.record.norms.take(self.heads, rows, scores, None if sinks is None else sinks.float())
        return part

    def _largest(self, bins: slice, rows: slice, columns: slice, scores: Tensor) -> None:
        norms = self.record.norms
        edges = self.key_edges[columns.start : columns.stop + 1]
        by_key = _over_keys(scores, edges - edges[0], "amax")  # (rows, key bins)
        # Rounding differs with the shape of a product: no score may come out above the highest.
        by_key.sub_(norms.highest[self.heads[0], rows, None]).clamp_(max=0)
        by_key -= norms.total[self.heads[0], rows, None].log()
        by_bin = self._over_rows(by_key, bins, rows, edges)
        found = self.found[bins]
        for outside in (slice(0, columns.start), slice(columns.stop, None)):
            found[:, outside] = found[:, outside].nan_to_num(nan=HIDDEN, neginf=HIDDEN)
        found[:, columns] = found[:, columns].fmax(by_bin)

    def _over_rows(self, by_key: Tensor, bins: slice, rows: slice, edges: Edges) -> Tensor:
        """Return the largest of the rows of each bin, shape (query bins, key bins); NaN where all of them are."""
        shape = bins.stop - bins.start, (rows.stop - rows.start) // (bins.stop - bins.start), by_key.shape[1]
        missing = by_key.isnan()
        if not bool(missing.any()):
            return by_key.view(shape).amax(1)
        largest = by_key.masked_fill_(missing, HIDDEN).view(shape).amax(1)
        # Where a missing row does not see all keys of a bin, the others are there, and 0.
        missing &= self._overlaps(rows, edges) == torch.from_numpy(np.diff(edges)).to(by_key.device)
        return largest.masked_fill_(missing.view(shape).all(1), MISSING)

    def _sums(self, bins: slice, rows: slice, columns: slice, scores: Tensor) -> None:
        norms = self.record.norms
        edges = self.key_edges[columns.start : columns.stop + 1]
        weights = scores.sub_(norms.highest[self.heads[0], rows, None]).clamp_(max=0).exp_()
        weights.div_(norms.total[self.heads[0], rows, None])
        by_key = _over_keys(weights, edges - edges[0], "sum")
        missing, count = by_key.isnan(), bins.stop - bins.start
        if bool(missing.any()):
            absent = self._overlaps(rows, edges) * missing
            self.absent[bins, columns] += absent.view(count, -1, absent.shape[1]).sum(1)
            by_key.masked_fill_(missing, 0)
        self.found[bins, columns] += by_key.view(count, -1, by_key.shape[1]).sum(1)

    def _overlaps(self, rows: slice, edges: Edges) -> Tensor:
        """Return how many keys of each bin each row may see, shape (rows, bins): what is missing where a row is."""
        visible = self.record.rules.visible
        device = self.found.device
        ends = torch.from_numpy(edges).to(device)
        if visible is None:
            return ends.diff().expand(rows.stop - rows.start, -1)
        low = torch.maximum(ends[:-1], visible.start[rows, None])
        return (torch.minimum(ends[1:], visible.stop[rows, None]) - low).clamp(min=0)


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
