"""Records of queries and keys that were passed in rather than captured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from headscope.tracing.qk import biases, masks
from headscope.tracing.qk.biases import Bias, TableBias
from headscope.tracing.qk.masks import Visible
from headscope.tracing.qk.record import QKRecord
from headscope.tracing.qk.tensors import Rules

if TYPE_CHECKING:
    from collections.abc import Sequence

Mask = tuple["Visible | None", "tuple[Bias, ...]"]
"""The keys that queries may see, and what is added to scores."""

NATIVE = ("float16", "float32", "float64")
"""The types of NumPy's arrays that torch shares the memory of."""


def vector_record(
    query: Any, key: Any, *, scaling: float, softcap: float | None = None, mask: Mask = (None, ()), module: str = ""
) -> QKRecord:
    """Return a layer whose weights are computed from its queries and keys.

    Parameters
    ----------
    query, key
        Shapes (heads, queries, head_dim) and (KV heads, keys, head_dim): torch tensors or NumPy arrays, by reference.
    scaling
        The factor of the products of queries and keys.
    softcap
        The softcap of scores; None (default) for none.
    mask
        What `read_mask` returned; by default every query sees every key.
    module
        The name of the attention module; empty by default.
    """
    visible, added = mask
    rules = Rules(scaling=scaling, softcap=softcap, visible=visible, biases=added)
    return QKRecord(query=to_tensor(query), key=to_tensor(key), rules=rules, module=module)


def to_tensor(array: Any) -> Tensor:
    """Return numbers as a tensor of floats: shared with a tensor or a NumPy array of a type that torch knows."""
    if isinstance(array, Tensor):
        return array if array.is_floating_point() else array.float()
    name = array.dtype.name
    if name not in NATIVE or not array.dtype.isnative:
        array = array.astype(np.float64 if array.dtype.itemsize > 4 else np.float32)
    if not array.flags.writeable or any(step < 0 for step in array.strides):
        array = array.copy()  # torch warns of arrays that can't be written to
    return torch.from_numpy(array)


def causal_mask(num_positions: int, device: Any = None) -> Mask:
    """Return the mask by which each query sees the keys up to its own position."""
    return masks.causal(num_positions, num_positions, torch.device(device or "cpu")), ()


def read_mask(mask: Any, what: str, size: tuple[int, int, int], device: Any = None) -> Mask:
    """Return a mask in compact form.

    Parameters
    ----------
    mask
        Shape (heads or 1, queries or 1, keys): True, or 1, where a query may see a key; or numbers that are added to
        scores, minus infinity where a key is hidden.
    what
        The name of the argument, for messages.
    size
        The numbers of heads, queries and keys.
    device
        Where the mask is kept; None (default) where it is.

    Raises
    ------
    ValueError
        The mask has another shape, or its numbers have no certain meaning.
    """
    table = torch.as_tensor(np.asarray(mask, dtype=_mask_type(mask))) if not isinstance(mask, Tensor) else mask
    if table.dim() != 3 or any(found not in (1, wanted) for found, wanted in zip(table.shape, size, strict=True)):
        raise ValueError(
            f"{what} has shape {tuple(table.shape)}, which does not fit {size[0]} heads, {size[1]} queries and "
            f"{size[2]} keys."
        )
    table = table.detach().to(device or table.device).expand(-1, size[1], size[2])
    shown, added = _shown(table, what)
    if not all(torch.equal(head, shown[0]) for head in shown[1:]):  # heads differ, so no interval fits all of them
        whole = torch.zeros(table.shape, device=table.device) if added is None else added.float()
        return None, (TableBias(whole.masked_fill(~shown, -torch.inf)),)
    bias = None if added is None else biases.compact(added)
    return masks.compact(shown[0]), () if bias is None else (bias,)


def _mask_type(mask: Any) -> Any:
    kind = np.asarray(mask).dtype
    return np.bool_ if kind.kind == "b" else np.int64 if kind.kind in "iu" else np.float32


def _shown(table: Tensor, what: str) -> tuple[Tensor, Tensor | None]:
    """Return True where a query may see a key, and what a mask adds to the scores."""
    if table.dtype == torch.bool:
        return table, None
    if not table.is_floating_point():
        if not bool(((table == 0) | (table == 1)).all()):
            raise ValueError(f"{what} holds whole numbers other than 0 and 1: 1 lets a query see a key, 0 hides it.")
        return table == 1, None
    if bool(table.isnan().any()) or bool((table == torch.inf).any()):
        raise ValueError(f"{what} holds NaN or infinity: use minus infinity to hide a key, and 0 to show it.")
    if bool((table == 1).any()) and bool(((table == 0) | (table == 1)).all()):
        raise ValueError(
            f"{what} holds 0.0 and 1.0, which can be numbers to add to scores, or 1 where a query may see a key. For "
            f"the second pass {what} as booleans; for the first, pass minus infinity where keys are hidden."
        )
    hidden = table <= torch.finfo(table.dtype).min / 2
    return ~hidden, table.masked_fill(hidden, 0)


def precision_of(records: Sequence[QKRecord]) -> str:
    """Return the types of the queries, such as `"bfloat16"`."""
    return ", ".join(sorted({str(record.query.dtype).removeprefix("torch.") for record in records}))
