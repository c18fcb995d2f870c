"""The tokens of a segmenter's mask decoder: its own output tokens, then the user's points and boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from headscope.tracing.images.patches import Named

OUTPUTS = {"obj_score_token": "object score", "iou_token": "iou", "mask_tokens": "mask", "hq_token": "high quality"}
"""The learned tokens of SAM's mask decoders, in their order, and what they give."""


def name_prompts(size: int, arguments: Mapping[str, Any], model: Any, pieces: int = 1) -> Named:
    """Return names such as `mask 0` and `point 0`; the order is that of `MaskDecoder.forward` of transformers' SAM.

    Parameters
    ----------
    size
        The number of positions.
    arguments
        The model's keyword arguments.
    model
        The model.
    pieces
        The number of prompts that are answered one by one; 1 by default.
    """
    each = size // pieces
    names = [*_outputs(model), *_prompts(arguments)]
    if len(names) != each:
        names = [*_outputs(model), *(f"prompt {place}" for place in range(each))][:each]
    if pieces > 1:
        names = [f"object {piece}: {name}" for piece in range(pieces) for name in names]
    return tuple(names), (), None


def _outputs(model: Any) -> list[str]:
    decoder = next((part for name, part in model.named_modules() if hasattr(part, "mask_tokens")), None)
    names: list[str] = []
    for attribute, what in OUTPUTS.items():
        table = getattr(decoder, attribute, None)
        count = 0 if table is None else int(table.weight.shape[0])
        names += [what] if count == 1 else [f"{what} {place}" for place in range(count)]
    return names


def _prompts(arguments: Mapping[str, Any]) -> list[str]:
    points, boxes = arguments.get("input_points"), arguments.get("input_boxes")
    names = [f"point {place}" for place in range(points.shape[-2])] if isinstance(points, Tensor) else []
    if isinstance(boxes, Tensor):
        return [*names, "box top left", "box bottom right"]
    return [*names, "no box"] if names else names
