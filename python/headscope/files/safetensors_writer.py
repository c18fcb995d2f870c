"""Write safetensors files: first the header with all names and shapes, then the numbers, row by row.

The safetensors library's own writer needs every tensor in memory at once and chooses their order.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from headscope.files.numbers import to_bytes
from headscope.files.schema import ALIGNMENT, MAX_HEADER_BYTES, METADATA, NUMPY_TYPES, Dtype
from headscope.tracing.progress import Progress


@dataclass(frozen=True)
class Part:
    """One tensor of a file to be written."""

    dtype: Dtype
    shape: tuple[int, ...]
    rows: Callable[[], Iterator[Any]]
    """Yields the tensor's slices along its first axis, NumPy or torch, when the tensor is written."""

    @property
    def nbytes(self) -> int:
        """The size of the tensor in bytes."""
        count = int(NUMPY_TYPES[self.dtype][-1])
        for size in self.shape:
            count *= size
        return count


class Parts:
    """All tensors of a file to be written, in file order."""

    def __init__(self) -> None:
        self._parts: dict[str, Part] = {}
        self._names: dict[object, str] = {}
        self._size = 0

    def add(self, name: str, part: Part) -> str:
        """Add a tensor, and return its name in the file."""
        while name in self._parts:
            name += "'"
        self._pad()
        self._parts[name] = part
        self._size += part.nbytes
        return name

    def add_array(self, name: str, array: Any, dtype: Dtype) -> str:
        """Add an existing array, and return its name in the file; an array that several layers share is added once."""
        place = (dtype, *_place(array))
        if place not in self._names:
            rows = array if len(array.shape) > 1 else [array]
            self._names[place] = self.add(name, Part(dtype, tuple(array.shape), lambda: iter(rows)))
        return self._names[place]

    def _pad(self) -> None:
        missing = -self._size % ALIGNMENT
        if missing:
            self._parts[f"padding.{len(self._parts)}"] = Part("U8", (missing,), lambda: iter([_zeros(missing)]))
            self._size += missing

    def header(self, metadata: Mapping[str, str]) -> bytes:
        """Return the header, all bytes before the first tensor.

        Raises
        ------
        ValueError
            The header is longer than readers allow.
        """
        entries: dict[str, Any] = {METADATA: dict(metadata)}
        begin = 0
        for name, part in self._parts.items():
            offsets = [begin, begin + part.nbytes]
            entries[name] = {"dtype": part.dtype, "shape": list(part.shape), "data_offsets": offsets}
            begin = offsets[1]
        text = json.dumps(entries, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % ALIGNMENT)
        if len(text) > MAX_HEADER_BYTES:
            raise ValueError(
                f"the tokens and layers of this capture take {len(text):,} bytes to describe, but a safetensors file "
                f"holds {MAX_HEADER_BYTES:,}: capture fewer layers with layers=, or a shorter text."
            )
        return len(text).to_bytes(8, "little") + text

    def write(self, file: BinaryIO, shown: bool | None = None) -> None:
        """Write the numbers of every tensor; `Progress` explains `shown`."""
        with Progress("save", len(self._parts), "tensor", shown) as progress:
            for part in self._parts.values():
                for row in part.rows():
                    file.write(to_bytes(row, part.dtype))
                progress.step()


def _place(array: Any) -> tuple[object, ...]:
    """Return a key that identifies the memory of an array during its lifetime."""
    array = getattr(array, "bits", array)
    if hasattr(array, "data_ptr"):
        return array.data_ptr(), tuple(array.shape), array.stride(), str(array.dtype), str(array.device)
    return array.ctypes.data, array.shape, array.strides, array.dtype.str


def _zeros(count: int) -> Any:
    return np.zeros(count, np.uint8)
