"""Attention sinks: keys that gather surplus attention, measured rather than assumed to be the first."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from headscope.data.grouping import excerpt
from headscope.data.layers import Record
from headscope.data.steps import finish
from headscope.option_kinds import check_weight

if TYPE_CHECKING:
    from numpy.typing import NDArray

WITNESSES = 0.25
"""A key is measured only if at least this part of the queries can see it."""


def gathered_shares(record: Record) -> NDArray[np.float64]:
    """Return the attention that each key gathers, shape (keys,).

    That is the mean of its weights over the heads and over the queries that can see it: itself and the later ones in a
    causal map, all queries otherwise. NaN for keys that less than a quarter of the queries see, because among few
    queries large weights are usual, and where weights are missing. `core/reduce/sinks.ts` is the same rule.

    Source: Gu et al. 2024, "When Attention Sink Emerges in Language Models", https://arxiv.org/abs/2410.10781, equation
    4; keys with more than 0.3 are sinks there.
    """
    queries, keys = record.num_queries, record.num_keys
    parts = [[0, 1], [1, queries]] if queries > 1 else [[0, 1]]
    means = finish(excerpt(record, range(record.num_heads), parts, [[key, key + 1] for key in range(keys)]))
    sums = means[:, 0].astype(np.float64) + (queries - 1) * means[:, -1] if queries > 1 else means[:, 0]
    is_causal = queries == keys and queries > 1 and not means[:, 0, 1:].any()
    seen = queries - np.arange(keys) if is_causal else np.full(keys, queries)
    shares: NDArray[np.float64] = np.where(seen >= WITNESSES * queries, sums.mean(0) / seen, np.nan)
    return shares


def sinks_above(record: Record, share: float) -> dict[int, float]:
    """Return the keys that gather more than a share of the attention, with what they gather.

    Raises
    ------
    ValueError
        The share is not from 0 to less than 1.
    """
    least, shares = check_weight("share", share), gathered_shares(record)
    return {key: float(shares[key]) for key in np.flatnonzero(shares > least).tolist()}
