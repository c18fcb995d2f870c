"""Turn what users pass for an argument of the model into tensors: arrays, lists, rows of unequal length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from headscope.tracing.inner_model import accepted, device_of, dtype_of, setting_of
from headscope.tracing.inputs.caches import own_cache

SEQUENCES = (
    "input_ids",
    "attention_mask",
    "token_type_ids",
    "position_ids",
    "decoder_input_ids",
    "decoder_attention_mask",
    "labels",
)
"""Inputs of shape (batch, positions); those of a single text get a batch axis."""

IDS = ("input_ids", "decoder_input_ids")

NOT_FOR_THE_MODEL = ("offset_mapping", "special_tokens_mask", "overflow_to_sample_mapping", "length")
"""What a tokenizer may return for its user rather than for the model."""

FLOATS = ("pixel_values", "input_features", "input_values", "inputs_embeds")
"""Inputs that are converted to the model's precision."""


def as_tensors(
    inputs: Mapping[str, Any], model: torch.nn.Module, notes: list[str], tokenizer: Any = None
) -> dict[str, Any]:
    """Turn arrays and lists into tensors on the model's device; other values stay as they are.

    Rows of unequal length are padded, with an attention mask that hides the padding. Tuples of tensors, such as
    `encoder_outputs`, stay tuples. A cache is copied, because the pass would add to it.

    Parameters
    ----------
    inputs
        The arguments by name.
    model
        The model.
    notes
        What happened to the inputs, for the report; this function adds to it.
    tokenizer
        The tokenizer, which may know the id of padding; None (default) without one.

    Raises
    ------
    ValueError
        A value is neither numbers nor anything else that a model may read.
    """
    named = {name: value for name, value in inputs.items() if name not in NOT_FOR_THE_MODEL}
    named = _padded_rows(named, _padding_id(model, tokenizer), notes)
    device, dtype = device_of(model), dtype_of(model)
    arguments = {name: _as_input(name, value, device, dtype) for name, value in named.items()}
    first = next(iter(accepted(model)), "")  # what a model calls its ids, if it does not call them input_ids
    ids = arguments.get(first)
    if isinstance(ids, Tensor) and ids.dim() == 1 and not ids.is_floating_point():
        arguments[first] = ids[None]
    return arguments


def is_text(value: Any) -> bool:
    """Return whether a value is a string, or holds one: a column of a table rather than an argument of a model."""
    if isinstance(value, (str, bytes)):
        return True
    if hasattr(value, "dtype") and not isinstance(value, Tensor):
        return getattr(value.dtype, "kind", "") in "US"
    return isinstance(value, (list, tuple)) and any(map(is_text, value))


def _as_input(name: str, value: Any, device: torch.device, dtype: torch.dtype | None) -> Any:
    if isinstance(value, Tensor):
        return _as_argument(name, value, device, dtype if name in FLOATS else None)
    value = own_cache(name, value)
    if holds_tensors(value):
        return moved(value, device)
    if isinstance(value, Sequence) or hasattr(value, "__array__"):
        return _as_argument(name, _numbers(name, value), device, dtype)
    return value


def _as_argument(name: str, value: Tensor, device: torch.device, dtype: torch.dtype | None) -> Tensor:
    """Return a tensor on a device; floats in `dtype` unless it is None, ids as int64, and a text with a batch axis."""
    value = value[None] if value.dim() == 1 and name in SEQUENCES else value
    if value.is_floating_point():
        return value.to(device, dtype)
    narrow = name in IDS and value.dtype not in (torch.int32, torch.int64, torch.bool) and not value.is_complex()
    return value.to(device, torch.int64 if narrow else None)


def _numbers(name: str, value: Any) -> Tensor:
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise ValueError(
            f"inputs[{name!r}] is a masked array: the model would read what the mask hides. Pass its .data, with an "
            "attention_mask for tokens that are padding."
        )
    try:
        value = value.tolist() if getattr(getattr(value, "dtype", None), "kind", "") == "O" else value
        read_only = isinstance(value, np.ndarray) and not value.flags.writeable  # of which torch would warn
        return torch.as_tensor(value.copy() if read_only else value)
    except (ValueError, TypeError, RuntimeError, OverflowError) as error:
        if _is_ragged(value):
            raise ValueError(
                f"inputs[{name!r}] has rows of different lengths: pad them to one length. Only the rows of "
                f"{', '.join(SEQUENCES)} are padded for you."
            ) from None
        raise ValueError(
            f"inputs[{name!r}] is not an array of numbers ({error}): pass a tensor, an array or a list of numbers, or "
            "leave it out."
        ) from None


def holds_tensors(value: Any) -> bool:
    """Return whether a tuple, a list or a mapping holds tensors, at any depth: something to pass on as it is."""
    if isinstance(value, Mapping):
        return any(isinstance(one, Tensor) or holds_tensors(one) for one in value.values())
    return isinstance(value, (tuple, list)) and any(isinstance(one, Tensor) or holds_tensors(one) for one in value)


def moved(value: Any, device: torch.device) -> Any:
    """Return a value with every tensor in it on a device; the value itself if all of them are."""
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, Mapping):
        parts = {name: moved(one, device) for name, one in value.items()}
        if all(parts[name] is one for name, one in value.items()):
            return value
        return type(value)(**parts) if not isinstance(value, dict) or type(value) is not dict else parts
    if isinstance(value, (tuple, list)):
        found = [moved(one, device) for one in value]
        if all(new is old for new, old in zip(found, value, strict=True)):
            return value
        return type(value)(*found) if hasattr(value, "_fields") else type(value)(found)
    return value


def _padding_id(model: Any, tokenizer: Any) -> int:
    known = getattr(getattr(tokenizer, "tokenizer", tokenizer), "pad_token_id", None)
    known = setting_of(model, "pad_token_id") if known is None else known
    return known if isinstance(known, int) and known >= 0 else 0


def _padded_rows(inputs: dict[str, Any], padding: int, notes: list[str]) -> dict[str, Any]:
    """Return inputs whose rows of unequal length are padded at their ends, with masks that hide the padding."""
    fill = {"input_ids": padding, "decoder_input_ids": padding, "labels": -100}
    found = dict(inputs)
    for name in SEQUENCES:
        rows = rows_of(inputs.get(name))
        if rows is None:
            continue
        length = max(map(len, rows))
        found[name] = [row + [fill.get(name, 0)] * (length - len(row)) for row in rows]
        mask = f"{name.removesuffix('input_ids')}attention_mask"
        if name in IDS and len({*map(len, rows)}) > 1:
            notes.append(f"The rows of {name} have different lengths: they were padded to {length} positions.")
            if inputs.get(mask) is None:
                found[mask] = [[1] * len(row) + [0] * (length - len(row)) for row in rows]
    return found


def rows_of(value: Any) -> list[list[Any]] | None:
    """Return the rows of a list of rows of numbers, each a list, an array or a tensor; None if it is anything else."""
    if getattr(getattr(value, "dtype", None), "kind", "") == "O":
        value = value.tolist()
    if not isinstance(value, (list, tuple)) or not value:
        return None
    rows = [one.tolist() if hasattr(one, "tolist") else one for one in value]
    if not all(isinstance(row, (list, tuple)) for row in rows):
        return None
    flat = all(isinstance(one, (int, float)) for row in rows for one in row)
    return [list(row) for row in rows] if flat else None


def _is_ragged(value: Any) -> bool:
    rows = rows_of(value)
    return rows is not None and len({*map(len, rows)}) > 1
