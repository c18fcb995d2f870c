"""Which keys each query may see, kept in O(n): nearly every mask is an interval of keys a row, less hidden keys."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

ROWS = 1024
"""A mask is read this many rows at a time."""


@dataclass(frozen=True)
class Visible:
    """The keys that each query may see.

    Causal, sliding-window, chunked, packed and padded masks all have this form; `exceptions` holds one that has not.
    """

    num_keys: int
    start: Tensor
    """The first key that a query may see, shape (num_queries,), int64."""
    stop: Tensor
    """One past the last key, shape (num_queries,), int64."""
    shown: Tensor | None = None
    """Keys that may be seen at all, shape (num_keys,), bool; None for all."""
    exceptions: Tensor | None = None
    """The whole mask, shape (num_queries, num_keys), bool; None where intervals say it all."""

    @property
    def nbytes(self) -> int:
        """How much memory this holds, in bytes."""
        parts = (self.start, self.stop, self.shown, self.exceptions)
        return sum(part.nbytes for part in parts if part is not None)

    def span(self, rows: slice) -> tuple[int, int]:
        """Return the interval outside of which no query of `rows` sees anything."""
        return int(self.start[rows].min()), int(self.stop[rows].max())

    def doubtful(self, rows: slice, keys: slice) -> list[slice]:
        """Return the parts of `keys` that some of these queries may not see all of, as far as is known at once."""
        if self.exceptions is not None or self.shown is not None:
            return [keys]
        first, last = int(self.start[rows].max()), int(self.stop[rows].min())
        if first >= last:
            return [keys]
        parts = slice(keys.start, min(first, keys.stop)), slice(max(last, keys.start), keys.stop)
        return [part for part in parts if part.start < part.stop]

    def hidden(self, rows: slice, keys: slice) -> Tensor:
        """Return what the queries may not see, shape (rows, keys), bool."""
        if self.exceptions is not None:
            return ~self.exceptions[rows, keys]
        at = torch.arange(keys.start, keys.stop, device=self.start.device)
        outside = (at < self.start[rows, None]) | (at >= self.stop[rows, None])
        return outside if self.shown is None else outside | ~self.shown[keys]

    def select(self, queries: Tensor, keys: Tensor) -> Visible | None:
        """Return the same for some positions only (indices in rising order, int64), None where they see everything."""
        kept = torch.zeros(self.num_keys + 1, dtype=torch.int64, device=keys.device)
        kept[keys + 1] = 1
        before = kept.cumsum(0)  # how many kept keys come before each position
        start, stop = before[self.start[queries]], before[self.stop[queries]]
        shown = None if self.shown is None else self.shown[keys]
        if shown is not None and bool(shown.all()):
            shown = None
        exceptions = None if self.exceptions is None else self.exceptions[queries][:, keys]
        if shown is None and exceptions is None and not bool(start.any()) and bool((stop == len(keys)).all()):
            return None
        return Visible(len(keys), start, stop, shown, exceptions)


def causal(num_queries: int, num_keys: int, device: torch.device) -> Visible:
    """Each query sees itself and what is before it, counted from the first position, as fused kernels do."""
    stop = torch.arange(1, num_queries + 1, device=device).clamp(max=num_keys)
    return Visible(num_keys, torch.zeros_like(stop), stop)


def compact(mask: Tensor) -> Visible | None:
    """Return a mask in its compact form.

    Parameters
    ----------
    mask
        True where a query may see a key, shape (num_queries, num_keys), bool.

    Returns
    -------
    Visible or None
        None where everything may be seen.
    """
    num_queries, num_keys = mask.shape
    same_rows = mask.stride(0) == 0
    pieces = [mask[:1]] if same_rows else [mask[at : at + ROWS] for at in range(0, num_queries, ROWS)]
    starts, stops, counts = (torch.cat(part) for part in zip(*map(_intervals, pieces), strict=True))
    if bool((counts == num_keys).all()):
        return None
    shown = torch.stack([piece.any(0) for piece in pieces]).any(0)
    before = torch.nn.functional.pad(shown.cumsum(0), (1, 0))
    # A row lies within its interval and within the keys shown to any row: equal counts mean an equal row.
    exact = bool((before[stops] - before[starts] == counts).all())
    starts, stops = (part.expand(num_queries).contiguous() if same_rows else part for part in (starts, stops))
    return Visible(num_keys, starts, stops, None if bool(shown.all()) else shown, None if exact else mask.clone())


def _intervals(mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return the first visible key of each row, one past the last, and how many there are."""
    codes = mask.contiguous().view(torch.uint8)
    counts = codes.sum(1, dtype=torch.int64)
    start = codes.argmax(1)
    stop = mask.shape[1] - codes.flip(1).argmax(1)
    empty = counts == 0
    return start.masked_fill(empty, 0), stop.masked_fill(empty, 0), counts
