"""Put the rows of decoding steps together to the layers of a whole text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

import numpy as np

from headscope.data.arrays import ArrayRecord
from headscope.data.layers import MissingLayer, Record
from headscope.tracing.generation.repeating import Repeated, StepWeights
from headscope.tracing.hooks.call_reader import Proof
from headscope.tracing.hooks.recorded import Layer
from headscope.tracing.hooks.recorder import Recorder
from headscope.tracing.memory.free_memory import SHARE, free_host_memory

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.tracing.inputs.inputs import Inputs

    Array = NDArray[np.float32]
    Places = NDArray[np.intp]


AT_ONCE = 3
"""How often the weights are in memory at once while they are put together."""


def of_steps(layers: Sequence[Layer], found: Repeated, inputs: Inputs, recorder: Recorder) -> list[Layer] | None:
    """Return the layers of a pass over a text with the rows that the steps computed in place of the pass's.

    Layers that run in the first step only, as those of an image's tower do, stay. None if a step does not fit the pass.

    Parameters
    ----------
    layers
        The layers of the pass over the whole text.
    found
        The steps.
    inputs
        The inputs of the pass.
    recorder
        The recorder of the pass.
    """
    turns: Counter[str] = Counter()
    result: list[Layer] = []
    for layer in layers:
        turn = turns[layer.module]
        turns[layer.module] += 1
        if isinstance(layer.record, MissingLayer):  # layers= leaves it out
            result.append(layer)
            continue
        own = _own(found.layers.get(layer.module, {}), turn)
        if len(own) <= 1:  # an encoder, or what runs in the first step only
            if own and own[0].record.num_queries != layer.record.num_queries:
                return None
            result.append(layer)
            continue
        rows = None if len(own) != len(found.said.best) else _joined(layer, own, inputs, recorder)
        if rows is None:
            return None
        result.append(rows)
    return result


def fit_into_memory(layers: Sequence[Layer]) -> bool:
    """Return whether the weights of every layer, and what it takes to put them together, fit into free memory."""
    records = [layer.record for layer in layers]
    held = sum(record.num_heads * record.num_queries * record.num_keys * 4 for record in records)
    free = free_host_memory()
    return free is None or AT_ONCE * held < SHARE * free


def _own(by_step: dict[int, list[Layer]], turn: int) -> list[Layer]:
    """Return the calls of one layer of a module, in the order of the steps."""
    return [by_step[step][turn] for step in sorted(by_step) if turn < len(by_step[step])]


def _joined(layer: Layer, own: Sequence[Layer], inputs: Inputs, recorder: Recorder) -> Layer | None:
    """Return a layer whose rows are those of its steps; None if they do not fit it."""
    steps = [cast("StepWeights", one.record) for one in own]
    first = steps[0].num_rows
    length = first + len(steps) - 1
    if any(one.num_rows not in (1, first + step) for step, one in enumerate(steps[1:], start=1)):
        return None  # a step reads more than the text, such as a mask token behind it
    if any(one.num_heads != layer.record.num_heads for one in steps):
        return None
    query_side, key_side = recorder.labels.sides_of(layer.place.kind)
    queries = _kept(layer.record.num_queries, length, query_side, inputs, recorder)
    if queries is None:
        return None
    extra = layer.record.num_keys - layer.record.num_queries
    if query_side != key_side:
        weights = _across(steps, layer.record.num_keys, key_side, inputs, recorder)
    elif extra and not (recorder.labels.two_sides and not recorder.labels.crosses):
        return None  # what the other keys are, and whether they grow in number, is not known
    else:
        weights = _along(steps, extra, queries)
    if weights is None:
        return None
    record: Record = ArrayRecord(weights[:, queries], layer.module, by_steps=True)
    if record.num_keys != layer.record.num_keys:
        return None
    proof = Proof(max(one.proof.difference for one in own), given=True)
    return replace(layer, record=record, proof=proof)


def _kept(count: int, length: int, side: str, inputs: Inputs, recorder: Recorder) -> Places | None:
    """Return the positions of a sequence, padding included, that a map shows; None if they are unknown."""
    if count == length:
        return np.arange(length)
    tokens = inputs.sides.get(side)
    laid = next((one for (name, size), one in recorder.laid.items() if (name, size) == (side, count)), None)
    known = [None if tokens is None else tokens.unpadded, None if laid is None else laid.kept]
    for positions in known:
        if positions is not None and len(positions) == count and int(positions.max()) < length:
            return cast("Places", positions.cpu().numpy())
    return None


def _along(steps: Sequence[StepWeights], extra: int, kept: Places) -> Array | None:
    """Return the weights of a text to itself, shape (heads, positions, kept keys); None if a step does not fit.

    Parameters
    ----------
    steps
        The rows of each step.
    extra
        The number of keys behind those of the text, as an encoder's.
    kept
        The positions of the text that are shown.
    """
    first = steps[0].num_rows
    length = first + len(steps) - 1
    joined = np.zeros((steps[0].num_heads, length, length + extra), dtype=np.float32)
    for step, one in enumerate(steps):
        rows = slice(0, first) if step == 0 else slice(first + step - 1, first + step)
        seen, read = one.num_keys - extra, first + step
        if seen < 0 or (seen > read and extra):
            return None
        seen = min(seen, read)  # a cache of a fixed size is empty behind the text, and a window holds its end
        joined[:, rows, read - seen : read] = one.array[:, :, :seen]
        joined[:, rows, length:] = one.array[:, :, one.num_keys - extra :]
    return joined[:, :, np.concatenate([kept, np.arange(length, length + extra)])]


def _across(steps: Sequence[StepWeights], count: int, side: str, inputs: Inputs, recorder: Recorder) -> Array | None:
    """Return the weights of a text to another sequence, shape (heads, positions, keys); None if a step does not fit."""
    sizes = {one.num_keys for one in steps}
    if len(sizes) > 1:
        return None
    columns = _kept(count, sizes.pop(), side, inputs, recorder)
    joined = np.concatenate([np.asarray(one.array) for one in steps], axis=1)
    return None if columns is None else cast("Array", joined[:, :, columns])
