"""Positions that are no tokens of a text: patches of an image, frames of a sound, object queries."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Tensor

STRIDES = (4, 8, 14, 16, 32, 64)
"""How many pixels a patch may have each way in models whose config does not say: after a convolutional network."""

MOST_PREFIXED = 8
"""At most this many positions come before the patches: class tokens, registers."""

HOP = 0.01
"""Seconds from one column of a spectrogram to the next, in every model that transformers has a spectrogram for."""

SAMPLING_RATE = 16000
"""Samples a second where nobody says otherwise."""


@dataclass(frozen=True)
class Grid:
    """How positions lie in an image: row by row, from the position `first` on."""

    first: int
    rows: int
    columns: int


Named = tuple[tuple[str, ...], tuple[int, ...], "Grid | None"]
"""The names of the positions, which of them are special, and their grid."""


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
        named = _patches(size, arguments, model)
        if named is not None:
            return named
    if side in ("main", "audio"):
        seconds = _seconds(arguments, model, processor, size)
        if seconds is not None:
            return tuple(f"{place * seconds:.2f} s" for place in range(size)), (), None
    return tuple(str(place) for place in range(size)), (), None


def _patches(size: int, arguments: Mapping[str, Any], model: Any) -> Named | None:
    for kind in ("image", "video"):
        packed = arguments.get(f"{kind}_grid_thw")
        if isinstance(packed, Tensor) and int(packed.prod(-1).sum()) == size:
            return _packed(kind, packed.tolist(), model), (), None
    pixels = arguments.get("pixel_values")
    if not isinstance(pixels, Tensor) or pixels.dim() < 4:
        return None
    height, width = pixels.shape[-2:]
    for images in range(1, pixels[..., 0, 0, 0].numel() + 1):
        for grid in _grids(size // images, height, width, model):
            if size % images == 0:
                return _named(images, grid, _prefix(model, grid.first))
    return None


def _grids(size: int, height: int, width: int, model: Any) -> Iterator[Grid]:
    """Yield the ways in which an image of `size` positions may be cut up, the finest first."""
    patch = setting(model, "patch_size")
    patch = patch[0] if isinstance(patch, Sequence) else patch
    for stride in [patch << stage for stage in range(4)] if patch else STRIDES:
        rows, columns = (height // stride, width // stride) if patch else (-(-height // stride), -(-width // stride))
        if rows and columns and 0 <= size - rows * columns <= (MOST_PREFIXED if patch else 0):
            yield Grid(size - rows * columns, rows, columns)


def _prefix(model: Any, count: int) -> list[str]:
    second = ["[DIST]"] if "deit" in str(setting(model, "model_type")) else []
    return ["[CLS]", *second, *(f"[REG {number}]" for number in range(1, count))][:count]


def _named(images: int, grid: Grid, prefix: Sequence[str]) -> Named:
    cells = [f"{row},{column}" for row in range(grid.rows) for column in range(grid.columns)]
    names: list[str] = []
    special: list[int] = []
    for image in range(images):
        of_image = f"image {image + 1}: " if images > 1 else ""
        special += range(len(names), len(names) + len(prefix))
        names += [of_image + name for name in (*prefix, *cells)]
    return tuple(names), tuple(special), grid if images == 1 else None


def _packed(kind: str, grids: Sequence[Sequence[int]], model: Any) -> tuple[str, ...]:
    """Name the patches of Qwen2-VL and its kin, which keep those patches together that are merged later."""
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
    """Return how many patches a window has each way, where patches come window by window; None where they do not."""
    if setting(model, "fullatt_block_indexes") is None or not setting(model, "window_size"):
        return None
    merge = int(setting(model, "spatial_merge_size") or 1)
    return int(setting(model, "window_size")) // merge // int(setting(model, "patch_size")) * merge


def _merged(height: int, width: int, merge: int, window: int | None) -> Iterator[tuple[int, int]]:
    """Yield the first row and column of each group of patches that are merged later, as Qwen2.5-VL orders them."""
    size = window or max(height, width)
    return (
        (row, column)
        for top in range(0, height, size)
        for left in range(0, width, size)
        for row in range(top, min(top + size, height), merge)
        for column in range(left, min(left + size, width), merge)
    )


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


def setting(model: Any, name: str) -> Any:
    """Return a setting of the image's or the sound's tower, else of the model."""
    config = getattr(model, "config", None)
    towers = [getattr(config, part, None) for part in ("vision_config", "audio_config", "encoder")]
    return next((value for place in (*towers, config) if (value := getattr(place, name, None)) is not None), None)
