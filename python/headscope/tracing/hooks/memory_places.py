"""Know a tensor by the memory that it lies in."""

from __future__ import annotations

from typing import Any


def place(tensor: Any) -> int | None:
    """Return the address of a tensor's memory; None if it has none of its own."""
    try:
        return int(tensor.untyped_storage().data_ptr()) or None
    except (AttributeError, NotImplementedError, RuntimeError):
        return None
