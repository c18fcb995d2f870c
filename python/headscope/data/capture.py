"""The attention of one forward pass as plain data: attention maps, candidates, and a report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from headscope.data.contents import with_contents
from headscope.data.frame import frame_of
from headscope.data.indexing import Positions, check_position, is_single, kv_head, ranges
from headscope.data.layers import MissingLayer, nbytes_of
from headscope.data.maps import Maps, map_named
from headscope.data.notes import HeadKey, HeadNote, Noted
from headscope.data.report import Report, readable_size, report_of_weights
from headscope.data.trace import Traced
from headscope.plain_errors import with_plain_errors
from headscope.text.counted import counted
from headscope.writing import writable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.data.attention_map import AttentionMap
    from headscope.data.next_tokens import Candidates, Generation, LabelProbabilities
    from headscope.text.segments import MapSegments


@dataclass(frozen=True, kw_only=True)
class CaptureParts:
    """The parts of a capture, which lower modules return and `headscope.api` turns into a `Capture`."""

    maps: Sequence[AttentionMap]
    name: str
    report: Report | None = None
    logits: Candidates | None = None
    generation: Generation | None = None
    predictions: LabelProbabilities | None = None
    notes: Sequence[tuple[HeadKey, HeadNote]] = ()


@with_plain_errors
class Capture(Noted, Traced):
    """The attention of one forward pass; `headscope.Capture` adds the methods that show and save it.

    Parameters
    ----------
    maps
        The attention maps, in the order in which views list them.
    name
        The display name of the model.
    report
        How the maps were obtained; by default, that their weights were given.
    logits
        The most probable next tokens at each position; None (default) if they were not kept.
    generation
        Which tokens were generated; None (default) if none were.
    predictions
        The probabilities of a classifier's labels; None (default) if the model has none.

    Raises
    ------
    ValueError
        There is no map.
    """

    def __init__(
        self,
        maps: Sequence[AttentionMap],
        name: str = "attention",
        report: Report | None = None,
        logits: Candidates | None = None,
        generation: Generation | None = None,
        predictions: LabelProbabilities | None = None,
    ) -> None:
        if not maps:
            raise ValueError("a capture needs at least one attention map.")
        self.name = writable(name)
        self.maps: dict[str, AttentionMap] = Maps({map_.name: map_ for map_ in maps})
        self.logits = logits
        """The most probable next tokens at each position; None if the pass gave no logits of tokens."""
        self.generation = generation
        """Which tokens are the prompt and which were generated; None unless `capture_generation` made the capture."""
        self.predictions = predictions
        """The probabilities of a classifier's labels; None for other models."""
        self._report = report or report_of_weights(name, maps)

    @property
    def nbytes(self) -> int:
        """The memory of the capture, in bytes."""
        layers = nbytes_of(record for map_ in self.maps.values() for record in map_.records)
        return layers + sum(found.nbytes for found in (self.logits, self.predictions) if found)

    @property
    def segments(self) -> MapSegments:
        """The named parts of the text: `.queries` and `.keys`, in the order of the axes of `segment_weights`.

        They are those of the first map; `capture.maps["decoder"].segments` has those of another.
        """
        return self._map(None).segments

    def report(self) -> Report:
        """Return what each attention map holds and how it was captured, and which attention is missing and why.

        A notebook shows it as a table.
        """
        return with_contents(self._report, self.maps, self.generation)

    def queries(self, layer: int, head: Positions = None, map: str | None = None) -> NDArray[np.float32]:
        """Return query vectors after position encoding.

        Parameters
        ----------
        layer
            The zero-based layer.
        head
            None (default) for all heads, one head, a slice, or a sequence.
        map
            The name of an attention map; None (default) for the first.

        Returns
        -------
        ndarray of float32
            Shape (heads, num_queries, head_dim); without the first axis if `head` is a single head.

        Raises
        ------
        IndexError
            A layer or head is out of range.
        ValueError
            The map is unknown, or the layer has only weights.
        """
        chosen = self._map(map)
        record = chosen.vectors(layer)
        found = record.queries(_positions(head, record.num_heads, "head"))
        return found[0] if is_single(head) else found

    def keys(self, layer: int, head: Positions = None, map: str | None = None) -> NDArray[np.float32]:
        """Return key vectors after position encoding, for each query head those that it reads.

        In grouped-query attention several heads read the same keys, which are then repeated: head `h` reads KV head
        `h // (num_heads // num_kv_heads)`. `AttentionMap.num_kv_heads(layer)` returns the number of KV heads.

        Parameters
        ----------
        layer, head, map
            As in `queries`.

        Returns
        -------
        ndarray of float32
            Shape (heads, num_keys, head_dim); without the first axis if `head` is a single head.

        Raises
        ------
        IndexError, ValueError
            As in `queries`.
        """
        chosen = self._map(map)
        record = chosen.vectors(layer)
        wanted = _positions(head, record.num_heads, "head")
        found = record.keys([kv_head(one, record.num_heads, record.num_kv_heads) for one in wanted])
        return found[0] if is_single(head) else found

    def scores(
        self,
        layer: int,
        head: Positions = None,
        queries: Positions = None,
        keys: Positions = None,
        map: str | None = None,
    ) -> NDArray[np.float32]:
        """Return attention scores, the input of the softmax.

        `scores = cap(query @ key * scaling) + bias`, or minus infinity where a key is hidden. Here `cap(x)` is
        `softcap * tanh(x / softcap)` in models with a softcap and `x` in others, and `bias` is the model's position
        bias. `softmax(scores)` over the keys gives the weights; in models with attention sinks the sum of each row has
        one more term.

        Parameters
        ----------
        layer, head, queries, keys, map
            As in `weights`.

        Returns
        -------
        ndarray of float32
            Shape (heads, queries, keys), without the axes of single positions.

        Raises
        ------
        IndexError, ValueError
            As in `queries`.
        """
        chosen = self._map(map)
        record = chosen.vectors(layer)
        heads = _positions(head, record.num_heads, "head")
        columns = _positions(keys, record.num_keys, "key")
        rows = ranges(queries, record.num_queries, "query") or [range(0)]
        parts = [record.scores(heads, slice(run.start, run.stop), slice(0, record.num_keys)) for run in rows]
        block = np.concatenate(parts, axis=1)[:, :, columns]
        return block[tuple(0 if is_single(axis) else slice(None) for axis in (head, queries, keys))]

    def weights(
        self,
        layer: int,
        head: Positions = None,
        queries: Positions = None,
        keys: Positions = None,
        map: str | None = None,
    ) -> NDArray[np.float32]:
        """Return exact attention weights.

        Parameters
        ----------
        layer
            The zero-based layer.
        head, queries, keys
            None (default) for all, one position, a slice such as `slice(4, 8)`, or a sequence of positions in the order
            of the result. Positions are zero-based and must not be negative; negative ends of slices count from the
            end as usual.
        map
            The name of an attention map; None (default) for the first.

        Returns
        -------
        ndarray of float32
            Shape (heads, queries, keys), without the axes of single positions, as in NumPy: with one `head` and nothing
            else it is (num_queries, num_keys).

        Raises
        ------
        IndexError
            A layer, head or position is out of range.
        ValueError
            The map is unknown, or `layers=` left the layer out.
        """
        block = self._map_with(layer, map).block(layer, head, queries, keys)
        return block[tuple(0 if is_single(axis) else slice(None) for axis in (head, queries, keys))]

    def segment_weights(self, layer: int, head: Positions = None, map: str | None = None) -> NDArray[np.float32]:
        """Return exact weights between segments, summed over keys and averaged over queries.

        They are the share of attention that the queries of a segment give to the keys of a segment. Tokens outside of
        segments are left out, so a row sums to 1 minus the attention to them.

        Parameters
        ----------
        layer, head, map
            As in `weights`.

        Returns
        -------
        ndarray of float32
            Shape (heads, query segments, key segments), in the order of `segments`; without the first axis if `head`
            is a single head. NaN where a weight is missing.

        Raises
        ------
        IndexError
            A layer or head is out of range.
        ValueError
            The map is unknown or has no segments on one side, or `layers=` left the layer out.
        """
        chosen = self._map_with(layer, map)
        sides = chosen.query_segments, chosen.key_segments
        for side, segments in zip(("query", "key"), sides, strict=True):
            if not segments:
                raise ValueError(
                    f"the {chosen.name!r} map has no {side} segments: pass segments= when you capture, or ranges of "
                    "tokens to AttentionMap.excerpt."
                )
        queries, keys = ([[segment.start, segment.stop] for segment in side] for side in sides)
        heads = _positions(head, chosen.num_heads(layer), "head")
        found = chosen.excerpt(layer, heads, queries, keys)
        return found[0] if is_single(head) else found

    def to_frame(self, layer: int, head: Positions = None, map: str | None = None) -> Any:
        """Return exact weights as a pandas table with a row per query and key; this needs pandas.

        Parameters
        ----------
        layer
            The zero-based layer.
        head
            One head, several heads, or None (default) for all; unless it is one, the table has a `head` column.
        map
            The name of an attention map; None (default) for the first.

        Returns
        -------
        pandas.DataFrame
            Columns `query`, `query_token`, `key`, `key_token` and `weight` (float32, NaN if missing), ordered by head,
            query and key. A head of n tokens has n * n rows.

        Raises
        ------
        ImportError
            pandas is not installed.
        IndexError
            A layer or head is out of range.
        ValueError
            The map is unknown, or `layers=` left the layer out.
        """
        chosen = self._map_with(layer, map)
        return frame_of(chosen, layer, _positions(head, chosen.num_heads(layer), "head"), is_single(head))

    def _map_with(self, layer: int, name: str | None) -> AttentionMap:
        """Return a map, or raise if it does not have the layer or `layers=` left it out."""
        chosen = self._map(name)
        if check_position(layer, chosen.num_layers, "layer") not in chosen.layers:
            raise ValueError(f"layer {layer} was left out: {chosen.kept_layers}.")
        return chosen

    def _map(self, name: str | None) -> AttentionMap:
        return next(iter(self.maps.values())) if name is None else map_named(self.maps, name)

    def __repr__(self) -> str:
        maps = "; ".join(_describe(map_) for map_ in self.maps.values())
        return f"<Capture of {self.name}: {maps}; {readable_size(self.nbytes)}>"


