"""Follow the axes of scores and weights through copies, views and products, by the memory that they lie in.

People fold heads, groups of heads, windows and positions into one another before a product. Strides still tell how the
axes lay before that.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

BATCH, ROWS, COLUMNS = 0, 1, 2
"""The axes of a product of matrices."""

LONGEST = 1 << 20
"""The most positions of an axis that are followed."""


class Atom(NamedTuple):
    """An axis of the tensor that a memory was first filled with."""

    axis: int
    size: int
    stride: int


Laid = tuple[Atom, ...]
"""How the axes of a tensor lie in its memory, the longest strides first."""


def laid(tensor: Tensor, axes: Sequence[int]) -> Laid | None:
    """Return how a tensor lies, if its `axes` fill its memory; else None."""
    parts = zip(axes, tensor.shape, tensor.stride(), strict=True)
    atoms = sorted((Atom(*part) for part in parts if part[1] > 1), key=lambda atom: -atom.stride)
    dense = tensor.storage_offset() == 0 and all(
        atom.stride == after.stride * after.size for atom, after in pairwise(atoms)
    )
    return tuple(atoms) if dense and (not atoms or atoms[-1].stride == 1) else None


def varying(tensor: Tensor, known: Laid) -> list[list[int]]:
    """Return for each axis of a view which axes of the first tensor it goes along, the slowest first."""
    return [_along(size, stride, known) for size, stride in zip(tensor.shape, tensor.stride(), strict=True)]


def _along(size: int, stride: int, known: Laid) -> list[int]:
    if size == 1 or not stride or size > LONGEST:
        return []
    rest = np.arange(size, dtype=np.int64) * stride
    found: list[int] = []
    for atom in known:
        at, rest = rest // atom.stride, rest % atom.stride
        if at.any():
            found.append(atom.axis)
    return found


def carried(source: Tensor, result: Tensor, known: Laid | None) -> Laid | None:
    """Return how the result of an operation on each element lies; None if that is unknown."""
    if known is None or source.dim() != result.dim():
        return None
    differs = [axis for axis in range(result.dim()) if source.shape[axis] != result.shape[axis]]
    along, sizes = varying(source, known), {atom.axis: atom.size for atom in known}
    if any(len(along[axis]) > 1 for axis in differs):
        return None
    atoms: list[Atom] = []
    for axis, several in enumerate(along):
        stride = result.stride(axis)
        for at in reversed(several):
            size = sizes[at] if len(several) > 1 else result.shape[axis]
            atoms.append(Atom(at, size, stride))
            stride *= size
    atoms.sort(key=lambda atom: -atom.stride)
    whole = result.numel() == int(np.prod([atom.size for atom in atoms], dtype=np.int64))
    return tuple(atoms) if whole and result.storage_offset() == 0 else None


def unfolded(tensor: Tensor, along: Sequence[Sequence[int]], sizes: Sequence[int], order: Sequence[int]) -> Tensor:
    """Return a tensor with one axis for each of `order`, of length 1 where it has none, before its remaining axes.

    Parameters
    ----------
    tensor
        The tensor.
    along
        For each of its first axes, the axes that are folded into it, the slowest first.
    sizes
        The lengths of those axes.
    order
        The axes to return.
    """
    flat = [axis for several in along for axis in several]
    split = tensor.reshape(*(sizes[axis] for axis in flat), *tensor.shape[len(along) :])
    split = split.permute(*(flat.index(axis) for axis in order if axis in flat), *range(len(flat), split.dim()))
    for place, axis in enumerate(order):
        if axis not in flat:
            split = split.unsqueeze(place)
    return split


def query_axis(scores: Tensor, known: Laid | None, over: int, positions: set[int]) -> int | None:
    """Return the axis of a tensor of scores that counts queries; None if that is not certain.

    Parameters
    ----------
    scores
        The scores, of which each axis counts something.
    known
        How the axes of the product that they came of lie.
    over
        The axis that counts keys.
    positions
        The possible numbers of positions.
    """
    if known is None:
        return None
    along = varying(scores, known)
    side = {ROWS: COLUMNS, COLUMNS: ROWS}.get(next(iter(along[over]), BATCH))
    found = [axis for axis, several in enumerate(along) if axis != over % scores.dim() and side in several]
    if len(found) > 1:
        found = [axis for axis in found if scores.shape[axis] in positions]
    return found[0] if len(found) == 1 else None


def of_product(result: Tensor) -> Laid | None:
    """Return how the result of a product of matrices lies."""
    return laid(result, (BATCH, ROWS, COLUMNS)[-result.dim() :])


def same_axes(shape: torch.Size, factor: Tensor, along: Sequence[Sequence[int]]) -> bool:
    """Return whether a factor has every axis of a tensor of weights, each in one of its own."""
    flat = [axis for several in along for axis in several]
    wanted = [axis for axis, size in enumerate(shape) if size > 1]
    return sorted(flat) == wanted and factor.numel() == shape.numel()
