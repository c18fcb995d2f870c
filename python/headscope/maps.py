"""Attention maps: every layer of one attention of a model, with the tokens on both axes.

A weight is an element of `softmax(scores)`: how much one query position attends to one key position, float32. The order
of axes is always (layer, head, query, key); all positions are zero-based. A missing weight is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from headscope.excerpts import Groups, excerpt, owners_of
from headscope.pooling import bin_edges
from headscope.positions import Positions, check_position, ranges
from headscope.records import LeftOut, Record, VectorRecord
from headscope.segments import check_segments
from headscope.tiles import Check, check_pool, checked_place, is_blank, pooled, seen_by_rows, tile, unchecked
from headscope.vectors import why_no_vectors

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.contract import MapInfo, PoolKind
    from headscope.contract import Segment as SegmentInfo
    from headscope.grids import Grid
    from headscope.segments import Segment

LABELS = {"self": "Self", "encoder": "Encoder", "decoder": "Decoder", "cross": "Cross"}


class AttentionMap:
    """One of a model's attentions: every layer of it, with the tokens on both axes.

    Parameters
    ----------
    name
        `"self"`, `"encoder"`, `"decoder"`, `"cross"` and the like.
    records
        One for each layer, in order; all with the same number of positions. Heads may differ from layer to layer.
    query_tokens, key_tokens
        The tokens, as text for people.
    query_special, key_special
        Positions of special tokens.
    sentence_b_start
        First position of the second sentence of a pair, None where there is no pair.
    label
        The name that people read.
    query_words, key_words
        For each token the number of its word, see `headscope.words`; None where words are not known.
    query_grid, key_grid
        How the positions lie in an image, None where they do not.
    query_segments, key_segments
        Named ranges of tokens, `(name, start, stop)`, see `headscope.segments`; none by default.

    Raises
    ------
    ValueError
        If there is no layer, a layer's positions are not as many as the tokens, or segments are not within the tokens
        or overlap.
    TypeError
        Segments that are no triples.
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
        self.label = label or LABELS.get(name, name.capitalize())
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
        """How many layers the model has here, kept or not."""
        return len(self.records)

    @property
    def layers(self) -> tuple[int, ...]:
        """The layers whose weights can be had: all, unless some were left out by `layers=`."""
        return tuple(layer for layer, record in enumerate(self.records) if not isinstance(record, LeftOut))

    @property
    def nbytes(self) -> int:
        """How much memory the layers hold, in bytes."""
        return sum(record.nbytes for record in self.records)

    def num_heads(self, layer: int) -> int:
        """Return how many heads a layer has."""
        return self._record(layer).num_heads

    def num_kv_heads(self, layer: int) -> int:
        """Return how many heads of a layer have keys of their own; query heads in equal numbers share them.

        Query head `h` reads the keys of KV head `h // (num_heads // num_kv_heads)`.

        Raises
        ------
        ValueError
            There are no queries and keys of the layer.
        """
        return self.vectors(layer).num_kv_heads

    def vectors(self, layer: int) -> VectorRecord:
        """Return a layer's record, which has queries and keys.

        Raises
        ------
        ValueError
            There are none: only weights are known, or `layers=` left the layer out.
        """
        record = self._record(layer)
        if isinstance(record, LeftOut):
            kept = ", ".join(str(kept) for kept in self.layers)
            raise ValueError(f"layer {layer} was left out: layers= kept {kept} of the {self.name!r} map.")
        if not isinstance(record, VectorRecord):
            raise ValueError(
                f"layer {layer} of the {self.name!r} map has weights alone, no queries and keys: the weights were "
                "given, or the model computes attention in code of its own. capture.report() says which."
            )
        return record

    def _record(self, layer: int) -> Record:
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
            Zero-based.
        heads, queries, keys
            All (None), one position, a slice, or a sequence of positions in the order wanted.

        Returns
        -------
        ndarray of float32, shape (heads, queries, keys)
            No axis is dropped. NaN where a weight is missing: it was NaN or infinite, or `layers=` left the layer out.

        Raises
        ------
        IndexError
            A layer, head or position out of range.
        """
        record = self._record(layer)
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
        *,
        check: Check = unchecked,
    ) -> NDArray[np.float32]:
        """Return a square of bins of some heads, as a map of the world is put together of tiles.

        At level `L` each bin covers `2**L` positions on each axis. Tile (row, column) covers the queries from
        `row * 256 * 2**L` on and the keys from `column * 256 * 2**L` on: at most 256 bins each way, less at the ends of
        the axes. Level 0 has single weights. The highest level is that at which one tile covers the head.

        Parameters
        ----------
        layer
            Zero-based.
        heads
            All (None), one head, a slice, or a sequence of heads in the order wanted.
        level, row, column
            Which tile, zero-based.
        pool
            `"max"`: a bin holds its largest weight; `"mean"`: the mean of its weights. Missing weights are ignored; a
            bin of nothing else is NaN.
        check
            Called between chunks of work of a tenth of a second at most; what it raises ends the work.

        Returns
        -------
        ndarray of float32, shape (heads, query bins, key bins)

        Raises
        ------
        IndexError
            A layer, head or tile out of range.
        ValueError
            `pool` is neither.
        """
        record = self._record(layer)
        return tile(record, self._heads(record, heads), checked_place(level, row, column), check_pool(pool), check)

    def is_blank(self, layer: int, level: int, row: int, column: int) -> bool:
        """Return whether all weights of a tile are 0, where that is known without work: above a causal diagonal.

        Raises
        ------
        IndexError
            A layer or tile out of range.
        """
        return is_blank(self._record(layer), checked_place(level, row, column))

    def seen(self, layer: int) -> list[list[int]]:
        """Return for each 256 queries the keys that they see, `[start, stop]`: all weights outside are 0."""
        return seen_by_rows(self._record(layer))

    def overview(
        self, layer: int, heads: Positions = None, bins: int = 64, *, check: Check = unchecked
    ) -> NDArray[np.float32]:
        """Return each head pooled to a thumbnail: a bin holds the largest weight of the positions that it covers.

        Bin `b` of `B = min(n, bins)` covers positions `b*n//B` to `(b+1)*n//B`. Missing weights are ignored; a bin of
        nothing else is NaN. The weights are computed in chunks of rows; `check` is called between them, as in `tile`.

        Returns
        -------
        ndarray of float32, shape (heads, min(num_queries, bins), min(num_keys, bins))

        Raises
        ------
        IndexError
            A layer or head out of range.
        ValueError
            `bins` under 1.
        """
        if bins < 1:
            raise ValueError(f"bins must be at least 1, not {bins}.")
        record = self._record(layer)
        heads = self._heads(record, heads)
        edges = (
            np.append(bin_edges(record.num_queries, bins), record.num_queries),
            np.append(bin_edges(record.num_keys, bins), record.num_keys),
        )
        return pooled(record, heads, edges, "max", check)

    def excerpt(
        self,
        layer: int,
        heads: Positions,
        queries: Groups,
        keys: Groups,
        *,
        without_sink: bool = False,
        check: Check = unchecked,
    ) -> NDArray[np.float32]:
        """Return the weights between groups of tokens: the sum over the keys of one, the mean over the queries.

        Parameters
        ----------
        layer
            Zero-based.
        heads
            All (None), one head, a slice, or a sequence of heads in the order wanted.
        queries, keys
            For each group its half-open ranges of positions: `[start, stop]`, or `[start, stop, start, stop]` and so
            on. Ranges rise from group to group; positions between them are left out.
        without_sink
            Scale each query's weights first, so that they add up to 1 without that of the first key.
        check
            Called between chunks of work of a tenth of a second at most; what it raises ends the work.

        Returns
        -------
        ndarray of float32, shape (heads, query groups, key groups)
            NaN where a weight of the groups is missing.

        Raises
        ------
        IndexError
            A layer or head out of range.
        ValueError
            A group without positions, ranges that do not rise, or one out of range.
        """
        record = self._record(layer)
        rows = owners_of(queries, record.num_queries, "query")
        columns = owners_of(keys, record.num_keys, "key")
        return excerpt(record, self._heads(record, heads), rows, columns, without_sink, check)

    def info(self) -> MapInfo:
        """Return what a page needs to know of the map."""
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
        heads = sorted({record.num_heads for record in self.records})
        many = f"{heads[0]}" if len(heads) == 1 else f"{heads[0]} to {heads[-1]}"
        size = f"{len(self.query_tokens)} queries x {len(self.key_tokens)} keys"
        return f"AttentionMap({self.name!r}: {self.num_layers} layers x {many} heads, {size})"


def _segment_info(segment: Segment) -> SegmentInfo:
    return {"name": segment.name, "start": segment.start, "stop": segment.stop}


def _tuple(words: Sequence[int] | None) -> tuple[int, ...] | None:
    return None if words is None else tuple(words)


def _hull(columns: Sequence[range]) -> tuple[slice, NDArray[np.intp] | None]:
    """Return one slice that covers all columns, and which of its columns are meant where that is not all of them."""
    if len(columns) == 1:
        return slice(columns[0].start, columns[0].stop), None
    start = min((run.start for run in columns), default=0)
    stop = max((run.stop for run in columns), default=0)
    return slice(start, stop), np.array([key - start for run in columns for key in run], dtype=np.intp)


def check_chosen(layers: Sequence[int]) -> list[int]:
    """Return the layers that `layers=` names, as a list.

    Raises
    ------
    ValueError
        If there are none.
    TypeError
        If this is no sequence.
    """
    try:
        chosen = list(layers)
    except TypeError:
        raise TypeError(f"layers must be a sequence of layers, such as [0, 1], not {layers!r}.") from None
    if not chosen:
        raise ValueError("layers is empty: name at least one layer, or leave it out for all of them.")
    return chosen


def keep_layers(maps: Sequence[AttentionMap], layers: Sequence[int] | None) -> list[AttentionMap]:
    """Let go of the layers that are not in `layers`; a map of which none remains is dropped.

    Raises
    ------
    ValueError
        If `layers` is empty.
    IndexError
        If no map has one of them.
    """
    if layers is None:
        return list(maps)
    most = max(map_.num_layers for map_ in maps)
    chosen = {check_position(layer, most, "layers: layer") for layer in check_chosen(layers)}
    for map_ in maps:
        map_.records = tuple(
            record if layer in chosen else LeftOut(record.num_heads, record.num_queries, record.num_keys)
            for layer, record in enumerate(map_.records)
        )
    return [map_ for map_ in maps if map_.layers]
