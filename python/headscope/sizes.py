"""Sizes of memory as people read them."""

from __future__ import annotations

UNITS = ((1e9, "GB"), (1e6, "MB"))


def readable_size(nbytes: int) -> str:
    """Write a size for people, in kB, MB or GB (powers of 1000)."""
    unit, name = next(((unit, name) for unit, name in UNITS if nbytes >= unit), (1e3, "kB"))
    return f"{nbytes / unit:.1f} {name}"
