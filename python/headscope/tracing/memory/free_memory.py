"""Measure free memory and disk space, and refuse a capture that would not fit before the pass begins."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import torch

from headscope.data.report import readable_size
from headscope.tracing.memory.estimate import Estimate

SHARE = 0.9
"""The share of free memory that a capture may take; the pass itself and later weights need memory too."""

UNLIMITED = 1 << 60
"""Control groups without a limit report a number above this, or `max`."""


def check_memory(known: Estimate, offloads: bool) -> None:
    """Check that a capture fits into memory; if free memory is unknown, it passes.

    Parameters
    ----------
    known
        The estimate of the capture.
    offloads
        Whether queries and keys go to a file layer by layer.

    Raises
    ------
    MemoryError
        The capture would not fit. The message gives its size, the free memory, and what to do.
    """
    if offloads:
        return
    for device, nbytes in known.needed().items():
        free = free_memory(device)
        if free is not None and nbytes > SHARE * free:
            raise MemoryError(_refusal(known, device, nbytes, free))


def _refusal(known: Estimate, device: torch.device, nbytes: int, free: int) -> str:
    here = [layer for layer in known.layers if layer.device == device and layer.wanted]
    where = "memory" if device.type == "cpu" else f"memory of {device}"
    what = "weights" if known.weights else "queries and keys"
    fit = int(SHARE * free // max(layer.nbytes for layer in here))
    chosen = f"keep at most {fit} of them with layers=[...], or " if fit else ""
    return (
        f"this capture would hold {readable_size(nbytes)} of {what}, {len(here)} layers of {known.num_tokens:,} "
        f'tokens, but only {readable_size(free)} of {where} is free: {chosen}keep them in a file with offload="disk".'
    )


def check_disk(known: Estimate, folder: str) -> None:
    """Check that a capture fits onto the disk of a folder.

    Raises
    ------
    OSError
        The capture would not fit; errno is ENOSPC. The message gives its size and the free space.
    """
    free = shutil.disk_usage(folder).free
    if known.nbytes > free:
        raise no_space(known.nbytes, free, folder)


def no_space(nbytes: int, free: int, folder: str) -> OSError:
    """Return an OSError for a full disk, with errno ENOSPC."""
    what = (
        f"{readable_size(nbytes)} of queries and keys do not fit into {folder!r}, where {readable_size(free)} is free: "
        'name a folder on a larger disk with offload="/path/to/folder", or keep fewer layers with layers=[...]'
    )
    return OSError(errno.ENOSPC, what)


def free_memory(device: torch.device) -> int | None:
    """Return the free bytes of a device; None if they are unknown."""
    if device.type == "cpu":
        return free_host_memory()
    if device.type == "cuda" and torch.cuda.is_available():
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + cached
    return None


def free_host_memory(root: Path = Path("/")) -> int | None:
    """Return the bytes that this process may still allocate, within the limits of its control groups.

    Parameters
    ----------
    root
        The folder that holds `proc` and `sys`.
    """
    known = [*_available(root / "proc/meminfo"), *_left_in_groups(root)]
    return min(known) if known else _physical()


def _available(meminfo: Path) -> Iterator[int]:
    for line in _lines(meminfo):
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _left_in_groups(root: Path) -> Iterator[int]:
    """Yield the bytes left within the limit of each control group of this process, of version 1 or 2."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, place = line.split(":", 2)
        if not controllers:
            yield from _left_in(root / "sys/fs/cgroup", place, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
            yield from _left_in(root / "sys/fs/cgroup/memory", place, *names)


def _left_in(top: Path, place: str, limit: str, usage: str, cache: str) -> Iterator[int]:
    # Inside a container the group's own folder may be the top one, whatever its path outside.
    group = top / place.lstrip("/")
    for folder in (folder for folder in (group, *group.parents) if folder == top or top in folder.parents):
        most, used = (_number(folder / name) for name in (limit, usage))
        if most is not None and used is not None and most < UNLIMITED:
            dropped = (line.split() for line in _lines(folder / "memory.stat"))
            yield max(0, most - used + sum(int(number) for name, number in dropped if name == cache))


def _number(path: Path) -> int | None:
    text = "".join(_lines(path)).strip()
    return int(text) if text.isdigit() else None


def _lines(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except (OSError, ValueError):
        return []


def _physical() -> int | None:
    """Return the total memory of the machine, as an upper limit if free memory is unknown."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None
