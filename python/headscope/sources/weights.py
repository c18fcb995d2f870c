"""Attention maps from given weights: the arguments of `headscope.from_attentions`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, TypeAlias

from headscope.data.arrays import ArrayRecord
from headscope.data.attention_map import AttentionMap
from headscope.data.layers import Record
from headscope.data.next_tokens import Generation
from headscope.sources.axes import read_layers
from headscope.sources.numbers import holds_parts
from headscope.sources.outputs import (
    Output,
    is_output,
    of_inspectus,
    of_tuple,
    read_output,
    row_of_encoder,
    rows_of_steps,
)
from headscope.sources.ranges import notes_on_ranges
from headscope.sources.steps import is_steps, read_steps
from headscope.sources.tokens import check_length, read_tokens
from headscope.text.segments import by_argument, check_segments
from headscope.text.tokens import TokenRow, read_names

TOKENS = ("tokens", "key_tokens", "encoder_tokens", "decoder_tokens")
Axis: TypeAlias = str
"""The name of the argument that holds an axis' tokens."""

AXES: dict[str, tuple[Axis, Axis]] = {
    "self": ("tokens", "key_tokens"),
    "encoder": ("encoder_tokens", "encoder_tokens"),
    "decoder": ("decoder_tokens", "decoder_tokens"),
    "cross": ("decoder_tokens", "encoder_tokens"),
}
"""The arguments with the tokens of queries and keys, by map."""


