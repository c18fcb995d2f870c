"""Records of given weights: torch tensors and NumPy arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


class ArrayRecord:
    """One layer of given weights. The array is kept by reference and converted a rectangle at a time.

    Parameters
    ----------
    array
        Weights, shape (heads, queries, keys): a NumPy array, or a torch tensor of any dtype on any device.
    module
        The name of the attention module that returned them; empty (default) if it is unknown.
    by_steps
        Whether each row is what another decoding step gave; False by default.
    """

    pieces = None
    rules = None

    def __init__(self, array: Any, module: str = "", *, by_steps: bool = False) -> None:
        self.array = array
        self.module = module
        self.by_steps = by_steps
        self.num_heads, self.num_queries, self.num_keys = (int(size) for size in array.shape)

    @property
    def nbytes(self) -> int:
        """The memory of the weights, in bytes."""
        return int(self.array.nbytes)

    def weights(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return the weights of some heads, shape (heads, queries, keys); infinite weights become NaN."""
        block = np.empty((len(heads), queries.stop - queries.start, keys.stop - keys.start), dtype=np.float32)
        with np.errstate(over="ignore"):  # what float32 can't hold becomes infinite, and then missing
            for row, head in enumerate(heads):
                block[row] = to_numpy(self.array[head, queries, keys])
        np.copyto(block, np.nan, where=np.isinf(block))
        return block


def is_tensor(value: Any) -> bool:
    """Return whether this is a torch tensor, without importing torch."""
    return hasattr(value, "detach") and hasattr(value, "cpu")


def to_numpy(part: Any) -> NDArray[Any]:
    """Return a tensor on any device, or a part of it, as a NumPy array; float32 if it was a tensor."""
    # NumPy has no bfloat16, so torch does the conversion.
    array: NDArray[Any] = part.float().cpu().numpy() if is_tensor(part) else part
    return array
