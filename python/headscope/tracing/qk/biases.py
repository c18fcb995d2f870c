"""Position biases of scores in compact form: most of them depend only on the distance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Bias(Protocol):
    """Values added to the scores of a layer."""

    @property
    def nbytes(self) -> int:
        """Its memory, in bytes."""

    def values(self, heads: Tensor, rows: slice | Tensor, keys: slice) -> Tensor:
        """Return the values for some heads, shape (heads or 1, rows, keys); rows are a slice or int64 indices."""

    def select(self, queries: Tensor, keys: Tensor) -> Bias:
        """Return the bias of some positions, passed as int64 indices."""


@dataclass(frozen=True)
class DistanceBias:
    """A bias that depends only on the distance from query to key, like T5's and ALiBi's; it takes O(n) memory."""

    table: Tensor
    """The values by head and distance, shape (heads or 1, num_queries + num_keys - 1)."""
    zero: int
    """The index of distance 0 in the table."""
    query_at: Tensor
    """The place of each query, shape (num_queries,), int64."""
    key_at: Tensor
    """The place of each key, shape (num_keys,), int64."""

    @property
    def nbytes(self) -> int:
        """Its memory, in bytes."""
        parts = (part.untyped_storage() for part in (self.table, self.query_at, self.key_at))
        return sum({part.data_ptr(): part.nbytes() for part in parts}.values())  # queries and keys may share a storage

    def values(self, heads: Tensor, rows: slice | Tensor, keys: slice) -> Tensor:
        """Return the values for some heads, shape (heads or 1, rows, keys); rows are a slice or int64 indices."""
        distance = self.key_at[keys] - self.query_at[rows, None] + self.zero
        return _of_heads(self.table, heads)[:, distance]

    def select(self, queries: Tensor, keys: Tensor) -> DistanceBias:
        """Return the bias of some positions, passed as int64 indices."""
        return DistanceBias(self.table, self.zero, self.query_at[queries], self.key_at[keys])


@dataclass(frozen=True)
class TableBias:
    """A bias of any other form, kept as a whole table."""

    table: Tensor
    """Shape (heads or 1, num_queries, num_keys)."""

    @property
    def nbytes(self) -> int:
        """Its memory, in bytes."""
        return self.table.untyped_storage().nbytes()

    def values(self, heads: Tensor, rows: slice | Tensor, keys: slice) -> Tensor:
        """Return the values for some heads, shape (heads or 1, rows, keys); rows are a slice or int64 indices."""
        return _of_heads(self.table, heads)[:, rows, keys]

    def select(self, queries: Tensor, keys: Tensor) -> TableBias:
        """Return the bias of some positions, passed as int64 indices."""
        return TableBias(self.table[:, queries][:, :, keys])


def compact(bias: Tensor) -> Bias | None:
    """Return a bias in compact form; None if it is 0 everywhere.

    Parameters
    ----------
    bias
        The values, shape (heads or 1, num_queries, num_keys).
    """
    if not bool(bias.any()):
        return None
    if not all(torch.equal(head[1:, 1:], head[:-1, :-1]) for head in bias):
        return TableBias(bias.clone())
    _, num_queries, num_keys = bias.shape
    table = torch.cat([bias[:, 1:, 0].flip(1), bias[:, 0]], dim=1)
    places = torch.arange(max(num_queries, num_keys), device=bias.device)
    return DistanceBias(table, num_queries - 1, places[:num_queries], places[:num_keys])


def _of_heads(table: Tensor, heads: Tensor) -> Tensor:
    return table if len(table) == 1 else table[heads]
