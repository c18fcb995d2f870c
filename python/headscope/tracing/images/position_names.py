"""Name positions that are not tokens of a text: image patches, sound frames, object queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from headscope.tracing.hooks.joins import Joins
from headscope.tracing.hooks.labels import SIDES_OF_TYPES
from headscope.tracing.images.layout import Layouts, counted
from headscope.tracing.images.patches import Named, name_patches, name_picked, setting
from headscope.tracing.images.pooled_text import name_pooled
from headscope.tracing.images.prompts import name_prompts
from headscope.tracing.images.series import name_series
from headscope.tracing.images.video import name_predicted, name_video
from headscope.tracing.inputs.sides import Side

HOP = 0.01
"""Seconds between columns of a spectrogram, the same in all models of transformers that read spectrograms."""

OWN = {"decoder": "query", "query": "query", "latent": "latent", "object": "object"}
"""Sides whose positions are numbered, and what they are."""

UNROLLED = ("hiera",)
"""Model types that order patches by mask units, not by rows: their positions keep numbers rather than wrong names."""

SAMPLING_RATE = 16000
"""Samples per second if the processor names no rate."""


@dataclass(frozen=True)
class Context:
    """What is known about the positions of a pass."""

    arguments: Mapping[str, Any]
    """The model's keyword arguments."""
    model: Any
    """The model; its config gives the size of patches."""
    processor: Any
    """The processor that made the inputs, or None; it may know the sampling rate."""
    joins: Joins
    """What the model has joined and picked."""
    text: Side
    """The text, which has no tokens if there is none."""
    row: int = 0
    """The captured text or image of the batch."""


def name_places(side: str, size: int, context: Context, pieces: int = 1, turn: int = 0) -> Named:
    """Return names for the positions of a side that has no tokens.

    Parameters
    ----------
    side
        `"main"`, `"vision"`, `"audio"`, `"decoder"` or another side of `headscope.tracing.hooks.labels`.
    size
        The number of positions.
    context
        The inputs and the model.
    pieces
        The number of pieces of equal length that the positions come from, such as the frames of a video; 1 by default.
    turn
        The number of earlier calls in the same run of the layer; 0 by default.

    Returns
    -------
    tuple
        The names, the special positions, and the grid of an image; positions without a better name are numbered.
    """
    named = next(_found(side, size, context, pieces, turn), None)
    return (tuple(str(place) for place in range(size)), (), None) if named is None else named


def _found(side: str, size: int, context: Context, pieces: int, turn: int) -> Iterator[Named]:
    """Yield what the positions can be, the most certain first."""
    arguments, model = context.arguments, context.model
    if side in OWN:
        yield numbered(OWN[side], size)
    if side == "prompt":
        yield name_prompts(size, arguments, model, pieces)
    what = counted(model, size)
    if side == "other" and what is not None:
        yield numbered(what, size)
    each = counted(model, size // pieces) if side == "other" and pieces > 1 and not size % pieces else None
    if each is not None:  # of every image or frame
        at = ((piece, place) for piece in range(pieces) for place in range(size // pieces))
        yield tuple(f"image {piece + 1}: {each} {place}" for piece, place in at), (), None
    if side in ("main", "vision", "other"):
        yield from name_series(size, arguments, model, pieces, turn)
        yield from name_predicted(size, arguments, model, context.joins, context.row)
        yield from name_video(size, arguments, model, pieces, context.joins.picked(size))
        named = name_patches(size, arguments, model, context.row)
        if named is not None and setting(model, "model_type") not in UNROLLED:
            yield named
        yield from name_picked(size, arguments, model, context.joins)
    joined = Layouts(arguments, model, {}, context.row).named(size, context.joins) if side == "other" else None
    if joined is not None and pieces == 1:
        yield tuple(token for part in joined.parts for token in part.tokens), (), None
    if side in ("main", "audio", "other"):
        seconds = _seconds(arguments, model, context.processor, size)
        if seconds is not None:
            yield tuple(f"{place * seconds:.2f} s" for place in range(size)), (), None
    text = context.text
    if text.length:
        yield from name_pooled(size, text, model)
        if side not in ("main", "decoder") and len(text.tokens) == size:
            yield text.tokens, text.special, None
    if what is not None and setting(model, "model_type") not in SIDES_OF_TYPES:  # these have sides for what they count
        yield numbered(what, size)


def numbered(what: str, size: int) -> Named:
    """Return names such as `latent 0`."""
    return tuple(f"{what} {place}" for place in range(size)), (), None


def _seconds(arguments: Mapping[str, Any], model: Any, processor: Any, size: int) -> float | None:
    """Return the seconds between positions of a sound; None if there is no sound."""
    columns, samples = arguments.get("input_features"), arguments.get("input_values")
    if isinstance(columns, Tensor) and columns.dim() == 3:
        return HOP * max(columns.shape[1:]) / size
    if isinstance(samples, Tensor) and samples.dim() == 2:
        strides = setting(model, "conv_stride") or ()
        step = 1
        for stride in strides:
            step *= int(stride)
        extractor = getattr(processor, "feature_extractor", processor)
        rate = getattr(extractor, "sampling_rate", None) or SAMPLING_RATE
        return (step if strides else samples.shape[1] / size) / float(rate)
    return None
