"""What capture keeps of one layer: queries and keys, and the rules that make weights of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor

from headscope.capture import compute, pooled
from headscope.capture.biases import Bias
from headscope.capture.masks import Visible

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from headscope.contract import PoolKind
    from headscope.tiles import Check, Edges


@dataclass(frozen=True)
class Rules:
    """How the scores of a layer come from its queries and keys.

    `scores = cap(query @ key.T * scaling) + bias`, minus infinity where a key is hidden. There `cap(x)` is
    `softcap * tanh(x / softcap)`, or `x` without a softcap, and `bias` the sum of `biases`. The weights are
    `softmax(scores)` over the keys, with the sink as one more key that gets no weight.
    """

    scaling: float
    softcap: float | None = None
    sinks: Tensor | None = None
    """The score of each head's sink, shape (num_heads,)."""
    visible: Visible | None = None
    """Which keys a query may see; None for all."""
    biases: tuple[Bias, ...] = ()


@dataclass(frozen=True)
class QKRecord:
    """One layer's queries and keys after position encoding, in the model's own precision and on its device.

    Exact weights of any rectangle are computed from them in float32, see `headscope.capture.compute`. A query that may
    see no key has weights of zero.
    """

    query: Tensor
    """Shape (num_heads, num_queries, head_dim)."""
    key: Tensor
    """Shape (num_kv_heads, num_keys, head_dim); head `h` reads KV head `h // (num_heads // num_kv_heads)`."""
    rules: Rules
    module: str = ""
    """The name of the attention module in the model."""
    rotary: bool = False
    """Whether queries and keys are known to have been rotated by their positions."""
    rules_nbytes: int = 0
    """What the rules hold in bytes; layers after the first that share a mask or a bias count 0 for it. Set later."""
    _norms: compute.Norms | None = field(default=None, init=False, repr=False, compare=False)

    @property
    def norms(self) -> compute.Norms:
        """What the softmax of each row needs, made when weights are first asked for."""
        if self._norms is None:
            object.__setattr__(self, "_norms", compute.Norms(self.num_heads, self.num_queries, self.query.device))
        return cast("compute.Norms", self._norms)

    @property
    def num_heads(self) -> int:
        """How many heads the layer has."""
        return self.query.shape[0]

    @property
    def num_kv_heads(self) -> int:
        """How many of them have keys of their own."""
        return self.key.shape[0]

    @property
    def num_queries(self) -> int:
        """How many query positions each head has."""
        return self.query.shape[1]

    @property
    def num_keys(self) -> int:
        """How many key positions each head has."""
        return self.key.shape[1]

    @property
    def nbytes(self) -> int:
        """How much memory the record holds, in bytes."""
        norms = 0 if self._norms is None else self._norms.nbytes
        return self.query.nbytes + self.key.nbytes + norms + self.rules_nbytes

    @torch.no_grad()
    def weights(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return the weights of some heads, shape (heads, queries, keys), computed now."""
        return compute.weights(self, heads, queries, keys)

    @torch.no_grad()
    def pooled(
        self, heads: Sequence[int], edges: tuple[Edges, Edges], pool: PoolKind, check: Check
    ) -> NDArray[np.float32]:
        """Return weights pooled to bins, see `headscope.tiles.pooled`."""
        return pooled.pooled(self, heads, edges, pool, check)

    def seen(self, queries: slice) -> tuple[int, int]:
        """Return the interval of keys outside of which none of these queries sees anything."""
        visible = self.rules.visible
        return (0, self.num_keys) if visible is None else visible.span(queries)

    @torch.no_grad()
    def scores(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return the scores of some heads as `Rules` defines them, shape (heads, queries, keys), computed now."""
        return compute.all_scores(self, heads, queries, keys)

    @torch.no_grad()
    def added(self, head: int, queries: slice) -> NDArray[np.float32] | None:
        """Return what is added to a head's capped scores, shape (queries, keys); None for a layer that adds nothing."""
        if not self.rules.biases:
            return None
        heads, keys = torch.tensor([head], device=self.query.device), slice(0, self.num_keys)
        total = sum(bias.values(heads, queries, keys)[0].float() for bias in self.rules.biases)
        return cast("Tensor", total).cpu().numpy()

    @torch.no_grad()
    def hidden(self, queries: slice) -> NDArray[np.bool_] | None:
        """Return which keys the queries may not see, shape (queries, keys); None where they may see all."""
        visible = self.rules.visible
        return None if visible is None else visible.hidden(queries, slice(0, self.num_keys)).cpu().numpy()

    def sink(self, head: int) -> float | None:
        """Return the score of a head's sink, None where it has none."""
        return None if self.rules.sinks is None else float(self.rules.sinks[head])

    def queries(self, heads: Sequence[int]) -> NDArray[np.float32]:
        """Return the queries of some heads, shape (heads, queries, head_dim)."""
        found: NDArray[np.float32] = self.query[list(heads)].float().cpu().numpy()
        return found

    def keys(self, kv_heads: Sequence[int]) -> NDArray[np.float32]:
        """Return the keys of some KV heads, shape (KV heads, keys, head_dim)."""
        found: NDArray[np.float32] = self.key[list(kv_heads)].float().cpu().numpy()
        return found
