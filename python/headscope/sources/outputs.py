"""The attentions in what a model or `generate` returned as a whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headscope.data.arrays import is_tensor
from headscope.sources.axes import batch_row
from headscope.sources.numbers import GET_WEIGHTS
from headscope.sources.steps import RowOf, may_be_beams, num_rows

KINDS = {"attentions": "self", "encoder_attentions": "encoder", "decoder_attentions": "decoder"}
KINDS["cross_attentions"] = "cross"


@dataclass(frozen=True)
class Output:
    """The fields of an output that attention maps need."""

    weights: dict[str, Any]
    """The weights by the name of the map."""
    sequences: Any = None
    """The generated ids, one row per sequence; None if nothing was generated."""
    beam_indices: Any = None
    """For each sequence, the row of each step that it continues; None without beams."""
    axes: str | None = None
    """The axes of the weights, if the kind of output tells them."""


def is_output(value: Any) -> bool:
    """Return whether this is an output with attentions rather than the attentions themselves."""
    if is_tensor(value) or isinstance(value, (str, bytes, list)):
        return False
    return any(hasattr(value, name) or (isinstance(value, Mapping) and name in value) for name in KINDS)


def of_tuple(value: Any) -> Any:
    """Return the attentions of an output that is a plain tuple (`return_dict=False`); another value as it is."""
    if not isinstance(value, tuple) or not any(is_tensor(part) for part in value):
        return value
    found = [part for part in value if isinstance(part, tuple) and part and all(map(_has_four_axes, part))]
    return found[0] if len(found) == 1 else value


def of_inspectus(value: Any) -> Any:
    """Return the weights of Inspectus' `AttentionMap` objects as layers; another value as it is.

    Each has a matrix and its place, such as `{"layer": 0, "head": 3}`; those without a layer belong to one. Source:
    https://github.com/labmlai/inspectus.
    """
    parts = [value] if _has_place(value) else value
    if not isinstance(parts, list) or not parts or not all(map(_has_place, parts)):
        return value
    layers: dict[Any, list[Any]] = {}
    for part in parts:
        layers.setdefault(part.info.get("layer", 0), []).append(part)
    return [
        [part.matrix for part in sorted(layers[layer], key=lambda part: int(part.info.get("head", 0)))]
        for layer in sorted(layers)
    ]


def _has_place(value: Any) -> bool:
    return hasattr(value, "matrix") and isinstance(getattr(value, "info", None), Mapping)


def _has_four_axes(layer: Any) -> bool:
    return is_tensor(layer) and layer.dim() == 4


def read_output(value: Any) -> Output:
    """Return the attentions of an output of a model or of `generate`, of an encoder-decoder or not.

    Raises
    ------
    ValueError
        The output has no attentions.
    """

    def field(name: str) -> Any:
        in_mapping = isinstance(value, Mapping) and not hasattr(value, name)
        return value.get(name) if in_mapping else getattr(value, name, None)

    weights = {kind: field(name) for name, kind in KINDS.items()}
    weights = {kind: given for kind, given in weights.items() if given is not None and len(given)}
    if not weights:
        raise ValueError(
            f"attentions is a {type(value).__name__} without attentions: the model returned none. {GET_WEIGHTS}"
        )
    if "cross" in weights and "self" in weights:  # a decoder beside an encoder that ran before
        weights = {"decoder": weights.pop("self"), **weights}
    # fair-esm's dictionary, https://github.com/facebookresearch/esm: (batch, layers, heads, queries, keys).
    esm = isinstance(value, Mapping) and "representations" in value and getattr(field("attentions"), "ndim", 0) == 5
    return Output(weights, field("sequences"), field("beam_indices"), "batch layer head query key" if esm else None)


def rows_of_steps(output: Output | None, value: Any, what: str, batch_index: int | None) -> RowOf:
    """Return which row of each step belongs to the chosen sequence.

    Raises
    ------
    ValueError
        Several sequences were generated and none was chosen, or rows can't be told apart because they were beams.
    IndexError
        `batch_index` is out of range.
    """
    size = num_rows(value)
    if output is not None and output.sequences is not None:
        return _of_sequence(output, size, what, batch_index)
    if size > 1 and may_be_beams(value, what):
        raise ValueError(
            f"{what} has {size} rows, some with the same weights for the prompt: they may be beams, which swap rows "
            "from step to step. Pass the whole output of generate(), which says which row is whose: "
            "hs.from_attentions(outputs, tokens, batch_index=0)."
        )
    return _always(batch_row(size, what, batch_index))


def _of_sequence(output: Output, size: int, what: str, batch_index: int | None) -> RowOf:
    sequences = output.sequences
    chosen = batch_row(len(sequences), "the output", batch_index)
    if output.beam_indices is not None:
        rows = [int(row) for row in output.beam_indices[chosen]]
        return lambda step: rows[step] if step < len(rows) and rows[step] >= 0 else None
    if len(sequences) != size:
        raise ValueError(
            f"{what} has {size} rows for {len(sequences)} generated sequences and no beam_indices, so which beam wrote "
            "which sequence is unknown. Let hs.capture_generation(model, tokenizer, prompt, num_beams=...) generate."
        )
    return _always(chosen)


def _always(row: int) -> RowOf:
    def row_of(_: int) -> int:
        return row

    return row_of


def row_of_encoder(output: Output | None, size: int, batch_index: int | None) -> int | None:
    """Return the text that a generated sequence was written for; several sequences may share one."""
    if output is None or output.sequences is None or batch_index is None:
        return batch_index
    return batch_index * size // len(output.sequences)
