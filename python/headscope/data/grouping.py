"""Excerpts: weights between groups of tokens, such as single visible tokens and the rest in larger groups.

A weight between groups is summed over the keys of one and averaged over the queries of the other: the share of
attention that these queries give to these keys. It is computed from whole rows of weights, a few at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from headscope.data.layers import MissingLayer, Record
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

SINK = 0
"""The key that receives surplus attention. Source: Xiao et al. 2023, https://arxiv.org/abs/2309.17453."""


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


def excerpt(
    record: Record,
    heads: Sequence[int],
    queries: Groups,
    keys: Groups,
    without_sink: bool = False,
) -> Steps[Weights]:
    """Return the weights between groups, shape (heads, query groups, key groups); see `AttentionMap.excerpt`."""
    rows = owners_of(queries, record.num_queries, "query")
    columns = owners_of(keys, record.num_keys, "key")
    shape = len(heads), len(queries), len(keys)
    if isinstance(record, MissingLayer):
        return np.full(shape, np.nan, dtype=np.float32)
    found = np.zeros(shape)
    sizes = np.bincount(rows[rows != NOBODY], minlength=shape[1])
    for n, head in enumerate(heads):
        for chunk in _chunks(rows, max(1, CHUNK_WEIGHTS // max(1, record.num_keys))):
            yield
            by_key = _over_keys(record, head, chunk, columns, shape[2], without_sink)
            starts, groups = _runs(rows[chunk])
            found[n, groups] += np.add.reduceat(by_key, starts, axis=0)
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
    record: Record, head: int, rows: slice, keys: Owners, count: int, without_sink: bool
) -> NDArray[np.float64]:
    """Return the weights of `rows`, summed over the keys of each group, shape (rows, key groups)."""
    result = np.zeros((rows.stop - rows.start, count))
    low, high = seen(record, rows)
    if low >= high:
        return result
    weights = record.weights([head], rows, slice(low, high))[0].astype(np.float64)  # (rows, keys seen)
    if without_sink:
        weights *= _shares_without_sink(weights, low)
    starts, groups = _runs(keys[low:high])
    sums = np.add.reduceat(weights, starts, axis=1)
    meant = groups != NOBODY
    # A group may have several runs: `add.at` adds all of them, an assignment would keep only the last.
    np.add.at(result.T, groups[meant], sums.T[meant])
    return result


def _shares_without_sink(weights: NDArray[np.float64], low: int) -> NDArray[np.float64]:
    """Return the factors that make rows sum to 1 without the sink, shape (rows, 1); 1 if the sink has everything."""
    rest = weights[:, max(0, SINK + 1 - low) :]
    total = np.where(rest > 0, rest, 0).sum(1, keepdims=True)
    shares: NDArray[np.float64] = np.divide(1.0, total, out=np.ones_like(total), where=total > 0)
    return shares
