"""All of an encoder-decoder in one map: its tokens are those of the source and then those of the target.

The encoder, decoder and cross-attention are blocks of one matrix. No attention connects queries of the source with
keys of the target: there, and where a block lacks a layer or a head that another has, weights are missing (NaN). The
row of a target token holds two softmaxes, cross-attention and decoder self-attention, so it sums to 2.

The picture holds no weights of its own. `src/core/composed` has the same rules for pages.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple, NoReturn

import numpy as np

from headscope.contract import MapDescription
from headscope.data.attention_map import AttentionMap
from headscope.data.layers import MissingLayer, Record
from headscope.data.pooling import pooled, seen
from headscope.data.steps import Steps
from headscope.text.segments import Segment

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.contract import PoolKind
    from headscope.data.types import Edges, Weights

COMPOSED = "all"
"""The name of the picture of all."""

PARTS = ("encoder", "cross", "decoder")
"""The maps of which it consists."""

NO_VECTORS = (
    "The picture of all composes three attentions, each with queries and keys of its own: choose the encoder, decoder "
    "or cross-attention to see them."
)


class Block(NamedTuple):
    """A map's place in the picture: the first of its queries and of its keys."""

    map: AttentionMap
    query_at: int
    key_at: int


class ComposedRecord:
    """One layer of the picture, which reads the layers of its blocks when it is asked."""

    nbytes = 0
    pieces = None
    rules = None
    module = ""

    def __init__(self, blocks: Sequence[Block], layer: int, num_source: int, size: int) -> None:
        self._blocks = [block for block in blocks if layer in block.map.layers]
        self._layer = layer
        self.num_heads = max(block.map.num_heads(layer) for block in self._blocks)
        self.num_queries = self.num_keys = size
        self.key_edges = (0, num_source, size)

    def weights(self, heads: Sequence[int], queries: slice, keys: slice) -> NDArray[np.float32]:
        """Return the weights of some heads, shape (heads, queries, keys); NaN where nothing connects."""
        shape = len(heads), queries.stop - queries.start, keys.stop - keys.start
        found = np.full(shape, np.nan, dtype=np.float32)
        for block in self._blocks:
            record = block.map.record(self._layer)
            places, own = _own_heads(heads, record)
            rows, row_places = _within(queries, block.query_at, record.num_queries)
            columns, column_places = _within(keys, block.key_at, record.num_keys)
            if own and rows.start < rows.stop and columns.start < columns.stop:
                found[places, row_places, column_places] = record.weights(own, rows, columns)
        return found

    def seen(self, queries: slice) -> tuple[int, int]:
        """Return a half-open range of keys outside of which all weights of these queries are 0, without computing.

        What is missing counts as seen, since it is not 0.
        """
        _, source, size = self.key_edges
        regions = [(0, source, 0, source), (0, source, source, size), (source, size, 0, source)]
        found: list[tuple[int, int]] = []
        for first, last, start, stop in (*regions, (source, size, source, size)):
            rows, _ = _within(queries, first, last - first)
            if rows.start < rows.stop:
                low, high = self._seen_in(first, start, rows) or (0, stop - start)
                found += [(low + start, high + start)] if low < high else []
        return min((low for low, _ in found), default=0), max((high for _, high in found), default=0)

    def _seen_in(self, query_at: int, key_at: int, rows: slice) -> tuple[int, int] | None:
        """Return what queries see in the block at a place; None if weights are missing there in any head."""
        for block in self._blocks:
            record = block.map.record(self._layer)
            if (block.query_at, block.key_at) == (query_at, key_at) and record.num_heads == self.num_heads:
                return seen(record, rows)
        return None

    def pooled(self, heads: Sequence[int], edges: tuple[Edges, Edges], pool: PoolKind) -> Steps[Weights]:
        """Return weights pooled to bins; see `headscope.data.pooling.pooled`. A bin may belong to several blocks."""
        shape = len(heads), *(len(part) - 1 for part in edges)
        found, counts = np.full(shape, np.nan, dtype=np.float32), np.zeros(shape)
        for block in self._blocks:
            record = block.map.record(self._layer)
            places, own = _own_heads(heads, record)
            rows, row_edges = _bins_within(edges[0], block.query_at, record.num_queries)
            columns, column_edges = _bins_within(edges[1], block.key_at, record.num_keys)
            if not own or rows.start == rows.stop or columns.start == columns.stop:
                continue
            values = yield from pooled(record, own, (row_edges, column_edges), pool)
            before = found[places, rows, columns]
            if pool == "max":
                found[places, rows, columns] = np.fmax(before, values)
            else:
                sizes = np.where(np.isnan(values), 0.0, np.outer(np.diff(row_edges), np.diff(column_edges)))
                counts[places, rows, columns] += sizes
                share = np.divide(sizes, counts[places, rows, columns], out=np.zeros_like(sizes), where=sizes > 0)
                mixed = np.nan_to_num(before) * (1 - share) + np.nan_to_num(values) * share
                found[places, rows, columns] = np.where(sizes > 0, mixed, before)
        return found


