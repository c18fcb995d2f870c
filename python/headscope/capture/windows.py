"""Where the rows of an image's windows are in the image: Swin Transformers attend within windows that shift."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from headscope.capture.watch import Frame

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def window_places(running: Sequence[Frame], num_windows: int, size: int) -> list[NDArray[np.int64]] | None:
    """Return for each window of one image which patch each of its rows is, -1 for padding at the image's borders.

    The running modules say how the windows lie: one with a `window_size` and a `shift_size` was called with the height
    and width of the image in patches. None where no such module runs.

    Parameters
    ----------
    running
        The modules that are running, outermost first.
    num_windows
        How many windows an image has.
    size
        How many patches a window has.
    """
    for frame in reversed(running):
        dimensions = _dimensions(frame)
        if dimensions is not None:
            places = _partition(*dimensions, int(_one(frame.module.window_size)), int(_one(frame.module.shift_size)))
            return [row.numpy() for row in places] if places.shape == (num_windows, size) else None
    return None


def _dimensions(frame: Frame) -> tuple[int, int] | None:
    if not (hasattr(frame.module, "window_size") and hasattr(frame.module, "shift_size")):
        return None
    pairs = (argument for argument in frame.arguments if isinstance(argument, (tuple, list)) and len(argument) == 2)
    return next(((int(pair[0]), int(pair[1])) for pair in pairs), None)


def _one(size: Any) -> Any:
    return size[0] if isinstance(size, (tuple, list)) else size


def _partition(height: int, width: int, window: int, shift: int) -> Tensor:
    """Return the patches of each window, shape (windows, patches), as `window_partition` in Swin's model file cuts."""
    image = torch.arange(height * width).view(height, width)
    padding = (0, -width % window, 0, -height % window)
    image = torch.nn.functional.pad(image, padding, value=-1).roll((-shift, -shift), (0, 1))
    rows, columns = image.shape[0] // window, image.shape[1] // window
    return image.view(rows, window, columns, window).transpose(1, 2).reshape(rows * columns, window * window)
