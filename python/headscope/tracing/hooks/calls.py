"""One observed attention call: what went into the function, and what really came out of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import torch
from torch import Tensor

Kind = Literal["eager", "sdpa", "flash", "flex", "own", "kernel", "softmax"]
"""The function that was called: one of transformers', the user's own, torch's fused kernel, or a softmax by hand."""


Origin = tuple[str, ...]
"""The names of the arguments whose positions a tensor has; several if it joins them, none if that is unknown."""

FEATURES: Origin = ("channels",)
"""The origin of rows that are features, in models that attend among these."""


@dataclass(frozen=True)
class AttentionCall:
    """The arguments and the result of one attention call; all tensors have a batch axis.

    A call by hand (`kind == "softmax"`) has weights and may lack queries and keys; every other call has both.
    """

    module: torch.nn.Module
    kind: Kind
    tier: int
    query: Tensor | None
    """Shape (batch, num_heads, num_queries, head_dim)."""
    key: Tensor | None
    """Shape (batch, num_kv_heads, num_keys, head_dim)."""
    value: Tensor | None
    """Shape (batch, num_kv_heads, num_keys, value_dim); None if it could not be had."""
    mask: Any
    """What the model passed as its mask: a tensor, a block mask, or None."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """The remaining arguments, by name."""
    output: Tensor | None = None
    """What the function returned, shape (batch, num_queries, num_heads, value_dim)."""
    weights: Tensor | None = None
    """The weights that the function returned, shape (batch, num_heads, num_queries, num_keys); None for none."""
    origins: tuple[Origin, Origin] = ((), ())
    """The arguments of the model whose positions the queries and the keys have; empty if they are unknown."""

    @property
    def batch(self) -> int:
        """The number of rows, which may be texts, windows or images."""
        return int(self._shape[0])

    @property
    def num_heads(self) -> int:
        """The number of heads."""
        return int(self._shape[1])

    @property
    def num_queries(self) -> int:
        """The number of query positions."""
        return int(self._shape[2])

    @property
    def num_keys(self) -> int:
        """The number of key positions."""
        if self.key is not None:
            return int(self.key.shape[2])
        assert self.weights is not None  # a call has keys or weights
        return int(self.weights.shape[3])

    @property
    def dtype(self) -> torch.dtype:
        """The precision in which the model computed: the coarsest of its tensors."""
        given = (self.query, self.key, self.value, self.weights, self.output)
        dtypes = [tensor.dtype for tensor in given if tensor is not None]
        return max(dtypes, key=lambda dtype: torch.finfo(dtype).eps)

    @property
    def device(self) -> torch.device:
        """The device of the call."""
        return self._either.device

    @property
    def _either(self) -> Tensor:
        tensor = self.weights if self.query is None else self.query
        assert tensor is not None  # a call has queries or weights
        return tensor

    @property
    def _shape(self) -> torch.Size:
        return self._either.shape


def result_of(returned: Any, shape: tuple[int, int, int, int], value: Tensor) -> tuple[Tensor | None, Tensor | None]:
    """Return the output and the weights among what an attention function returned; None for what is not there.

    Parameters
    ----------
    returned
        The function's result: a tensor, or a tuple that begins with one.
    shape
        The batch, the number of heads, of queries and of keys.
    value
        The values, of which the last axis counts.
    """
    parts = returned if isinstance(returned, (tuple, list)) else (returned,)
    batch, num_heads, num_queries, num_keys = shape
    output = parts[0] if parts and isinstance(parts[0], Tensor) else None
    if output is not None:
        output = _by_query(output, (batch, num_queries, num_heads, int(value.shape[-1])))
    full = batch, num_heads, num_queries, num_keys
    weights = next((part for part in parts[1:] if isinstance(part, Tensor) and part.shape == full), None)
    return output, weights


def _by_query(output: Tensor, shape: tuple[int, int, int, int]) -> Tensor | None:
    """Return an output in the interface's shape (batch, queries, heads, value_dim); None if it has another one."""
    batch, num_queries, num_heads, size = shape
    if output.shape == shape:
        return output
    if output.shape == (batch, num_heads, num_queries, size):
        return output.transpose(1, 2)
    return output.reshape(shape) if output.shape == (batch, num_queries, num_heads * size) else None
