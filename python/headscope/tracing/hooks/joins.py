"""Observe how a model puts its sequence together: what it joins along the positions, and which positions it picks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from headscope.tracing.hooks.memory_places import place

JOIN = "aten::cat"
STACK = "aten::stack"
PICKS = ("aten::index", "aten::gather")


@dataclass(frozen=True)
class Joined:
    """One part of a joined sequence."""

    size: int
    """The number of its positions."""
    learned: bool
    """Whether it is a parameter of the model, such as a class token."""


@dataclass(frozen=True)
class Picked:
    """Positions that a model picked from a sequence, such as the patches that are not masked out."""

    total: int
    """The number of positions that there were."""
    positions: Tensor
    """The picked ones of each text or image, in their new order, shape (batch, picked)."""


class Joins:
    """The joins and picks of one pass so far."""

    def __init__(self) -> None:
        self._joined: dict[int, dict[tuple[Joined, ...], None]] = {}
        self._picked: dict[int, Picked] = {}
        self.together: list[list[int | None]] = []
        """Where the parts of joined or stacked tensors lay in memory."""

    def of(self, total: int) -> list[tuple[Joined, ...]]:
        """Return the distinct joins to a sequence of `total` positions, the newest first."""
        return list(reversed(self._joined.get(total, {})))

    def picked(self, size: int) -> Picked | None:
        """Return the newest pick of `size` positions; None if there was none."""
        return self._picked.get(size)

    def note(self, name: str, args: Sequence[Any], fixed: set[int]) -> None:
        """Note an operation if it joins positions or picks some.

        Parameters
        ----------
        name
            The operation's name, one of `JOIN`, `STACK` and `PICKS`.
        args
            Its arguments.
        fixed
            The addresses of the model's parameters.
        """
        if name in (JOIN, STACK):
            self.together.append([place(part) for part in args[0]])
        if name == JOIN:
            self._join(args[0], int(args[1]) if len(args) > 1 else 0, fixed)
        elif name == "aten::gather":
            self._gathered(args[0], int(args[1]), args[2])
        elif name in PICKS and isinstance(args[0], Tensor):
            self._indexed(args[0], [index for index in args[1] if index is not None])

    def _join(self, parts: Sequence[Tensor], axis: int, fixed: set[int]) -> None:
        parts = [part for part in parts if part.dim() > 1 and part.numel()]
        if len(parts) < 2 or parts[0].dim() > 4:
            return
        axis %= parts[0].dim()
        # States have their features last; ids have no features.
        at = parts[0].dim() - (2 if parts[0].is_floating_point() else 1)
        if axis != at or (not parts[0].is_floating_point() and at != 1):
            return
        found = tuple(Joined(int(part.shape[at]), part.untyped_storage().data_ptr() in fixed) for part in parts)
        known = self._joined.setdefault(sum(part.size for part in found), {})
        known.pop(found, None)  # it becomes the newest
        known[found] = None

    def _indexed(self, source: Tensor, indices: Sequence[Tensor]) -> None:
        if source.dim() != 3 or not source.is_floating_point():
            return
        if len(indices) == 1 and indices[0].dtype == torch.bool and indices[0].shape == source.shape[:2]:
            rows, columns = indices[0].nonzero(as_tuple=True)
        elif len(indices) == 2 and indices[0].dim() == indices[1].dim() == 1:
            rows, columns = indices
        else:
            return
        batch, count = len(source), len(columns)
        if (
            len(rows) == count
            and count % batch == 0
            and bool((rows.view(batch, -1) == rows.view(batch, -1)[:, :1]).all())
        ):
            self._pick(int(source.shape[1]), columns.view(batch, -1))

    def _gathered(self, source: Tensor, axis: int, index: Tensor) -> None:
        if source.dim() == 3 and axis % 3 == 1 and source.is_floating_point() and index.dim() == 3 and index.numel():
            self._pick(int(source.shape[1]), index[:, :, 0])

    def _pick(self, total: int, positions: Tensor) -> None:
        if positions.shape[1] > 1:
            self._picked[int(positions.shape[1])] = Picked(total, positions.detach().cpu())
