"""Find the axis of a plain module's input that counts texts, where sizes do not tell: texts leave one another as is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from headscope.tracing.hooks.batch_layout import TORCHS_OWN, BatchLayout, alone
from headscope.tracing.hooks.module_stack import first_tensor
from headscope.tracing.inputs.failures import described
from headscope.tracing.inputs.forms import call

CLOSE = 1e-3
"""How far outputs may be apart, as a share of the largest value, in float32."""


def settle_axis(model: torch.nn.Module, arguments: Mapping[str, Any], layout: BatchLayout, outputs: Any) -> None:
    """Tell `layout` which axis counts texts, if a pass has left that open; one text is run alone along each axis.

    Parameters
    ----------
    model
        The model.
    arguments
        What the pass was begun with.
    layout
        What the pass has shown of the batch.
    outputs
        What the model returned.

    Raises
    ------
    ValueError
        The input has as many texts as positions, and the outputs of one text alone fit neither axis.
    """
    square = len(layout.shape) > 1 and layout.shape[0] == layout.shape[1]
    full = first_tensor(outputs)
    if not _is_open(model, layout, square) or full is None or full.dim() < 2:
        return
    found = next((axis for axis in (0, 1) if _fits(model, arguments, layout.shape[axis], axis, full)), None)
    if found is not None:
        layout.other, layout.better = layout.other or found == 1, found
    elif square:
        raise ValueError(
            f"{type(model).__name__} was called with {described(arguments)}, and one text alone gives another output "
            "along both axes, so it is not certain which of them counts texts. Pass the text alone: x[i:i + 1] of an "
            "input x whose first axis counts texts, x[:, i:i + 1] of one whose second axis does."
        )


def _is_open(model: torch.nn.Module, layout: BatchLayout, square: bool) -> bool:
    if not layout.generic or layout.axis != 0 or isinstance(model, TORCHS_OWN):
        return False
    if layout.other:
        return layout.better == 1 and min(layout.shape[:2]) > 1
    return square and layout.size > 1 and len(layout.shape) == (3 if layout.floats else 2)


def _fits(model: torch.nn.Module, arguments: Mapping[str, Any], size: int, axis: int, full: Tensor) -> bool:
    """Return whether a text from the middle, run alone, has the same output as inside of the batch."""
    row = size // 2
    try:
        own = first_tensor(call(model, alone(arguments, size, row, axis)))
    except Exception:  # the user's model may not take one text alone along this axis
        return False
    return own is not None and any(_is_row(own, full, at, row, size) for at in (axis, 0))


def _is_row(own: Tensor, full: Tensor, at: int, row: int, size: int) -> bool:
    if own.dim() != full.dim() or full.shape[at] != size:
        return False
    inside = full.narrow(at, row, 1)
    if own.shape != inside.shape:
        return False
    largest = inside.float().nan_to_num().abs().amax() if inside.numel() else inside.new_zeros(())
    bound = max(CLOSE, 8 * torch.finfo(full.dtype).eps) * float(largest)
    return bool(torch.allclose(own.float(), inside.float(), rtol=0, atol=bound, equal_nan=True))
