"""Check positions against the size of their axis."""

from __future__ import annotations


def check_within(
    position: int, size: int | None, what: str, error: type[Exception] = IndexError, *, where: str = ""
) -> int:
    """Return `position`, or raise `error` unless it is from 0 to `size` - 1, or at least 0 if `size` is None.

    The message names it by `what`; `where` says on what the size depends.
    """
    if size is None:
        if position < 0:
            raise error(f"{what} {position} is out of range: valid is 0 or more.")
    elif not 0 <= position < size:
        valid = f"from 0 to {size - 1}" if size > 1 else ("0, the only one" if size else "none: there are none")
        raise error(f"{what} {position} is out of range{where}: valid is {valid}.")
    return position
