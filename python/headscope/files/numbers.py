"""Arrays of any origin as the bytes of a file, and back: a row at a time, exactly."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from headscope.files.format import NUMPY_TYPES, Dtype


class Bfloat16Array:
    """An array of bfloat16, for which NumPy has no type: what is taken out of it is float32.

    Parameters
    ----------
    bits
        The upper halves of float32 numbers, uint16.
    """

    dtype = "bfloat16"

    def __init__(self, bits: NDArray[np.uint16]) -> None:
        self.bits = bits
        self.shape, self.nbytes = bits.shape, bits.nbytes

    def __getitem__(self, place: Any) -> NDArray[np.float32]:
        values: NDArray[np.float32] = (self.bits[place].astype(np.uint32) << 16).view(np.float32)
        return values


def float_type(array: Any) -> Dtype:
    """Return the type that keeps an array's numbers as far as float32 holds them; weights are computed in float32."""
    kinds: dict[str, Dtype] = {"float16": "F16", "bfloat16": "BF16"}
    return kinds.get(str(array.dtype).removeprefix("torch."), "F32")


def to_bytes(part: Any, dtype: Dtype) -> bytes:
    """Return the bytes of a torch tensor, on any device, or of a NumPy array."""
    if hasattr(part, "detach"):
        part = part.detach()
        part = (part.float() if dtype in ("F32", "BF16") else part).cpu().numpy()
    if dtype == "BF16":
        bits = np.ascontiguousarray(part, np.float32).view(np.uint32) >> 16  # what was bfloat16 has zeros there
        return bits.astype(NUMPY_TYPES[dtype]).tobytes()
    with np.errstate(over="ignore"):  # beyond float32 is infinity: a missing weight, here as in the capture
        return np.asarray(part).astype(NUMPY_TYPES[dtype]).tobytes()
