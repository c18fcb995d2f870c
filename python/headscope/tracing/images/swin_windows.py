"""Locate windows in an image: Swin Transformers attend within windows that shift, segmenters within fixed ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from headscope.tracing.hooks.module_stack import Frame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


PADS_LAST = "timm"
"""The package whose modules shift an image before they pad it, unlike Swin's own code."""


def window_places(running: Sequence[Frame], num_windows: int, size: int) -> list[NDArray[np.int64]] | None:
    """Return for each window of one image the patch of each of its rows; -1 marks padding at the image's borders.

    A running module with `window_size` gives the layout: its arguments hold the height and width of the image in
    patches, or a state of shape (batch, height, width, features). Returns None if no such module runs.

    Parameters
    ----------
    running
        The running modules, outermost first.
    num_windows
        The number of windows of an image.
    size
        The number of patches of a window.
    """
    for frame in reversed(running):
        dimensions = _dimensions(frame)
        if dimensions is not None:
            window, shift = int(_one(frame.module.window_size)), int(_one(getattr(frame.module, "shift_size", 0)))
            if (
                shift
                and type(frame.module).__module__.startswith(PADS_LAST)
                and any(one % window for one in dimensions)
            ):
                return None
            places = _partition(*dimensions, window, 0 if window >= max(dimensions) else shift)
            return [row.numpy() for row in places] if places.shape == (num_windows, size) else None
    return None


def _dimensions(frame: Frame) -> tuple[int, int] | None:
    if not getattr(frame.module, "window_size", None):
        return None
    state = frame.arguments[0] if frame.arguments else None
    if isinstance(state, Tensor) and state.dim() == 4:
        return int(state.shape[1]), int(state.shape[2])
    pairs = (argument for argument in frame.arguments if isinstance(argument, (tuple, list)) and len(argument) == 2)
    return next(((int(pair[0]), int(pair[1])) for pair in pairs), None)


def _one(size: Any) -> Any:
    return size[0] if isinstance(size, (tuple, list)) else size


def _partition(height: int, width: int, window: int, shift: int) -> Tensor:
    """Return the patches of each window, shape (windows, patches), by the rule of `window_partition` in Swin's code."""
    image = torch.arange(height * width).view(height, width)
    padding = (0, -width % window, 0, -height % window)
    image = torch.nn.functional.pad(image, padding, value=-1).roll((-shift, -shift), (0, 1))
    rows, columns = image.shape[0] // window, image.shape[1] // window
    return image.view(rows, window, columns, window).transpose(1, 2).reshape(rows * columns, window * window)
