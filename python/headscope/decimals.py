"""The `decimal16` encoding of weights: two bytes that keep every digit which a view shows.

Views write a weight with three significant digits. A rounded weight, as half precision has it, comes out with another
last digit wherever the rounding crosses half a digit: with 0.894 in place of 0.893. Here the cells to which weights are
rounded end exactly at half digits, so that the middle of a cell is written as every weight in the cell is.

Each decade from 1e-5 to 1 has 12,600 cells of equal width, 7 to half a digit; the two decades below have 1,200 each.
Codes rise with the weights: 0 is zero (and weights under 1e-7), `ONE` is one, `MISSING` is a missing weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DECADES = ((1e-7, 1200), (1e-6, 1200), (1e-5, 12600), (1e-4, 12600), (1e-3, 12600), (1e-2, 12600), (1e-1, 12600))
"""The least weight of each decade, and how many cells it has."""

STARTS = np.cumsum([1, *(cells for _, cells in DECADES)])
"""The first code of each decade, and `ONE`."""

ONE = int(STARTS[-1])
MISSING = 65535

STEP = 16
"""What `rounded_up` makes multiples of."""

CHUNK = 1 << 16
"""Weights are encoded this many at a time: so many stay in the processor's cache."""

# code = start + (weight - least) * cells / (9 * least), by decade, the first of which is that of zero
_EDGES = [np.float32(least) for least, _ in DECADES]
_SCALES = np.array([0, *(cells / (9 * least) for least, cells in DECADES)], dtype=np.float32)
_FIRST = np.array([0, *(cells / 9 for _, cells in DECADES)], dtype=np.float32)
_STARTS = np.array([0, *STARTS[:-1]], dtype="<u2")


def encode(weights: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return the code of each weight, in the same shape.

    Parameters
    ----------
    weights
        Between 0 and 1; whatever is not finite is missing.
    """
    codes = np.empty(weights.shape, dtype="<u2")
    flat, found = np.ascontiguousarray(weights).reshape(-1), codes.reshape(-1)
    for start in range(0, flat.size, CHUNK):
        part = slice(start, start + CHUNK)
        found[part] = _codes(flat[part])
    return codes


def rounded_up(codes: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Return codes of which many are the same, of weights that are at most 1.2 % larger (12 % under 1e-5).

    The largest stays as it is, and so do missing ones.
    """
    there = codes != MISSING
    most = codes[there].max(initial=0)
    return np.where(there, np.minimum((codes.astype(np.uint32) + STEP - 1) // STEP * STEP, most), codes).astype("<u2")


def _codes(weights: NDArray[np.float32]) -> NDArray[np.uint16]:
    decade = np.zeros(weights.shape, dtype=np.uint8)
    for edge in _EDGES:
        decade += (weights >= edge).view(np.uint8)
    missing = ~np.isfinite(weights)
    places = _SCALES[decade]
    places *= np.where(missing, np.float32(0), weights)
    places -= _FIRST[decade]
    codes: NDArray[np.uint16] = np.maximum(places, 0, out=places).astype("<u2")
    codes += _STARTS[decade]
    codes[missing] = MISSING
    return codes


def decode(codes: NDArray[np.uint16]) -> NDArray[np.float32]:
    """Return the weight that each code stands for, in the same shape; NaN where missing."""
    weights: NDArray[np.float32] = TABLE[codes]
    return weights


def _table() -> NDArray[np.float32]:
    table = np.full(MISSING + 1, np.nan)
    table[0], table[ONE] = 0, 1
    for start, (least, cells) in zip(STARTS, DECADES, strict=False):
        table[start : start + cells] = (cells / 9 + np.arange(cells) + 0.5) * (9 * least / cells)
    return table.astype(np.float32)


TABLE = _table()
"""The weight that each code stands for, shape (65536,); NaN where missing, and for codes that are not used."""
