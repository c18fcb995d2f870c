"""Compare captures with eager attention."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

import headscope as hs
from headscope.data.layers import pieces_of
from zoo.eager import eager_outputs, eager_weights
from zoo.models import OLD_VERSION, Animal

LENGTHS = (9, 14, 5)
"""The numbers of tokens of the texts in a padded batch."""


def padded(inputs: dict[str, Tensor], side: str) -> dict[str, Tensor]:
    """Return the inputs with an attention mask that gives the texts different lengths."""
    mask = torch.zeros_like(inputs["input_ids"])
    for row, length in enumerate(LENGTHS[: len(mask)]):
        mask[row, slice(length) if side == "right" else slice(-length, None)] = 1
    return inputs | {"attention_mask": mask}


def differences(model: Any, animal: Animal, inputs: dict[str, Tensor], row: int = 0) -> dict[str, float]:
    """Capture one text and return the largest difference of a weight from eager attention, by map.

    Raises
    ------
    AssertionError
        The capture has other maps or layers than the model.
    """
    capture = hs.capture(model, inputs=inputs, batch_index=row)
    report = capture.report()
    tiers = {part.name: part.tier for part in report.maps}
    # Eager attention tells nothing of torch's own modules, such as the pooling head of SigLIP.
    beside = [name for name, tier in tiers.items() if tier != animal.tier and not OLD_VERSION]
    assert len(beside) + len(report.missing) == animal.missing
    for name in beside:
        del capture.maps[name]
    assert tuple(capture.maps) == animal.maps
    if animal.tier == 1:
        return _by_module(capture, eager_weights(model, inputs), inputs, row)
    return _by_layer(capture, eager_outputs(model, inputs), inputs, row)


def _by_module(capture: Any, seen: dict[str, list[Tensor]], inputs: dict[str, Tensor], row: int) -> dict[str, float]:
    seen = {name: list(calls) for name, calls in seen.items()}
    found = {}
    for map_, part in zip(capture.maps.values(), _parts(capture), strict=True):
        worst = [
            _difference(record, _take(seen[module], record), inputs, row)
            for record, module in zip(map_.records, part.modules, strict=True)
        ]
        found[map_.name] = max(worst)
    assert not any(seen.values()), f"calls without a record: {[name for name, calls in seen.items() if calls]}"
    return found


def _parts(capture: Any) -> list[Any]:
    return [part for part in capture.report().maps if part.name in capture.maps]


def _take(calls: list[Tensor], record: Any) -> Sequence[Tensor] | Tensor:
    """Take the calls of one record: a module may be called for each of its pieces, which may differ in size."""
    pieces = len(pieces_of(record))
    several = len(calls[0]) == 1 and pieces > 1
    return [calls.pop(0)[0] for _ in range(pieces)] if several else calls.pop(0)


def _by_layer(capture: Any, attentions: list[Tensor], inputs: dict[str, Tensor], row: int) -> dict[str, float]:
    records = [(map_.name, record) for map_ in capture.maps.values() for record in map_.records]
    found = dict.fromkeys(capture.maps, 0.0)
    if len(attentions) < len(records):  # models that return only the last layer of each stage
        records = [(name, map_.records[-1]) for name, map_ in capture.maps.items()]
    for (name, record), weights in zip(records, attentions, strict=True):
        found[name] = max(found[name], _difference(record, weights.float(), inputs, row))
    return found


def _difference(record: Any, weights: Sequence[Tensor] | Tensor, inputs: dict[str, Tensor], row: int) -> float:
    pieces = pieces_of(record)
    first = row * len(pieces) if len(weights) > len(pieces) else 0
    first = row if len(pieces) == 1 and len(weights) > row else first
    return max(_of_piece(piece, weights[first + place], inputs, row) for place, piece in enumerate(pieces))


def _of_piece(piece: Any, weights: Tensor, inputs: dict[str, Tensor], row: int) -> float:
    found = piece.weights(range(piece.num_heads), slice(0, piece.num_queries), slice(0, piece.num_keys))
    wanted = weights.numpy()
    mask = inputs.get("attention_mask")
    for axis in (1, 2):
        if mask is not None and wanted.shape[axis] == mask.shape[1]:
            wanted = wanted.compress(mask[row].bool().numpy(), axis)
    assert found.shape == wanted.shape
    return float(np.abs(found - wanted).max())
