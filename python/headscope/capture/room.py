"""How much memory is free, and the refusal of a capture that would not fit, before the pass."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import torch

from headscope.capture.estimate import Estimate
from headscope.sizes import readable_size

SHARE = 0.9
"""A capture may take this much of what is free: the pass itself needs memory too, and so do weights afterwards."""

UNLIMITED = 1 << 60
"""Control groups write a number beyond this, or `max`, where there is no limit."""


def check_memory(known: Estimate, offloads: bool) -> None:
    """Refuse a capture that would not fit into memory.

    Parameters
    ----------
    known
        What the pass will keep.
    offloads
        Whether queries and keys go to a file layer by layer.

    Raises
    ------
    MemoryError
        It would not fit: the message says how large it is, what is free, and what to do. Nobody is refused where it is
        not known what is free.
    """
    if offloads and not known.weights:
        return
    for device, nbytes in known.needed().items():
        free = free_memory(device)
        if free is not None and nbytes > SHARE * free:
            raise MemoryError(_refusal(known, device, nbytes, free))


def _refusal(known: Estimate, device: torch.device, nbytes: int, free: int) -> str:
    here = [layer for layer in known.layers if layer.device == device and (known.weights or layer.wanted)]
    where = "memory" if device.type == "cpu" else f"memory of {device}"
    tokens = f"{known.num_tokens:,} tokens"
    if known.weights:
        return (
            f"this model returns the weights of all its layers at once, {readable_size(nbytes)} of them for {tokens}, "
            f"but {readable_size(free)} of {where} is free: they grow with the square of the tokens, so capture a "
            "shorter text, or the texts of a batch one at a time."
        )
    fit = int(SHARE * free // max(layer.nbytes for layer in here))
    chosen = f"keep at most {fit} of them with layers=[...], or " if fit else ""
    return (
        f"this capture would hold {readable_size(nbytes)} of queries and keys, {len(here)} layers of {tokens}, but "
        f'{readable_size(free)} of {where} is free: {chosen}keep them in a file with offload="disk".'
    )


def check_disk(known: Estimate, folder: str) -> None:
    """Refuse a capture that would not fit into the folder that it is to be written to.

    Raises
    ------
    OSError
        With the number ENOSPC: the message says how large it is and what is free.
    """
    free = shutil.disk_usage(folder).free
    if known.nbytes > free:
        raise no_space(known.nbytes, free, folder)


def no_space(nbytes: int, free: int, folder: str) -> OSError:
    """Return the error that says that a disk is full."""
    what = (
        f"{readable_size(nbytes)} of queries and keys do not fit into {folder!r}, where {readable_size(free)} is free: "
        'name a folder on a larger disk with offload="/path/to/folder", or keep fewer layers with layers=[...]'
    )
    return OSError(errno.ENOSPC, what)


def free_memory(device: torch.device) -> int | None:
    """Return how many bytes are free on a device; None where nobody says."""
    if device.type == "cpu":
        return free_host_memory()
    if device.type == "cuda" and torch.cuda.is_available():
        cached = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return int(torch.cuda.mem_get_info(device)[0]) + cached
    return None


def free_host_memory(root: Path = Path("/")) -> int | None:
    """Return how many bytes this process may still take, the limits of its control groups considered.

    Parameters
    ----------
    root
        Where `proc` and `sys` are.
    """
    known = [*_available(root / "proc/meminfo"), *_left_in_groups(root)]
    return min(known) if known else _physical()


def _available(meminfo: Path) -> Iterator[int]:
    for line in _lines(meminfo):
        if line.startswith("MemAvailable:"):
            yield int(line.split()[1]) * 1024


def _left_in_groups(root: Path) -> Iterator[int]:
    """Return what is left within the limit of each control group that this process is in, of either version."""
    for line in _lines(root / "proc/self/cgroup"):
        _, controllers, place = line.split(":", 2)
        if not controllers:
            yield from _left_in(root / "sys/fs/cgroup", place, "memory.max", "memory.current", "inactive_file")
        elif "memory" in controllers.split(","):
            names = "memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"
            yield from _left_in(root / "sys/fs/cgroup/memory", place, *names)


def _left_in(top: Path, place: str, limit: str, usage: str, cache: str) -> Iterator[int]:
    # Within a container the group's own folder may be the top one, whatever its place is called outside.
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
    """Return all the memory of the machine, where that is all that can be known: no capture is larger."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        return None
