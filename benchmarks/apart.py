"""Run a measurement of memory in a process of its own. Linux only: it reads the size of a process from /proc."""

from __future__ import annotations

import ctypes
import json
import os
from collections.abc import Callable
from pathlib import Path


def apart(measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Run `measure` in a copy of this process, which frees its memory when it ends, and return the result.

    Each copy starts with what is loaded here, regardless of earlier copies.

    Raises
    ------
    RuntimeError
        If the copy ended early, for example because the system killed it for its memory.
    """
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, json.dumps(measure()).encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as answers:
        answer = answers.read()
    os.waitpid(child, 0)
    if not answer:
        raise RuntimeError("a measurement of memory broke off.")
    result: dict[str, float] = json.loads(answer)
    return result


def reset_peak() -> int:
    """Give free memory back, forget the highest resident size so far, and return the present one in bytes."""
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    return _line("/proc/self/status", "VmRSS")


def peak() -> int:
    """Return the highest resident size since `reset_peak`, in bytes."""
    return _line("/proc/self/status", "VmHWM")


def available() -> int:
    """Return how many bytes of the machine's memory are free."""
    return _line("/proc/meminfo", "MemAvailable")


def _line(file: str, name: str) -> int:
    lines = Path(file).read_text().splitlines()
    return next(1024 * int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
