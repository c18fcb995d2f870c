"""Find the rules by which queries and keys give known weights: scale, softcap, mask and bias, proved on every weight.

An activation cache holds queries, keys and weights, but not all rules, and a hook may have changed any of them. The
rules that a model's configuration names are tried against the weights. What gives them to rounding is right, whatever
its origin; without such rules the weights stand alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product

import torch
from torch import Tensor

from headscope.tracing.qk import biases, compute, masks
from headscope.tracing.qk.biases import Bias
from headscope.tracing.qk.masks import Visible
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.tensors import Rules

BOUNDS = {torch.float64: 5e-5, torch.float32: 5e-5, torch.float16: 4e-3, torch.bfloat16: 2e-2}
"""How far weights may be from those of the rules, by the precision in which the model computed."""
ROUNDING = 5e-7
"""How far a weight may be off besides, for each unit of the highest score: scores are rounded in float32."""
GOOD = 0.02
"""The share of the bound below which no other rules are tried."""
SAMPLE = 32
"""The number of rows on which rules are tried."""
CHUNK = 1 << 22
"""The most weights that are compared at a time."""


@dataclass(frozen=True)
class Guesses:
    """The rules that a model's configuration and modules name, most likely first."""

    scalings: Sequence[float]
    softcaps: Sequence[float | None] = (None,)
    visible: Sequence[Visible | None] = (None,)
    slopes: Tensor | None = None
    """ALiBi's slope of each head, which is multiplied by the distance from key to query; None without ALiBi."""


@dataclass(frozen=True)
class Fit:
    """A layer's record and the largest difference between its weights and the known ones."""

    record: QKRecord
    difference: float


def guessed(query: Tensor, key: Tensor, guesses: Guesses, module: str) -> QKRecord:
    """Return the record of the most likely rules, for a layer without known weights."""
    return next(_candidates(query, key, guesses, None, None, module))


