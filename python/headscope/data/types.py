"""Types that several modules share."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Weights: TypeAlias = "NDArray[np.float32]"
"""Weights, or values computed from weights; a missing one is NaN."""

Edges: TypeAlias = "NDArray[np.int64]"
"""The edges of the bins on an axis, shape (bins + 1,): the start of each bin, and the end of the last one."""
