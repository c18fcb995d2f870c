"""Read safetensors files: parse the header, and map the tensors into memory.

The safetensors library copies whole tensors when it returns NumPy arrays, and offers no bfloat16 there.
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
from headscope.files.schema import (
    ALIGNMENT,
    FORMAT,
    MAX_HEADER_BYTES,
    MAX_POSITIONS,
    METADATA,
    NUMPY_TYPES,
    VERSION,
    Dtype,
)

MOST = 1 << 62
NO_CAPTURE = "it is a safetensors file, but does not hold a capture: capture.save(...) writes files that do"


class TensorFile:
    """An open file: its description, and its tensors by name.

    Raises
    ------
    BrokenFileError
        The header is invalid; no tensor has been read.
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
        """Return a tensor's type and its memory-mapped values, in the NumPy type that `NUMPY_TYPES` gives.

        Parameters
        ----------
        name
            The field that names the tensor.
        dtypes
            The allowed types.
        shape
            The required shape; None for an axis of any size.

        Raises
        ------
        BrokenFileError
            The file has no such tensor, or its type, shape or alignment is wrong.
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
        if begin % dtype.itemsize:  # fast kernels may crash on unaligned data
            raise BrokenFileError(
                f"{what} is a tensor that begins at byte {begin:,} of the file, not at a multiple of {ALIGNMENT}"
            )
        count = int(np.prod(shape, dtype=np.int64))
        return np.frombuffer(self._memory, dtype, count, begin).reshape(shape)


def _header(file: BinaryIO, size: int) -> tuple[Field, int]:
    """Return the header, and the byte at which the data begins."""
    if size < 8:
        raise BrokenFileError(f"it is only {size} bytes long, too short for a safetensors file")
    length = int.from_bytes(file.read(8), "little")
    if length > size - 8:
        raise BrokenFileError(
            f"its first bytes announce a header of {length:,} bytes, but only {size - 8:,} bytes follow: it is "
            "cut off, or not a safetensors file"
        )
    if length > MAX_HEADER_BYTES:
        raise BrokenFileError(f"its header is {length:,} bytes long, and {MAX_HEADER_BYTES:,} are the most allowed")
    return Field(_json(file.read(length), "its header"), "the header"), 8 + length


def _json(text: bytes | str, what: str) -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is not a JSON number")

    try:
        return json.loads(text if isinstance(text, str) else text.decode(), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        problem = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise BrokenFileError(f"{what} is not valid JSON: {problem}") from None


def _description(header: Field) -> Field:
    """Return the description of a capture, once its format and version are known."""
    entries = dict(header.items())
    metadata = dict(entries[METADATA].items()) if METADATA in entries else {}
    if "format" not in metadata or metadata["format"].text() != FORMAT:
        raise BrokenFileError(NO_CAPTURE)
    version = entries[METADATA]["version"].text()
    if version != str(VERSION):
        if version.isascii() and version.isdigit() and len(version) < 10 and int(version) > VERSION:
            raise BrokenFileError(
                f"it has format version {version}, but this Headscope reads version {VERSION}: upgrade with "
                "pip install --upgrade headscope"
            )
        raise BrokenFileError(f"its format version is {version[:40]!r}, which no Headscope writes")
    text = entries[METADATA]["capture"].text()
    return Field(_json(text, "the capture's description"), "the description")


def _entries(header: Field, size: int) -> dict[str, tuple[str, tuple[int, ...], int]]:
    """Return dtype, shape and first byte of each tensor, and check that together they fill the data without gaps."""
    found: list[tuple[int, int, str, str, tuple[int, ...]]] = []
    for name, entry in header.items():
        if name == METADATA:
            continue
        dtype, shape = entry["dtype"].text(), tuple(axis.integer(0, MAX_POSITIONS) for axis in entry["shape"])
        offsets = [offset.integer(0, MOST) for offset in entry["data_offsets"]]
        if len(offsets) != 2:
            raise entry["data_offsets"].wrong("a list of 2")
        begin, end = offsets
        if end > size:
            raise BrokenFileError(
                f"the tensor {name[:40]!r} ends at byte {end:,} of the data, but there are only {size:,}: it is cut off"
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
        return  # nothing can refer to a tensor of an unknown type, so its length does not matter
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
