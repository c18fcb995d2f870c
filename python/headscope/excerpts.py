"""Excerpts: the weights between groups of tokens, such as those in sight one by one and all others by their place.

A weight between groups is the sum over the keys of one and the mean over the queries of the other: how much of the
attention of these queries rests on these keys. It is computed from whole rows of weights, a few at a time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from headscope.records import LeftOut, Record
from headscope.tiles import CHUNK_WEIGHTS, Check, seen, unchecked

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Weights: TypeAlias = NDArray[np.float32]
    Owners: TypeAlias = NDArray[np.int64]

Groups: TypeAlias = "Sequence[Sequence[int]]"
"""For each group its half-open ranges of positions: `[start, stop]`, or `[start, stop, start, stop]` and so on.
Ranges rise, within a group and from each group to the next."""

NOBODY = -1

SINK = 0
"""The key on which attention rests that is needed nowhere. Source: Xiao et al. 2023, https://arxiv.org/abs/2309.17453."""


def owners_of(groups: Groups, size: int, axis: str) -> Owners:
    """Return which group each position of an axis belongs to, -1 for none, shape (size,).

    Raises
    ------
    ValueError
        A group without positions, ranges that do not rise, or one beyond the axis.
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
    queries: Owners,
    keys: Owners,
    without_sink: bool = False,
    check: Check = unchecked,
) -> Weights:
    """Return the weights between groups, shape (heads, query groups, key groups); see `AttentionMap.excerpt`."""
    shape = len(heads), int(queries.max(initial=NOBODY)) + 1, int(keys.max(initial=NOBODY)) + 1
    if isinstance(record, LeftOut):
        return np.full(shape, np.nan, dtype=np.float32)
    found = np.zeros(shape)
    sizes = np.bincount(queries[queries != NOBODY], minlength=shape[1])
    for n, head in enumerate(heads):
        for rows in _chunks(queries, max(1, CHUNK_WEIGHTS // max(1, record.num_keys))):
            check()
            by_key = _over_keys(record, head, rows, keys, shape[2], without_sink)
            starts, groups = _runs(queries[rows])
            found[n, groups] += np.add.reduceat(by_key, starts, axis=0)
    return (found / sizes[:, None]).astype(np.float32)


def _chunks(owners: Owners, most: int) -> Iterator[slice]:
    """Yield the rows that belong to groups, side by side, at most so many at a time."""
    inside = np.concatenate(([False], owners != NOBODY, [False]))
    edges = np.flatnonzero(inside[1:] != inside[:-1])
    for start, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        for first in range(start, stop, most):
            yield slice(first, min(first + most, stop))


def _runs(owners: Owners) -> tuple[Owners, Owners]:
    """Return where runs of one owner start, and whose they are."""
    starts = np.concatenate(([0], np.flatnonzero(np.diff(owners)) + 1))
    return starts, owners[starts]


def _over_keys(
    record: Record, head: int, rows: slice, keys: Owners, count: int, without_sink: bool
) -> NDArray[np.float64]:
    """Return the weights of some rows, summed over the keys of each group, shape (rows, key groups)."""
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
    # A group may have several runs: `add.at` adds all of them, where an assignment would keep the last.
    np.add.at(result.T, groups[meant], sums.T[meant])
    return result


def _shares_without_sink(weights: NDArray[np.float64], low: int) -> NDArray[np.float64]:
    """Return what makes each row add up to 1 without the sink, shape (rows, 1); 1 where nothing else has any."""
    rest = weights[:, max(0, SINK + 1 - low) :]
    total = np.where(rest > 0, rest, 0).sum(1, keepdims=True)
    shares: NDArray[np.float64] = np.divide(1.0, total, out=np.ones_like(total), where=total > 0)
    return shares
