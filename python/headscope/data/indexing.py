"""Turn every form of positions that a user may pass into ranges."""

from __future__ import annotations

from collections.abc import Sequence
from operator import index
from typing import Any, Protocol, TypeAlias, TypeVar, cast

from headscope.ranges import check_within, is_truth_value

Positions: TypeAlias = "int | slice | range | Sequence[int] | None"
"""None for all positions, one position, a slice, or a sequence of positions in the order of the result; zero-based."""


def check_position(position: int, size: int | None, axis: str) -> int:
    """Return `position` as an int.

    Raises
    ------
    IndexError
        `position` is not from 0 to `size` - 1 (None: any size); negative positions do not count from the end.
    TypeError
        `position` is not an integer.
    """
    if is_truth_value(position):
        raise TypeError(f"{axis} must be a position (an integer), not {position!r}.")
    try:
        value = index(position)
    except TypeError:
        raise TypeError(f"{axis} must be a position (an integer), not {position!r}.") from None
    return check_within(value, size, axis)


def is_single(positions: Positions) -> bool:
    """Return whether this is one position rather than several."""
    if positions is None or isinstance(positions, slice):
        return False
    try:
        len(positions)  # type: ignore[arg-type]  # arrays without an axis have this method too
    except TypeError:
        return True
    return False


def ranges(positions: Positions, size: int, axis: str) -> list[range]:
    """Return `positions` of an axis of `size` as contiguous ranges, in their order.

    Slices are clipped to the axis as in Python; `check_position` checks single positions.
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


class _Divisible(Protocol):
    def __floordiv__(self, other: int, /) -> Any: ...


HeadT = TypeVar("HeadT", bound=_Divisible)


def kv_head(head: HeadT, num_heads: int, num_kv_heads: int) -> HeadT:
    """Return the KV head that a query head reads, for one head or a tensor of heads.

    Equally many adjacent query heads share a KV head, as in grouped-query attention (Ainslie et al. 2023,
    https://arxiv.org/abs/2305.13245).
    """
    return cast("HeadT", head // (num_heads // num_kv_heads))
