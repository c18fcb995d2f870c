"""Keeps queries and keys in a temporary file instead of memory, layer by layer, mapped back to be read from there."""

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

from headscope.arrays import ArrayRecord
from headscope.capture.mapped import mapped
from headscope.capture.record import QKRecord
from headscope.capture.room import no_space
from headscope.records import Record

ALIGNMENT = 64
"""Every tensor begins at a multiple of this many bytes of its layer."""

IN_MEMORY = ("tmpfs", "ramfs")
"""File systems whose files take the memory that they are to save."""

SECOND_PLACE = "/var/tmp"
"""Where large temporary files belong on systems that keep `/tmp` in memory."""

TRIMMED_AFTER = 1 << 22
"""Once this much more (4 MiB) is written, the system gets back what the allocator keeps of it."""


class Offload:
    """A nameless temporary file that lives as long as something is mapped from it.

    The file has no entry in its folder (Windows: it is deleted when it is closed), so none is left whatever ends the
    process. Its disk space is free again when the last tensor that lies in it is gone.

    Parameters
    ----------
    folder
        Where the file is.

    Raises
    ------
    OSError
        The folder does not exist, or no file can be made in it.
    """

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._file: IO[bytes] = tempfile.TemporaryFile(prefix="headscope-", dir=folder, buffering=0)  # noqa: SIM115
        self._size = self._trimmed = 0
        self._space = torch.empty(0, dtype=torch.uint8)

    def __enter__(self) -> Offload:
        return self

    def __exit__(self, *_: object) -> None:
        """Write no more. What is mapped stays."""
        self._file.close()

    def kept(self, record: Record) -> Record:
        """Return a record that reads its queries and keys, or its weights, from the file."""
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
        """Write tensors to the end of the file, and return them as they lie there: the same bits, in host memory."""
        if not any(tensor.nbytes for tensor in tensors):
            return [tensor.cpu() for tensor in tensors]
        start = self._size = -(-self._size // mmap.ALLOCATIONGRANULARITY) * mmap.ALLOCATIONGRANULARITY
        places = [self._write(tensor) for tensor in tensors]
        memory = mmap.mmap(self._file.fileno(), self._size - start, access=mmap.ACCESS_READ, offset=start)
        return [_read(memory, place - start, tensor) for place, tensor in zip(places, tensors, strict=True)]

    def _write(self, tensor: Tensor) -> int:
        """Write a tensor, a head at a time, and return where it begins."""
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
        """Return a head's numbers one after another, in memory that is the same for every head and layer."""
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
    """Give memory that is free back to the system, where the C library can.

    glibc keeps what is freed between living tensors: without this, memory grows as if nothing were written to the file.
    """
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):  # other C libraries; on Windows None names none
        return


def _read(memory: mmap.mmap, begin: int, like: Tensor) -> Tensor:
    content = np.frombuffer(memory, np.uint8, like.nbytes, begin)
    return mapped(content).view(like.dtype).view(like.shape)


def folder_of(offload: str | os.PathLike[str]) -> str:
    """Return the folder that `offload=` names: `"disk"` is the one for temporary files, which TMPDIR sets.

    Where that is in memory, as `/tmp` on some systems, it is `/var/tmp`.

    Raises
    ------
    TypeError, ValueError
        It is no path, or the path of no folder.
    """
    if not isinstance(offload, (str, os.PathLike)):
        raise TypeError(f'offload must be "disk" or the path of a folder, not {offload!r:.80}.')
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
    """Whether the files of a folder take memory, as far as the system says."""
    try:
        lines = [line.split() for line in mounts.read_text().splitlines()]
    except OSError:
        return False
    place = os.path.realpath(folder)
    around = [(at, kind) for _, at, kind, *_ in lines if os.path.commonpath([place, at]) == at]
    return bool(around) and max(reversed(around), key=lambda mount: len(mount[0]))[1] in IN_MEMORY
