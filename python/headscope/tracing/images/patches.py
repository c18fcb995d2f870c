"""Patches of images: the row and column of each position of a vision tower, if the model's config tells them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from torch import Tensor

from headscope.data.grids import Grid
from headscope.tracing.hooks.joins import Joins
from headscope.tracing.inner_model import config_of

STRIDES = (4, 8, 14, 16, 32, 64)
"""Side lengths of patches, in pixels, to try if the config names none, as after a convolutional network."""

STAGES = 4
"""The most stages of a model that merges patches, two by two, from stage to stage."""

CLASS_LAST = "llama4"
"""The model type whose class token follows the patches."""


Named = tuple[tuple[str, ...], tuple[int, ...], "Grid | None"]
"""The names of the positions, the special positions, and the grid; None if there is none or there are several."""


def name_patches(size: int, arguments: Mapping[str, Any], model: Any, row: int = 0) -> Named | None:
    """Return names for the positions of images; None if their meaning is unknown. See `name_places`."""
    for kind in ("image", "video"):
        packed = arguments.get(f"{kind}_grid_thw")
        if isinstance(packed, Tensor) and int(packed.prod(-1).sum()) == size:
            return _packed(kind, packed.tolist(), model), (), None
    flat = arguments.get("flattened_patches")
    if isinstance(flat, Tensor) and flat.dim() == 3 and flat.shape[1] == size:
        places = flat[min(row, len(flat) - 1), :, :2].long().tolist()
        return tuple(_numbered_patch(*place) for place in places), (), None
    pixels = arguments.get("pixel_values")
    if not isinstance(pixels, Tensor) or pixels.dim() < 4:
        return None
    height, width = pixels.shape[-2:]
    for images in range(1, pixels[..., 0, 0, 0].numel() + 1):
        found = None if size % images else _grid(size // images, height, width, model)
        if found is not None:
            return _named(images, *found)
    return None


def _numbered_patch(row: int, column: int) -> str:
    """Return the name of a patch whose row and column the model was given: both count from 1, and 0 is padding."""
    return f"{row - 1},{column - 1}" if row > 0 and column > 0 else "[PAD]"


def name_picked(size: int, arguments: Mapping[str, Any], model: Any, joins: Joins) -> Iterator[Named]:
    """Yield names for the patches that a model picked, after a class token or none, as masked autoencoders do."""
    for first in (0, 1):
        picked = joins.picked(size - first)
        named = None if picked is None else name_patches(picked.total, arguments, model)
        if picked is not None and named is not None and not named[1]:
            names = tuple(named[0][place] for place in picked.positions[0].tolist())
            yield ("[CLS]",) * first + names, tuple(range(first)), None


def _grid(size: int, height: int, width: int, model: Any) -> tuple[Grid, Sequence[str]] | None:
    """Return the finest grid that gives an image `size` positions, and the names of its other positions."""
    patch = setting(model, "patch_size")
    patch = patch[0] if isinstance(patch, Sequence) else patch
    stages = STAGES if isinstance(setting(model, "depths"), Sequence) else 1
    for stride in [patch << stage for stage in range(stages)] if patch else STRIDES:
        rows, columns = (height // stride, width // stride) if patch else (-(-height // stride), -(-width // stride))
        for extra in _extras(model) if patch else [[]]:
            if rows and columns and size == rows * columns + len(extra):
                last = CLASS_LAST in str(setting(model, "model_type"))
                return Grid(0 if last else len(extra), rows, columns), extra
    return None


def _extras(model: Any) -> Iterator[list[str]]:
    """Yield the possible lists of positions that an image has beside its patches."""
    yield []
    yield ["[CLS]"]
    yield ["[CLS]", *(f"[REG {number}]" for number in range(1, 1 + int(setting(model, "num_register_tokens") or 0)))]
    if "deit" in str(setting(model, "model_type")):
        yield ["[CLS]", "[DIST]"]


def _named(images: int, grid: Grid, extra: Sequence[str]) -> Named:
    cells = [f"{row},{column}" for row in range(grid.rows) for column in range(grid.columns)]
    names: list[str] = []
    special: list[int] = []
    for image in range(images):
        of_image = f"image {image + 1}: " if images > 1 else ""
        start = len(names) + (0 if grid.first else len(cells))
        special += range(start, start + len(extra))
        names += [of_image + name for name in ((*extra, *cells) if grid.first else (*cells, *extra))]
    return tuple(names), tuple(special), grid if images == 1 else None


def _packed(kind: str, grids: Sequence[Sequence[int]], model: Any) -> tuple[str, ...]:
    """Name the patches of Qwen2-VL and related models, which order patches so that those to be merged are adjacent."""
    merge, window = int(setting(model, "spatial_merge_size") or 1), _window(model)
    names: list[str] = []
    for number, (frames, height, width) in enumerate(grids, start=1):
        of_image = f"{kind} {number}: " if len(grids) > 1 else ""
        for frame in range(frames):
            at = f"{of_image}frame {frame + 1}: " if frames > 1 else of_image
            names += [
                f"{at}{row + down},{column + right}"
                for row, column in _merged(height, width, merge, window)
                for down in range(merge)
                for right in range(merge)
            ]
    return tuple(names)


def _window(model: Any) -> int | None:
    """Return the side length of a window in patches; None if patches are not ordered by windows."""
    if setting(model, "fullatt_block_indexes") is None or not setting(model, "window_size"):
        return None
    merge = int(setting(model, "spatial_merge_size") or 1)
    return int(setting(model, "window_size")) // merge // int(setting(model, "patch_size")) * merge


def _merged(height: int, width: int, merge: int, window: int | None) -> Iterator[tuple[int, int]]:
    """Yield the first row and column of each group of patches to be merged, in the order of Qwen2.5-VL."""
    size = window or max(height, width)
    return (
        (row, column)
        for top in range(0, height, size)
        for left in range(0, width, size)
        for row in range(top, min(top + size, height), merge)
        for column in range(left, min(left + size, width), merge)
    )


def setting(model: Any, name: str) -> Any:
    """Return a config setting of the image or audio tower, or else of the model; None if neither has it."""
    config = config_of(model)
    towers = [getattr(config, part, None) for part in ("vision_config", "image_config", "audio_config", "encoder")]
    return next((value for place in (*towers, config) if (value := getattr(place, name, None)) is not None), None)
