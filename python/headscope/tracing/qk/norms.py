"""The norms of the softmax of each row: its largest score, and the sum of exponentials of all scores minus that."""

from __future__ import annotations

import torch
from torch import Tensor


class Norms:
    """The largest score and the sum of exponentials of each row, computed on demand."""

    def __init__(self, num_heads: int, num_queries: int, device: torch.device) -> None:
        self.known = torch.zeros(num_heads, num_queries, dtype=torch.bool, device=device)
        self.highest = torch.empty(num_heads, num_queries, dtype=torch.float32, device=device)
        self.total = torch.empty(num_heads, num_queries, dtype=torch.float32, device=device)

    @property
    def nbytes(self) -> int:
        """Its memory, in bytes."""
        return self.known.nbytes + self.highest.nbytes + self.total.nbytes

    def fill(self, heads: Tensor, rows: slice, scores: Tensor, sinks: Tensor | None) -> Tensor:
        """Compute the norms from whole rows of scores, shape (heads, rows, keys), and return the weights of the rows.

        The scores may omit keys at either end that the rows can't see. Their memory is reused for the weights.
        """
        return self.take(heads, rows, scores, sinks).div_(self.total[heads, rows, None])

    def take(self, heads: Tensor, rows: slice, scores: Tensor, sinks: Tensor | None) -> Tensor:
        """Compute the norms like `fill`, but return the exponentials, whose sums are `total`."""
        highest = scores.amax(-1)
        if sinks is not None:
            highest = torch.maximum(highest, sinks[heads, None])
        # In a row that sees no key, any finite value gives weights of exp(-inf) / 1 = 0.
        highest = highest.masked_fill(highest == -torch.inf, 0)
        exponentials = scores.sub_(highest[..., None]).exp_()
        total = exponentials.sum(-1)
        if sinks is not None:
            total += (sinks[heads, None] - highest).exp()
        total = total.masked_fill(total == 0, 1)
        self.highest[heads, rows] = highest
        self.total[heads, rows] = total
        self.known[heads, rows] = True  # last: another thread may be reading
        return exponentials
