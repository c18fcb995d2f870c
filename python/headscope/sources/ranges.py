"""Given weights that the softmax can't give, outside of 0 to 1 or missing: a report says how views draw them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from headscope.data.arrays import ArrayRecord, is_tensor
from headscope.data.attention_map import AttentionMap
from headscope.data.layers import Record
from headscope.text.counted import counted

ROWS = 1 << 20
"""The most weights to look at at a time."""
MOST = 1 << 28
"""The most weights of a map to look at: more would delay a capture by seconds, and views count what they show."""
ROUNDING = 1e-3
"""How far weights may be outside of 0 to 1 by rounding, as those of 16 bits are."""
OFF = 0.05
"""How far the sum of a row may be from 1 by the rounding of 16 bits."""


def notes_on_ranges(maps: Iterable[AttentionMap]) -> list[str]:
    """Return sentences for each map that has weights below 0, above 1 or missing."""
    notes = []
    for map_ in maps:
        size = len(map_.query_tokens) * len(map_.key_tokens) * sum(record.num_heads for record in map_.records)
        ranges = [_range(record) for record in map_.records[: max(1, MOST * map_.num_layers // size)]]
        lowest, highest = min(part.low for part in ranges), max(part.high for part in ranges)
        if gaps := sum(part.has_gaps for part in ranges):
            notes.append(
                f"The {map_.name!r} map has weights that are NaN, infinite or masked, in {counted(gaps, 'layer')}: "
                "views leave them out, and capture.weights() gives NaN."
            )
        if lowest < -ROUNDING:
            notes.append(
                f"The {map_.name!r} map has weights below 0, the lowest is {lowest:.3g}: views draw them like 0, and "
                "tooltips, capture.weights() and files have the true numbers."
            )
        if highest > 1 + ROUNDING:
            notes.append(f"The {map_.name!r} map has weights above 1, the highest is {highest:.3g}.")
        if lowest >= -ROUNDING and highest <= 1 + ROUNDING:
            notes += _of_sums(map_)
    return notes


def _of_sums(map_: AttentionMap) -> list[str]:
    """Return a note if the rows of a map's first layer do not sum to 1; rows of zeros see no key."""
    number = next((number for number in map_.layers), None)
    if number is None:
        return []
    record = map_.records[number]
    rows = slice(0, min(record.num_queries, max(1, ROWS // record.num_keys)))
    sums = np.asarray(record.weights([0], rows, slice(0, record.num_keys)), np.float64).sum(-1)
    known = sums[np.isfinite(sums) & (sums != 0)]
    if not known.size or float(np.abs(known - 1).max()) <= OFF:
        return []
    low, high = float(known.min()), float(known.max())
    found = f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
    return [
        f"The rows of the {map_.name!r} map do not sum to 1, as those of a softmax do: in layer {number} and head 0 "
        f"their sums are {found}. Each row must be a query, each column a key."
    ]


class Range(NamedTuple):
    """The lowest and the highest weight of a layer, 0 and 1 included, and whether any is missing."""

    low: float = 0.0
    high: float = 1.0
    has_gaps: bool = False

    def over(self, low: float, high: float, has_gaps: bool) -> Range:
        """Return the range that also covers other weights."""
        return Range(min(self.low, low), max(self.high, high), self.has_gaps or has_gaps)


def _range(record: Record) -> Range:
    if isinstance(record, ArrayRecord) and is_tensor(record.array):
        return _range_of_tensor(record.array)
    found = Range()
    step = max(1, ROWS // record.num_keys)
    for head in range(record.num_heads):
        for start in range(0, record.num_queries, step):
            rows = slice(start, min(start + step, record.num_queries))
            block = record.weights([head], rows, slice(0, record.num_keys))
            lowest = float(np.fmin.reduce(block, axis=None, initial=0))
            highest = float(np.fmax.reduce(block, axis=None, initial=1))
            found = found.over(lowest, highest, bool(np.isnan(block).any()))
    return found


def _range_of_tensor(array: Any) -> Range:
    """Return the range of a tensor's weights, found on its device."""
    found = Range()
    for head in array:
        part = head.float()
        known = part[part.isfinite()]
        has_gaps = known.numel() < part.numel()
        if known.numel():
            found = found.over(float(known.min()), float(known.max()), has_gaps)
        else:
            found = found.over(0.0, 1.0, has_gaps)
    return found
