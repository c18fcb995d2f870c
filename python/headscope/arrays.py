"""Records made of arrays that somebody else computed: torch tensors, NumPy arrays, nested lists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headscope.positions import check_position

if TYPE_CHECKING:
    from numpy.typing import NDArray

GET_WEIGHTS = (
    'Load the model with attn_implementation="eager" and call it with output_attentions=True, '
    "or let hs.capture(model, tokenizer, text) run it."
)


class ArrayRecord:
    """One layer of given weights. The array is kept by reference and converted a rectangle at a time.

    Parameters
    ----------
    array
        Weights, shape (heads, queries, keys): a NumPy array, or a torch tensor of any dtype on any device.
    module
        The name of the attention module that returned them; empty for weights that nobody knows the origin of.
    """

    def __init__(self, array: Any, module: str = "") -> None:
        self.array = array
        self.module = module
        self.num_heads, self.num_queries, self.num_keys = (int(size) for size in array.shape)

    @property
    def nbytes(self) -> int:
        """How much memory the weights hold, in bytes."""
        return int(self.array.nbytes)

    def weights(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return the weights of some heads, shape (heads, queries, keys); what is not finite becomes NaN."""
        block = np.empty((len(heads), queries.stop - queries.start, keys.stop - keys.start), dtype=np.float32)
        for row, head in enumerate(heads):
            block[row] = _to_numpy(self.array[head, queries, keys])
        np.copyto(block, np.nan, where=np.isinf(block))
        return block


def array_records(layers: Any, what: str, batch_index: int | None) -> list[ArrayRecord]:
    """Read one array a layer, each (1, heads, queries, keys) or (heads, queries, keys).

    Parameters
    ----------
    layers
        The arrays.
    what
        The argument that they came in, for messages.
    batch_index
        Which row of a batch to take; None where there is one only.

    Raises
    ------
    ValueError
        No layers, a layer without weights, a wrong shape, a batch with no `batch_index`, layers of different sizes.
    TypeError
        Something that is no array of numbers.
    IndexError
        `batch_index` out of range.
    """
    if isinstance(layers, (str, Mapping)) or not hasattr(layers, "__iter__"):
        raise TypeError(f"{what} must hold one array for each layer, not be {layers!r:.80}.")
    arrays = [_layer_array(layer, f"{what}[{n}]", batch_index) for n, layer in enumerate(layers)]
    if not arrays:
        raise ValueError(f"{what} is empty: the model returned no attention. {GET_WEIGHTS}")
    records = [ArrayRecord(array) for array in arrays]
    first = records[0]
    for n, record in enumerate(records):
        if (record.num_queries, record.num_keys) != (first.num_queries, first.num_keys):
            raise ValueError(
                f"{what}[{n}] has {record.num_queries} x {record.num_keys} positions, but {what}[0] has "
                f"{first.num_queries} x {first.num_keys}: all layers must be of the same tokens."
            )
    return records


def _layer_array(layer: Any, what: str, batch_index: int | None) -> Any:
    """Return one layer's weights as (heads, queries, keys)."""
    array = _as_array(layer, what)
    if array.ndim == 4:
        array = array[_batch_row(int(array.shape[0]), what, batch_index)]
    elif array.ndim != 3:
        raise ValueError(
            f"{what} has shape {tuple(array.shape)}; attention weights are (1, heads, queries, keys) or "
            f"(heads, queries, keys), one array for each layer. {GET_WEIGHTS}"
        )
    if 0 in array.shape:
        raise ValueError(f"{what} has shape {tuple(array.shape)}: there are no weights in it.")
    return array


def _batch_row(size: int, what: str, batch_index: int | None) -> int:
    if batch_index is not None:
        return check_position(batch_index, size, "batch_index")
    if size == 1:
        return 0
    choice = "batch_index=0" if size == 2 else f"batch_index=0 to {size - 1}"
    other = " or batch_index=1" if size == 2 else ""
    raise ValueError(f"{what} holds a batch of {size} texts; one is shown at a time: choose with {choice}{other}.")


def _as_array(layer: Any, what: str) -> Any:
    """Return something with `shape`, `ndim` and slicing, by reference where it has these already."""
    if layer is None:
        raise ValueError(f"{what} is None: the model returned no weights for this layer. {GET_WEIGHTS}")
    if _is_tensor(layer):
        return layer.detach()
    if isinstance(layer, (list, tuple)) and any(_is_tensor(part) for part in layer):
        raise TypeError(
            f"{what} is a {type(layer).__name__} of tensors, not one array: the attentions of model.generate() come in "
            "steps. Run the model once over the generated ids with hs.capture(model, tokenizer, inputs=...) instead."
        )
    try:
        array = np.asarray(layer)
    except ValueError as error:
        raise ValueError(f"{what} is no array: {error}.") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what} must hold real numbers, not {type(layer).__name__} of {array.dtype}.")
    return array


def _is_tensor(value: Any) -> bool:
    """Whether this is a torch tensor, found without importing torch."""
    return hasattr(value, "detach") and hasattr(value, "cpu")


def _to_numpy(part: Any) -> NDArray[Any]:
    # NumPy has no bfloat16, so torch does the conversion.
    array: NDArray[Any] = part.float().cpu().numpy() if _is_tensor(part) else part
    return array
