"""Arrays of NumPy and torch as the bytes of a file."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headscope.files.schema import NUMPY_TYPES, Dtype


class Bfloat16Array:
    """An array of bfloat16, for which NumPy has no type. Indexing it gives float32.

    Parameters
    ----------
    bits
        The upper 16 bits of float32 numbers, as uint16, any shape.
    """

    dtype = "bfloat16"

    def __init__(self, bits: NDArray[np.uint16]) -> None:
        self.bits = bits
        self.shape, self.nbytes = bits.shape, bits.nbytes

    def __getitem__(self, place: Any) -> NDArray[np.float32]:
        values: NDArray[np.float32] = (self.bits[place].astype(np.uint32) << 16).view(np.float32)
        return values


def float_type(array: Any) -> Dtype:
    """Return the type that keeps an array's numbers to the precision of float32, in which weights are computed."""
    kinds: dict[str, Dtype] = {"float16": "F16", "bfloat16": "BF16"}
    return kinds.get(str(array.dtype).removeprefix("torch."), "F32")


def to_bytes(part: Any, dtype: Dtype) -> bytes:
    """Return a torch tensor on any device, or a NumPy array, as little-endian bytes of `dtype`."""
    if hasattr(part, "detach"):
        part = part.detach()
        part = (part.float() if dtype in ("F32", "BF16") else part).cpu().numpy()
    if dtype == "BF16":
        bits = np.ascontiguousarray(part, np.float32).view(np.uint32) >> 16  # bfloat16 as float32 ends in 16 zero bits
        return bits.astype(NUMPY_TYPES[dtype]).tobytes()
    with np.errstate(over="ignore"):  # overflow becomes infinity, which is a missing weight, as in the capture
        return np.asarray(part).astype(NUMPY_TYPES[dtype]).tobytes()
