"""Synthetic attention of any length, as peaked as real attention and the same on every run."""

from __future__ import annotations

import numpy as np

SHARP_ROWS_NOTE = (
    "softmax over scores that add, for each head with its own strengths: a peak at a fixed distance from the query, "
    "a pull to the first token, a match of random 8-dimensional contents, and unit noise"
)

VECTORS_NOTE = "queries that are a share of the key at their own place, drawn for each head, and noise"


def peaked_attentions(num_layers: int, num_heads: int, num_tokens: int, seed: int = 0) -> list[np.ndarray]:
    """Return a float32 array `(1, heads, query, key)` for each layer, in which every row sums to one.

    A head's scores add a peak at a fixed distance from the query (heads that look at the previous or next token),
    a pull to the first token (attention sinks), a match of the tokens' contents, and noise. The strengths are
    drawn per head so that the largest weight of half of the rows is near that of MiniLM on English prose (0.27
    for 90 tokens); `row_maxima` measures the result.
    """
    random = np.random.default_rng(seed)
    contents = random.normal(size=(num_tokens, 8))
    return [
        np.stack([_head(random, contents, num_tokens) for _ in range(num_heads)])[None]  # (1, H, n, n)
        for _ in range(num_layers)
    ]


def _head(random: np.random.Generator, contents: np.ndarray, num_tokens: int) -> np.ndarray:
    position = np.arange(num_tokens)
    distance = position[None, :] - position[:, None] - random.integers(-2, 3)
    scores = random.uniform(0, 7) * np.exp(-np.abs(distance) / random.uniform(0.4, 3.0))  # (n, n)
    mixing = random.normal(size=(8, 8)) / 8
    scores += random.uniform(0, 1.5) * (contents @ mixing @ contents.T)
    scores[:, 0] += random.uniform(0, 5)
    scores += random.normal(size=scores.shape)
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: np.ndarray = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return shares


def peaked_vectors(
    num_layers: int, num_heads: int, num_tokens: int, dims: int = 64, seed: int = 0
) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return queries and keys of each layer, float32 of shape (heads, tokens, dims), as peaked as real ones.

    A query is noise plus a share, drawn per head, of the key at its own position. So some heads look at the token
    itself and others anywhere.
    """
    random = np.random.default_rng(seed)

    def layer() -> tuple[np.ndarray, np.ndarray]:
        key = random.normal(size=(num_heads, num_tokens, dims))
        share = random.uniform(0, 0.6, size=(num_heads, 1, 1))
        query = share * key + random.normal(size=key.shape)
        return query.astype(np.float32), key.astype(np.float32)

    return [layer() for _ in range(num_layers)]


def row_maxima(attentions: list[np.ndarray]) -> tuple[float, float, float]:
    """Return the 10 %, 50 % and 90 % quantiles of the largest weight of each row."""
    largest = np.concatenate([layer.max(axis=-1).ravel() for layer in attentions])
    low, middle, high = np.quantile(largest, [0.1, 0.5, 0.9])
    return float(low), float(middle), float(high)


def words(num_tokens: int) -> list[str]:
    """Return this many tokens of English prose."""
    prose = ["the", "cat", "sat", "on", "the", "mat", "and", "looked", "out", "at", "the", "rain", "."]
    return ["[CLS]", *(prose * (num_tokens // len(prose) + 1))[: num_tokens - 2], "[SEP]"]
