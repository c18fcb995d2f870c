"""Moves records to another device."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor

from headscope.arrays import ArrayRecord
from headscope.records import Record


def moved(records: tuple[Record, ...], device: str | torch.device) -> tuple[Record, ...]:
    """Return the same records with all that they hold on another device; what they share stays shared.

    Parameters
    ----------
    records
        Layers of a map.
    device
        As torch names it, such as `"cpu"`.
    """
    known: dict[int, Any] = {}
    return tuple(_moved(record, torch.device(device), known) for record in records)


def _moved(value: Any, device: torch.device, known: dict[int, Any]) -> Any:
    if id(value) not in known:
        known[id(value)] = _copy(value, device, known)
    return known[id(value)]


def _copy(value: Any, device: torch.device, known: dict[int, Any]) -> Any:
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, ArrayRecord):
        return ArrayRecord(_moved(value.array, device, known), value.module)
    if isinstance(value, (tuple, list)):
        return type(value)(_moved(part, device, known) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        settings = {part.name: _moved(getattr(value, part.name), device, known) for part in fields(value) if part.init}
        return type(value)(**settings)
    return value