def _positions(positions: Positions, size: int, axis: str) -> list[int]:
    return [position for run in ranges(positions, size, axis) for position in run]


def _describe(map_: AttentionMap) -> str:
    queries, keys = len(map_.query_tokens), len(map_.key_tokens)
    tokens = counted(queries, "token") if queries == keys else f"{queries} x {keys} tokens"
    heads = counted([record.num_heads for record in map_.records], "head", to="-")
    return f"{map_.name}: {counted(map_.num_layers, 'layer')} x {heads}, {tokens}"


def check_chosen(layers: Sequence[int]) -> list[int]:
    """Return the layers of `layers=` as a list.

    Raises
    ------
    ValueError
        `layers` is empty.
    TypeError
        `layers` is not a sequence.
    """
    try:
        chosen = list(layers)
    except TypeError:
        raise TypeError(f"layers must be a sequence of layers, such as [0, 1], not {layers!r}.") from None
    if not chosen:
        raise ValueError("layers is empty: name at least one layer, or leave it out for all of them.")
    return chosen


def keep_layers(maps: Sequence[AttentionMap], layers: Sequence[int] | None) -> list[AttentionMap]:
    """Drop the layers that are not in `layers`, and the maps of which no layer remains; None keeps all.

    Raises
    ------
    ValueError
        `layers` is empty.
    IndexError
        No map has one of the layers.
    """
    if layers is None:
        return list(maps)
    most = max(map_.num_layers for map_ in maps)
    chosen = {check_position(layer, most, "layers: layer") for layer in check_chosen(layers)}
    for map_ in maps:
        map_.records = tuple(
            record if layer in chosen else MissingLayer(record.num_heads, record.num_queries, record.num_keys)
            for layer, record in enumerate(map_.records)
        )
    return [map_ for map_ in maps if map_.layers]
