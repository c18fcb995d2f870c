"""Follow which axis of each tensor holds features, to tell attention among features from that among positions."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from torch import Tensor

from headscope.tracing.hooks.memory_places import place

PROJECTIONS = {"aten::addmm": (2, -1), "aten::mm": (1, -1), "aten::convolution": (1, 1), "aten::embedding": (0, -1)}
"""Operations that make features: the place of the parameter among their tensors, and the axis of the features."""


class Features:
    """Where the features of each tensor of a pass lie, known by the memory that it lies in."""

    def __init__(self) -> None:
        self._strides: dict[int, int] = {}

    def follow(self, name: str, given: Sequence[Tensor], results: Sequence[Tensor], fixed: Collection[int]) -> None:
        """Remember the stride of the features in the result of an operation.

        Parameters
        ----------
        name
            The operation, such as `"aten::add"`.
        given
            Its tensors.
        results
            What it returned.
        fixed
            The addresses of the model's parameters.
        """
        if not results:
            return
        result, at = results[0], place(results[0])
        if at is None or at in map(place, given):  # a view, or an operation in place
            return
        found = self._made(name, given, result, fixed)
        for part in given:
            if found is None and part.shape == result.shape:
                axis = self.axis(part)
                found = None if axis is None else result.stride(axis)
        if found is None:
            self._strides.pop(at, None)
        else:
            self._strides[at] = found

    @staticmethod
    def _made(name: str, given: Sequence[Tensor], result: Tensor, fixed: Collection[int]) -> int | None:
        number, axis = PROJECTIONS.get(name, (len(given), 0))
        return result.stride(axis) if number < len(given) and place(given[number]) in fixed else None

    def axis(self, tensor: Tensor) -> int | None:
        """Return the axis of a tensor that holds features; None if it is unknown."""
        stride = self._strides.get(place(tensor) or 0)
        axes = [axis for axis in range(tensor.dim()) if tensor.stride(axis) == stride and tensor.shape[axis] > 1]
        return axes[0] if len(axes) == 1 else None

    def are_rows(self, query: Tensor, key: Tensor) -> bool:
        """Return whether the rows of queries and of keys, both (..., rows, columns), are features."""
        return self.axis(query) == query.dim() - 2 and self.axis(key) == key.dim() - 2
