"""Time series: the channel and the patch of each position of models that attend within one of the two."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from torch import Tensor

from headscope.tracing.images.patches import Named, setting


def name_series(size: int, arguments: Mapping[str, Any], model: Any, pieces: int, turn: int) -> Iterator[Named]:
    """Yield names such as `channel 1: patch 0`, if a model cuts a time series to patches.

    Parameters
    ----------
    size
        The number of positions.
    arguments
        The model's keyword arguments.
    model
        The model.
    pieces
        The number of pieces: the channels if the model attends over time, the patches if it attends over channels.
    turn
        0 for the layer's first call, which attends over time; it decides where both numbers are equal.
    """
    values, patches = arguments.get("past_values"), _num_patches(model)
    if not isinstance(values, Tensor) or values.dim() != 3 or patches is None or size % pieces:
        return
    channels, rows = int(values.shape[2]), size // pieces
    for first in (0, 1):  # a class token may come before the patches
        names = [*(["[CLS]"] * first), *(f"patch {patch}" for patch in range(patches))]
        at = range(channels)
        over_time = pieces == channels and rows == len(names)
        if over_time and not (turn and rows == channels):
            special = tuple(channel * rows for channel in at) if first else ()
            yield tuple(f"channel {channel}: {name}" for channel in at for name in names), special, None
        elif pieces == len(names) and rows == channels:
            yield (
                tuple(f"channel {channel}: {name}" for name in names for channel in at),
                tuple(at) if first else (),
                None,
            )


def _num_patches(model: Any) -> int | None:
    length, stride, context = (setting(model, name) for name in ("patch_length", "patch_stride", "context_length"))
    if not (isinstance(length, int) and isinstance(stride, int) and isinstance(context, int)):
        return None
    return (max(context, length) - length) // stride + 1
