"""The tokens of an axis in any form that people have them: strings, ids, bytes, arrays, iterators."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral
from typing import Any

from headscope.data.arrays import is_tensor
from headscope.data.indexing import check_position
from headscope.text.shortened import shown


def read_tokens(argument: str, given: Any, batch_index: int | None = None) -> list[str] | None:
    """Return one string per position; None if there are none.

    Parameters
    ----------
    argument
        The name of the argument, for messages.
    given
        Strings, or ids, which are shown as numbers, or bytes, which are read as UTF-8: a list, an array, a tensor or an
        iterator. Rows of a batch are lists in a list.
    batch_index
        The zero-based row of a batch to take; None if there is only one row.

    Raises
    ------
    TypeError
        `given` is not a sequence, or holds something else; the message names the position.
    ValueError
        `given` has several rows and `batch_index` is None.
    """
    if given is None:
        return None
    values = _row(argument, _values(argument, given), batch_index)
    return [_token(argument, position, value) for position, value in enumerate(values)]


def _values(argument: str, given: Any) -> list[Any]:
    if isinstance(given, (str, bytes)):
        raise TypeError(f"{argument} must be a sequence of strings, one for each position, not one string.")
    if isinstance(given, Mapping) or hasattr(given, "input_ids"):
        raise TypeError(
            f"{argument} is a {type(given).__name__}: pass its tokens, such as "
            "tokenizer.convert_ids_to_tokens(batch['input_ids'][0])."
        )
    values = given.tolist() if hasattr(given, "tolist") else given  # an array without axes gives one value
    if isinstance(values, (set, frozenset)) or not isinstance(values, Iterable):
        raise TypeError(f"{argument} must be a sequence of strings, one for each position, not {shown(given)}.")
    return list(values)


def _row(argument: str, values: list[Any], batch_index: int | None) -> list[Any]:
    """Return the chosen row of a batch; tokens that are no batch are returned as they are."""
    rows = [value for value in values if isinstance(value, (list, tuple)) or (is_tensor(value) and value.dim() == 1)]
    if not values or len(rows) < len(values):
        return values
    if len(rows) > 1 and batch_index is None:
        raise ValueError(f"{argument} holds the tokens of {len(rows)} texts: choose one with batch_index.")
    return list(rows[0 if len(rows) == 1 else check_position(batch_index or 0, len(rows), "batch_index")])


def _token(argument: str, position: int, value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="backslashreplace")
    if isinstance(value, Integral) and not isinstance(value, bool):
        return str(int(value))
    if is_tensor(value) and value.dim() == 0 and not value.is_floating_point() and not value.is_complex():
        return str(int(value))
    raise TypeError(
        f"{argument}[{position}] is {shown(value)} ({type(value).__name__}), not a string: turn ids into tokens "
        "with tokenizer.convert_ids_to_tokens(ids)."
    )


def check_length(argument: str, tokens: list[str], what: str, size: int, axis: str) -> None:
    """Check that there is one token for each position of an axis.

    Raises
    ------
    ValueError
        There are more or fewer.
    """
    if len(tokens) != size:
        if axis == "key" and argument == "tokens":
            raise ValueError(
                f"{what} has {size} key positions, but tokens has {len(tokens)}: pass the tokens of the keys "
                "as key_tokens=, one for each."
            )
        raise ValueError(
            f"{what} has {size} {axis} positions, but {argument} has {len(tokens)}: give one token for each position, "
            "special tokens and padding included."
        )
