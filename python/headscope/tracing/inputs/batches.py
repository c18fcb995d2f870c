"""Take a batch, or a long text, apart: rows that run alone, and windows of tokens that overlap."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import Tensor

from headscope.text.tokens import special_ids
from headscope.tracing.hooks.tiers import modules_of
from headscope.tracing.images.image_tokens import select_images
from headscope.tracing.inputs import inputs as reading
from headscope.tracing.inputs.chat import text_tokenizer
from headscope.tracing.inputs.columns import for_the_model
from headscope.tracing.inputs.encoding import encode
from headscope.tracing.inputs.forms import as_mapping, ids_argument
from headscope.tracing.inputs.preflight import num_positions
from headscope.tracing.inputs.rows import row_of
from headscope.tracing.inputs.tensors import as_tensors


@dataclass(frozen=True)
class Part:
    """The inputs of one of several passes."""

    inputs: Any
    batch_index: int = 0
    """The zero-based row of `inputs` that is captured."""
    notes: list[str] = field(default_factory=list)
    """What to say about it in the report."""
    label: str = ""
    """What to call it in a list."""


def rows_of_batch(model: Any, inputs: Any, tokenizer: Any) -> list[Part]:
    """Return each row of a batch as inputs of its own.

    Images that are packed into one sequence, and that no placeholder assigns to a row, can't be taken apart: then every
    row comes with the whole batch.

    Raises
    ------
    ValueError, TypeError
        The inputs are no batch.
    """
    modules_of(model)
    if isinstance(inputs, (list, tuple)) and inputs and all(isinstance(row, Mapping) for row in inputs):
        return [Part(row, label=f"row {number}") for number, row in enumerate(inputs)]
    notes: list[str] = []
    given = as_mapping(inputs, model)
    arguments = as_tensors(for_the_model(given, model, notes), model, notes, tokenizer)
    batch = reading.read_batch(arguments, 0, ids_argument(model, arguments))
    return [_row(model, batch, row, notes) for row in range(batch.batch_size)]


def _row(model: Any, batch: reading.Inputs, row: int, notes: list[str]) -> Part:
    size, label = batch.batch_size, f"row {row}"
    if size == 1:
        return Part(batch.arguments, 0, notes, label)
    try:
        images = select_images(batch.arguments, model, row)
    except ValueError:  # it is unknown whose they are
        return Part(batch.arguments, row, notes, label)
    own = {name: row_of(value, row, size) for name, value in batch.arguments.items()} | images
    own = {name: value for name, value in own.items() if not isinstance(value, Tensor) or value.numel()}
    return Part(own, 0, notes, label)


def windows_of(model: Any, tokenizer: Any, text: Any, window: int | bool, stride: int | None) -> list[Part]:
    """Return overlapping windows of a long text, each with the special tokens that the tokenizer puts around a text.

    Parameters
    ----------
    model
        The model.
    tokenizer
        Its tokenizer.
    text
        A text, or the messages of a chat.
    window
        The tokens of a window, special tokens included; True for as many as the model has positions for.
    stride
        How many tokens later the next window begins; None for half of a window.

    Raises
    ------
    ValueError
        The window has no room beside special tokens, the model names no limit, or `stride` leaves tokens out.
    TypeError
        `window` or `stride` is not a number.
    """
    size = _window_size(model, window)
    ids = encode(tokenizer, text).encoding["input_ids"][0].tolist()
    limit = num_positions(modules_of(model), decoder=False)
    if limit is not None and min(size, len(ids)) > limit:
        raise ValueError(
            f"window is {size} tokens, but the model has positions for {limit}: pass window=True, or at most {limit}."
        )
    special = special_ids(text_tokenizer(tokenizer))
    first = next((place for place, id_ in enumerate(ids) if id_ not in special), len(ids))
    last = next((place for place, id_ in enumerate(reversed(ids[first:])) if id_ not in special), 0)
    before, content, after = ids[:first], ids[first : len(ids) - last], ids[len(ids) - last :]
    room = size - len(before) - len(after)
    step = _step(stride, room, size)
    count = len(content)
    starts = [start for start in range(0, max(count, 1), step) if start == 0 or start + room - step < count]
    return [_window([*before, *content[start : start + room], *after], start, room, count) for start in starts]


def _window(ids: list[int], start: int, room: int, count: int) -> Part:
    stop = min(start + room, count)
    note = f"A window of the text: its tokens {start} to {stop - 1} of {count}, counted without special tokens."
    return Part({"input_ids": [ids]}, 0, [note] if count > room else [], f"tokens {start} to {stop - 1}")


def _window_size(model: Any, window: Any) -> int:
    if window is True:
        limit = num_positions(modules_of(model), decoder=False)
        if limit is None:
            raise ValueError(
                f"window is True, but {type(model).__name__} has positions for any number of tokens: pass a number, "
                "such as window=512."
            )
        return limit
    if not isinstance(window, int) or isinstance(window, bool):
        raise TypeError(f"window must be a number of tokens or True, not {window!r}.")
    return window


def _step(stride: Any, room: int, size: int) -> int:
    if room < 1:
        raise ValueError(f"window is {size} tokens, which leaves no room beside the special tokens: pass a larger one.")
    if stride is None:
        return max(1, room // 2)
    if not isinstance(stride, int) or isinstance(stride, bool):
        raise TypeError(f"stride must be a number of tokens, not {stride!r}.")
    if not 1 <= stride <= room:
        raise ValueError(
            f"stride is {stride}: it must be from 1 to {room}, the tokens of a window without special tokens, so that "
            "no token is left out."
        )
    return stride
