"""Which axis of an array is which: layers, texts of a batch, heads, queries and keys, in any number and order.

An array is read without a word only if all readings of its shape give the same picture, or if the container or an
argument says what its axes are. Readings that are likely but not certain come with a note. Otherwise an error names the
readings, and `axes=` chooses one.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headscope.data.arrays import is_tensor
from headscope.data.indexing import check_position
from headscope.sources.numbers import GET_WEIGHTS, as_array, holds_parts, is_array
from headscope.text.shortened import shown

PLURALS = {"layers": "layer", "heads": "head", "queries": "query", "keys": "key", "positions": "position"}


@dataclass(frozen=True)
class Form:
    """What arrays hold, and what follows from it for the reading of their axes."""

    last: tuple[str, str]
    """The names of the last two axes."""
    kind: str
    """What the arrays hold, in the plural."""
    batches: str
    """An example of a batch without heads."""
    advice: str = ""
    """How to get such arrays."""
    layers_first: bool = False
    """Whether the first of four axes is read as layers, with a note, rather than refused."""

    @property
    def axes(self) -> tuple[str, ...]:
        """All names of axes."""
        return ("batch", "layer", "head", *self.last)

    def names(self, *first: str) -> str:
        """Return names of axes that end in the last two, as `axes=` takes them."""
        return " ".join((*first, *self.last))


WEIGHTS = Form(
    last=("query", "key"),
    kind="attention weights",
    batches="the averaged weights of nn.MultiheadAttention",
    advice=f" {GET_WEIGHTS}",
)
VECTORS = Form(
    last=("position", "dim"),
    kind="queries and keys",
    batches="the inputs of nn.MultiheadAttention",
    layers_first=True,
)


@dataclass
class Layers:
    """The layers that were read."""

    arrays: list[Any]
    """One array per layer, shape (heads, queries, keys)."""
    notes: list[str] = field(default_factory=list)


def read_layers(
    value: Any, what: str, batch_index: int | None = None, axes: Any = None, form: Form = WEIGHTS
) -> Layers:
    """Return the layers of attention weights, or of vectors.

    Parameters
    ----------
    value
        One array, or a list, tuple or iterator with one array per layer.
    what
        The name of the argument, for messages.
    batch_index
        The zero-based text of a batch to take; None if there is only one.
    axes
        The names of the axes, such as `"layer head query key"`, lists counting as axes; None (default) reads them from
        the shape.
    form
        What the arrays hold, weights by default.

    Raises
    ------
    ValueError
        There are no weights, the shape has several readings, or `axes` does not fit.
    TypeError
        The value is not an array of numbers.
    IndexError
        `batch_index` is out of range.
    """
    has_parts = holds_parts(value) or is_array(value) or hasattr(value, "__iter__")
    if isinstance(value, (str, bytes, Mapping)) or not has_parts:
        raise TypeError(f"{what} must hold one array for each layer, not be {shown(value)}.")
    names = None if axes is None else check_axes(axes, form)
    parts = _parts(value)
    if parts is not None and not parts:
        raise ValueError(f"{what} is empty: there are no layers in it.{form.advice}")
    if names is not None:
        found = Layers(_by_names(value if parts is None else parts, what, names, batch_index, form))
    elif parts is None:
        found = _of_array(as_array(value, what), value, what, batch_index, form)
    else:
        found = _of_list(parts, what, batch_index, form)
    if not found.arrays:
        raise ValueError(f"{what} is empty: there are no layers in it.{form.advice}")
    for number, array in enumerate(found.arrays):
        if 0 in array.shape:
            raise ValueError(f"{what}[{number}] has shape {tuple(map(int, array.shape))}: there are no numbers in it.")
    return found


def _parts(value: Any) -> list[Any] | None:
    """Return the parts of a container of arrays; None for one array, which nested lists of numbers are too."""
    if not holds_parts(value):
        return None
    parts = list(value)
    if isinstance(value, list) and _only_numbers(parts):
        return None
    return parts


def _only_numbers(parts: list[Any]) -> bool:
    """Return whether these are nested lists down to numbers, all rows of equal length as far as the first ones tell."""
    sizes = {len(part) if isinstance(part, list) else None for part in parts}
    if len(sizes) > 1 or not parts:
        return False
    first = parts[0]
    return _only_numbers(first) if isinstance(first, list) else isinstance(first, (int, float))


def check_axes(axes: Any, form: Form = WEIGHTS) -> list[str]:
    """Return the names of `axes=` as a list of singular words.

    Raises
    ------
    ValueError
        A name is unknown or occurs twice, or one of the last two of the form is missing.
    TypeError
        `axes` is neither a string nor a sequence of strings.
    """
    example = repr(form.names("layer", "head"))
    if not isinstance(axes, (str, list, tuple)) or not all(isinstance(name, str) for name in axes):
        raise TypeError(f"axes must name the axes, such as {example}, not be {shown(axes)}.")
    names = axes.replace(",", " ").split() if isinstance(axes, str) else list(axes)
    names = [PLURALS.get(name.lower(), name.lower()) for name in names]
    for name in names:
        if name not in form.axes:
            raise ValueError(f"axes has {name!r}: the axes are {', '.join(form.axes)}, as in {example}.")
        if names.count(name) > 1:
            raise ValueError(f"axes has {name!r} twice: name each axis once, as in {example}.")
    if not set(form.last) <= set(names):
        raise ValueError(f"axes is {' '.join(names)!r}: it must name {' and '.join(form.last)}, as in {example}.")
    return names


# With names


def _by_names(value: Any, what: str, names: Sequence[str], batch_index: int | None, form: Form) -> list[Any]:
    if isinstance(value, list) and names[0] == "layer" and len(names) > 2:
        parts = [as_array(part, f"{what}[{number}]") for number, part in enumerate(value)]
        return [_in_order(part, f"{what}[{n}]", names[1:], batch_index, form) for n, part in enumerate(parts)]
    array = as_array(value, what)
    if "layer" not in names:
        return [_in_order(array, what, names, batch_index, form)]
    _check_count(array, what, names)
    axis = names.index("layer")
    others = [name for name in names if name != "layer"]
    return [
        _in_order(array[(slice(None),) * axis + (layer,)], what, others, batch_index, form)
        for layer in range(int(array.shape[axis]))
    ]


def _in_order(array: Any, what: str, names: Sequence[str], batch_index: int | None, form: Form) -> Any:
    """Return an array without layers in the order of heads and the last two axes."""
    _check_count(array, what, names)
    names = list(names)
    if "batch" in names:
        axis = names.index("batch")
        row = batch_row(int(array.shape[axis]), what, batch_index)
        array = array[(slice(None),) * axis + (row,)]
        names.remove("batch")
    elif batch_index is not None:
        raise ValueError(f"batch_index is {batch_index}, but axes names no batch: name it, or leave batch_index out.")
    order = [names.index(name) for name in ("head", *form.last) if name in names]
    array = array.permute(*order) if is_tensor(array) else array.transpose(order)
    return array if "head" in names else array[None]


def _check_count(array: Any, what: str, names: Sequence[str]) -> None:
    if array.ndim != len(names):
        shape = tuple(map(int, array.shape))
        raise ValueError(f"{what} has shape {shape}, which are {array.ndim} axes, but axes names {' '.join(names)!r}.")


def batch_row(size: int, what: str, batch_index: int | None) -> int:
    """Return the chosen row of a batch.

    Raises
    ------
    ValueError
        There are several rows and `batch_index` is None.
    IndexError
        `batch_index` is out of range.
    """
    if batch_index is not None:
        return check_position(batch_index, size, "batch_index")
    if size == 1:
        return 0
    choice = "batch_index=0" if size == 2 else f"batch_index=0 to {size - 1}"
    other = " or batch_index=1" if size == 2 else ""
    raise ValueError(f"{what} holds a batch of {size} texts; one is shown at a time: choose with {choice}{other}.")


# From shapes


def _of_list(parts: list[Any], what: str, batch_index: int | None, form: Form) -> Layers:
    """Return the layers of a list: a list of arrays holds layers."""
    arrays = [as_array(part, f"{what}[{number}]") for number, part in enumerate(parts)]
    if form is VECTORS and all(array.ndim == 1 for array in arrays):
        return _of_array(as_array(parts, what), parts, what, batch_index, form)
    found = Layers([])
    for number, array in enumerate(arrays):
        at = f"{what}[{number}]"
        if array.ndim == 2 and len(arrays) > 1:
            readings = [(form.names("layer"), "each array is a layer"), (form.names("head"), "each array is a head")]
            raise _several(at, array, readings)
        if array.ndim not in (2, 3, 4):
            raise ValueError(
                f"{at} has shape {_shape(array)}; {form.kind} are {_listed(form.names('batch', 'head'))} or "
                f"{_listed(form.names('head'))}, one array for each layer.{form.advice}"
            )
        found.arrays.append(_layer(array, parts[number], at, batch_index, form, found.notes))
    del found.notes[1:]  # what holds of one layer holds of all
    return found


def _of_array(array: Any, value: Any, what: str, batch_index: int | None, form: Form) -> Layers:
    """Return the layers of one array."""
    notes: list[str] = []
    if array.ndim in (2, 3) or (array.ndim == 4 and (batch_index is not None or array.shape[0] == 1)):
        return Layers([_layer(array, value, what, batch_index, form, notes)], notes)
    if array.ndim == 4:
        layers, texts = form.names("layer", "head"), form.names("batch", "head")
        if not form.layers_first:
            raise _several(what, array, [(layers, "layers"), (texts, "texts of a batch in one layer")])
        note = (
            f"{what} has four axes, which were read as {_listed(layers)}. If the first one is the texts of a batch, "
            "choose a text with batch_index."
        )
        return Layers(list(array), [note])
    if array.ndim == 5:
        return _of_five(array, what, batch_index, form)
    raise ValueError(
        f"{what} has shape {_shape(array)}; {form.kind} have from two axes, {_listed(form.names())}, to five, "
        f"{_listed(form.names('layer', 'batch', 'head'))}.{form.advice}"
    )


def _of_five(array: Any, what: str, batch_index: int | None, form: Form) -> Layers:
    """Return the layers of a stack in either order; an axis of size 1 is the batch."""
    first, second = int(array.shape[0]), int(array.shape[1])
    layers_first = form.names("layer", "batch", "head")
    if 1 not in (first, second) or (batch_index is not None and not _is_zero(batch_index)):
        readings = [
            (layers_first, "layers of a batch, as stacked outputs of transformers"),
            (form.names("batch", "layer", "head"), "texts with their layers, as esm returns them"),
        ]
        raise _several(what, array, readings)
    if first == second:
        return Layers([array[0, 0]])
    count, other = (first, form.names("batch", "layer", "head")) if second == 1 else (second, layers_first)
    note = (
        f"{what} has shape {_shape(array)}, which was read as {count} layers of a batch of one text. For one layer of "
        f"{count} texts, pass axes={other!r} and batch_index."
    )
    return Layers([layer[0] for layer in array] if second == 1 else list(array[0]), [note])


def _is_zero(batch_index: int) -> bool:
    return check_position(batch_index, None, "batch_index") == 0


def _layer(array: Any, value: Any, what: str, batch_index: int | None, form: Form, notes: list[str]) -> Any:
    """Return one layer as heads and the last two axes."""
    if array.ndim == 4:
        return array[batch_row(int(array.shape[0]), what, batch_index)]
    if array.ndim == 2:
        batch_row(1, what, batch_index)
        return array[None]
    if batch_index is not None:  # there is no other axis that could be a batch
        return array[batch_row(int(array.shape[0]), what, batch_index)][None]
    if int(array.shape[0]) > 1:
        if form is WEIGHTS and _is_mean_over_second(value):
            readings = [(form.names("batch"), "texts, with heads averaged"), (form.names("layer"), "layers")]
            raise _several(what, array, readings)
        notes.append(
            f"{what} has three axes, which were read as {_listed(form.names('head'))}. If the first one is the texts "
            f"of a batch, as in {form.batches}, choose a text with batch_index."
        )
    return array


def _is_mean_over_second(value: Any) -> bool:
    """Return whether torch recorded that a tensor is a mean over the second axis, as of heads in MultiheadAttention."""
    source = getattr(value, "grad_fn", None)
    return type(source).__name__ == "MeanBackward1" and tuple(getattr(source, "_saved_dim", ())) == (1,)


def _shape(array: Any) -> tuple[int, ...]:
    return tuple(map(int, array.shape))


def _listed(names: str) -> str:
    """Return names of axes as a shape is written."""
    return f"({names.replace(' ', ', ')})"


def _several(what: str, array: Any, readings: Sequence[tuple[str, str]]) -> ValueError:
    """Return the error that names the readings of a shape."""
    listed = " or ".join(f"{_listed(names)}: {meaning}" for names, meaning in readings)
    choices = " or ".join(
        f"axes='{names}'" + (" with batch_index" if "batch" in names.split() else "") for names, _ in readings
    )
    return ValueError(f"{what} has shape {_shape(array)}, which can be {listed}. Choose with {choices}.")
