"""Which positions of an axis are meant: everything a user may write, as ranges in order."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import TypeAlias, cast

Positions: TypeAlias = "int | slice | range | Sequence[int] | None"
"""All positions (None), one, a slice, or a sequence of positions in the order wanted. Always zero-based."""


def check_position(position: int, size: int, axis: str) -> int:
    """Give `position` back as an int.

    Raises
    ------
    IndexError
        If it is not from 0 to `size` - 1; negative positions do not count from the end.
    TypeError
        If it is not an integer.
    """
    if isinstance(position, bool):
        raise TypeError(f"{axis} must be a position (an integer), not {position!r}.")
    try:
        value = index(position)
    except TypeError:
        raise TypeError(f"{axis} must be a position (an integer), not {position!r}.") from None
    if not 0 <= value < size:
        valid = f"from 0 to {size - 1}" if size > 1 else ("0, the only one" if size else "none: there are none")
        raise IndexError(f"{axis} {value} is out of range: valid is {valid}.")
    return value


def is_single(positions: Positions) -> bool:
    """Whether one position is meant, not a sequence of them."""
    if positions is None or isinstance(positions, slice):
        return False
    try:
        len(positions)  # type: ignore[arg-type]  # arrays without an axis have this method too
    except TypeError:
        return True
    return False


def ranges(positions: Positions, size: int, axis: str) -> list[range]:
    """Write `positions` of an axis of `size` as contiguous ranges, in their order.

    Slices are clipped to the axis as Python clips them; single positions are checked by `check_position`.
    """
    if positions is None:
        return [range(size)]
    if isinstance(positions, slice):
        positions = range(*positions.indices(size))
        if positions.step == 1:
            return [positions] if positions else []
    if isinstance(positions, str):
        raise TypeError(f"{axis} must be positions (integers), not the string {positions!r}.")
    wanted = [positions] if is_single(positions) else positions
    return _runs([check_position(position, size, axis) for position in cast("Sequence[int]", wanted)])


def _runs(positions: Sequence[int]) -> list[range]:
    runs: list[range] = []
    for position in positions:
        if runs and runs[-1].stop == position:
            runs[-1] = range(runs[-1].start, position + 1)
        else:
            runs.append(range(position, position + 1))
    return runs
