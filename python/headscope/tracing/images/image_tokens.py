"""Images within a text: which token stands for which patch, and which images of a batch belong to which text.

Models that read images among words repeat a placeholder token where the image's features are inserted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from math import isqrt
from typing import TYPE_CHECKING, Any

from torch import Tensor

from headscope.tracing.images.layout import counted
from headscope.tracing.images.patches import setting
from headscope.tracing.inner_model import config_of

if TYPE_CHECKING:
    from headscope.tracing.inputs.sides import Side

PLACEHOLDERS = {"image": ("image_token_id", "image_token_index"), "video": ("video_token_id", "video_token_index")}
"""The config settings that name the placeholder token."""

RESAMPLER = re.compile(r"Resampler|Perceiver|QFormer")
"""Modules that turn an image into vectors that do not correspond to its patches."""

SHRINKS = ("scale_factor", "downsample_factor", "spatial_merge_size")
GROWS = ("downsample_ratio", "pixel_shuffle_ratio")
"""Settings for the factor by which a model shrinks rows and columns of patches before inserting them; `GROWS` hold
1 / factor."""


@dataclass(frozen=True)
class Cells:
    """The meaning of one image's placeholders, in order: frames of rows of patches."""

    rows: int
    columns: int
    frames: int = 1
    prefix: int = 0
    """The number of class tokens before the patches."""
    in_rows: bool = False
    """Whether other tokens may stand between rows or frames."""
    queries: str = ""
    """What the placeholders stand for if not for patches, such as `query`; there are `columns` of them."""

    @property
    def count(self) -> int:
        """The number of the image's placeholders."""
        return self.prefix + self.frames * self.rows * self.columns

    def names(self, what: str) -> Iterator[str]:
        """Yield a name for each placeholder."""
        yield from (f"{what} [CLS]" for _ in range(self.prefix))
        separator = ", " if what[-1].isdigit() else " "
        for frame in range(self.frames):
            at = f"{what}{separator}frame {frame + 1}" if self.frames > 1 else what
            colon = ":" if at[-1].isdigit() else ""
            if self.queries:
                yield from (f"{at}{colon} {self.queries} {place}" for place in range(self.columns))
                continue
            yield from (f"{at}{colon} {row},{column}" for row in range(self.rows) for column in range(self.columns))


@dataclass(frozen=True)
class Picture:
    """One image in one text."""

    kind: str
    """`"image"` or `"video"`."""
    cells: Cells
    positions: tuple[int, ...]
    """The positions of its placeholders in the text, padding included."""


def pictures_of(arguments: Mapping[str, Any], model: Any, row: int) -> list[Picture]:
    """Return the images of one text of a batch whose patches the model's config and inputs locate."""
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
    """The images of a batch that belong to one text, where a vision tower reads images one by one."""

    own: range
    """The images of the text."""
    total: int
    """The number of all images in the batch."""


def images_of(arguments: Mapping[str, Any], model: Any, row: int) -> Images | None:
    """Return the images that belong to one text of a batch; None if that is unknown.

    Images that are read one by one have equally many placeholders.
    """
    places, images = _placeholders(arguments, model, "image"), _num_images(arguments.get("pixel_values"))
    if places is None or not images or not len(places) or len(places) % images:
        return None
    each = len(places) // images
    before, own = (int(part.sum()) for part in (places[:, 0] < row, places[:, 0] == row))
    return None if before % each or own % each else Images(range(before // each, (before + own) // each), images)


def read_images(arguments: Mapping[str, Any], model: Any, row: int, text: Side) -> tuple[Images | None, Side]:
    """Return the images that belong to one text of a batch, and the text with their placeholders named."""
    return images_of(arguments, model, row), name_pictures(text, pictures_of(arguments, model, row))


def select_images(arguments: Mapping[str, Any], model: Any, row: int) -> dict[str, Tensor]:
    """Return the images and videos that belong to one text of a batch, by argument name.

    Raises
    ------
    ValueError
        The images are packed into one sequence, and the placeholders do not show which of them belong to the text.
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
            f"it is unknown which {kind}s of the batch belong to text {row}: pass the texts one at a time."
        )
    own = [number for number, end in enumerate(ends) if int(places[end - 1, 0]) == row]
    patches = [0, *accumulate(int(count) for count in grids.prod(-1))]
    first, last = (own[0], own[-1] + 1) if own else (0, 0)
    name = "pixel_values" if kind == "image" else "pixel_values_videos"
    return {f"{kind}_grid_thw": grids[first:last], name: arguments[name][patches[first] : patches[last]]}


def name_pictures(side: Side, pictures: Sequence[Picture]) -> Side:
    """Return a text's tokens with image placeholders named after patches, as `image 3,5` or `image 2: 3,5`."""
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
    ids, config = arguments.get("input_ids"), config_of(model)
    found = (getattr(config, name, None) for name in PLACEHOLDERS[kind])
    token = next((token for token in found if token is not None), None)
    return None if token is None or not isinstance(ids, Tensor) or ids.dim() != 2 else (ids == token).nonzero()


def _cells(kind: str, arguments: Mapping[str, Any], model: Any, placeholders: int) -> list[Cells]:
    """Return the meaning of the placeholders of each image in a batch; empty if it is unknown."""
    packed = arguments.get(f"{kind}_grid_thw")
    if isinstance(packed, Tensor):
        merge = int(setting(model, "spatial_merge_size") or 1)
        return [Cells(rows // merge, columns // merge, frames, 0, True) for frames, rows, columns in packed.tolist()]
    pixels, patch = arguments.get("pixel_values"), _patch_size(model)
    images = _num_images(pixels)
    if isinstance(pixels, Tensor) and any(RESAMPLER.search(type(module).__name__) for module in model.modules()):
        frames = pixels.shape[1] if kind == "video" and pixels.dim() == 5 else 1
        return _of_queries(placeholders, images // frames, frames, model)
    if kind != "image" or not isinstance(pixels, Tensor) or not images or not patch:
        return []
    sizes = arguments.get("image_sizes")
    if isinstance(sizes, Tensor):  # five axes: crops of several sizes, which each model arranges by rules of its own
        return _of_own_size(sizes, patch * int(setting(model, "spatial_merge_size") or 1)) if pixels.dim() == 4 else []
    if placeholders % images:
        return []
    cells = _of_one_size(placeholders // images, pixels.shape[-2] // patch, pixels.shape[-1] // patch, model)
    return [] if cells is None else [cells] * images


def _of_queries(placeholders: int, images: int, frames: int, model: Any) -> list[Cells]:
    """Return the meaning of placeholders that stand for the queries of a resampler; empty if none are so many."""
    if not images or placeholders % (images * frames):
        return []
    count = placeholders // (images * frames)
    what = counted(model, count)
    return [] if what is None else [Cells(1, count, frames, queries=what)] * images


def _of_own_size(sizes: Tensor, stride: int) -> list[Cells]:
    return [Cells(height // stride, width // stride, in_rows=True) for height, width in sizes.tolist()]


def _of_one_size(count: int, rows: int, columns: int, model: Any) -> Cells | None:
    """Return the meaning of `count` placeholders of an image of rows by columns patches; None if it is unknown."""
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
    """Return the number of images; with five axes, those that only pad a batch do not count."""
    if not isinstance(pixels, Tensor) or pixels.dim() not in (4, 5):
        return 0
    return len(pixels) if pixels.dim() == 4 else int(pixels.flatten(2).any(-1).sum())
