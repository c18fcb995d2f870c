"""Arrays of numbers from any library: NumPy, torch, JAX, TensorFlow, SciPy's sparse matrices, nested lists."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headscope.data.arrays import is_tensor, to_numpy

if TYPE_CHECKING:
    from numpy.typing import NDArray

GET_WEIGHTS = (
    'Load the model with attn_implementation="eager" and call it with output_attentions=True, '
    "or let hs.capture(model, tokenizer, text) run it."
)


def holds_parts(value: Any) -> bool:
    """Return whether this is a list, tuple or iterator, or an array of objects, rather than one array of numbers."""
    if isinstance(value, (str, bytes, bytearray, memoryview, Mapping, set, frozenset)) or is_tensor(value):
        return False
    if isinstance(value, np.ndarray):
        return value.dtype == object and value.ndim > 0
    return isinstance(value, (Sequence, Iterator)) or (isinstance(value, Iterable) and not is_array(value))


def is_array(value: Any) -> bool:
    """Return whether this is one array of some library."""
    return any(hasattr(value, name) for name in ("__array__", "__dlpack__", "toarray", "todense", "ndim"))


def as_array(value: Any, what: str) -> Any:
    """Return real numbers as a torch tensor or a NumPy array, by reference if they already are one.

    Parameters
    ----------
    value
        A torch tensor, strided, sparse or quantised; a NumPy array, whose masked values become NaN; an array of any
        library that has `__array__`, `__dlpack__`, `toarray` or `numpy`; numbers or arrays in nested lists.
    what
        The name of the argument, for messages.

    Raises
    ------
    TypeError
        The value is not an array of real numbers.
    ValueError
        The value is None, or its rows differ in length.
    """
    if value is None:
        raise ValueError(f"{what} is None: the model returned no weights for this layer. {GET_WEIGHTS}")
    if is_tensor(value):
        return _tensor(value, what)
    if holds_parts(value):
        return _stacked(list(value), what)
    return _real(_foreign(value, what), value, what)


def _tensor(tensor: Any, what: str) -> Any:
    """Return a tensor without gradients whose numbers can be indexed."""
    tensor = tensor.detach()
    if tensor.device.type == "meta":
        raise ValueError(f"{what} is on the meta device, which holds shapes without numbers: run the model on another.")
    if getattr(tensor, "is_nested", False):
        raise TypeError(f"{what} is a nested tensor: pass one text of it, such as {what}.unbind()[0].")
    if tensor.is_complex():
        raise TypeError(f"{what} must hold real numbers, not a tensor of {tensor.dtype}: pass its .real or .abs().")
    if tensor.is_quantized:
        return tensor.dequantize()
    return tensor if str(tensor.layout) == "torch.strided" else tensor.to_dense()


def _stacked(parts: list[Any], what: str) -> Any:
    """Return nested lists of numbers or arrays as one array."""
    if any(is_tensor(part) or holds_parts(part) or is_array(part) for part in parts):
        arrays = [to_numpy(as_array(part, f"{what}[{number}]")) for number, part in enumerate(parts)]
        shapes = [array.shape for array in arrays]
        for number, shape in enumerate(shapes):
            if shape != shapes[0]:
                raise ValueError(
                    f"{what} is not an array: {what}[{number}] has shape {shape}, {what}[0] has {shapes[0]}."
                )
        return np.stack(arrays)
    return _real(_foreign(parts, what), parts, what)


def _foreign(value: Any, what: str) -> Any:
    """Return an array of another library as a NumPy array; its own errors become a TypeError."""
    if isinstance(value, np.ma.MaskedArray):
        return np.ma.filled(value.astype(np.float32), np.nan) if _is_real(value.dtype) else np.asarray(value)
    failed: Exception | None = None
    for read in _readers(value):
        try:
            array = np.asarray(read())
        except Exception as error:  # any error of a library that Headscope does not know
            failed = failed or error
            continue
        if array.ndim or np.isscalar(value):
            return array
    if isinstance(failed, ValueError):
        raise ValueError(f"{what} is not an array: {failed}.")
    reason = "" if failed is None else f" ({type(failed).__name__}: {failed})"
    raise TypeError(
        f"{what} must hold numbers: a {type(value).__name__} can't be read as an array{reason}. Convert it to NumPy."
    )


def _readers(value: Any) -> Iterator[Callable[[], Any]]:
    for name in ("toarray", "todense"):
        if hasattr(value, name):
            yield getattr(value, name)
    yield lambda: np.asarray(value)
    if hasattr(value, "__dlpack__"):
        yield lambda: np.from_dlpack(value)
    for name in ("numpy", "get"):
        if hasattr(value, name):
            yield getattr(value, name)


def _real(array: NDArray[Any], value: Any, what: str) -> NDArray[Any]:
    if array.dtype == object:
        try:
            array = array.astype(np.float64)
        except (TypeError, ValueError):
            raise TypeError(f"{what} must hold real numbers, not {type(array.flat[0]).__name__}.") from None
    if not _is_real(array.dtype):
        raise TypeError(f"{what} must hold real numbers, not {type(value).__name__} of {array.dtype}.")
    return array


def _is_real(dtype: np.dtype[Any]) -> bool:
    """Return whether a type is one of real numbers; those of ml_dtypes, such as bfloat16, are of the kind "V"."""
    return dtype.kind in "fiub" or (dtype.kind == "V" and np.can_cast(dtype, np.float32))


def is_finite(array: Any) -> bool:
    """Return whether an array of real numbers, of torch or of NumPy, holds no NaN and no infinite number."""
    return bool(array.isfinite().all() if is_tensor(array) else np.isfinite(np.asarray(array, dtype=np.float32)).all())
