"""How static pictures turn weights into colours and opacities of lines: by the rules of the views.

`src/views/scene/weight-scale.ts`, `src/views/heat/heat-top.ts` and `src/draw/lines/strength.ts` are the same rules.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.data.attention_map import AttentionMap
    from headscope.export.shown_view import ShownView

Scale = Literal["linear", "sqrt", "log"]

LONG_SCALE = 128
"""From this many tokens on, heat maps have the square root by default, and attention sinks set no scale."""

LOG_FLOOR = 1e-4
WITNESSES = 0.25
"""A key can be a sink only if at least this part of the queries see it."""

INK = 0.4
"""The part of a column of pixels that lines may cover together."""


def scale_of(view: ShownView, map_: AttentionMap, *, lines: bool = False) -> tuple[Scale, bool]:
    """Return a view's scale, and whether it ends at the largest weight beside sinks."""
    if view.scale != "auto":
        return cast("Scale", view.scale), False
    is_long = max(len(map_.query_tokens), len(map_.key_tokens)) >= LONG_SCALE
    return "sqrt" if is_long and not lines else "linear", is_long


def scaled(parts: NDArray[np.float32], scale: Scale) -> NDArray[np.float32]:
    """Return the places on a scale, from 0 to 1, of parts of its largest weight; missing ones stay missing."""
    places = parts
    if scale == "sqrt":
        places = np.sqrt(np.maximum(parts, 0))
    elif scale == "log":
        places = 1 - np.log(np.maximum(parts, np.float32(LOG_FLOOR))) / np.float32(np.log(LOG_FLOOR))
    return places


def end_of(weights: NDArray[np.float32], heads: NDArray[np.float32], share: float | None) -> float:
    """Return the weight at the end of a scale: the largest, or the largest beside sinks; 1 if there is none.

    Parameters
    ----------
    weights
        What is shown, shape (maps, queries, keys).
    heads
        The weights of the heads, shape (heads, queries, keys), by which sinks are measured.
    share
        The share of the attention above which a key is a sink; None if sinks set the scale too.
    """
    known = np.nan_to_num(weights)
    largest = float(known.max(initial=0))
    if share is not None and largest > 0:
        sums, seen = np.nan_to_num(heads).sum(axis=(0, 1)), (heads > 0).any(axis=0).sum(axis=0)
        shares = np.divide(sums, seen * len(heads), out=np.zeros_like(sums), where=seen >= WITNESSES * heads.shape[1])
        largest = float(known[:, :, shares <= share].max(initial=0)) or largest
    return largest or 1.0


def line_opacities(
    weights: NDArray[np.float32], scale: Scale, gain: float | None, end: float, ink: float
) -> NDArray[np.float32]:
    """Return the opacity of each line, shape (heads, queries, keys).

    Parameters
    ----------
    weights
        Without missing ones, shape (heads, queries, keys).
    scale
        How weights become strengths.
    gain
        The opacity of a line of weight 1, times the number of heads; None for strengths up to `end`.
    end
        The weight of the strongest lines if there is no gain.
    ink
        How many opaque lines fill the height of the picture.
    """
    least = 1 / max(1, len(weights))
    strengths = scaled(weights / np.float32(end if gain is None else 1), scale)
    total = float(strengths.sum())
    factor = gain * least if gain is not None else min(1.0, max(least * end, INK * ink / total if total else 1.0))
    opacities: NDArray[np.float32] = np.minimum(strengths * np.float32(factor), 1)
    return opacities
