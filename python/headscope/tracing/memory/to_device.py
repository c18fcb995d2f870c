"""Move records to another device."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor

from headscope.data.arrays import ArrayRecord
from headscope.data.layers import Record


def to_device(records: tuple[Record, ...], device: str | torch.device) -> tuple[Record, ...]:
    """Return copies of records whose tensors are on another device; shared tensors stay shared.

    Parameters
    ----------
    records
        The layers of a map.
    device
        A torch device or its name, such as `"cpu"`.
    """
    known: dict[int, Any] = {}
    return tuple(_on_device(record, torch.device(device), known) for record in records)


def _on_device(value: Any, device: torch.device, known: dict[int, Any]) -> Any:
    if id(value) not in known:
        known[id(value)] = _copy(value, device, known)
    return known[id(value)]


def _copy(value: Any, device: torch.device, known: dict[int, Any]) -> Any:
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, ArrayRecord):
        return ArrayRecord(_on_device(value.array, device, known), value.module)
    if isinstance(value, (tuple, list)):
        return type(value)(_on_device(part, device, known) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        settings = {
            part.name: _on_device(getattr(value, part.name), device, known) for part in fields(value) if part.init
        }
        return type(value)(**settings)
    return value