class ComposedMap(AttentionMap):
    """The encoder, decoder and cross-attention of an encoder-decoder as one map, called `"all"`.

    Parameters
    ----------
    encoder, cross, decoder
        The three maps, whose tokens fit.
    """

    def __init__(self, encoder: AttentionMap, cross: AttentionMap, decoder: AttentionMap) -> None:
        source, target = encoder.query_tokens, decoder.query_tokens
        count, size = len(source), len(source) + len(target)
        self.blocks = (Block(encoder, 0, 0), Block(cross, count, 0), Block(decoder, count, count))
        maps = (encoder, cross, decoder)
        special = (*encoder.query_special, *(count + at for at in decoder.query_special))
        words = _joined_words(encoder, decoder)
        segments = _joined_segments(encoder, decoder)
        records: list[Record] = []
        for layer in range(max(map_.num_layers for map_ in maps)):
            if any(layer in map_.layers for map_ in maps):
                records.append(ComposedRecord(self.blocks, layer, count, size))
            else:
                heads = max(map_.num_heads(layer) for map_ in maps if layer < map_.num_layers)
                records.append(MissingLayer(heads, size, size))
        super().__init__(
            COMPOSED,
            records,
            (*source, *target),
            (*source, *target),
            query_special=special,
            key_special=special,
            query_words=words,
            key_words=words,
            query_segments=segments,
            key_segments=segments,
        )

    def vectors(self, layer: int) -> NoReturn:
        """Raise ValueError: queries and keys belong to one attention."""
        self.record(layer)
        raise ValueError(NO_VECTORS)

    def sinks(self, layer: int, share: float = 0.3) -> dict[int, float]:
        """Return the keys that are sinks in a map of the picture, with the largest share that they gather in one."""
        found: dict[int, float] = {}
        for map_, _, key_at in self.blocks:
            for key, gathered in (map_.sinks(layer, share) if layer in map_.layers else {}).items():
                found[key_at + key] = max(gathered, found.get(key_at + key, 0))
        return dict(sorted(found.items()))

    def info(self) -> MapDescription:
        """Return the description of the map, as a page derives it."""
        parts = [
            {
                "name": map_.name,
                "queries": [query_at, query_at + len(map_.query_tokens)],
                "keys": [key_at, key_at + len(map_.key_tokens)],
            }
            for map_, query_at, key_at in self.blocks
        ]
        no_vectors = [NO_VECTORS] * self.num_layers
        return {**super().info(), "no_vectors": no_vectors, "parts": parts}  # type: ignore[typeddict-item]


def composed_map(maps: Mapping[str, AttentionMap]) -> ComposedMap | None:
    """Return the picture of all maps; None unless they are an encoder-decoder's."""
    return None if why_not_composed(maps) else ComposedMap(*(maps[name] for name in PARTS))


def why_not_composed(maps: Mapping[str, AttentionMap]) -> str:
    """Return why there is no picture of all maps, as a clause; empty if there is one."""
    names = list(maps)
    if any(name not in names for name in PARTS):
        return f"this capture has only {', '.join(map(repr, names))}"
    encoder, cross, decoder = (maps[name] for name in PARTS)
    sizes = [(len(map_.query_tokens), len(map_.key_tokens)) for map_ in (encoder, cross, decoder)]
    (source, source_keys), (queries, keys), (target, target_keys) = sizes
    if (source, target, source, target) == (source_keys, target_keys, keys, queries):
        return ""
    shapes = ", ".join(f"{name} {count} x {key_count}" for name, (count, key_count) in zip(PARTS, sizes, strict=True))
    return f"the tokens of these maps do not fit together: {shapes}"


def _own_heads(heads: Sequence[int], record: Record) -> tuple[list[int], list[int]]:
    """Return the heads that a block has: their places among `heads`, and their numbers."""
    own = [(place, head) for place, head in enumerate(heads) if head < record.num_heads]
    return [place for place, _ in own], [head for _, head in own]


def _within(positions: slice, start: int, count: int) -> tuple[slice, slice]:
    """Return a block's own positions among some positions of the picture, and their places there."""
    first = min(max(positions.start - start, 0), count)
    last = max(min(positions.stop - start, count), first)
    return slice(first, last), slice(first + start - positions.start, last + start - positions.start)


def _bins_within(edges: Edges, start: int, count: int) -> tuple[slice, Edges]:
    """Return the bins that cover positions of a block, and their edges within it."""
    inside = np.clip(edges - start, 0, count)
    wide = np.flatnonzero(np.diff(inside))
    bins = slice(int(wide[0]), int(wide[-1]) + 1) if len(wide) else slice(0, 0)
    return bins, inside[bins.start : bins.stop + 1]


def _joined_words(encoder: AttentionMap, decoder: AttentionMap) -> list[int] | None:
    """Return the word number of each token; a token of an unknown word is one of its own."""
    sides = encoder.query_words, decoder.query_words
    if sides == (None, None):
        return None
    counts = len(encoder.query_tokens), len(decoder.query_tokens)
    known = [range(count) if words is None else words for words, count in zip(sides, counts, strict=True)]
    after = max(known[0]) + 1 - min(known[1])
    return [*known[0], *(word + after for word in known[1])]


def _joined_segments(encoder: AttentionMap, decoder: AttentionMap) -> list[Segment]:
    """Return the segments of source and target; a side without any is one segment."""
    count, size = len(encoder.query_tokens), len(encoder.query_tokens) + len(decoder.query_tokens)
    source = encoder.query_segments or (Segment("source", 0, count),)
    target = [Segment(name, start + count, stop + count) for name, start, stop in decoder.query_segments]
    return [*source, *(target or [Segment("target", count, size)])]
