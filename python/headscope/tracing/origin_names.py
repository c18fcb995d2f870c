"""Name the positions of plain modules by the argument that they come from: ids, an image, states."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from math import isqrt
from typing import Any

import torch
from torch import Tensor

from headscope.data.grids import Grid
from headscope.tracing.hooks.calls import FEATURES, Origin
from headscope.tracing.inputs.inputs import Inputs, named_ids
from headscope.tracing.inputs.sides import Side
from headscope.tracing.request import Request

EXTRA = (("[CLS]", re.compile(r"cls|class_(tok|emb)")), ("[DIST]", re.compile(r"dist")), ("[REG]", re.compile(r"reg")))
"""The names of positions beside patches, in their usual order, and of the parameters that they begin as."""

TOKENS = re.compile(r"(tokens?|embedding|embed)s?$")
"""How the names of such parameters end; `pos_embed` is no token."""

CHANNELS = (1, 3, 4)
"""The numbers of channels of an image."""

MERGES = 5
"""The most times that stages of a network halve rows and columns of patches, plus one."""


def side_of_origin(origin: Origin, size: int, pieces: int, inputs: Inputs, request: Request) -> Side | None:
    """Return the names of the positions of one axis; None if its argument is unknown.

    Parameters
    ----------
    origin
        The arguments whose positions they are.
    size
        The number of positions.
    pieces
        The number of windows that follow one another in an order that is not known; 1 for whole sequences.
    inputs
        The inputs of the pass; names that the user gave for an argument are taken out of `inputs.names`.
    request
        The user's request.
    """
    length, kept = inputs.padding.get(origin[0] if len(origin) == 1 else "", (0, None))
    if kept is None or size != len(kept) or pieces > 1:
        return _whole_side(origin, size, pieces, inputs, request)
    whole = _whole_side(origin, length, pieces, inputs, request)
    return None if whole is None else _selected(whole, kept.tolist())


def _selected(whole: Side, kept: Sequence[int]) -> Side:
    """Return a side without its padding."""
    return Side(
        tokens=tuple(whole.tokens[place] for place in kept),
        special=tuple(at for at, place in enumerate(kept) if place in whole.special),
        words=None if whole.words is None else tuple(whole.words[place] for place in kept),
    )


def _whole_side(origin: Origin, size: int, pieces: int, inputs: Inputs, request: Request) -> Side | None:
    if not origin:
        return None
    if origin == FEATURES:
        return Side(tokens=tuple(f"channel {place}" for place in range(size)))
    if pieces > 1:
        each = size // pieces
        return Side(tokens=tuple(f"window {place // each}: {place % each}" for place in range(size)))
    name = origin[0] if len(origin) == 1 else ""
    given = _given(name, inputs)
    main = inputs.sides.get("main", Side(tokens=()))
    if given is not None and len(given) == size:
        return Side(tokens=given)
    if name == inputs.ids and len(main.tokens) == size:
        return main
    value = _value(name, inputs.arguments)
    if isinstance(value, Tensor) and value.dim() == 2 and not value.is_floating_point():
        ids = _row(value, inputs)
        if len(ids) == size:
            return named_ids(ids, request.tokenizer, request.prettify)
    if isinstance(value, Tensor) and value.dim() == 4 and value.shape[1] in CHANNELS:
        found = _patches(request.model, size, *value.shape[-2:])
        if found is not None:
            return found
    return Side(tokens=tuple(str(place) for place in range(size)))


def _given(name: str, inputs: Inputs) -> tuple[str, ...] | None:
    """Return the user's names for an argument; names without an argument are for the first one."""
    first = next((name for name, value in inputs.arguments.items() if isinstance(value, (Tensor, tuple, list))), "")
    key = "input_ids" if name == first and name not in inputs.names else name
    return inputs.names.get(key)


def _value(name: str, arguments: dict[str, Any]) -> Any:
    if name in arguments:
        value = arguments[name]
        return value[0] if isinstance(value, (tuple, list)) and value else value
    base, _, number = name.rpartition(" ")
    several = arguments.get(base)
    return several[int(number)] if isinstance(several, (tuple, list)) and number.isdigit() else None


def _row(ids: Tensor, inputs: Inputs) -> list[int]:
    by_text = ids.T if inputs.axis == 1 else ids
    row: list[int] = by_text[min(inputs.row, len(by_text) - 1)].tolist()
    return row


def _patches(model: torch.nn.Module, size: int, height: int, width: int) -> Side | None:
    """Return the names of an image's patches, with tokens before them; None if they are no grid of this size."""
    for extra in _extras(model):
        for rows, columns in _grids(model, size - len(extra), height, width):
            cells = (f"{row},{column}" for row in range(rows) for column in range(columns))
            side = Side(tokens=(*extra, *cells), special=tuple(range(len(extra))))
            return replace(side, grid=Grid(len(extra), rows, columns))
    return None


def _extras(model: torch.nn.Module) -> Iterator[list[str]]:
    """Yield the possible tokens beside an image's patches: those that the model has parameters for, one, or none."""
    found: list[str] = []
    parameters = [(name.split(".")[-1], value) for name, value in model.named_parameters() if TOKENS.search(name)]
    for what, pattern in EXTRA:
        tokens = next((value for name, value in parameters if pattern.search(name)), None)
        if tokens is not None:
            count = int(tokens.shape[-2]) if tokens.dim() > 1 else 1
            found += [what] if count == 1 else [f"{what[:-1]} {number}]" for number in range(1, 1 + count)]
    if found:
        yield found
    yield []
    yield ["[CLS]"]


def _grids(model: torch.nn.Module, count: int, height: int, width: int) -> Iterator[tuple[int, int]]:
    """Yield the grids of `count` patches: of the size that a module names, merged or not, or else of any size."""
    if count < 1:
        return
    sides = {_one(patch) for part in model.modules() if (patch := vars(part).get("patch_size"))}
    sides |= {
        _one(part.stride)
        for part in model.modules()
        if isinstance(part, torch.nn.Conv2d) and part.stride == part.kernel_size != (1, 1)
    }
    for side in sorted(side for side in sides if isinstance(side, int) and side > 0):
        for merge in range(MERGES):
            rows, columns = height // (side << merge), width // (side << merge)
            if rows * columns == count:
                yield rows, columns
    side = isqrt(height * width // count)
    if side and height % side == width % side == 0 and (height // side) * (width // side) == count:
        yield height // side, width // side


def _one(size: Any) -> Any:
    return size[0] if isinstance(size, (tuple, list)) else size
