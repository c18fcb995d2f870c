"""Videos: the frame, the row and the column of each position of models that read several frames as one sequence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

from headscope.tracing.hooks.joins import Joins, Picked
from headscope.tracing.images.patches import Named, setting

FRAMES = ("num_frames", "frames_per_clip", "tubelet_size")
"""Settings that only models of videos have."""


def name_video(
    size: int, arguments: Mapping[str, Any], model: Any, pieces: int, picked: Picked | None
) -> Iterator[Named]:
    """Yield names such as `frame 2: 0,1`; of patches over several frames (tubelets), the frames count as one.

    Parameters
    ----------
    size
        The number of positions.
    arguments
        The model's keyword arguments.
    model
        The model.
    pieces
        The number of pieces: the frames if the model attends within each, the patches if it attends from frame to
        frame, else 1.
    picked
        The patches that the model picked, if it left some out.
    """
    cells = _cells(arguments, model)
    if cells is None:
        return
    frames, patches = cells
    rows, total = size // pieces, len(frames) * len(patches)
    if pieces == len(patches) and rows == len(frames):
        yield tuple(f"{frame}: {patch}" for patch in patches for frame in frames), (), None
    if pieces == len(frames) and rows == len(patches) + 1:
        names = tuple(f"{frame}: {name}" for frame in frames for name in ("[CLS]", *patches))
        yield names, tuple(range(0, size, rows)), None
    names = tuple(f"{frame}: {patch}" for frame in frames for patch in patches)
    if size == total:
        yield names, (), None
    if pieces == 1 and size == total + 1:
        yield ("[CLS]", *names), (0,), None
    if picked is not None and picked.total == total:
        yield tuple(names[place] for place in picked.positions[0].tolist()), (), None


def name_predicted(size: int, arguments: Mapping[str, Any], model: Any, joins: Joins, row: int = 0) -> Iterator[Named]:
    """Yield names for the sequence of a predictor of patches: those that it reads, and those that it predicts.

    It puts both in the order of their places, and undoes that at its end: the newest pick is the inverse of the order.
    A predicted patch is named `predicted frame 2: 0,1`. The rule is that of `VJEPA2Predictor` of transformers.

    Parameters
    ----------
    size
        The number of positions.
    arguments
        The model's keyword arguments.
    model
        The model.
    joins
        What the model has joined and picked.
    row
        The captured video of the batch.
    """
    cells, picked = _cells(arguments, model), joins.picked(size)
    if setting(model, "pred_num_mask_tokens") is None or cells is None or picked is None or picked.total != size:
        return
    names = [f"{frame}: {patch}" for frame in cells[0] for patch in cells[1]]
    read, predicted = (_masked(arguments.get(name), row, len(names)) for name in ("context_mask", "target_mask"))
    places = [*read, *predicted]
    if len(places) == size and max(places) < len(names):
        all_names = [names[place] for place in read] + [f"predicted {names[place]}" for place in predicted]
        order = picked.positions[min(row, len(picked.positions) - 1)].argsort()
        yield tuple(all_names[place] for place in order.tolist()), (), None


def _masked(mask: Any, row: int, total: int) -> list[int]:
    """Return the patches that a mask chooses; all for None."""
    if not isinstance(mask, (list, tuple)) or len(mask) != 1 or not isinstance(mask[0], Tensor):
        return list(range(total))
    chosen: list[int] = mask[0][min(row, len(mask[0]) - 1)].tolist()
    return chosen


def _cells(arguments: Mapping[str, Any], model: Any) -> tuple[Sequence[str], Sequence[str]] | None:
    """Return the names of the frames and of the patches of one frame; None if the model reads no video."""
    found = (arguments.get(name) for name in ("pixel_values", "pixel_values_videos"))
    pixels = next((value for value in found if isinstance(value, Tensor) and value.dim() == 5), None)
    if pixels is None or all(setting(model, name) is None for name in FRAMES):
        return None
    tubelet, patch = setting(model, "tubelet_size") or 1, setting(model, "patch_size")
    if isinstance(tubelet, Sequence):
        tubelet, *patches = tubelet
        patch = patches or patch
    tall, wide = (patch[0], patch[-1]) if isinstance(patch, Sequence) else (patch, patch)
    if not all(isinstance(value, int) and value > 0 for value in (tubelet, tall, wide)):
        return None
    rows, columns = pixels.shape[-2] // tall, pixels.shape[-1] // wide
    frames = [f"frame {frame + 1}" for frame in range(pixels.shape[1] // tubelet)]
    return frames, [f"{row},{column}" for row in range(rows) for column in range(columns)]
