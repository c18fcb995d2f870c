"""Tensors over the memory of a mapped file: nothing is read until they are."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from numpy.typing import NDArray


def mapped(values: NDArray[Any], bfloat16: bool = False) -> Tensor:
    """Return a tensor that shares an array's memory, which must not be written to.

    Parameters
    ----------
    values
        An array of a type that torch has; or of the bits of bfloat16 numbers, uint16.
    bfloat16
        Whether it is that.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The given NumPy array is not writable", category=UserWarning)
        tensor = torch.from_numpy(values.view("<i2") if bfloat16 else values)
    return tensor.view(torch.bfloat16) if bfloat16 else tensor
