"""Where the pieces of a call lie in an image, such as its windows, if the model's order of patches is known."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from headscope.data.grids import Grid
from headscope.tracing.hooks.module_stack import Frame
from headscope.tracing.images.mask_units import unit_places
from headscope.tracing.images.swin_windows import window_places
from headscope.tracing.inputs.sides import Side

if TYPE_CHECKING:
    from headscope.tracing.qk.windowed import Places


@dataclass(frozen=True)
class Placed:
    """The places of the pieces of a call."""

    query_at: Places
    """For each piece, the position in the map of each of its rows."""
    key_at: Places
    """For each piece, the position in the map of each of its columns."""
    grids: tuple[Grid | None, Grid | None] = (None, None)
    """The grids in which queries and keys lie row by row; None if only their order is known."""


def placed(running: Sequence[Frame], num_pieces: int, sizes: tuple[int, int]) -> Placed | None:
    """Return where the pieces of the running call lie; None if they follow one another in an order of their own.

    Parameters
    ----------
    running
        The running modules, outermost first.
    num_pieces
        The number of pieces of one text or image.
    sizes
        The numbers of queries and of keys of a piece.
    """
    units = [unit_places(running, num_pieces, size) for size in sizes]
    (queries, query_grid), (keys, key_grid) = units
    if queries is not None and keys is not None:
        return Placed(queries, keys, (query_grid, key_grid))
    windows = window_places(running, num_pieces, sizes[0]) if num_pieces > 1 else None
    return None if windows is None else Placed(windows, windows)


def grid_side(grid: Grid | None) -> Side | None:
    """Return the names of all patches of a grid, as `3,5`; None for None."""
    return None if grid is None else Side(tokens=tuple(_cells(grid, 1, 1)), grid=grid)


def told_apart(queries: Side, keys: Side) -> tuple[Side, Side]:
    """Return the sides of a map; if each patch of one stands for several of the other, it is named after these.

    A pooled patch of two rows and two columns is `0-1,2-3`.
    """
    return _ranged(queries, keys.grid), _ranged(keys, queries.grid)


def _ranged(side: Side, finer: Grid | None) -> Side:
    grid = side.grid
    if grid is None or finer is None or finer.rows % grid.rows or finer.columns % grid.columns:
        return side
    tall, wide = finer.rows // grid.rows, finer.columns // grid.columns
    if tall == wide == 1:
        return side
    start, stop = grid.first, grid.first + grid.rows * grid.columns
    return replace(side, tokens=(*side.tokens[:start], *_cells(grid, tall, wide), *side.tokens[stop:]))


def _cells(grid: Grid, tall: int, wide: int) -> Iterator[str]:
    """Yield the names of a grid's patches, each of which stands for so many rows and columns."""
    for row in range(0, grid.rows * tall, tall):
        for column in range(0, grid.columns * wide, wide):
            yield f"{_range(row, tall)},{_range(column, wide)}"


def _range(first: int, count: int) -> str:
    return str(first) if count == 1 else f"{first}-{first + count - 1}"
