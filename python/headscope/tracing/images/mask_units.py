"""Locate the patches of models that order them by mask units, as Hiera does: a unit's patches are read together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from headscope.data.grids import Grid
from headscope.tracing.hooks.module_stack import Frame

if TYPE_CHECKING:
    from headscope.tracing.qk.windowed import Places


def unit_places(running: Sequence[Frame], num_windows: int, size: int) -> tuple[Places | None, Grid | None]:
    """Return the patch of each row of each window of one image, and the grid of the patches.

    A module's `schedule` gives for each stage the strides by which patches are still to be merged, and the numbers of
    rows and columns. Its sequence counts windows last: position `patch * num_windows + window`. Both results are None
    if no running module orders patches by mask units.

    Parameters
    ----------
    running
        The running modules, outermost first.
    num_windows
        The number of windows of an image; 1 if all patches attend to all.
    size
        The number of rows of a window.
    """
    if not running or not hasattr(running[-1].module, "use_mask_unit_attn"):
        return None, None
    if any(getattr(part, "is_mae", False) for part in running[0].module.modules()):
        return None, None  # of a masked autoencoder, only some units run
    image = next((value for value in running[0].arguments if isinstance(value, Tensor) and value.dim() == 4), None)
    for strides, (rows, columns) in _stages(running):
        same = image is None or rows * image.shape[-1] == columns * image.shape[-2]
        if rows * columns == num_windows * size and same:
            windows = unrolled(rows, columns, strides).view(size, num_windows).T
            return [window.numpy() for window in windows], Grid(0, rows, columns)
    return None, None


def _stages(running: Sequence[Frame]) -> Iterable[tuple[Sequence[Sequence[int]], tuple[int, int]]]:
    """Return the strides and the grid of each stage."""
    schedules = (vars(frame.module).get("schedule") for frame in running)
    return next((found.values() for found in schedules if isinstance(found, dict)), ())


def unrolled(rows: int, columns: int, strides: Sequence[Sequence[int]]) -> Tensor:
    """Return the patch at each position, int64, by the rule of `unroll` in Hiera's code.

    Parameters
    ----------
    rows, columns
        The size of the grid.
    strides
        The numbers of rows and columns that each later stage merges.
    """
    cells = torch.arange(rows * columns).view(1, rows, columns)
    for tall, wide in strides:
        count, rows, columns = cells.shape[0], cells.shape[1] // tall, cells.shape[2] // wide
        cells = cells.view(count, rows, tall, columns, wide).permute(0, 2, 4, 1, 3)
        cells = cells.reshape(count * tall * wide, rows, columns)
    return cells.flatten()
