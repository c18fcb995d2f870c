"""Images within a text: which of its tokens stand for which patch, and which images of a batch belong to which text.

Models that read images among words put a placeholder, the same token over and over, where the image's features go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import isqrt
from typing import TYPE_CHECKING, Any

from torch import Tensor

from headscope.capture.patches import setting

if TYPE_CHECKING:
    from headscope.capture.inputs import Side

PLACEHOLDERS = {"image": ("image_token_id", "image_token_index"), "video": ("video_token_id", "video_token_index")}
"""The settings that say which token stands for a part of an image."""

RESAMPLER = re.compile(r"Resampler|Perceiver|QFormer")
"""Modules that make of an image a number of vectors that are no patches of it."""

SHRINKS = ("scale_factor", "downsample_factor", "spatial_merge_size")
GROWS = ("downsample_ratio", "pixel_shuffle_ratio")
"""By which factor a model shrinks rows and columns of patches on their way into the text; `GROWS` say 1 / factor."""


@dataclass(frozen=True)
class Cells:
    """What the placeholders of one image stand for, in their order: frames of rows of patches."""

    rows: int
    columns: int
    frames: int = 1
    prefix: int = 0
    """How many class tokens come before the patches."""
    in_rows: bool = False
    """Whether other tokens may stand between its rows or frames."""

    @property
    def count(self) -> int:
        """How many placeholders the image has."""
        return self.prefix + self.frames * self.rows * self.columns

    def names(self, what: str) -> Iterator[str]:
        """Yield a name for each placeholder."""
        yield from (f"{what} [CLS]" for _ in range(self.prefix))
        separator = ", " if what[-1].isdigit() else " "
        for frame in range(self.frames):
            at = f"{what}{separator}frame {frame + 1}" if self.frames > 1 else what
            colon = ":" if at[-1].isdigit() else ""
            yield from (f"{at}{colon} {row},{column}" for row in range(self.rows) for column in range(self.columns))


@dataclass(frozen=True)
class Picture:
    """One image in one text."""

    kind: str
    """`"image"` or `"video"`."""
    cells: Cells
    positions: tuple[int, ...]
    """Where its placeholders are in the text, padding included."""


def pictures_of(arguments: Mapping[str, Any], model: Any, row: int) -> list[Picture]:
    """Return the images of one text of a batch, as far as the model's config and inputs say where their patches are."""
    found: list[Picture] = []
    for kind in PLACEHOLDERS:
        places = _placeholders(arguments, model, kind)
        if places is None or not len(places):
            continue
        starts = [0, *accumulate(cells.count for cells in _cells(kind, arguments, model, len(places)))]
        if starts[-1] != len(places):
            continue
        for cells, start in zip(_cells(kind, arguments, model, len(places)), starts, strict=False):
            texts, positions = places[start : start + cells.count].T.tolist()
            if texts[0] == texts[-1] == row and (cells.in_rows or positions[-1] - positions[0] == cells.count - 1):
                found.append(Picture(kind, cells, tuple(positions)))
    return found


@dataclass(frozen=True)
class Images:
    """Which of the images that a vision tower reads one by one belong to a text."""

    own: range
    total: int


