"""Which axis of a tensor counts texts, which heads: bring the tensors of an attention call to four axes.

People write attention with heads of their own axis or folded into the batch, with windows, with heads or positions
first. What an axis counts follows from the number of texts, the module's number of heads and its positions.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from headscope.tracing.hooks.batch_layout import BatchLayout
    from headscope.tracing.hooks.module_stack import Frame

NUM_HEADS = ("num_heads", "n_heads", "n_head", "nhead", "nheads", "heads", "num_attention_heads")
"""The names that attention modules use for their number of heads."""

AROUND = 3
"""The most running modules, innermost first, that are asked for a number of heads."""

HEADS_BEFORE_WINDOWS = re.compile("MaskUnit|Audio")
"""The attention modules with as many windows as heads that have the heads before the windows, as Hiera's."""

BATCH_FIRST = ("torch", "transformers", "diffusers")
"""Packages that fold heads into the batch with the batch before the heads."""


@dataclass(frozen=True)
class Axes:
    """What the axes before positions and features count."""

    rows: int | None = None
    """The number of texts, windows or images, if an axis counts them and heads together; else None."""
    heads_first: bool = False
    """Whether the first of four axes counts heads."""
    several: bool = False
    """Whether all axes after the first count heads, as with groups of heads; else those before the last are windows."""
    heads_before_windows: bool = False
    """Whether the second of five or more axes counts heads and those after it windows."""
    doubtful: bool = False
    """Whether it is not certain which axis counts heads and which windows."""

    def four(self, tensor: Tensor) -> Tensor | None:
        """Return a tensor of 2 to 6 axes with four: rows, heads, positions, features; None if it has fewer."""
        lead = tensor.shape[:-2]
        if tensor.dim() < 2:
            return None
        if not lead:
            return tensor[None, None]
        if len(lead) == 1:
            rows = min(self.rows or 1, len(tensor))
            return tensor.reshape(rows, len(tensor) // rows, *tensor.shape[1:])
        if len(lead) == 2:
            return tensor.transpose(0, 1) if self.heads_first else tensor
        if self.heads_before_windows:
            return tensor.movedim(1, -3).flatten(0, -4)
        if self.several:
            return tensor.reshape(len(tensor), math.prod(lead[1:]), *tensor.shape[-2:])
        return tensor.reshape(math.prod(lead[:-1]), *tensor.shape[-3:])


def axes_of(
    query: torch.Size, batch: int, heads: int | None, positions: Collection[int], heads_first: bool = False
) -> Axes:
    """Return what the axes of a call's tensors count.

    Parameters
    ----------
    query
        The shape of the queries: (..., num_queries, features).
    batch
        The number of texts.
    heads
        The number of heads that the module names; None if it names none.
    positions
        The possible numbers of positions of the module's input; empty if unknown.
    heads_first
        Whether heads come before windows where both are equally many; False by default.
    """
    lead, size = query[:-2], query[-2]
    whole = size in positions
    if len(lead) == 1:
        count = lead[0]
        if heads is not None and count % heads == 0:
            return Axes(rows=count // heads)
        if positions and not whole and any(count * size == batch * length for length in positions):
            return Axes(rows=count)  # windows of one head
        return Axes(rows=batch if count % batch == 0 else 1)
    if len(lead) == 2:
        named = heads is not None and lead[0] == heads != lead[1]
        return Axes(heads_first=lead[1] == batch and lead[0] != batch and (whole or named))
    if len(lead) < 3:
        return Axes()
    if heads == lead[1] and (lead[-1] != heads or heads_first):
        return Axes(heads_before_windows=True)
    if whole and lead[0] == batch:
        return Axes(several=True)
    before, after = (math.prod(windows) * size in positions for windows in (lead[1:-1], lead[2:]))
    named = heads in (lead[1], lead[-1]) and lead[1] != lead[-1]
    return Axes(heads_before_windows=after and not before and not named, doubtful=before == after and not named)


def axes_of_call(query: Tensor, num_keys: int, running: Sequence[Frame], layout: BatchLayout) -> Axes:
    """Return what the axes of an observed call count, and tell `layout` what the call says about the batch."""
    heads, positions = number_of_heads(running), lengths_of(running, layout.size)
    first = bool(running) and bool(HEADS_BEFORE_WINDOWS.search(type(running[-1].module).__name__))
    axes = axes_of(query.shape, layout.size, heads, positions, first)
    if layout.generic:
        full = axes.four(query)
        layout.hear(query.shape, heads, num_keys)
        package = type(running[-1].module).__module__.split(".")[0] if running else ""
        one_axis_each = query.dim() > 3 and query.shape[0] == layout.size != query.shape[1]
        known = full is not None and len(full) == layout.size and package in BATCH_FIRST
        if layout.size > 1 and not one_axis_each and not known:
            layout.folded = True
    return axes


def folded_rows(module: torch.nn.Module, count: int) -> str:
    """Return why a call is not shown whose rows count positions and something else together."""
    return (
        f"the rows of {type(module).__name__}'s weights count queries and heads together ({count}), and in which order "
        "is not certain. Keep an axis of its own for heads until the softmax, such as (batch, heads, queries, keys)."
    )


def heads_or_windows(module: torch.nn.Module, shape: torch.Size) -> str:
    """Return why a call is not shown of which it is not certain which axis counts heads."""
    return (
        f"of the axes {tuple(shape)} in {type(module).__name__} it is not certain which counts heads and which "
        "windows. Give the module its number of heads as an attribute num_heads, with another number of windows."
    )


def number_of_heads(running: Sequence[Frame]) -> int | None:
    """Return the number of heads that the innermost modules name; None if they name none."""
    for frame in reversed(running[-AROUND:]):
        own = vars(frame.module)
        found = next((own[name] for name in NUM_HEADS if isinstance(own.get(name), int)), None)
        if found is not None and found > 0:
            return int(found)
    return None


def _states(frame: Frame) -> list[Tensor]:
    given = (value for value in frame.arguments if isinstance(value, Tensor))
    return [value for value in given if value.is_floating_point() and value.dim() > 1]


def lengths_of(running: Sequence[Frame], batch: int) -> set[int]:
    """Return the possible numbers of positions of the innermost inputs that are known; empty if none are."""
    found: set[int] = set()
    for given in next((known for frame in reversed(running) if (known := _states(frame))), []):
        shape = given.shape
        found |= {int(shape[-2]), math.prod(shape[1:-1])}
        if given.dim() == 4:
            found.add(math.prod(shape[2:]))  # channels before rows and columns
        if given.dim() == 3 and shape[1] == batch:
            found.add(int(shape[0]))  # positions first
    return found
