"""Tensors over a memory-mapped file, whose data is read on first access."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray


def mmap_tensor(values: NDArray[Any], bfloat16: bool = False) -> Tensor:
    """Return a tensor that shares an array's memory. Do not write to it.

    Parameters
    ----------
    values
        An array of any shape, of a type that torch has, or of uint16 with the bits of bfloat16 numbers.
    bfloat16
        Whether `values` holds bits of bfloat16 numbers; False by default.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable", category=UserWarning)
        tensor = torch.from_numpy(values.view("<i2") if bfloat16 else values)
    return tensor.view(torch.bfloat16) if bfloat16 else tensor
