"""Rows of codes without the zeros before and after them: what a causal or a windowed tile would carry in vain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

ENDS = np.dtype("<u2")


def cut(codes: NDArray[Any]) -> bytes:
    """Return codes, shape (..., columns), as the payload of a tile: see `headscope.contract.TileHeader`."""
    rows = codes.reshape(-1, codes.shape[-1])
    there = rows != 0
    some = there.any(1)
    starts = np.where(some, there.argmax(1), 0)
    stops = np.where(some, rows.shape[1] - there[:, ::-1].argmax(1), 0)
    return np.stack([starts, stops], 1).astype(ENDS).tobytes() + rows[_inside(starts, stops, rows.shape[1])].tobytes()


def uncut(payload: bytes | memoryview, shape: tuple[int, ...], dtype: np.dtype[Any]) -> tuple[NDArray[Any], int]:
    """Return the codes of a cut payload in their shape, and how many bytes it took.

    Raises
    ------
    ValueError
        The payload is too short, or a row ends before it starts or beyond the columns.
    """
    codes = np.zeros((int(np.prod(shape[:-1])), shape[-1]), dtype)
    size = len(codes) * 2 * ENDS.itemsize
    if len(payload) < size:
        raise ValueError(f"the ends of {len(codes)} rows take {size} bytes, {len(payload)} are left")
    starts, stops = np.frombuffer(payload[:size], ENDS).reshape(-1, 2).astype(np.int64).T
    if ((starts > stops) | (stops > shape[-1])).any():
        raise ValueError(f"a row of {shape[-1]} columns ends before it starts, or beyond them")
    count = int((stops - starts).sum())
    stop = size + count * dtype.itemsize
    if len(payload) < stop:
        raise ValueError(f"the rows take {stop} bytes, {len(payload)} are left")
    codes[_inside(starts, stops, shape[-1])] = np.frombuffer(payload[size:stop], dtype)
    return codes.reshape(shape), stop


def _inside(starts: NDArray[Any], stops: NDArray[Any], columns: int) -> NDArray[np.bool_]:
    at = np.arange(columns)
    inside: NDArray[np.bool_] = (at >= starts[:, None]) & (at < stops[:, None])
    return inside
