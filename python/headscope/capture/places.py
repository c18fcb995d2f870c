"""Positions that are no tokens of a text: patches of an image, frames of a sound, object queries."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from headscope.capture.patches import Named, name_patches, setting

HOP = 0.01
"""Seconds from one column of a spectrogram to the next, in every model that transformers has a spectrogram for."""

SAMPLING_RATE = 16000
"""Samples a second where nobody says otherwise."""


def name_places(side: str, size: int, arguments: Mapping[str, Any], model: Any, processor: Any) -> Named:
    """Return names for the positions of a side that has no tokens.

    Parameters
    ----------
    side
        `"main"`, `"vision"`, `"audio"`, `"decoder"` or `"other"`.
    size
        How many positions there are.
    arguments
        What the model was called with.
    model
        Whose config says how large patches are.
    processor
        What made the inputs, if anything: it may know the sampling rate.
    """
    if side == "decoder":
        return tuple(f"query {place}" for place in range(size)), (), None
    if side in ("main", "vision"):
        named = name_patches(size, arguments, model)
        if named is not None:
            return named
    if side in ("main", "audio"):
        seconds = _seconds(arguments, model, processor, size)
        if seconds is not None:
            return tuple(f"{place * seconds:.2f} s" for place in range(size)), (), None
    return tuple(str(place) for place in range(size)), (), None


def _seconds(arguments: Mapping[str, Any], model: Any, processor: Any, size: int) -> float | None:
    """Return how far positions of a sound are from each other; None where there is no sound."""
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
