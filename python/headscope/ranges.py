"""Check positions against the size of their axis."""

from __future__ import annotations

from typing import Any


class OutOfRangeError(IndexError, ValueError):
    """A position is not on its axis. Arrays raise IndexError then, and options raise ValueError: this is both."""


def check_within(position: int, size: int | None, what: str, *, where: str = "") -> int:
    """Return `position`, which must be from 0 to `size` - 1, or at least 0 if `size` is None.

    Messages name it by `what`; `where` says on what the size depends.

    Raises
    ------
    OutOfRangeError
        It is not.
    """
    if size is None:
        if position < 0:
            raise OutOfRangeError(f"{what} {position} is out of range: valid is 0 or more.")
    elif not 0 <= position < size:
        valid = f"from 0 to {size - 1}" if size > 1 else ("0, the only one" if size else "none: there are none")
        raise OutOfRangeError(f"{what} {position} is out of range{where}: valid is {valid}.")
    return position


def is_truth_value(value: Any) -> bool:
    """Return whether a value is True or False, which Python counts as 1 and 0, also of NumPy or torch: no position."""
    return isinstance(value, bool) or str(getattr(value, "dtype", "")).endswith("bool")