@dataclass(frozen=True, kw_only=True)
class GivenWeights:
    """The arguments of `headscope.from_attentions`, whose docstring explains them."""

    attentions: Any
    tokens: Any = None
    key_tokens: Any = None
    sentence_b_start: int | None = None
    encoder_attentions: Any = None
    decoder_attentions: Any = None
    cross_attentions: Any = None
    encoder_tokens: Any = None
    decoder_tokens: Any = None
    prettify: bool = True
    batch_index: int | None = None
    axes: Any = None
    segments: Any = None
    output: Output | None = field(default=None)
    """The whole output that the weights came in; None if they came alone."""

    def read(self) -> GivenMaps:
        """Return the attention maps; raise ValueError, TypeError or IndexError if arguments do not fit each other."""
        given = self._in_order()._unpacked()
        weights = given._weights()
        maps = GivenMaps()
        for kind in weights:
            given._add_map(maps, kind, weights[kind])
        maps.notes += notes_on_ranges(maps.maps)
        return maps

    def _in_order(self) -> GivenWeights:
        """Return the arguments with tokens and weights in their places: CircuitsVis takes the tokens first."""
        first, second = self.attentions, self.tokens
        swapped = _are_tokens(first) and second is not None and not isinstance(second, str) and not _are_tokens(second)
        return replace(self, attentions=second, tokens=first) if swapped else self

    def _unpacked(self) -> GivenWeights:
        """Return the arguments with a whole output replaced by its attentions."""
        if not is_output(self.attentions):
            return replace(self, attentions=of_inspectus(of_tuple(self.attentions)))
        output = read_output(self.attentions)
        sides = {f"{kind}_attentions": value for kind, value in output.weights.items() if kind != "self"}
        axes = self.axes if self.axes is not None else output.axes
        return replace(self, attentions=output.weights.get("self"), output=output, axes=axes, **sides)

    def _weights(self) -> Mapping[str, Any]:
        """Return the weights by map name."""
        sides = {"encoder": self.encoder_attentions, "decoder": self.decoder_attentions, "cross": self.cross_attentions}
        weights = {kind: value for kind, value in sides.items() if value is not None}
        if self.attentions is not None:
            self._refuse_sides(weights)
            return {"self": self.attentions}
        if not weights:
            raise ValueError(
                "no attention was given: pass attentions and tokens, or any of encoder_attentions, decoder_attentions "
                "and cross_attentions with their tokens. hs.capture(model, tokenizer, text) gets them from a model."
            )
        self._refuse_text(weights)
        return weights

    def _refuse_sides(self, weights: Mapping[str, Any]) -> None:
        others = [f"{kind}_attentions" for kind in weights]
        others += [name for name in ("encoder_tokens", "decoder_tokens") if getattr(self, name) is not None]
        if others:
            raise ValueError(
                f"attentions was given together with {', '.join(others)}: give attentions and tokens for a model with "
                "one attention, or the encoder, decoder and cross arguments for an encoder-decoder, not both."
            )

    def _refuse_text(self, weights: Mapping[str, Any]) -> None:
        mixed = [name for name in ("tokens", "key_tokens") if getattr(self, name) is not None]
        if self.sentence_b_start is not None and "encoder" not in weights:
            mixed.append("sentence_b_start")
        if mixed:
            raise ValueError(
                f"{', '.join(mixed)} can't go with {', '.join(f'{kind}_attentions' for kind in weights)}: an "
                "encoder-decoder takes encoder_tokens and decoder_tokens."
            )

    def _add_map(self, maps: GivenMaps, kind: str, weights: Any) -> None:
        what = "attentions" if kind == "self" else f"{kind}_attentions"
        if is_steps(weights):
            records = self._of_steps(weights, what, kind)
            if kind != "cross":
                maps.generation = _generation(kind, weights, records[0])
        else:
            records = self._of_pass(weights, what, kind, maps.notes)
        _check_sizes(records, what)
        maps.maps.append(self._map(kind, records, what, generated=is_steps(weights)))

    def _of_steps(self, weights: Any, what: str, kind: str) -> Sequence[Record]:
        row_of = rows_of_steps(self.output, weights, what, self.batch_index)
        return read_steps(weights, what, row_of, cross=kind == "cross")

    def _of_pass(self, weights: Any, what: str, kind: str, notes: list[str]) -> Sequence[Record]:
        batch_index = self.batch_index
        if kind == "encoder" and self.output is not None and holds_parts(weights):
            batch_index = row_of_encoder(self.output, int(weights[0].shape[0]), batch_index)
        layers = read_layers(weights, what, batch_index, self.axes)
        notes += layers.notes
        return [ArrayRecord(array) for array in layers.arrays]

    def _map(self, kind: str, records: Sequence[Record], what: str, *, generated: bool) -> AttentionMap:
        query_axis, key_axis = AXES[kind]
        sizes = records[0].num_queries, records[0].num_keys
        if kind == "self" and self.key_tokens is None:
            key_axis = query_axis
        cross = kind == "cross"
        queries = self._names(query_axis, what, sizes[0], "query", sizes[0 if cross else 1] if generated else None)
        keys = self._names(key_axis, what, sizes[1], "key", sizes[1] if generated and not cross else None)
        segments = by_argument(self._checked_segments(), self._arguments(query_axis))
        return AttentionMap(
            name=kind,
            records=records,
            query_tokens=queries.texts,
            key_tokens=keys.texts,
            query_special=queries.special,
            key_special=keys.special,
            query_words=queries.words,
            key_words=keys.words,
            query_segments=check_segments(segments.get(query_axis, ()), sizes[0], query_axis),
            key_segments=check_segments(segments.get(key_axis, ()), sizes[1], key_axis),
            sentence_b_start=self._checked_start(sizes[0]) if kind in ("self", "encoder") else None,
        )

    @cached_property
    def _tokens(self) -> dict[str, list[str] | None]:
        """The tokens by argument; iterators are read once."""
        return {name: read_tokens(name, getattr(self, name), self.batch_index) for name in TOKENS}

    def _names(self, argument: str, what: str, size: int, axis: str, num_read: int | None) -> TokenRow:
        """Return the tokens of an axis; the numbers of its positions if there are none.

        `num_read` is the number of positions that the steps of a generation read: the last token was only written, and
        positions from a cache have no queries.
        """
        tokens = self._tokens[argument]
        if tokens is None:
            first = (num_read or size) - size
            return TokenRow([str(position) for position in range(first, first + size)], (), None)
        if num_read is not None and len(tokens) in (num_read, num_read + 1, self._num_written()):
            tokens = tokens[num_read - size : num_read]
        check_length(argument, tokens, what, size, axis)
        return read_names(tokens, self.prettify)

    def _num_written(self) -> int:
        """Return the length of the generated sequences, padding included; -1 if they are unknown."""
        sequences = None if self.output is None else self.output.sequences
        return -1 if sequences is None else len(sequences[0])

    def _checked_segments(self) -> Any:
        if isinstance(self.segments, (str, bytes)):
            raise TypeError(
                f"segments is {self.segments!r}, but there is no text to split: give (name, start, stop) for each, in "
                "positions of tokens."
            )
        return self.segments

    def _arguments(self, first: str) -> list[str]:
        """Return the arguments that segments may name: those that were given, or else that of the map's queries."""
        return [name for name in TOKENS if getattr(self, name) is not None] or [first]

    def _checked_start(self, size: int) -> int | None:
        start = self.sentence_b_start
        if start is None:
            return None
        if isinstance(start, bool) or not hasattr(start, "__index__"):
            raise TypeError(f"sentence_b_start must be a position (an integer), not {start!r}.")
        if not 0 < start < size:
            raise ValueError(f"sentence_b_start is {start}: with {size} tokens it can be from 1 to {size - 1}.")
        return int(start)


@dataclass
class GivenMaps:
    """The attention maps that were read."""

    maps: list[AttentionMap] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    """What a report says about how they were read."""
    generation: Generation | None = None


def _are_tokens(value: Any) -> bool:
    return isinstance(value, (list, tuple)) and bool(value) and all(isinstance(part, str) for part in value)


def _check_sizes(records: Sequence[Record], what: str) -> None:
    first = records[0]
    for n, record in enumerate(records):
        if (record.num_queries, record.num_keys) != (first.num_queries, first.num_keys):
            raise ValueError(
                f"{what}[{n}] has {record.num_queries} x {record.num_keys} positions, but {what}[0] has "
                f"{first.num_queries} x {first.num_keys}: all layers must be of the same tokens."
            )


def _generation(kind: str, weights: Any, record: Record) -> Generation:
    """Return which positions were generated: step 0 reads the prompt, and the next ones what was written."""
    num_prompt = int(weights[0][0].shape[2])
    written = record.num_queries - num_prompt
    return Generation(kind, num_prompt, (*(None,) * num_prompt, *range(written)))
