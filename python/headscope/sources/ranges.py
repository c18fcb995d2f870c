"""Given weights outside of 0 to 1, which the softmax can't give: a report says how views draw them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from headscope.data.arrays import ArrayRecord, is_tensor
from headscope.data.attention_map import AttentionMap
from headscope.data.layers import Record

ROWS = 1 << 20
"""The most weights to look at at a time."""
MOST = 1 << 28
"""The most weights of a map to look at: more would delay a capture by seconds, and views count what they show."""
ROUNDING = 1e-3
"""How far weights may be outside of 0 to 1 by rounding, as those of 16 bits are."""


def notes_on_ranges(maps: Iterable[AttentionMap]) -> list[str]:
    """Return a sentence for each map that has weights below 0 or above 1."""
    notes = []
    for map_ in maps:
        size = len(map_.query_tokens) * len(map_.key_tokens) * sum(record.num_heads for record in map_.records)
        ranges = [_range(record) for record in map_.records[: max(1, MOST * map_.num_layers // size)]]
        lowest, highest = min(low for low, _ in ranges), max(high for _, high in ranges)
        if lowest < -ROUNDING:
            notes.append(
                f"The {map_.name!r} map has weights below 0, the lowest is {lowest:.3g}: views draw them like 0, and "
                "tooltips, capture.weights() and files have the true numbers."
            )
        if highest > 1 + ROUNDING:
            notes.append(f"The {map_.name!r} map has weights above 1, the highest is {highest:.3g}.")
    return notes


def _range(record: Record) -> tuple[float, float]:
    """Return the lowest and the highest weight of a layer, 0 and 1 included; missing weights are ignored."""
    if isinstance(record, ArrayRecord) and is_tensor(record.array):
        return _range_of_tensor(record.array)
    low, high = 0.0, 1.0
    step = max(1, ROWS // record.num_keys)
    for head in range(record.num_heads):
        for start in range(0, record.num_queries, step):
            rows = slice(start, min(start + step, record.num_queries))
            block = record.weights([head], rows, slice(0, record.num_keys))
            low = min(low, float(np.fmin.reduce(block, axis=None, initial=0)))
            high = max(high, float(np.fmax.reduce(block, axis=None, initial=1)))
    return low, high


def _range_of_tensor(array: Any) -> tuple[float, float]:
    """Return the range of a tensor's weights, found on its device."""
    low, high = 0.0, 1.0
    for head in array:
        part = head.float()
        part = part[part.isfinite()]
        if part.numel():
            low, high = min(low, float(part.min())), max(high, float(part.max()))
    return low, high
