"""Keep queries and keys in a temporary, memory-mapped file instead of memory, layer by layer."""

from __future__ import annotations

import ctypes
import errno
import mmap
import os
import shutil
import tempfile
import warnings
from dataclasses import replace
from pathlib import Path
from typing import IO

import numpy as np
import torch
from torch import Tensor

from headscope.data.arrays import ArrayRecord
from headscope.data.layers import Record
from headscope.text.shortened import shown
from headscope.tracing.memory.free_memory import no_space
from headscope.tracing.memory.mmap_tensor import mmap_tensor
from headscope.tracing.qk.record import QKRecord

ALIGNMENT = 64
"""Every tensor begins at a multiple of this many bytes in the file."""

IN_MEMORY = ("tmpfs", "ramfs")
"""File systems that keep files in memory, where offloading would save nothing."""

SECOND_PLACE = "/var/tmp"
"""The folder for large temporary files on systems that keep `/tmp` in memory."""

TRIMMED_AFTER = 1 << 22
"""After every 4 MiB written, memory that the allocator still holds is returned to the system."""


class Offload:
    """An unnamed temporary file that lives as long as a tensor is mapped from it.

    The file has no entry in its folder (on Windows it is deleted when closed), so nothing remains however the process
    ends. Its disk space is free again when the last tensor that uses it is gone.

    Parameters
    ----------
    folder
        The folder of the file.

    Raises
    ------
    OSError
        The folder does not exist, or no file can be created in it.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="headscope-", dir=folder, buffering=0)  # noqa: SIM115
        self._size = self._trimmed = 0
        self._space = torch.empty(0, dtype=torch.uint8)

    def __enter__(self) -> Offload:
        return self

    def __exit__(self, *_: object) -> None:
        """Close the file for writing; mapped tensors stay valid."""
        self._file.close()

    def stored_record(self, record: Record) -> Record:
        """Write a record's queries and keys, or its weights, and return a record that reads them from the file."""
        if self._size - self._trimmed > TRIMMED_AFTER:
            self._trimmed = self._size
            trim()
        if isinstance(record, QKRecord):
            query, key = self.stored([record.query, record.key])
            return replace(record, query=query, key=key)
        if isinstance(record, ArrayRecord) and isinstance(record.array, Tensor):
            return ArrayRecord(self.stored([record.array])[0], record.module)
        return record

    def stored(self, tensors: list[Tensor]) -> list[Tensor]:
        """Append tensors to the file, and return memory-mapped tensors with the same bits, on the CPU."""
        if not any(tensor.nbytes for tensor in tensors):
            return [tensor.cpu() for tensor in tensors]
        start = self._size = -(-self._size // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        places = [self._write(tensor) for tensor in tensors]
        memory = mmap.mmap(self._file.fileno(), self._size - start, access=mmap.ACCESS_READ, offset=start)
        return [_read(memory, place - start, tensor) for place, tensor in zip(places, tensors, strict=True)]

    def _write(self, tensor: Tensor) -> int:
        """Write a tensor, a head at a time, and return the byte at which it begins."""
        begin = self._size = -(-self._size // ALIGNMENT) * ALIGNMENT
        try:
            self._file.seek(begin)
            for part in tensor.detach():
                self._write_all(self._laid_out(part).view(torch.uint8).numpy().data)
        except OSError as error:
            if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise
            raise no_space(tensor.nbytes, shutil.disk_usage(self._folder).free, self._folder) from error
        return begin

    def _laid_out(self, part: Tensor) -> Tensor:
        """Return a contiguous copy of a head in host memory, in a buffer that all heads and layers reuse."""
        if self._space.numel() < part.nbytes:
            self._space = torch.empty(part.nbytes, dtype=torch.uint8)
        space = self._space[: part.nbytes].view(part.dtype)
        space.view(part.shape).copy_(part)
        return space

    def _write_all(self, content: memoryview) -> None:
        while content:  # one call writes at most 2 GiB
            written = self._file.write(content) or 0
            content, self._size = content[written:], self._size + written


def trim() -> None:
    """Return free memory to the system, if the C library can.

    glibc keeps memory that is freed between living tensors. Without this call, memory would grow as if nothing were
    written to the file.
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):  # other C libraries; on Windows, None is not a library
        return


def _read(memory: mmap.mmap, begin: int, like: Tensor) -> Tensor:
    content = np.frombuffer(memory, np.uint8, like.nbytes, begin)
    return mmap_tensor(content).view(like.dtype).view(like.shape)


def folder_of(offload: str | os.PathLike[str]) -> str:
    """Return the folder for `offload=`: `"disk"` means the folder for temporary files, which TMPDIR sets.

    If that folder is in memory, as `/tmp` on some systems, `/var/tmp` is used.

    Raises
    ------
    TypeError
        `offload` is not a path.
    ValueError
        `offload` is not an existing folder.
    """
    if not isinstance(offload, (str, os.PathLike)):
        raise TypeError(f'offload must be "disk" or the path of a folder, not {shown(offload)}.')
    if offload == "disk":
        return _temporary()
    folder = os.fspath(offload)
    if not os.path.isdir(folder):
        raise ValueError(f'offload must be "disk" or a folder that exists, not {folder!r}.')
    return os.path.abspath(folder)


def _temporary() -> str:
    first = tempfile.gettempdir()
    if not is_in_memory(first):
        return first
    if os.access(SECOND_PLACE, os.W_OK) and not is_in_memory(SECOND_PLACE):
        return SECOND_PLACE
    warnings.warn(
        f'the files of {first!r} are kept in memory: name a folder on a disk with offload="/path/to/folder", or set '
        "TMPDIR.",
        stacklevel=4,
    )
    return first


def is_in_memory(folder: str, mounts: Path = Path("/proc/self/mounts")) -> bool:
    """Return whether a folder's file system keeps files in memory; False if the system does not tell."""
    try:
        lines = [line.split() for line in mounts.read_text().splitlines()]
    except OSError:
        return False
    place = os.path.realpath(folder)
    around = [(at, kind) for _, at, kind, *_ in lines if os.path.commonpath([place, at]) == at]
    return bool(around) and max(reversed(around), key=lambda mount: len(mount[0]))[1] in IN_MEMORY
