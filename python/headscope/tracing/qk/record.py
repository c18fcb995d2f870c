"""One layer whose weights are computed from its queries and keys on demand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

import torch
from torch import Tensor

from headscope.tracing.qk import compute, pooled
from headscope.tracing.qk.tensors import QKTensors

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headscope.contract import PoolKind
    from headscope.data.steps import Steps
    from headscope.data.types import Edges


@dataclass(frozen=True)
class QKRecord(QKTensors):
    """One layer's queries and keys, and the computation of its weights.

    Exact weights of any rectangle are computed in float32, see `headscope.tracing.qk.compute`. A query that may see no
    key has weights of zero.
    """

    pieces: ClassVar[None] = None

    @property
    def nbytes(self) -> int:
        """The memory of the record in bytes, without masks and biases, which layers may share."""
        norms = self.norms.nbytes if "norms" in vars(self) else 0
        sinks = 0 if self.rules.sinks is None else self.rules.sinks.nbytes
        return self.query.nbytes + self.key.nbytes + norms + sinks

    @torch.no_grad()
    def weights(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Compute the weights of some heads, shape (heads, queries, keys)."""
        return compute.weights(self, heads, queries, keys)

    @torch.no_grad()
    def pooled(self, heads: Sequence[int], edges: tuple[Edges, Edges], pool: PoolKind) -> Steps[NDArray[np.float32]]:
        """Return weights pooled to bins; see `headscope.data.pooling.pooled`."""
        return (yield from pooled.pooled(self, heads, edges, pool))

    @torch.no_grad()
    def scores(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Compute the scores of some heads as `Rules` defines them, shape (heads, queries, keys)."""
        return compute.all_scores(self, heads, queries, keys)

    @torch.no_grad()
    def added(self, head: int, queries: slice) -> NDArray[np.float32] | None:
        """Return the bias of a head's capped scores, shape (queries, keys); None for a layer without biases."""
        if not self.rules.biases:
            return None
        heads, keys = torch.tensor([head], device=self.query.device), slice(0, self.num_keys)
        total = sum(bias.values(heads, queries, keys)[0].float() for bias in self.rules.biases)
        return cast("Tensor", total).cpu().numpy()

    @torch.no_grad()
    def hidden(self, queries: slice) -> NDArray[np.bool_] | None:
        """Return True where a query may not see a key, shape (queries, keys); None if the layer has no mask."""
        visible = self.rules.visible
        return None if visible is None else visible.hidden(queries, slice(0, self.num_keys)).cpu().numpy()

    def sink(self, head: int) -> float | None:
        """Return the score of a head's attention sink; None if there is none."""
        return None if self.rules.sinks is None else float(self.rules.sinks[head])

    def queries(self, heads: Sequence[int]) -> NDArray[np.float32]:
        """Return the queries of some heads, shape (heads, queries, head_dim)."""
        found: NDArray[np.float32] = self.query[list(heads)].float().cpu().numpy()
        return found

    def keys(self, kv_heads: Sequence[int]) -> NDArray[np.float32]:
        """Return the keys of some KV heads, shape (KV heads, keys, head_dim)."""
        found: NDArray[np.float32] = self.key[list(kv_heads)].float().cpu().numpy()
        return found
