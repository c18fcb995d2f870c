"""The forms in which users pass the model's inputs: a mapping, bare ids, arrays, rows of a data set."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import torch

from headscope.tracing.inner_model import PARALLEL, accepted, inner_model, parameters_of
from headscope.tracing.inputs.tensors import FLOATS, is_text

ADVICE = "such as tokenizer(text, return_tensors='pt') or {'input_ids': ids}"


def as_mapping(inputs: Any, model: torch.nn.Module) -> Mapping[str, Any]:
    """Return inputs of any form by the name of the argument that each of them is for.

    A tensor, an array or a list of numbers is the model's main argument: ids, or pixels or sounds where the model reads
    those. A tuple of tensors holds the first arguments in order. A list of mappings holds the rows of a batch.

    Raises
    ------
    TypeError
        `inputs` is of no such form.
    ValueError
        Rows of a data set do not have the same keys.
    """
    if isinstance(inputs, Mapping):
        _check_names(inputs)
        return inputs
    if _is_row(inputs):
        return {str(name): inputs[name] for name in inputs.keys()}  # noqa: SIM118  # not every table row iterates so
    if hasattr(inputs, "to_numpy"):  # a column of a table: its index is none of positions
        inputs = inputs.to_numpy()
    if is_text(inputs):
        raise TypeError(
            "inputs holds text, but the model reads numbers: pass a text as capture(model, tokenizer, text), or "
            f"inputs as a mapping of them, {ADVICE}."
        )
    if isinstance(inputs, (list, tuple)) and inputs and all(isinstance(row, Mapping) for row in inputs):
        return _of_rows(inputs)
    if isinstance(inputs, tuple) and all(map(_holds_argument, inputs)):
        return _in_order(inputs, model)
    if isinstance(inputs, Sequence) or hasattr(inputs, "__array__") or isinstance(inputs, torch.Tensor):
        return {main_argument(model, inputs): inputs}
    raise TypeError(f"inputs must be a mapping, {ADVICE}, or ids, not {type(inputs).__name__}.")


def _is_row(value: Any) -> bool:
    """Return whether this is the row of a table, which names its columns, rather than numbers with an index."""
    if not (hasattr(value, "keys") and hasattr(value, "__getitem__")):
        return False
    return not hasattr(value, "__array__") or any(isinstance(name, str) for name in value.keys())  # noqa: SIM118


def _holds_argument(value: Any) -> bool:
    """Return whether this is an argument of a model as it is: a tensor that is no row, or several of them."""
    if isinstance(value, (list, tuple)):
        return bool(value) and all(map(_holds_argument, value))
    return isinstance(value, torch.Tensor) and value.dim() > 1


def _check_names(names: Iterable[Any]) -> None:
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"inputs has the key {name!r}: keys are names of the model's arguments, {ADVICE}.")


def _of_rows(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    names = list(rows[0])
    _check_names(names)
    for number, row in enumerate(rows):
        if set(row) != set(names):
            own, first = (", ".join(map(str, keys)) for keys in (row, names))
            raise ValueError(
                f"inputs: row {number} has the keys {own}, row 0 has {first}: rows of one batch need the same keys."
            )
    return {name: _joined([row[name] for row in rows]) for name in names}


def _joined(values: list[Any]) -> Any:
    tensors = all(isinstance(value, torch.Tensor) for value in values)
    if tensors and len({value.shape for value in values}) == 1:
        return torch.stack(values)
    return values


def _in_order(values: Sequence[Any], model: torch.nn.Module) -> dict[str, Any]:
    known = accepted(model)
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in known.values()):
        return {next(name for name, one in known.items() if one.kind is one.VAR_POSITIONAL): tuple(values)}
    names = named_parameters(known)
    if len(values) > len(names):
        raise TypeError(
            f"inputs is a tuple of {len(values)} tensors, but {type(model).__name__}.forward takes {len(names)} "
            f"arguments ({', '.join(names)}): pass a mapping by their names."
        )
    return dict(zip(names, values, strict=False))


def named_parameters(parameters: Mapping[str, inspect.Parameter]) -> list[str]:
    """Return the names of parameters that have one, without `*args` and `**kwargs`."""
    several = inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD
    return [name for name, parameter in parameters.items() if parameter.kind not in several]


def main_argument(model: torch.nn.Module, value: Any) -> str:
    """Return the argument that a bare array is for: by its kind of numbers, and by what the model reads."""
    known = accepted(model)
    names = named_parameters(known)
    if not _are_floats(value):
        return "input_ids" if "input_ids" in names else next(iter(known), "input_ids")
    own = str(getattr(inner_model(model), "main_input_name", ""))
    wanted = [own, *FLOATS[:-1]] if own != "input_ids" else FLOATS
    return next((name for name in wanted if name in names), None) or (
        "input_ids" if "input_ids" in names else next(iter(known), "input_ids")
    )


def _are_floats(value: Any) -> bool:
    if isinstance(value, torch.Tensor):
        return value.is_floating_point()
    if hasattr(value, "dtype"):
        return getattr(value.dtype, "kind", "") == "f"
    while isinstance(value, Sequence) and len(value) and not isinstance(value, str):
        value = value[0]
    return isinstance(value, float) or (
        not isinstance(value, Sequence) and hasattr(value, "dtype") and _are_floats(value)
    )


def ids_argument(model: torch.nn.Module, arguments: Mapping[str, Any]) -> str:
    """Return the argument that holds the ids of a text: `input_ids`, or else a first argument of integers."""
    first = next(iter(accepted(model)), "input_ids")
    value = arguments.get(first)
    integers = isinstance(value, torch.Tensor) and not value.is_floating_point() and value.dim() == 2
    return first if integers and "input_ids" not in arguments else "input_ids"


def call(model: torch.nn.Module, arguments: Mapping[str, Any]) -> Any:
    """Call a module with arguments by name; those that its forward takes by position only go by position."""
    inside = model
    while isinstance(inside, PARALLEL):
        inside = inside.module
    if _reads_a_mapping(inside):
        return model(dict(arguments))
    named, placed = dict(arguments), []
    by_place = _num_placed(inside)
    for number, (name, parameter) in enumerate(parameters_of(inside).items()):
        if (parameter.kind is parameter.POSITIONAL_ONLY or number < by_place) and name in named:
            placed.append(named.pop(name))
        elif parameter.kind is parameter.VAR_POSITIONAL and name in named:
            value = named.pop(name)
            placed += value if isinstance(value, tuple) else [value]
    return model(*placed, **named)


def _num_placed(model: torch.nn.Module) -> int:
    """Return how many arguments a module of `torch.export` takes by position only, as it was exported with them."""
    spec = getattr(model, "_in_spec", None) if isinstance(model, torch.fx.GraphModule) else None
    return 0 if spec is None else int(spec.child(0).num_children)


def _reads_a_mapping(model: torch.nn.Module) -> bool:
    """Return whether a module takes all of its inputs as one mapping, as those of sentence-transformers do."""
    from_sentences = any(kind.__module__.startswith("sentence_transformers.") for kind in type(model).__mro__)
    return from_sentences and next(iter(parameters_of(model)), "") in ("input", "features")
