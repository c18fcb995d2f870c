"""The attentions of `model.generate(..., output_attentions=True)`, which come step by step, as one map.

Step 0 reads the prompt, each later step the token that the one before it wrote. A step's weights have the shape (rows,
heads, new positions, positions so far), where rows are texts, or beams. Source:
https://huggingface.co/docs/transformers/internal/generation_utils.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from headscope.data.arrays import to_numpy
from headscope.sources.numbers import as_array, holds_parts

if TYPE_CHECKING:
    from numpy.typing import NDArray

RowOf = Callable[[int], "int | None"]
"""The row of each step to read; None after the end of the text."""


@dataclass(frozen=True)
class StepRows:
    """The weights of one step in one layer, and their place in the map."""

    array: Any
    """Shape (heads, queries, keys)."""
    first_query: int
    first_key: int


@dataclass(frozen=True)
class StepRecord:
    """One layer of a generated text, put together from its steps; weights to keys of later steps are 0.

    It is a record, see `headscope.data.layers.Record`.
    """

    rows: tuple[StepRows, ...]
    """The steps in order."""
    num_keys: int
    """The number of key positions of the whole text."""

    pieces: ClassVar[None] = None
    rules: ClassVar[None] = None
    module: ClassVar[str] = ""

    @property
    def num_heads(self) -> int:
        """The number of heads of the layer."""
        return int(self.rows[0].array.shape[0])

    @property
    def num_queries(self) -> int:
        """The number of query positions."""
        return sum(int(step.array.shape[1]) for step in self.rows)

    @property
    def nbytes(self) -> int:
        """The memory of the weights, in bytes."""
        return sum(int(step.array.nbytes) for step in self.rows)

    def weights(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return the weights of some heads, shape (heads, queries, keys); infinite weights become NaN."""
        block = np.zeros((len(heads), queries.stop - queries.start, keys.stop - keys.start), dtype=np.float32)
        for step in self.rows:
            rows, own_rows = _overlap(queries, step.first_query, int(step.array.shape[1]))
            columns, own_columns = _overlap(keys, step.first_key, int(step.array.shape[2]))
            if rows.start < rows.stop and columns.start < columns.stop:
                for place, head in enumerate(heads):
                    block[place, rows, columns] = to_numpy(step.array[head, own_rows, own_columns])
        np.copyto(block, np.nan, where=np.isinf(block))
        return block


def _overlap(wanted: slice, first: int, size: int) -> tuple[slice, slice]:
    """Return the common part of a range of positions and a step's range, from the start of each."""
    start, stop = max(wanted.start, first), min(wanted.stop, first + size)
    return slice(start - wanted.start, stop - wanted.start), slice(start - first, stop - first)


def is_steps(value: Any) -> bool:
    """Return whether these are the attentions of steps: containers of layers, each (rows, heads, queries, keys)."""
    if not isinstance(value, (list, tuple)) or not value:
        return False
    first = value[0]
    return isinstance(first, (list, tuple)) and bool(first) and _axes_of(first[0]) == 4


def _axes_of(value: Any) -> int:
    return int(value.ndim) if hasattr(value, "ndim") and not holds_parts(value) else 0


def num_rows(value: Any) -> int:
    """Return the number of rows of the first step."""
    return int(value[0][0].shape[0])


def may_be_beams(value: Any, what: str) -> bool:
    """Return whether rows of the first step have the same prompt, as beams have, and samples of one prompt."""
    rows = to_numpy(as_array(value[0][0], f"{what}[0][0]"))
    return len(rows) > 1 and any(np.allclose(rows[0], row, rtol=0, atol=1e-5) for row in rows[1:])


def read_steps(value: Any, what: str, row_of: RowOf, *, cross: bool = False) -> list[StepRecord]:
    """Return one record per layer.

    Parameters
    ----------
    value
        A container of steps, each a container of layers, each (rows, heads, queries, keys).
    what
        The name of the argument, for messages.
    row_of
        The row of each step.
    cross
        Whether the keys are those of an encoder, which all steps share.

    Raises
    ------
    ValueError
        Steps differ in their layers, or a step has weights for positions that were not read yet.
    TypeError
        A layer is not an array of numbers.
    """
    steps = []
    for number, layers in enumerate(value):
        row = row_of(number)
        if row is None:
            break
        if len(layers) != len(value[0]):
            raise ValueError(f"{what}[{number}] has {len(layers)} layers, but {what}[0] has {len(value[0])}.")
        steps.append([_row(layer, f"{what}[{number}][{n}]", row) for n, layer in enumerate(layers)])
    by_layer = list(zip(*steps, strict=True))
    if cross:
        return [_placed(parts, what, 0, int(parts[0].shape[2]), cross=True) for parts in by_layer]
    cached = max(_num_cached(parts[0]) for parts in by_layer)
    num_keys = cached + sum(int(part.shape[1]) for part in by_layer[0])
    return [_placed(parts, what, cached, num_keys, cross=False) for parts in by_layer]


def _row(layer: Any, what: str, row: int) -> Any:
    array = as_array(layer, what)
    if array.ndim != 4 or not 0 <= row < array.shape[0] or 0 in array.shape:
        raise ValueError(
            f"{what} has shape {tuple(map(int, array.shape))}: weights of a step are (rows, heads, queries, keys), and "
            f"row {row} is wanted."
        )
    return array[row]


def _num_cached(first: Any) -> int:
    """Return how many positions were in the cache before the first step: it attends to more than it reads."""
    extra = int(first.shape[2]) - int(first.shape[1])
    if extra <= 0:
        return 0
    used = _is_used(first)
    return max(0, int(used[-1]) + 1 - int(first.shape[1])) if len(used) else 0


def _is_used(part: Any) -> NDArray[np.int64]:
    """Return the keys to which any weight is not 0."""
    return np.flatnonzero((to_numpy(part) != 0).any((0, 1)))


def _placed(parts: Sequence[Any], what: str, cached: int, num_keys: int, *, cross: bool) -> StepRecord:
    rows, query = [], 0
    for number, part in enumerate(parts):
        size, keys = int(part.shape[1]), int(part.shape[2])
        read = num_keys if cross else cached + query + size
        if number and size != 1:
            raise ValueError(
                f"{what}[{number}] reads {size} positions, but a step of generate() reads one after the prompt. "
                "If these are the attentions of several texts, pass those of one, such as "
                f"{what}[0]; if they are not of generate(), pass one array for each layer."
            )
        if cross and keys != num_keys:
            raise ValueError(f"{what}[{number}] has {keys} keys, but {what}[0] has {num_keys}: they share one encoder.")
        if keys > read:  # a static cache, whose unused places have weights of 0
            used = _is_used(part)
            if len(used) and used[-1] >= read:
                raise ValueError(
                    f"{what}[{number}] has weights for {int(used[-1]) + 1} positions, but only {read} were read so "
                    "far: pass all steps of one generate(), from the first on."
                )
            part = part[:, :, :read]
        elif keys == 1 < read and not cross:
            raise ValueError(f"{what}[{number}] has 1 key, but {read} positions were read: pass all of its weights.")
        # A window holds the last positions.
        rows.append(StepRows(part, query, 0 if cross else max(0, read - keys)))
        query += size
    return StepRecord(tuple(rows), num_keys)
