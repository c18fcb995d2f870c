"""The columns of a data set's row, or a tokenizer's output, that a model reads; the others are left out."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import Any

import torch
from torch import Tensor

from headscope.tracing.hooks.labels import is_encoder_decoder
from headscope.tracing.inner_model import PARALLEL, accepted, inner_model, parameters_of, passes_on
from headscope.tracing.inputs.forms import named_parameters
from headscope.tracing.inputs.tensors import NOT_FOR_THE_MODEL, is_text, rows_of

NEAR = 0.85
"""How much a name must resemble an argument's, from 0 to 1, to be taken for a mistake."""

ANSWERS = ("label", "labels", "label_ids")
"""Columns of answers, which a pass without a loss does not need; no misspelt arguments."""

OF_LIBRARIES = ("transformers", "peft")
"""The packages of models whose further keywords are known."""

SIDES = "encoder_", "decoder_"
"""How the names of keywords begin that a model of two parts passes on to one of them."""


def for_the_model(inputs: Mapping[str, Any], model: torch.nn.Module, notes: list[str]) -> dict[str, Any]:
    """Leave out what the model can't read: columns of text in the row of a data set, and unknown arguments.

    Parameters
    ----------
    inputs
        The arguments by name.
    model
        The model.
    notes
        What happened to the inputs, for the report; this function adds to it.

    Raises
    ------
    TypeError
        A name is nearly that of an argument.
    """
    known = accepted(model)
    inputs = _renamed(inputs, known)
    kept, dropped = {}, []
    for name, value in inputs.items():
        unknown = name not in known and not _is_passed_on(name, model, known)
        if name in NOT_FOR_THE_MODEL or (name == "labels" and not unknown and not _is_target(value, model)):
            continue
        near = [] if name in (*known, *ANSWERS) or is_text(value) else _near(name, known)
        if near and near[0] not in inputs:
            raise TypeError(f"inputs[{name!r}] is no argument of {type(model).__name__}: did you mean {near[0]!r}?")
        if (is_text(value) and name not in known) or unknown:
            dropped.append(name)
        else:
            kept[name] = value
    if dropped:
        names = ", ".join(f"inputs[{name!r}]" for name in dropped)
        notes.append(f"{type(model).__name__} has no argument for {names}: left out.")
    return kept


def _near(name: str, known: Mapping[str, inspect.Parameter]) -> list[str]:
    return get_close_matches(name, named_parameters(known), 1, NEAR)


def _is_target(labels: Any, model: torch.nn.Module) -> bool:
    """Return whether labels may be the text that a decoder writes; other models don't get theirs."""
    if not is_encoder_decoder(model):
        return not isinstance(inner_model(model), torch.nn.Module)  # a user's own module may need them
    if isinstance(labels, Tensor) or hasattr(labels, "__array__"):
        return getattr(labels, "ndim", 0) > 0 and getattr(getattr(labels, "dtype", None), "kind", "i") in "iu"
    flat = isinstance(labels, (list, tuple)) and bool(labels) and all(isinstance(one, int) for one in labels)
    return flat or rows_of(labels) is not None


def _renamed(inputs: Mapping[str, Any], known: Mapping[str, inspect.Parameter]) -> Mapping[str, Any]:
    """Return ids under the name of the first argument, if the model calls its ids something else."""
    first = next(iter(known), "input_ids")
    if "input_ids" not in inputs or "input_ids" in known or first in inputs or passes_on(known):
        return inputs
    return {first if name == "input_ids" else name: value for name, value in inputs.items()}


def _is_passed_on(name: str, model: torch.nn.Module, known: Mapping[str, inspect.Parameter]) -> bool:
    """Return whether a forward that takes any keyword may need this one.

    The code of a user may need each. That of libraries needs what they declare, and what their parts take.
    """
    if not passes_on(known):
        return False
    while isinstance(model, PARALLEL):
        model = model.module
    forward = inspect.unwrap(type(model).forward)
    if forward.__module__.partition(".")[0] not in OF_LIBRARIES:
        return True
    ends = [name, *(name.removeprefix(side) for side in SIDES if name.startswith(side))]
    taken = {one for part in _kinds(model) for one in parameters_of(part)}
    return any(end in taken or end in _declared(model) or _is_read(end, model) for end in ends)


def _kinds(model: torch.nn.Module) -> Iterator[torch.nn.Module]:
    """Yield one module of each class in a model."""
    yield from {type(part): part for part in model.modules()}.values()


def _declared(model: torch.nn.Module) -> set[str]:
    """Return the keywords that the forward of a model, or of the models in it, declares beside its arguments."""
    found: set[str] = set()
    for part in _kinds(model):
        for parameter in parameters_of(part).values():
            kind = getattr(parameter.annotation, "__args__", ())  # Unpack[TransformersKwargs]
            if parameter.kind is parameter.VAR_KEYWORD:
                found |= {name for one in kind for name in getattr(one, "__annotations__", ())}
    return found


def _is_read(name: str, model: torch.nn.Module) -> bool:
    """Return whether the file of a model reads a keyword by its name."""
    files = {base.__module__ for part in _kinds(model) for base in type(part).__mro__}
    pattern = re.compile(rf"kwargs(\.get\(|\.pop\(|\[)\s*[\"']{re.escape(name)}[\"']")
    return any(pattern.search(_source(file)) for file in files if file.startswith("transformers.models."))


def _source(file: str) -> str:
    try:
        return inspect.getsource(sys.modules[file])
    except (OSError, KeyError, TypeError):  # a package without its sources
        return ""
