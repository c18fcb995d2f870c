"""Grids: how the positions of an attention map lie in an image."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Grid:
    """How positions lie in an image: row by row, from the position `first` on."""

    first: int
    rows: int
    columns: int
