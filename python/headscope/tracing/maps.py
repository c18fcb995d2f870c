"""Group the recorded layers of a pass into attention maps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from headscope.data.attention_map import AttentionMap
from headscope.tracing.hooks.calls import FEATURES, Origin
from headscope.tracing.hooks.labels import SIDES, SideName
from headscope.tracing.hooks.recorded import Layer, Place
from headscope.tracing.hooks.recorder import Recorder
from headscope.tracing.images.layout import side_of
from headscope.tracing.images.placed import grid_side, told_apart
from headscope.tracing.images.position_names import Context, name_places
from headscope.tracing.images.query_text import queries_and_text
from headscope.tracing.images.streams import stream_side
from headscope.tracing.inputs.inputs import Inputs, named_ids
from headscope.tracing.inputs.sides import Side
from headscope.tracing.origin_names import side_of_origin
from headscope.tracing.request import Request


@dataclass(frozen=True)
class TracedMap:
    """An attention map, and the recorded calls of attention modules that make its layers."""

    map: AttentionMap
    layers: tuple[Layer, ...]
    origins: tuple[Origin, Origin] = ((), ())
    """The arguments of a plain module whose positions queries and keys have; empty if they are unknown."""


def trace_maps(layers: Sequence[Layer], inputs: Inputs, request: Request, recorder: Recorder) -> list[TracedMap]:
    """Group layers into maps; each tower, and each size of layers within a tower, becomes a map of its own."""
    found: dict[Place, list[Layer]] = {}
    for layer in layers:
        found.setdefault(layer.place, []).append(layer)
    maps: list[TracedMap] = []
    for place, members in found.items():
        kind, sizes = place.kind, (place.num_queries, place.num_keys)
        before = sum(part.map.name.split()[0] == kind for part in maps)
        name = f"{kind} {before + 1}" if before else kind
        sides = recorder.labels.sides_of(kind)
        own = _read_by(place, members, request)
        queries, keys = (
            own
            if own is not None and size == len(own.tokens)
            else side_of_origin(origin, size, place.pieces, inputs, request)
            or grid_side(grid)
            or _side(side, size, place, members[0].ids, inputs, request, recorder)
            for side, size, origin, grid in zip(sides, sizes, place.origins, place.grids, strict=True)
        )
        queries, keys = told_apart(queries, keys)
        same = place.origins[0] == place.origins[1] and sizes[0] == sizes[1]
        queries = keys if sides[0] == sides[1] and same else queries
        maps.append(TracedMap(_map(name, members, queries, keys), tuple(members), place.origins))
    return sorted(maps, key=lambda part: list(SIDES).index(part.map.name.split()[0]))


def maps_to_name(traced: Sequence[TracedMap], inputs: Inputs) -> list[AttentionMap]:
    """Return the maps whose positions names from the user may be for, and forget names that arguments had.

    Names without an argument are for the first one, so maps of other arguments keep theirs.

    Raises
    ------
    ValueError
        Names without an argument are given, but all maps are among features.
    """
    origins = {name for part in traced for origin in part.origins for name in origin}
    for name in origins - {"input_ids"}:
        inputs.names.pop(name, None)
    first = next(iter(inputs.arguments), "")
    if len(inputs.names.get("input_ids", ())) == inputs.padding.get(first, (-1,))[0] and first in origins:
        inputs.names.pop("input_ids")  # given for padding too, so they are selected already
    if "input_ids" in inputs.names:
        traced = [part for part in traced if FEATURES not in part.origins]
        if not traced:
            raise ValueError(
                "tokens has names for positions, but the model attends among features, not among positions. Name the "
                'channels of its map instead, such as tokens={"self": [...]}.'
            )
    if "input_ids" not in inputs.names or not any((first,) in part.origins for part in traced):
        return [part.map for part in traced]
    return [part.map for part in traced if (first,) in part.origins]


def _map(name: str, layers: Sequence[Layer], queries: Side, keys: Side) -> AttentionMap:
    return AttentionMap(
        name=name,
        records=[layer.record for layer in layers],
        query_tokens=queries.tokens,
        key_tokens=keys.tokens,
        query_special=queries.special,
        key_special=keys.special,
        query_words=queries.words,
        key_words=keys.words,
        sentence_b_start=queries.sentence_b_start if queries is keys else None,
        query_grid=queries.grid,
        key_grid=keys.grid,
        query_segments=queries.segments,
        key_segments=keys.segments,
    )


def _read_by(place: Place, members: Sequence[Layer], request: Request) -> Side | None:
    """Return the tokens of a part that ran again for another text, from the ids that it read; None for other parts."""
    ids = members[0].ids
    again = place.tower is not None and place.tower[1] > 0
    if ids is None or not again:
        return None
    return named_ids(ids.tolist(), request.tokenizer, request.prettify)


def _side(
    side: SideName,
    size: int,
    place: Place,
    ids: Tensor | None,
    inputs: Inputs,
    request: Request,
    recorder: Recorder,
) -> Side:
    """Return the tokens of a side, or names for its positions if these are not tokens, such as image patches."""
    laid = recorder.laid.get((side, size))
    tokens = inputs.sides.get(side)
    if tokens is not None and len(tokens.tokens) == size:
        return tokens
    if tokens is not None and inputs.past and size == inputs.past + len(tokens.tokens):
        return Side(tokens=(*(f"past {place}" for place in range(inputs.past)), *tokens.tokens))
    if side == "stream":
        text = inputs.sides["decoder" if recorder.labels.two_sides else "main"]
        return stream_side(place.number, size, text)
    if laid is not None:
        return side_of(laid, inputs.sides)
    if tokens is not None and tokens.length and ids is not None and len(ids) == size:  # padding could not be left out
        return named_ids(ids.tolist(), request.tokenizer, request.prettify)
    kind = "other" if side in ("main", "decoder") and tokens is not None and tokens.length else side
    queries = queries_and_text(size, place.pieces, inputs, request) if side == "other" else None
    if queries is not None:
        return queries
    length, kept = recorder.trimmed.get((side, size), (size, range(size)))
    joins, text = recorder.watch.joins, inputs.sides["main"]
    context = Context(inputs.arguments, request.model, request.tokenizer, joins, text, inputs.row)
    names, special, grid = name_places(kind, length, context, place.pieces, place.turn)
    return Side(tokens=tuple(names[position] for position in kept), special=special, grid=grid)
