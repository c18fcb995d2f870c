"""Grids: the places of an attention map's positions in an image."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Grid:
    """Positions that are the patches of an image, row by row from position `first` on."""

    first: int
    rows: int
    columns: int
