"""One row of a batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor


def row_of(value: Any, row: int, size: int) -> Any:
    """Return the part of an argument that belongs to one row of a batch of `size` rows.

    Tensors in tuples, lists and outputs of models are cut too. Anything without an axis of the batch stays as it is.
    """
    if isinstance(value, Tensor):
        return value[row : row + 1] if value.dim() and len(value) == size else value
    if size > 1 and isinstance(value, Mapping):
        parts = {name: row_of(one, row, size) for name, one in value.items()}
        return parts if type(value) is dict else type(value)(**parts)
    if size > 1 and type(value) in (tuple, list):
        return type(value)(row_of(one, row, size) for one in value)
    return value
