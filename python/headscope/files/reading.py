"""Reads safetensors files: the header at once, the numbers where they lie, by mapping the file into memory.

The safetensors library copies whole tensors for NumPy, and has no bfloat16 there.
"""

from __future__ import annotations

import json
import mmap
import os
from collections.abc import Sequence
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from headscope.files.fields import BrokenFileError, Field
from headscope.files.format import (
    ALIGNMENT,
    FORMAT,
    METADATA,
    MOST_HEADER_BYTES,
    MOST_POSITIONS,
    NUMPY_TYPES,
    VERSION,
    Dtype,
)

MOST = 1 << 62
NO_CAPTURE = "it is a safetensors file, but none of a capture: those are written by capture.save(...)"


class TensorFile:
    """An open file: its description, and its tensors by name.

    Raises
    ------
    BrokenFileError
        Whatever is in the file that should not be; nothing was read but the header then.
    OSError
        The file can't be opened.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            header, self._start = _header(file, size)
            self.description = _description(header)
            self._entries = _entries(header, size - self._start)
            self._memory = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def array(self, name: Field, dtypes: Sequence[Dtype], shape: tuple[int | None, ...]) -> tuple[Dtype, NDArray[Any]]:
        """Return a tensor where it lies in the file, as `NUMPY_TYPES` has it; nothing is read.

        Parameters
        ----------
        name
            Which names the tensor.
        dtypes
            What it may be of.
        shape
            What its shape has to be; None for an axis that may have any size.
        """
        entry = self._entries.get(name.text())
        if entry is None:
            raise BrokenFileError(f"{name.what} is the tensor {name.text()[:40]!r}, which is not in the file")
        dtype, found, begin = entry
        known = next((each for each in dtypes if each == dtype), None)
        fits = len(found) == len(shape) and all(want in (None, has) for want, has in zip(shape, found, strict=True))
        if known is None or not fits:
            wanted = f"{' or '.join(dtypes)} {_shape(shape)}"
            raise BrokenFileError(f"{name.what} is a tensor of {dtype[:10]} {_shape(found)}, not of {wanted}")
        return known, self._values(np.dtype(NUMPY_TYPES[known]), found, self._start + begin, name.what)

    def _values(self, dtype: np.dtype[Any], shape: tuple[int, ...], begin: int, what: str) -> NDArray[Any]:
        if 0 in shape:
            return np.empty(shape, dtype)
        if begin % dtype.itemsize:  # fast kernels may crash on it
            raise BrokenFileError(
                f"{what} is a tensor that begins at byte {begin:,} of the file, no multiple of {ALIGNMENT}"
            )
        count = int(np.prod(shape, dtype=np.int64))
        return np.frombuffer(self._memory, dtype, count, begin).reshape(shape)


def _header(file: BinaryIO, size: int) -> tuple[Field, int]:
    """Return the header, and where the data begins."""
    if size < 8:
        raise BrokenFileError(f"it is only {size} bytes long, too short for a safetensors file")
    length = int.from_bytes(file.read(8), "little")
    if length > size - 8:
        raise BrokenFileError(
            f"its first bytes say that a header of {length:,} bytes follows, but {size - 8:,} bytes do: it is cut off, "
            "or no safetensors file"
        )
    if length > MOST_HEADER_BYTES:
        raise BrokenFileError(f"its header is {length:,} bytes long, and {MOST_HEADER_BYTES:,} are the most allowed")
    return Field(_json(file.read(length), "its header"), "the header"), 8 + length


def _json(text: bytes | str, what: str) -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no JSON number")

    try:
        return json.loads(text if isinstance(text, str) else text.decode(), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        problem = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise BrokenFileError(f"{what} is no JSON text: {problem}") from None


def _description(header: Field) -> Field:
    """Return the description of a capture, of a version that is known here."""
    entries = dict(header.items())
    metadata = dict(entries[METADATA].items()) if METADATA in entries else {}
    if "format" not in metadata or metadata["format"].text() != FORMAT:
        raise BrokenFileError(NO_CAPTURE)
    version = entries[METADATA]["version"].text()
    if version != str(VERSION):
        if version.isascii() and version.isdigit() and len(version) < 10 and int(version) > VERSION:
            raise BrokenFileError(
                f"it has format version {version}, and this Headscope reads version {VERSION}: a newer Headscope reads "
                "it, pip install --upgrade headscope"
            )
        raise BrokenFileError(f"its format version is {version[:40]!r}, which no Headscope writes")
    text = entries[METADATA]["capture"].text()
    return Field(_json(text, "the capture's description"), "the description")


def _entries(header: Field, size: int) -> dict[str, tuple[str, tuple[int, ...], int]]:
    """Return dtype, shape and beginning of each tensor, once all of them fill the data one after another."""
    found: list[tuple[int, int, str, str, tuple[int, ...]]] = []
    for name, entry in header.items():
        if name == METADATA:
            continue
        dtype, shape = entry["dtype"].text(), tuple(axis.integer(0, MOST_POSITIONS) for axis in entry["shape"])
        offsets = [offset.integer(0, MOST) for offset in entry["data_offsets"]]
        if len(offsets) != 2:
            raise entry["data_offsets"].wrong("a list of 2")
        begin, end = offsets
        if end > size:
            raise BrokenFileError(
                f"the tensor {name[:40]!r} ends at byte {end:,} of the data, but it has {size:,}: it is cut off"
            )
        _check_size(name, dtype, shape, end - begin)
        found.append((begin, end, name, dtype, shape))
    reached = 0
    for begin, end, name, _, _ in sorted(found):
        if begin != reached:
            raise BrokenFileError(f"the tensor {name[:40]!r} begins at byte {begin:,} of the data, not at {reached:,}")
        reached = end
    if reached != size:
        raise BrokenFileError(f"the tensors end at byte {reached:,} of the data, but there are {size:,}")
    return {name: (dtype, shape, begin) for begin, _, name, dtype, shape in found}


def _check_size(name: str, dtype: str, shape: tuple[int, ...], nbytes: int) -> None:
    if nbytes < 0:
        raise BrokenFileError(f"the tensor {name[:40]!r} ends before it begins")
    if dtype not in NUMPY_TYPES:
        return  # a tensor that nothing here names: how long it is does not matter
    wanted = np.dtype(NUMPY_TYPES[dtype]).itemsize
    for axis in shape:
        wanted *= axis
        if wanted > MOST:
            break
    if wanted != nbytes:
        raise BrokenFileError(
            f"the tensor {name[:40]!r} is {nbytes:,} bytes long, but {dtype} {_shape(shape)} takes {wanted:,}"
        )


def _shape(shape: Sequence[int | None]) -> str:
    return "[" + ", ".join("any" if axis is None else str(axis) for axis in shape[:6]) + "]"
