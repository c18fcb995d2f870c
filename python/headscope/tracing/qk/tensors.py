"""The tensors that a capture keeps of one layer: queries and keys, and the rules that turn them into weights."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from headscope.tracing.qk.biases import Bias
from headscope.tracing.qk.masks import Visible
from headscope.tracing.qk.norms import Norms


@dataclass(frozen=True)
class Rules:
    """How the scores of a layer are computed from its queries and keys.

    `scores = cap(query @ key.T * scaling) + bias`, or minus infinity where a key is hidden. Here `cap(x)` is
    `softcap * tanh(x / softcap)`, or `x` without a softcap, and `bias` is the sum of `biases`. The weights are
    `softmax(scores)` over the keys and the sink, whose weight is dropped.
    """

    scaling: float
    softcap: float | None = None
    sinks: Tensor | None = None
    """The score of each head's sink, shape (num_heads,)."""
    visible: Visible | None = None
    """The keys that each query may see; None for all."""
    biases: tuple[Bias, ...] = ()

    @property
    def shared(self) -> tuple[Visible | Bias, ...]:
        """Masks and biases, which layers may share."""
        return self.biases if self.visible is None else (self.visible, *self.biases)

    @property
    def of_heads(self) -> bool:
        """Whether heads have rules of their own."""
        return self.sinks is not None or bool(self.biases)

    def alike(self, other: Rules) -> bool:
        """Return whether the rules of another call are the same, with the same masks and biases."""
        same = (self.scaling, self.softcap) == (other.scaling, other.softcap)
        return same and len(self.shared) == len(other.shared) and all(map(operator.is_, self.shared, other.shared))


@dataclass(frozen=True)
class QKTensors:
    """One layer's queries and keys after position encoding, in the model's own precision and on its device."""

    query: Tensor
    """Shape (num_heads, num_queries, head_dim)."""
    key: Tensor
    """Shape (num_kv_heads, num_keys, head_dim); head `h` reads KV head `h // (num_heads // num_kv_heads)`."""
    rules: Rules
    module: str = ""
    """The name of the attention module in the model."""
    rotary: bool = False
    """Whether queries and keys are known to have been rotated by their positions."""

    @cached_property
    def norms(self) -> Norms:
        """The norms of the softmax, created when weights are first computed."""
        return Norms(self.num_heads, self.num_queries, self.query.device)

    @property
    def num_heads(self) -> int:
        """The number of heads of the layer."""
        return self.query.shape[0]

    @property
    def num_kv_heads(self) -> int:
        """The number of KV heads."""
        return self.key.shape[0]

    @property
    def num_queries(self) -> int:
        """The number of query positions."""
        return self.query.shape[1]

    @property
    def num_keys(self) -> int:
        """The number of key positions."""
        return self.key.shape[1]

    def seen(self, queries: slice) -> tuple[int, int]:
        """Return a half-open range that contains all keys that these queries see."""
        visible = self.rules.visible
        return (0, self.num_keys) if visible is None else visible.span(queries)