@torch.no_grad()
def fit_rules(
    query: Tensor, key: Tensor, weights: Tensor, scores: Tensor | None, guesses: Guesses, module: str
) -> Fit | None:
    """Return the record that gives the weights; None if no rules do.

    Parameters
    ----------
    query, key
        Shapes (heads, queries, head_dim) and (KV heads, keys, head_dim).
    weights
        The known weights, shape (heads, queries, keys).
    scores
        The known scores, of the same shape, from which a bias can be read; None if there are none.
    guesses
        The rules to try.
    module
        The name of the attention module.
    """
    if weights.shape != (query.shape[0], query.shape[1], key.shape[1]) or query.shape[2] != key.shape[2]:
        return None
    bound = BOUNDS.get(weights.dtype, 5e-5)
    rows = _sample(query.shape[1])
    best: Fit | None = None
    for record in _candidates(query, key, guesses, weights, scores, module):
        found = max(_difference(record, weights, row) for row in rows)
        if best is None or found < best.difference:
            best = Fit(record, found)
        if found < bound * GOOD:
            break
    if best is None:
        return None
    bound += ROUNDING * max(_highest_score(best.record, row) for row in rows)
    if not best.difference <= bound:
        return None
    step = max(1, CHUNK // (query.shape[0] * key.shape[1]))
    whole = [slice(at, min(at + step, query.shape[1])) for at in range(0, query.shape[1], step)]
    difference = max(_difference(best.record, weights, part) for part in whole)
    return Fit(best.record, difference) if difference <= bound else None


def _sample(size: int) -> list[slice]:
    rows = sorted({round(number) for number in torch.linspace(0, size - 1, min(size, SAMPLE)).tolist()})
    return [slice(row, row + 1) for row in rows]


def _difference(record: QKRecord, weights: Tensor, rows: slice) -> float:
    own = record.weights(range(record.num_heads), rows, slice(0, record.num_keys))
    found = (torch.from_numpy(own) - weights[:, rows].float().cpu()).abs().max()
    return float(found) if bool(found.isfinite()) else float("inf")


def _highest_score(record: QKRecord, rows: slice) -> float:
    scores = torch.from_numpy(record.scores(range(record.num_heads), rows, slice(0, record.num_keys))).abs()
    return float(scores.masked_fill(~scores.isfinite(), 0).max())


def _candidates(
    query: Tensor, key: Tensor, guesses: Guesses, weights: Tensor | None, scores: Tensor | None, module: str
) -> Iterator[QKRecord]:
    """Yield records by the rules that are likely, then by what the known weights and scores show."""
    shown = [] if weights is None else [masks.compact((weights > 0).any(0))]
    added: list[tuple[Bias, ...]] = [()]
    if guesses.slopes is not None:
        added.insert(0, (_alibi(guesses.slopes, query.shape[1], key.shape[1]),))
    ways = list(product(added, dict.fromkeys(guesses.softcaps), dict.fromkeys(guesses.scalings)))
    for visible in [*guesses.visible, *shown]:
        for bias, softcap, scaling in ways:
            rules = Rules(scaling=scaling, softcap=softcap, visible=visible, biases=bias)
            yield QKRecord(query=query, key=key, rules=rules, module=module)
    if scores is not None and shown:
        yield from _with_bias_of_scores(query, key, scores, guesses, shown[0], module)


def _with_bias_of_scores(
    query: Tensor, key: Tensor, scores: Tensor, guesses: Guesses, visible: Visible | None, module: str
) -> Iterator[QKRecord]:
    """Yield records whose bias is what the known scores have more than the products of queries and keys."""
    for softcap, scaling in product(guesses.softcaps, guesses.scalings):
        plain = QKRecord(query=query, key=key, rules=Rules(scaling=scaling, softcap=softcap), module=module)
        heads = torch.arange(plain.num_heads, device=query.device)
        rows, keys = slice(0, plain.num_queries), slice(0, plain.num_keys)
        own = compute.scores(plain, heads, compute.keys_of(plain, heads), rows, keys)
        known = scores.float()
        hidden = ~known.isfinite() | (known <= torch.finfo(torch.float16).min)
        bias = biases.compact((known - own).masked_fill(hidden, 0))
        rules = replace(plain.rules, visible=visible, biases=() if bias is None else (bias,))
        yield replace(plain, rules=rules)


def _alibi(slopes: Tensor, num_queries: int, num_keys: int) -> Bias:
    """Return ALiBi's bias; the queries are the last positions. Source: https://arxiv.org/abs/2108.12409."""
    at = torch.arange(num_keys - num_queries, num_keys, device=slopes.device)
    distance = torch.arange(num_keys, device=slopes.device) - at[:, None]
    bias = biases.compact(slopes[:, None, None] * distance)
    return bias if bias is not None else biases.TableBias(torch.zeros(1, num_queries, num_keys, device=slopes.device))


def alibi_slopes(num_heads: int) -> Tensor:
    """Return ALiBi's slopes of heads, shape (num_heads,). Source: https://arxiv.org/abs/2108.12409."""
    power = 1 << (num_heads.bit_length() - 1)  # the largest power of two that is not above it
    slopes = [2 ** (-8 * (n + 1) / power) for n in range(power)]
    slopes += [2 ** (-4 * (2 * n + 1) / power) for n in range(num_heads - power)]
    return torch.tensor(slopes)


def window_mask(
    num_queries: int, num_keys: int, window: int | None, *, causal: bool, device: torch.device
) -> Visible | None:
    """Return the mask of a causal layer, of a layer with a window, or both; the queries are the last positions."""
    at = torch.arange(num_keys - num_queries, num_keys, device=device)
    keys = torch.arange(num_keys, device=device)
    shown = keys <= at[:, None] if causal else torch.ones(num_queries, num_keys, dtype=torch.bool, device=device)
    if window is not None:
        shown = shown & (keys > at[:, None] - window) & (keys < at[:, None] + window)
    return masks.compact(shown)