def images_of(arguments: Mapping[str, Any], model: Any, row: int) -> Images | None:
    """Return which images belong to one text of a batch; None where nobody says.

    Images that are read one by one have the same number of placeholders each.
    """
    places, images = _placeholders(arguments, model, "image"), _num_images(arguments.get("pixel_values"))
    if places is None or not images or not len(places) or len(places) % images:
        return None
    each = len(places) // images
    before, own = (int(part.sum()) for part in (places[:, 0] < row, places[:, 0] == row))
    return None if before % each or own % each else Images(range(before // each, (before + own) // each), images)


def select_images(arguments: Mapping[str, Any], model: Any, row: int) -> dict[str, Tensor]:
    """Return those of a batch's images and videos that belong to one text, by the names of the arguments.

    Raises
    ------
    ValueError
        They are packed one after another, and their placeholders do not say where those of the text begin.
    """
    own, selected = images_of(arguments, model, row), {}
    packed = [kind for kind in PLACEHOLDERS if isinstance(arguments.get(f"{kind}_grid_thw"), Tensor)]
    if own is not None and not packed:
        names = [name for name in ("pixel_values", "image_sizes") if isinstance(arguments.get(name), Tensor)]
        selected = {name: arguments[name][own.own.start : own.own.stop] for name in names if arguments[name].dim() != 5}
    for kind in packed:
        selected |= _select_packed(kind, arguments, model, row)
    return selected


def _select_packed(kind: str, arguments: Mapping[str, Any], model: Any, row: int) -> dict[str, Tensor]:
    places, grids = _placeholders(arguments, model, kind), arguments[f"{kind}_grid_thw"]
    cells = [] if places is None else _cells(kind, arguments, model, len(places))
    ends = list(accumulate(one.count for one in cells))
    if places is None or not ends or ends[-1] != len(places):
        raise ValueError(
            f"which {kind}s of the batch belong to text {row} can't be told: pass the texts one at a time."
        )
    own = [number for number, end in enumerate(ends) if int(places[end - 1, 0]) == row]
    patches = [0, *accumulate(int(count) for count in grids.prod(-1))]
    first, last = (own[0], own[-1] + 1) if own else (0, 0)
    name = "pixel_values" if kind == "image" else "pixel_values_videos"
    return {f"{kind}_grid_thw": grids[first:last], name: arguments[name][patches[first] : patches[last]]}


def name_pictures(side: Side, pictures: Sequence[Picture]) -> Side:
    """Return a text's tokens with its images' placeholders named by their patches: `image 3,5`, `image 2: 3,5`."""
    if not pictures:
        return side
    kept = range(side.length) if side.unpadded is None else side.unpadded.tolist()
    at = {position: place for place, position in enumerate(kept)}
    tokens, named = list(side.tokens), set()
    for kind in PLACEHOLDERS:
        same = [picture for picture in pictures if picture.kind == kind]
        for number, picture in enumerate(same, start=1):
            what = f"{kind} {number}" if len(same) > 1 else kind
            for position, name in zip(picture.positions, picture.cells.names(what), strict=True):
                if position in at:
                    tokens[at[position]] = name
                    named.add(at[position])
    return replace(side, tokens=tuple(tokens), special=tuple(place for place in side.special if place not in named))


def _placeholders(arguments: Mapping[str, Any], model: Any, kind: str) -> Tensor | None:
    """Return the text and the position of each placeholder of a batch, shape (placeholders, 2), int64."""
    ids, config = arguments.get("input_ids"), getattr(model, "config", None)
    found = (getattr(config, name, None) for name in PLACEHOLDERS[kind])
    token = next((token for token in found if token is not None), None)
    return None if token is None or not isinstance(ids, Tensor) or ids.dim() != 2 else (ids == token).nonzero()


def _cells(kind: str, arguments: Mapping[str, Any], model: Any, placeholders: int) -> list[Cells]:
    """Return what the placeholders of each image of a batch stand for."""
    packed = arguments.get(f"{kind}_grid_thw")
    if isinstance(packed, Tensor):
        merge = int(setting(model, "spatial_merge_size") or 1)
        return [Cells(rows // merge, columns // merge, frames, 0, True) for frames, rows, columns in packed.tolist()]
    pixels, patch = arguments.get("pixel_values"), _patch_size(model)
    images = _num_images(pixels)
    if kind != "image" or not isinstance(pixels, Tensor) or not images or not patch:
        return []
    sizes = arguments.get("image_sizes")
    if isinstance(sizes, Tensor):  # five axes: crops of several sizes, put together by rules of each model's own
        return _of_own_size(sizes, patch * int(setting(model, "spatial_merge_size") or 1)) if pixels.dim() == 4 else []
    if placeholders % images or any(RESAMPLER.search(type(module).__name__) for module in model.modules()):
        return []
    cells = _of_one_size(placeholders // images, pixels.shape[-2] // patch, pixels.shape[-1] // patch, model)
    return [] if cells is None else [cells] * images


def _of_own_size(sizes: Tensor, stride: int) -> list[Cells]:
    return [Cells(height // stride, width // stride, in_rows=True) for height, width in sizes.tolist()]


def _of_one_size(count: int, rows: int, columns: int, model: Any) -> Cells | None:
    """Return how `count` placeholders stand for an image of rows and columns of patches; None where nobody says."""
    if count - rows * columns in (0, 1):
        return Cells(rows, columns, prefix=count - rows * columns)
    factor = isqrt(rows * columns // count)
    said = [setting(model, name) for name in SHRINKS] + [1 / (setting(model, name) or 1) for name in GROWS]
    if factor not in said and setting(model, "mm_tokens_per_image") != count:
        return None
    cells = Cells(rows // factor, columns // factor)
    return cells if cells.count == count and not rows % factor and not columns % factor else None


def _patch_size(model: Any) -> int | None:
    patch = setting(model, "patch_size")
    patch = patch[0] if isinstance(patch, Sequence) else patch
    return patch if isinstance(patch, int) else None


def _num_images(pixels: Any) -> int:
    """Return how many images there are; in five axes, without those that only fill up a batch."""
    if not isinstance(pixels, Tensor) or pixels.dim() not in (4, 5):
        return 0
    return len(pixels) if pixels.dim() == 4 else int(pixels.flatten(2).any(-1).sum())
