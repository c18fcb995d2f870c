"""Which axis of a plain module's input counts texts: the first, the second, or none, as for one text alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from headscope.tracing.inner_model import inner_model

TORCHS_OWN = (
    torch.nn.MultiheadAttention,
    torch.nn.Transformer,
    torch.nn.TransformerEncoder,
    torch.nn.TransformerDecoder,
    torch.nn.TransformerEncoderLayer,
    torch.nn.TransformerDecoderLayer,
)
"""Modules whose layout their own settings tell."""


@dataclass
class BatchLayout:
    """The axis of texts that a pass was begun with, and what its calls say about it.

    Parameters
    ----------
    size
        The number of texts.
    axis
        The axis of the input that counts them; None for one text alone.
    shape
        The shape of the input that told the size; empty if it is unknown.
    generic
        Whether the model is no transformers model: those have the texts first.
    floats
        Whether that input holds states or pixels rather than ids.
    """

    size: int = 1
    axis: int | None = 0
    shape: tuple[int, ...] = ()
    generic: bool = False
    floats: bool = False
    folded: bool = False
    """Whether a call's rows can't be assigned to texts, because an axis counts texts and something else together."""
    other: bool = False
    """Whether the calls have shown that the texts have another axis, which is `better`."""
    better: int | None = 0

    def hear(self, query: torch.Size, heads: int | None, num_keys: int) -> None:
        """Learn from a call: the numbers of its queries and keys are positions, not texts."""
        if self.other or self.axis != 0 or not 1 <= len(self.shape) <= (3 if self.floats else 2):
            return
        sizes, count, first = {query[-2], num_keys}, query[:-2].numel(), self.shape[0]
        if first not in sizes:
            return
        if len(self.shape) == 1 or (self.floats and len(self.shape) == 2):
            self.other, self.better = len(self.shape) == 1 or self.shape[1] not in sizes, None
            return
        texts = self.shape[1]
        rows = query[0] if len(query) == 4 else count // heads if heads else None
        fits = rows == texts if rows is not None else count % texts == 0
        if texts not in sizes and fits:
            self.other, self.better = True, 1


def first_axis(model: torch.nn.Module, arguments: Mapping[str, Any]) -> int | None:
    """Return the axis of texts to begin with: that of torch's own modules is known, others have the first."""
    if not isinstance(model, TORCHS_OWN):
        return 0
    first = next(
        (value for value in arguments.values() if isinstance(value, Tensor) and value.is_floating_point()), None
    )
    if first is None or first.dim() == 2:
        return None
    return 0 if batch_first(model) else 1


def batch_first(model: torch.nn.Module) -> bool:
    """Return whether torch's own modules inside of a model, or it itself, have the texts first."""
    attending = (part for part in model.modules() if isinstance(part, torch.nn.MultiheadAttention))
    return all(part.batch_first for part in attending)


def is_generic(model: torch.nn.Module) -> bool:
    """Return whether a model is neither a transformers model nor a wrapper of one."""
    return inner_model(model) is None


def alone(arguments: Mapping[str, Any], size: int, row: int, axis: int | None) -> dict[str, Any]:
    """Return the arguments of a pass over one text of a batch."""
    return {name: _row(value, size, row, axis or 0) for name, value in arguments.items()}


def _row(value: Any, size: int, row: int, axis: int) -> Any:
    if isinstance(value, (tuple, list)) and value and all(isinstance(one, Tensor) for one in value):
        return type(value)(_row(one, size, row, axis) for one in value)
    if not isinstance(value, Tensor) or not value.dim():
        return value
    at = axis if value.dim() > axis and value.shape[axis] == size else 0
    return value.narrow(at, row, 1) if value.shape[at] == size else value
