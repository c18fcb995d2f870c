"""Writes safetensors files: first all names and shapes, then the numbers, row by row.

The safetensors library's own writer wants every tensor in memory at once and chooses their order itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO

import numpy as np

from headscope.capture.progress import Progress
from headscope.files.format import ALIGNMENT, METADATA, MOST_HEADER_BYTES, NUMPY_TYPES, Dtype
from headscope.files.numbers import to_bytes


@dataclass(frozen=True)
class Part:
    """One tensor that a file will hold."""

    dtype: Dtype
    shape: tuple[int, ...]
    rows: Callable[[], Iterator[Any]]
    """What the tensor is made of along its first axis, when it is written: arrays of any origin."""

    @property
    def nbytes(self) -> int:
        """How many bytes it takes."""
        count = int(NUMPY_TYPES[self.dtype][-1])
        for size in self.shape:
            count *= size
        return count


class Parts:
    """All tensors that a file will hold, in their order there."""

    def __init__(self) -> None:
        self._parts: dict[str, Part] = {}
        self._names: dict[object, str] = {}
        self._size = 0

    def add(self, name: str, part: Part) -> str:
        """Add a tensor, and return what it is called in the file."""
        while name in self._parts:
            name += "'"
        self._pad()
        self._parts[name] = part
        self._size += part.nbytes
        return name

    def add_array(self, name: str, array: Any, dtype: Dtype) -> str:
        """Add an array that is there already, and return what it is called; one that several layers share once."""
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
        """Return what comes before the tensors.

        Raises
        ------
        ValueError
            It is longer than readers allow.
        """
        entries: dict[str, Any] = {METADATA: dict(metadata)}
        begin = 0
        for name, part in self._parts.items():
            offsets = [begin, begin + part.nbytes]
            entries[name] = {"dtype": part.dtype, "shape": list(part.shape), "data_offsets": offsets}
            begin = offsets[1]
        text = json.dumps(entries, separators=(",", ":"), allow_nan=False).encode()
        text += b" " * (-len(text) % ALIGNMENT)
        if len(text) > MOST_HEADER_BYTES:
            raise ValueError(
                f"the tokens and layers of this capture take {len(text):,} bytes to describe, but a safetensors file "
                f"holds {MOST_HEADER_BYTES:,}: capture fewer layers with layers=, or a shorter text."
            )
        return len(text).to_bytes(8, "little") + text

    def write(self, file: BinaryIO, shown: bool | None = None) -> None:
        """Write the numbers of every tensor, with a progress bar as `Progress` has it."""
        with Progress("save", len(self._parts), "tensor", shown) as progress:
            for part in self._parts.values():
                for row in part.rows():
                    file.write(to_bytes(row, part.dtype))
                progress.step()


def _place(array: Any) -> tuple[object, ...]:
    """Return what tells the memory of an array from that of others, as long as it lives."""
    array = getattr(array, "bits", array)
    if hasattr(array, "data_ptr"):
        return array.data_ptr(), tuple(array.shape), array.stride(), str(array.dtype), str(array.device)
    return array.ctypes.data, array.shape, array.strides, array.dtype.str


def _zeros(count: int) -> Any:
    return np.zeros(count, np.uint8)
