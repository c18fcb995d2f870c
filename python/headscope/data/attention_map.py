"""Attention maps: all layers of one of a model's attentions, with the tokens of both axes.

A weight is an element of `softmax(scores)`, float32: how much one query position attends to one key position. The axes
are always in the order (layer, head, query, key); all positions are zero-based. A missing weight is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from headscope.contract import OVERVIEW_BINS
from headscope.data.grouping import Groups, excerpt
from headscope.data.indexing import Positions, check_position, ranges
from headscope.data.layers import MissingLayer, Record, VectorRecord, nbytes_of, why_no_vectors
from headscope.data.pooling import check_pool, checked_place, is_blank, overview, seen_by_rows, tile
from headscope.data.sinks import sinks_above
from headscope.data.steps import finish
from headscope.plain_errors import with_plain_errors
from headscope.text.counted import counted
from headscope.text.segments import MapSegments, check_segments

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.contract import MapDescription, PoolKind
    from headscope.contract import Segment as SegmentInfo
    from headscope.data.grids import Grid
    from headscope.text.segments import Segment

LABELS = {"self": "Self", "encoder": "Encoder", "decoder": "Decoder", "cross": "Cross"}


@with_plain_errors
class AttentionMap:
    """All layers of one of a model's attentions, with the tokens of both axes.

    Parameters
    ----------
    name
        `"self"`, `"encoder"`, `"decoder"`, `"cross"` or another name.
    records
        One record per layer, in order. All have the same numbers of positions; numbers of heads may differ.
    query_tokens, key_tokens
        The tokens as text.
    query_special, key_special
        The positions of special tokens; none by default.
    sentence_b_start
        The first position of the second sentence of a pair; None (default) without a pair.
    label
        The display name; by default the capitalised `name`, with spaces for hyphens.
    query_words, key_words
        The word number of each token, see `headscope.text.words`; None (default) if words are unknown.
    query_grid, key_grid
        The grid of an image's patches; None (default) if the positions are not patches of one image.
    query_segments, key_segments
        Named ranges of tokens, `(name, start, stop)`, see `headscope.text.segments`; none by default.

    Raises
    ------
    ValueError
        There is no layer, a layer has another number of positions than there are tokens, or segments overlap or exceed
        the tokens.
    TypeError
        A segment is not a triple.
    """

    def __init__(
        self,
        name: str,
        records: Sequence[Record],
        query_tokens: Sequence[str],
        key_tokens: Sequence[str],
        *,
        query_special: Sequence[int] = (),
        key_special: Sequence[int] = (),
        sentence_b_start: int | None = None,
        label: str | None = None,
        query_words: Sequence[int] | None = None,
        key_words: Sequence[int] | None = None,
        query_grid: Grid | None = None,
        key_grid: Grid | None = None,
        query_segments: Sequence[tuple[str, int, int]] = (),
        key_segments: Sequence[tuple[str, int, int]] = (),
    ) -> None:
        self.name = name
        self.label = label or LABELS.get(name, name.replace("-", " ").capitalize())
        self.records = tuple(records)
        self.query_tokens, self.key_tokens = tuple(query_tokens), tuple(key_tokens)
        self.query_special, self.key_special = tuple(query_special), tuple(key_special)
        self.query_words, self.key_words = _tuple(query_words), _tuple(key_words)
        self.sentence_b_start = sentence_b_start
        self.query_grid, self.key_grid = query_grid, key_grid
        self.query_segments = check_segments(query_segments, len(self.query_tokens), "query tokens", "query_segments")
        self.key_segments = check_segments(key_segments, len(self.key_tokens), "key tokens", "key_segments")
        if not self.records:
            raise ValueError(f"the {name!r} map has no layers.")
        for layer, record in enumerate(self.records):
            self._check_positions(layer, record)

    def _check_positions(self, layer: int, record: Record) -> None:
        for what, size, tokens in (
            ("query", record.num_queries, self.query_tokens),
            ("key", record.num_keys, self.key_tokens),
        ):
            if size != len(tokens):
                raise ValueError(
                    f"layer {layer} of the {self.name!r} map has {size} {what} positions, but there are {len(tokens)} "
                    f"{what} tokens: give one token for each position."
                )

    @property
    def num_layers(self) -> int:
        """The number of layers, including those that were not kept."""
        return len(self.records)

    @property
    def layers(self) -> tuple[int, ...]:
        """The zero-based layers with weights: all, unless `layers=` left some out."""
        return tuple(layer for layer, record in enumerate(self.records) if not isinstance(record, MissingLayer))

    @property
    def segments(self) -> MapSegments:
        """The segments of queries and of keys."""
        return MapSegments(self.query_segments, self.key_segments)

    @property
    def nbytes(self) -> int:
        """The memory of the layers, in bytes."""
        return nbytes_of(self.records)

    def num_heads(self, layer: int) -> int:
        """Return the number of heads of a layer."""
        return self.record(layer).num_heads

    def num_kv_heads(self, layer: int) -> int:
        """Return the number of KV heads of a layer; equally many query heads share each of them.

        Query head `h` reads the keys of KV head `h // (num_heads // num_kv_heads)`.

        Raises
        ------
        IndexError
            The layer is out of range.
        ValueError
            The layer has no queries and keys.
        """
        return self.vectors(layer).num_kv_heads

    def vectors(self, layer: int) -> VectorRecord:
        """Return a layer's record, which has queries and keys.

        Raises
        ------
        IndexError
            The layer is out of range.
        ValueError
            The layer has no queries and keys: only its weights are known, or `layers=` left it out.
        """
        record = self.record(layer)
        if isinstance(record, MissingLayer):
            raise ValueError(f"layer {layer} was left out: {self.kept_layers}.")
        if not isinstance(record, VectorRecord):
            raise ValueError(
                f"layer {layer} of the {self.name!r} map has only weights, no queries and keys: the weights were "
                "given, or the model computes attention in code of its own. capture.report() says which."
            )
        return record

    @property
    def kept_layers(self) -> str:
        """What `layers=` kept, in words."""
        kept = f"layer{'s' if len(self.layers) > 1 else ''} {', '.join(map(str, self.layers))}"
        return f"layers= kept only {kept} of the {self.name!r} map"

    def record(self, layer: int) -> Record:
        """Return a layer's record: its queries and keys, or its weights.

        Raises
        ------
        IndexError
            The layer is out of range.
        """
        return self.records[check_position(layer, self.num_layers, "layer")]

    def _heads(self, record: Record, heads: Positions) -> list[int]:
        return [head for run in ranges(heads, record.num_heads, "head") for head in run]

    def block(
        self, layer: int, heads: Positions = None, queries: Positions = None, keys: Positions = None
    ) -> NDArray[np.float32]:
        """Return a rectangle of exact weights.

        Parameters
        ----------
        layer
            The zero-based layer.
        heads, queries, keys
            None (default) for all, one position, a slice, or a sequence of positions in the order of the result.

        Returns
        -------
        ndarray of float32, shape (heads, queries, keys)
            No axis is dropped. Missing weights are NaN: they were NaN or infinite, or `layers=` left the layer out.

        Raises
        ------
        IndexError
            A layer, head or position is out of range.
        """
        record = self.record(layer)
        heads = self._heads(record, heads)
        rows = ranges(queries, record.num_queries, "query")
        columns = ranges(keys, record.num_keys, "key")
        hull, chosen = _hull(columns)
        parts = [record.weights(heads, slice(run.start, run.stop), hull) for run in rows]
        if not parts:
            return np.empty((len(heads), 0, sum(map(len, columns))), dtype=np.float32)
        weights = parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)
        return weights if chosen is None else weights[:, :, chosen]

    def tile(
        self,
        layer: int,
        heads: Positions,
        level: int,
        row: int,
        column: int,
        pool: PoolKind = "max",
    ) -> NDArray[np.float32]:
        """Return a tile of some heads: a square of bins, one of those that together cover a head.

        At level `L` each bin covers `2**L` positions on each axis. Tile (row, column) covers the queries from
        `row * 256 * 2**L` on and the keys from `column * 256 * 2**L` on, at most 256 bins on each axis and fewer at its
        end. Level 0 has single weights. At the highest level one tile covers the head.

        Parameters
        ----------
        layer
            The zero-based layer.
        heads
            None for all, one head, a slice, or a sequence of heads in the order of the result.
        level, row, column
            The zero-based level and place of the tile.
        pool
            `"max"` (default): a bin holds its largest weight; `"mean"`: the mean of its weights. Missing weights are
            ignored; a bin of only missing weights is NaN.

        Returns
        -------
        ndarray of float32, shape (heads, query bins, key bins)

        Raises
        ------
        IndexError
            A layer, head or tile is out of range.
        ValueError
            `pool` has another value.
        """
        record = self.record(layer)
        place = checked_place(level, row, column)
        return finish(tile(record, self._heads(record, heads), place, check_pool(pool)))

    def is_blank(self, layer: int, level: int, row: int, column: int) -> bool:
        """Return whether all weights of a tile are known to be 0 without computing them, as above a causal diagonal.

        Raises
        ------
        IndexError
            A layer or tile is out of range.
        """
        return is_blank(self.record(layer), checked_place(level, row, column))

    def seen(self, layer: int) -> list[list[int]]:
        """Return for every 256 queries the half-open range of keys that they see; all weights outside are 0."""
        return seen_by_rows(self.record(layer))

    def overview(self, layer: int, heads: Positions = None, bins: int = 64) -> NDArray[np.float32]:
        """Return heads pooled to thumbnails: a bin holds the largest weight of the positions that it covers.

        Bin `b` of `B = min(n, bins)` covers positions `b*n//B` to `(b+1)*n//B`. Missing weights are ignored; a bin of
        only missing weights is NaN.

        Parameters
        ----------
        layer
            The zero-based layer.
        heads
            None (default) for all, one head, a slice, or a sequence of heads in the order of the result.
        bins
            The most bins on each axis, 64 by default.

        Returns
        -------
        ndarray of float32, shape (heads, min(num_queries, bins), min(num_keys, bins))

        Raises
        ------
        IndexError
            A layer or head is out of range.
        ValueError
            `bins` is less than 1.
        """
        record = self.record(layer)
        return finish(overview(record, self._heads(record, heads), bins))

    def excerpt(
        self,
        layer: int,
        heads: Positions,
        queries: Groups,
        keys: Groups,
        *,
        without: Sequence[int] = (),
    ) -> NDArray[np.float32]:
        """Return the weights between groups of tokens, summed over keys and averaged over queries.

        Parameters
        ----------
        layer
            The zero-based layer.
        heads
            None for all, one head, a slice, or a sequence of heads in the order of the result.
        queries, keys
            The half-open ranges of positions of each group: `[start, stop]`, or `[start, stop, start, stop]` and so on.
            All ranges are in ascending order; positions between them are left out.
        without
            Keys without which each query's weights are first rescaled to sum to 1; by default nothing is rescaled.

        Returns
        -------
        ndarray of float32, shape (heads, query groups, key groups)
            NaN where a weight of the groups is missing.

        Raises
        ------
        IndexError
            A layer or head is out of range.
        ValueError
            A group has no positions, or ranges are out of order or out of range.
        """
        record = self.record(layer)
        left_out = [end for key in sorted(set(without)) for end in (key, key + 1)]
        return finish(excerpt(record, self._heads(record, heads), queries, keys, left_out))

    def sinks(self, layer: int, share: float = 0.3) -> dict[int, float]:
        """Return the keys that gather more than a share of a layer's attention; see `data.sinks`."""
        return sinks_above(self.record(layer), share)

    def info(self) -> MapDescription:
        """Return the description of the map that pages receive."""
        return {
            "name": self.name,
            "label": self.label,
            "num_layers": self.num_layers,
            "num_heads": [record.num_heads for record in self.records],
            "query_tokens": list(self.query_tokens),
            "key_tokens": list(self.key_tokens),
            "query_special": list(self.query_special),
            "key_special": list(self.key_special),
            "query_words": None if self.query_words is None else list(self.query_words),
            "key_words": None if self.key_words is None else list(self.key_words),
            "query_segments": [_segment_info(segment) for segment in self.query_segments],
            "key_segments": [_segment_info(segment) for segment in self.key_segments],
            "sentence_b_start": self.sentence_b_start,
            "no_vectors": [why_no_vectors(record) for record in self.records],
        }

    def __repr__(self) -> str:
        heads = counted([record.num_heads for record in self.records], "head")
        queries = counted(len(self.query_tokens), "query", "queries")
        size = f"{queries} x {counted(len(self.key_tokens), 'key')}"
        return f"AttentionMap({self.name!r}: {counted(self.num_layers, 'layer')} x {heads}, {size})"


def _segment_info(segment: Segment) -> SegmentInfo:
    return {"name": segment.name, "start": segment.start, "stop": segment.stop}


def _tuple(words: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if words is None else tuple(words)


def _hull(columns: Sequence[range]) -> tuple[slice, NDArray[np.intp] | None]:
    """Return one slice that covers all columns, and the chosen columns within it; None if all are chosen."""
    if len(columns) == 1:
        return slice(columns[0].start, columns[0].stop), None
    start = min((run.start for run in columns), default=0)
    stop = max((run.stop for run in columns), default=0)
    return slice(start, stop), np.array([key - start for run in columns for key in run], dtype=np.intp)


def has_overviews(map_: AttentionMap) -> bool:
    """Return whether overviews of a map are coarser than its weights; with few positions each bin is one weight.

    Maps without overviews are shown from their blocks. `src/core/weights/map-size.ts` has the same rule.
    """
    return max(len(map_.query_tokens), len(map_.key_tokens)) > OVERVIEW_BINS
