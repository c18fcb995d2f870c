"""Masks in O(n) memory: in nearly all of them, each query sees an interval of keys, except keys hidden from all."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

ROWS = 1024
"""The number of rows of a mask that are read at a time."""


@dataclass(frozen=True)
class Visible:
    """The keys that each query may see.

    Causal, sliding-window, chunked, packed and padded masks all have this form; `exceptions` holds any other mask.
    """

    num_keys: int
    start: Tensor
    """The first key that a query may see, shape (num_queries,), int64."""
    stop: Tensor
    """One past the last key, shape (num_queries,), int64."""
    shown: Tensor | None = None
    """True for keys that any query may see, shape (num_keys,), bool; None for all."""
    exceptions: Tensor | None = None
    """The whole mask, shape (num_queries, num_keys), bool; None if intervals describe it."""

    @property
    def nbytes(self) -> int:
        """Its memory, in bytes."""
        parts = (self.start, self.stop, self.shown, self.exceptions)
        return sum(part.nbytes for part in parts if part is not None)

    @property
    def num_blank(self) -> int:
        """The number of queries that may see no key."""
        if self.exceptions is not None:
            return int((~self.exceptions.any(-1)).sum())
        return int((self.start >= self.stop).sum())

    def span(self, rows: slice) -> tuple[int, int]:
        """Return the smallest interval that contains all keys that queries of `rows` see."""
        return int(self.start[rows].min()), int(self.stop[rows].max())

    def doubtful(self, rows: slice, keys: slice) -> list[slice]:
        """Return the parts of `keys` that may hold keys hidden from some of these queries, without reading the mask."""
        if self.exceptions is not None or self.shown is not None:
            return [keys]
        first, last = int(self.start[rows].max()), int(self.stop[rows].min())
        if first >= last:
            return [keys]
        parts = slice(keys.start, min(first, keys.stop)), slice(max(last, keys.start), keys.stop)
        return [part for part in parts if part.start < part.stop]

    def hidden(self, rows: slice | Tensor, keys: slice) -> Tensor:
        """Return True where a query may not see a key, shape (rows, keys), bool; rows are a slice or int64 indices."""
        if self.exceptions is not None:
            return ~self.exceptions[rows, keys]
        at = torch.arange(keys.start, keys.stop, device=self.start.device)
        outside = (at < self.start[rows, None]) | (at >= self.stop[rows, None])
        return outside if self.shown is None else outside | ~self.shown[keys]

    def select(self, queries: Tensor, keys: Tensor) -> Visible | None:
        """Return the mask of some positions, passed as ascending int64 indices; None if every query sees every key."""
        kept = torch.zeros(self.num_keys + 1, dtype=torch.int64, device=keys.device)
        kept[keys + 1] = 1
        before = kept.cumsum(0)  # the number of kept keys before each position
        start, stop = before[self.start[queries]], before[self.stop[queries]]
        shown = None if self.shown is None else self.shown[keys]
        if shown is not None and bool(shown.all()):
            shown = None
        exceptions = None if self.exceptions is None else self.exceptions[queries][:, keys]
        if shown is None and exceptions is None and not bool(start.any()) and bool((stop == len(keys)).all()):
            return None
        return Visible(len(keys), start, stop, shown, exceptions)


def causal(num_queries: int, num_keys: int, device: torch.device) -> Visible:
    """Return a causal mask: query n sees keys 0 to n, counted from the first key, as in fused kernels."""
    stop = torch.arange(1, num_queries + 1, device=device).clamp(max=num_keys)
    return Visible(num_keys, torch.zeros_like(stop), stop)


def banded(
    num_queries: int, num_keys: int, device: torch.device, shift: int, causal: bool, window: int | None
) -> Visible:
    """Return a mask of earlier keys, of a window, or of both.

    Parameters
    ----------
    num_queries, num_keys, device
        Its size, and its device.
    shift
        The position of the key that belongs to query 0.
    causal
        Whether later keys are hidden.
    window
        The number of earlier keys that a query sees, itself included, and of later ones unless `causal`; None for all.
    """
    at = torch.arange(num_queries, device=device) + shift
    start = torch.zeros_like(at) if window is None else (at - window + 1).clamp(0, num_keys)
    later = 1 if causal else num_keys if window is None else window
    stop = (at + later).clamp(0, num_keys)
    return Visible(num_keys, start.minimum(stop), stop)


def compact(mask: Tensor) -> Visible | None:
    """Return a mask in compact form; None if every query sees every key.

    Parameters
    ----------
    mask
        True where a query may see a key, shape (num_queries, num_keys), bool.
    """
    num_queries, num_keys = mask.shape
    same_rows = mask.stride(0) == 0
    pieces = [mask[:1]] if same_rows else [mask[at : at + ROWS] for at in range(0, num_queries, ROWS)]
    starts, stops, counts = (torch.cat(part) for part in zip(*map(_intervals, pieces), strict=True))
    if bool((counts == num_keys).all()):
        return None
    shown = torch.stack([piece.any(0) for piece in pieces]).any(0)
    before = torch.nn.functional.pad(shown.cumsum(0), (1, 0))
    # A row is a subset of its interval and of the keys shown to any row, so equal counts mean equal rows.
    exact = bool((before[stops] - before[starts] == counts).all())
    starts, stops = (part.expand(num_queries).contiguous() if same_rows else part for part in (starts, stops))
    return Visible(num_keys, starts, stops, None if bool(shown.all()) else shown, None if exact else mask.clone())


def _intervals(mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return for each row the first visible key, one past the last one, and the number of visible keys."""
    codes = mask.contiguous().view(torch.uint8)
    counts = codes.sum(1, dtype=torch.int64)
    start = codes.argmax(1)
    stop = mask.shape[1] - codes.flip(1).argmax(1)
    empty = counts == 0
    return start.masked_fill(empty, 0), stop.masked_fill(empty, 0), counts
