"""What is kept while a model runs: one record for each call of an attention module."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from headscope.capture.labels import Side, is_encoder_decoder, map_of, sides_of
from headscope.capture.record import QKRecord
from headscope.capture.rules import Kept, RuleReader
from headscope.records import LeftOut, Record


@dataclass(frozen=True)
class Batch:
    """Which part of a model's input is kept."""

    size: int
    """How many texts there are."""
    row: int
    """Which of them."""
    unpadded: Mapping[Side, tuple[int, Tensor | None]]
    """For each side, how many positions it has and which of them are not padding (int64, None for all)."""


@dataclass(frozen=True)
class Layer:
    """One call of an attention module."""

    map_name: str
    module: str
    record: Record


class Recorder:
    """Takes the arguments of every attention call of one forward pass.

    Parameters
    ----------
    model
        The model that runs.
    batch
        Which part of its input to keep.
    wanted
        Which layers of each map to keep; None for all.
    """

    def __init__(self, model: torch.nn.Module, batch: Batch, wanted: Collection[int] | None) -> None:
        self.layers: list[Layer] = []
        self._names = {id(module): name for name, module in model.named_modules()}
        self._two_sides = is_encoder_decoder(model)
        self._batch = batch
        self._wanted = wanted
        self._count: Counter[str] = Counter()
        self._rules = RuleReader()

    def take(
        self, module: torch.nn.Module, query: Tensor, key: Tensor, mask: Tensor | None, options: dict[str, Any]
    ) -> None:
        """Keep one call: `query` (batch, heads, queries, head_dim), `key` (batch, KV heads, keys, head_dim)."""
        name = self._names.get(id(module), type(module).__name__)
        map_name = map_of(module, name, self._two_sides)
        kept = self._kept(map_name, name, query, key)
        if self._wanted is None or self._count[map_name] in self._wanted:
            rules, nbytes = self._rules.read(module, query, key, mask, options, kept)
            parts = _owned(query[kept.row], kept.queries), _owned(key[kept.row], kept.keys)
            record: Record = QKRecord(*parts, rules, name, nbytes)
        else:
            record = LeftOut(query.shape[1], _count(query, kept.queries), _count(key, kept.keys))
        self._count[map_name] += 1
        self.layers.append(Layer(map_name, name, record))

    def _kept(self, map_name: str, name: str, query: Tensor, key: Tensor) -> Kept:
        if query.shape[0] != self._batch.size:
            raise ValueError(
                f"the attention of {name!r} runs over {query.shape[0]} pieces for a batch of {self._batch.size}: the "
                "model cuts its input up, and such attention can't be shown."
            )
        sides = sides_of(map_name, self._two_sides)
        queries, keys = (self._unpadded(side, part) for side, part in zip(sides, (query, key), strict=True))
        return Kept(self._batch.row, queries, keys)

    def _unpadded(self, side: Side, part: Tensor) -> Tensor | None:
        length, positions = self._batch.unpadded.get(side, (0, None))
        # Positions that are not the text's, such as a prefix of learned ones, have no padding that we know of.
        return positions.to(part.device) if positions is not None and part.shape[2] == length else None


def _owned(part: Tensor, positions: Tensor | None) -> Tensor:
    """Return the kept positions in memory that holds nothing else, shape (heads, positions, head_dim)."""
    part = part.detach()
    if positions is not None:
        return part[:, positions]
    return part if part.untyped_storage().nbytes() == part.nbytes else part.clone()


def _count(part: Tensor, positions: Tensor | None) -> int:
    return int(part.shape[2]) if positions is None else len(positions)
