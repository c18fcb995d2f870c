"""The `decimal16` encoding of weights: two bytes that keep every digit that a view shows.

Views show weights with three significant digits. Half precision changes the last digit if its rounding crosses half a
digit, for example from 0.893 to 0.894. In this encoding, the cells to which weights are rounded end exactly at half
digits, so the middle of a cell is shown with the same digits as every weight in the cell.

Each decade from 1e-5 to 1 has 12,600 cells of equal width, 7 per half digit; the two decades below have 1,200 each.
Codes increase with the weights: 0 is zero (and weights under 1e-7), `ONE` is one, `MISSING` is a missing weight.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

DECADES = ((1e-7, 1200), (1e-6, 1200), (1e-5, 12600), (1e-4, 12600), (1e-3, 12600), (1e-2, 12600), (1e-1, 12600))
"""The smallest weight and the number of cells of each decade."""

STARTS = np.cumsum([1, *(cells for _, cells in DECADES)])
"""The first code of each decade, and `ONE`."""

ONE = int(STARTS[-1])
MISSING = 65535

STEP = 16
"""`rounded_up` rounds codes to multiples of this."""

CHUNK = 1 << 16
"""The number of weights encoded at a time, which fit into the processor's cache."""

# code = start + (weight - least) * cells / (9 * least), per decade; the first decade is that of zero
_EDGES = [np.float32(least) for least, _ in DECADES]
_SCALES = np.array([0, *(cells / (9 * least) for least, cells in DECADES)], dtype=np.float32)
_FIRST = np.array([0, *(cells / 9 for _, cells in DECADES)], dtype=np.float32)
_STARTS = np.array([0, *STARTS[:-1]], dtype="<u2")


def encode(weights: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Return the code of each weight, in the same shape.

    Parameters
    ----------
    weights
        Weights between 0 and 1; values that are not finite are missing.
    """
    codes = np.empty(weights.shape, dtype="<u2")
    flat, found = np.ascontiguousarray(weights).reshape(-1), codes.reshape(-1)
    for start in range(0, flat.size, CHUNK):
        part = slice(start, start + CHUNK)
        found[part] = _codes(flat[part])
    return codes


def rounded_up(codes: NDArray[np.uint16]) -> NDArray[np.uint16]:
    """Round codes up to fewer distinct ones, which compress better.

    The weights become at most 1.2 % larger (12 % under 1e-5). The largest code and missing ones stay unchanged.
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
    """Return the weight of each code, in the same shape; missing weights are NaN."""
    weights: NDArray[np.float32] = TABLE[codes]
    return weights


def _table() -> NDArray[np.float32]:
    table = np.full(MISSING + 1, np.nan)
    table[0], table[ONE] = 0, 1
    for start, (least, cells) in zip(STARTS, DECADES, strict=False):
        table[start : start + cells] = (cells / 9 + np.arange(cells) + 0.5) * (9 * least / cells)
    return table.astype(np.float32)


TABLE = _table()
"""The weight of each code, shape (65536,); NaN for missing weights and unused codes."""
