"""The tensors of a file, cached because layers share them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from headscope.files.fields import BrokenFileError, Field
from headscope.files.safetensors_reader import TensorFile

Size = tuple[int, int, int]
"""The numbers of heads, queries and keys of a layer, or of a piece of one."""

T = TypeVar("T")


class SharedTensors:
    """The tensors of a file, and a cache of the objects built from them."""

    def __init__(self, file: TensorFile) -> None:
        self.file = file
        self._made: dict[object, Any] = {}

    def once(self, source: object, make: Callable[[], T]) -> T:
        """Return the object already built for `source`, or build it with `make`."""
        if source not in self._made:
            self._made[source] = make()
        return cast("T", self._made[source])

    def integers(self, field: Field, length: int | None, least: int, most: int) -> NDArray[np.int64]:
        """Return a tensor of whole numbers, each from `least` to `most`; `length` None allows any number of them."""
        source = "integers", field.text(), length, least, most
        return self.once(source, lambda: self._read(field, length, least, most))

    def _read(self, field: Field, length: int | None, least: int, most: int) -> NDArray[np.int64]:
        _, values = self.file.array(field, ["I32"], (length,))
        if len(values) and not (least <= int(values.min()) and int(values.max()) <= most):
            raise BrokenFileError(f"{field.what} has numbers outside of {least} to {most}")
        return values.astype(np.int64)
