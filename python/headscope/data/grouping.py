"""Excerpts: weights between groups of tokens, such as single visible tokens and the rest in larger groups.

A weight between groups is summed over the keys of one and averaged over the queries of the other: the share of
attention that these queries give to these keys. It is computed from whole rows of weights, a few at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from headscope.data.layers import MissingLayer, Record, SplitRecord
from headscope.data.pooling import CHUNK_WEIGHTS, seen
from headscope.data.steps import Steps
from headscope.data.types import Weights

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Owners: TypeAlias = NDArray[np.int64]

Groups: TypeAlias = "Sequence[Sequence[int]]"
"""The half-open ranges of positions of each group: `[start, stop]`, or `[start, stop, start, stop]` and so on. Ranges
are in ascending order, within a group and from group to group."""

NOBODY = -1


def owners_of(groups: Groups, size: int, axis: str) -> Owners:
    """Return the group of each position of an axis, -1 for none, shape (size,).

    Raises
    ------
    ValueError
        A group has no positions, or ranges are out of order or exceed the axis.
    """
    owners = np.full(size, NOBODY, dtype=np.int64)
    before = 0
    for group, ranges in enumerate(groups):
        if not ranges or len(ranges) % 2:
            raise ValueError(f"{axis} group {group} is {list(ranges)}; it needs a start and a stop for each range")
        for start, stop in zip(ranges[::2], ranges[1::2], strict=True):
            if not before <= start < stop <= size:
                raise ValueError(f"{axis} group {group} has {start} to {stop}; ranges rise, within 0 to {size}")
            owners[start:stop] = group
            before = stop
    return owners


def heads_together(record: Record, queries: Groups) -> int:
    """Return how many heads are computed at once: many, if few rows of each are wanted."""
    rows = sum(stop - start for ranges in queries for start, stop in zip(ranges[::2], ranges[1::2], strict=True))
    return max(1, CHUNK_WEIGHTS // max(1, rows * record.num_keys))


def excerpt(
    record: Record,
    heads: Sequence[int],
    queries: Groups,
    keys: Groups,
    without: Sequence[int] = (),
) -> Steps[Weights]:
    """Return the weights between groups, shape (heads, query groups, key groups); see `AttentionMap.excerpt`."""
    rows = owners_of(queries, record.num_queries, "query")
    columns = owners_of(keys, record.num_keys, "key")
    others = owners_of([without], record.num_keys, "left-out key") == NOBODY if len(without) else None
    shape = len(heads), len(queries), len(keys)
    if isinstance(record, MissingLayer):
        return np.full(shape, np.nan, dtype=np.float32)
    found = np.zeros(shape)
    sizes = np.bincount(rows[rows != NOBODY], minlength=shape[1])
    step = heads_together(record, queries)
    for part in (slice(first, first + step) for first in range(0, len(heads), step)):
        for chunk in _chunks(rows, max(1, CHUNK_WEIGHTS // max(1, record.num_keys))):
            yield
            by_key = _over_keys(record, heads[part], chunk, columns, shape[2], others)
            starts, groups = _runs(rows[chunk])
            found[part][:, groups] += np.add.reduceat(by_key, starts, axis=1)
    return (found / sizes[:, None]).astype(np.float32)


def _chunks(owners: Owners, most: int) -> Iterator[slice]:
    """Yield slices of adjacent rows that belong to groups, each of at most `most` rows."""
    inside = np.concatenate(([False], owners != NOBODY, [False]))
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        for first in range(start, stop, most):
            yield slice(first, min(first + most, stop))


def _runs(owners: Owners) -> tuple[Owners, Owners]:
    """Return the starts of runs of the same owner, and their owners."""
    starts = np.concatenate(([0], np.flatnonzero(np.diff(owners)) + 1))
    return starts, owners[starts]


def _over_keys(
    record: Record, heads: Sequence[int], rows: slice, keys: Owners, count: int, others: NDArray[np.bool_] | None
) -> NDArray[np.float64]:
    """Return the weights of `rows`, summed over the keys of each group, shape (heads, rows, key groups)."""
    result = np.zeros((len(heads), rows.stop - rows.start, count))
    low, high = seen(record, rows)
    if others is None:
        # Without shares to compute, the keys of no group need not be known.
        meant = np.flatnonzero(keys != NOBODY)
        low, high = (max(low, int(meant[0])), min(high, int(meant[-1]) + 1)) if len(meant) else (0, 0)
    if low >= high:
        return result
    weights = record.weights(heads, rows, slice(low, high)).astype(np.float64)  # (heads, rows, keys seen)
    if others is not None:
        for start, stop in pairwise(record.key_edges if isinstance(record, SplitRecord) else (0, record.num_keys)):
            part = slice(max(start, low) - low, max(stop, low) - low)
            weights[..., part] *= _shares_of(weights[..., part][..., others[low:high][part]])
    starts, groups = _runs(keys[low:high])
    sums = np.add.reduceat(weights, starts, axis=2)
    named = groups != NOBODY
    # A group may have several runs: `add.at` adds all of them, an assignment would keep only the last.
    np.add.at(result.T, groups[named], sums.T[named])
    return result


def _shares_of(rest: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the factors that make the rows of `rest` sum to 1, shape (heads, rows, 1); 1 for a row of zeros."""
    total = np.where(rest > 0, rest, 0).sum(-1, keepdims=True)
    shares: NDArray[np.float64] = np.divide(1.0, total, out=np.ones_like(total), where=total > 0)
    return shares
