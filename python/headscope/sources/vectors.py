"""Attention maps from queries and keys: the arguments of `headscope.from_arrays`."""

from __future__ import annotations

import importlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import TYPE_CHECKING, Any

from headscope.data.attention_map import AttentionMap
from headscope.data.report import MapReport
from headscope.sources.axes import VECTORS, Layers, read_layers
from headscope.sources.numbers import as_array, holds_parts, is_finite
from headscope.sources.tokens import check_length, read_tokens
from headscope.text.segments import by_argument, check_segments
from headscope.text.shortened import shown
from headscope.text.tokens import TokenRow, read_names

if TYPE_CHECKING:
    from headscope.tracing.given_vectors import Mask
    from headscope.tracing.qk.record import QKRecord


NAMED = 5
"""The most layers that a note names."""


def need_torch(call: str) -> None:
    """Raise ImportError, with the command to run, if torch is missing."""
    try:
        importlib.import_module("torch")
    except ImportError as error:
        raise ImportError(f'{call} needs torch: pip install "headscope[transformers]"', name="torch") from error


@dataclass(frozen=True, kw_only=True)
class GivenVectors:
    """The arguments of `headscope.from_arrays`, whose docstring explains them."""

    q: Any
    k: Any
    v: Any = None
    tokens: Any = None
    key_tokens: Any = None
    scale: Any = None
    mask: Any = None
    causal: bool = False
    softcap: Any = None
    segments: Any = None
    prettify: bool = True
    batch_index: int | None = None
    axes: Any = None

    def read(self) -> VectorMap:
        """Return the attention map; raise ValueError, TypeError or IndexError if arguments do not fit each other."""
        from headscope.tracing.given_vectors import precision_of, vector_record

        queries, keys = self._layers("q", self.q), self._layers("k", self.k)
        self._check_values(keys)
        _check_layers(queries, keys)
        scales = self._scales(queries)
        softcap = None if self.softcap is None else _number("softcap", self.softcap)
        if softcap is not None and softcap <= 0:
            raise ValueError(f"softcap is {softcap:g}: it must be above 0, or None for none.")
        masks = self._masks(queries, keys)
        records = [
            vector_record(query, key, scaling=scale, softcap=softcap, mask=mask)
            for query, key, scale, mask in zip(queries.arrays, keys.arrays, scales, masks, strict=True)
        ]
        report = MapReport(
            name="self",
            tier=None,
            num_layers=len(records),
            num_heads=tuple(sorted({record.num_heads for record in records})),
            num_kv_heads=tuple(sorted({record.num_kv_heads for record in records})),
            precision=precision_of(records),
        )
        return VectorMap(self._map(records), report, (*_notes(queries, keys), *_not_finite(queries, keys)))

    def _layers(self, what: str, value: Any) -> Layers:
        if value is None:
            raise ValueError(f"{what} is None: from_arrays needs queries (q) and keys (k).")
        return read_layers(value, what, self.batch_index, self.axes, VECTORS)

    def _check_values(self, keys: Layers) -> None:
        if self.v is None:
            return
        values = self._layers("v", self.v)
        if len(values.arrays) != len(keys.arrays):
            raise ValueError(f"v has {len(values.arrays)} layers, but k has {len(keys.arrays)}.")
        for number, (value, key) in enumerate(zip(values.arrays, keys.arrays, strict=True)):
            if tuple(value.shape[:2]) != tuple(key.shape[:2]):
                raise ValueError(
                    f"v[{number}] has {value.shape[0]} heads of {value.shape[1]} positions, but k[{number}] has "
                    f"{key.shape[0]} of {key.shape[1]}: there is one value for each key."
                )

    def _scales(self, queries: Layers) -> list[float]:
        if self.scale is None:
            return [float(query.shape[2]) ** -0.5 for query in queries.arrays]
        if isinstance(self.scale, Sequence) and not isinstance(self.scale, (str, bytes)):
            if len(self.scale) != len(queries.arrays):
                raise ValueError(f"scale has {len(self.scale)} numbers for {len(queries.arrays)} layers.")
            return [_number(f"scale[{number}]", scale) for number, scale in enumerate(self.scale)]
        return [_number("scale", self.scale)] * len(queries.arrays)

    def _masks(self, queries: Layers, keys: Layers) -> list[Mask]:
        """Return the mask of each layer; layers share one that was passed for all."""
        from headscope.tracing.given_vectors import causal_mask, read_mask

        sizes = [(int(q.shape[0]), int(q.shape[1]), int(k.shape[1])) for q, k in _pairs(queries, keys)]
        device = getattr(queries.arrays[0], "device", None)
        if self._is_causal():
            if sizes[0][1] != sizes[0][2]:
                raise ValueError(
                    f"causal has two readings with {sizes[0][1]} queries and {sizes[0][2]} keys: the queries are the "
                    "first positions or the last ones. Pass a mask of this shape, True where a query may see a key."
                )
            return [causal_mask(sizes[0][1], device)] * len(sizes)
        known: dict[int, Mask] = {}
        parts = _mask_parts(self.mask, sizes, self.batch_index)
        for number, (part, size) in enumerate(zip(parts, sizes, strict=True)):
            if part is not None and id(part) not in known:
                known[id(part)] = read_mask(part, "mask" if len(parts) == 1 else f"mask[{number}]", size, device)
        return [(None, ()) if part is None else known[id(part)] for part in parts]

    def _is_causal(self) -> bool:
        if self.causal is not False and self.causal is not True:
            raise TypeError(f"causal must be True or False, not {shown(self.causal)}.")
        if isinstance(self.mask, str):
            if self.mask != "causal":
                raise ValueError(f"mask is {self.mask!r}: it is an array, 'causal' or None.")
            return True
        if self.causal and self.mask is not None:
            raise ValueError("mask and causal were both given: put the causal part into the mask, or pass only one.")
        return self.causal

    def _map(self, records: Sequence[QKRecord]) -> AttentionMap:
        queries = self._names("tokens", "q", records[0].num_queries)
        key_argument = "tokens" if self.key_tokens is None else "key_tokens"
        same = key_argument == "tokens" and (self.tokens is None or records[0].num_keys == records[0].num_queries)
        if same and records[0].num_keys == records[0].num_queries:
            keys = queries
        else:
            keys = self._names(key_argument, "k", records[0].num_keys)
        names = [name for name in ("tokens", "key_tokens") if getattr(self, name) is not None] or ["tokens"]
        segments = by_argument(self.segments, names)
        return AttentionMap(
            name="self",
            records=records,
            query_tokens=queries.texts,
            key_tokens=keys.texts,
            query_special=queries.special,
            key_special=keys.special,
            query_words=queries.words,
            key_words=keys.words,
            query_segments=check_segments(segments.get("tokens", ()), len(queries.texts), "tokens"),
            key_segments=check_segments(segments.get(key_argument, ()), len(keys.texts), key_argument),
        )

    def _names(self, argument: str, what: str, size: int) -> TokenRow:
        tokens = read_tokens(argument, getattr(self, argument), self.batch_index)
        if tokens is None:
            return TokenRow([str(position) for position in range(size)], (), None)
        check_length(argument, tokens, what, size, "query" if what == "q" else "key")
        return read_names(tokens, self.prettify)


@dataclass(frozen=True)
class VectorMap:
    """The attention map that was read."""

    map: AttentionMap
    report: MapReport
    notes: tuple[str, ...]


def _notes(queries: Layers, keys: Layers) -> list[str]:
    """Return the notes on shapes; one for both where they were read in the same way."""
    readings = [[note.partition(" read as ")[2] for note in layers.notes] for layers in (queries, keys)]
    if queries.notes and readings[0] == readings[1]:
        return [*queries.notes, "k was read in the same way."]
    return [*queries.notes, *keys.notes]


def _not_finite(queries: Layers, keys: Layers) -> list[str]:
    """Return a note on the layers whose queries or keys hold NaN or infinite numbers."""
    layers = [str(n) for n, pair in enumerate(_pairs(queries, keys)) if not all(map(is_finite, pair))]
    if not layers:
        return []
    named = ", ".join(layers[:NAMED]) + (" and others" if len(layers) > NAMED else "")
    return [f"q or k holds NaN or infinite numbers in layer {named}: weights that depend on them are NaN."]


def _pairs(queries: Layers, keys: Layers) -> list[tuple[Any, Any]]:
    return list(zip(queries.arrays, keys.arrays, strict=True))


def _check_layers(queries: Layers, keys: Layers) -> None:
    if len(queries.arrays) != len(keys.arrays):
        raise ValueError(f"q has {len(queries.arrays)} layers, but k has {len(keys.arrays)}.")
    first = queries.arrays[0].shape[1], keys.arrays[0].shape[1]
    for number, (query, key) in enumerate(_pairs(queries, keys)):
        if query.shape[2] != key.shape[2]:
            raise ValueError(
                f"q[{number}] has vectors of {query.shape[2]} numbers, but k[{number}] has vectors of {key.shape[2]}: "
                "queries and keys have the same number."
            )
        if query.shape[0] % key.shape[0]:
            raise ValueError(
                f"q[{number}] has {query.shape[0]} heads, but k[{number}] has {key.shape[0]}: equally many query heads "
                "share each KV head. If the axes are in another order, name them: axes='position head dim'."
            )
        if (query.shape[1], key.shape[1]) != first:
            raise ValueError(
                f"layer {number} has {query.shape[1]} queries and {key.shape[1]} keys, but layer 0 has {first[0]} and "
                f"{first[1]}: all layers must be of the same tokens."
            )


def _number(what: str, value: Any) -> float:
    value = value.item() if hasattr(value, "item") and getattr(value, "ndim", 0) == 0 else value
    if isinstance(value, bool) or not isinstance(value, Real):
        raise TypeError(f"{what} must be a number, not {shown(value)}.")
    if not math.isfinite(value):
        raise ValueError(f"{what} is {value}: it must be finite.")
    return float(value)


# Masks


def _mask_parts(mask: Any, sizes: Sequence[tuple[int, int, int]], batch_index: int | None) -> list[Any]:
    """Return the mask of each layer as an array of three axes; None where there is none."""
    if mask is None:
        return [None] * len(sizes)
    if holds_parts(mask):
        parts = list(mask)
        if len(parts) == len(sizes) and all(part is None or _axes(part) > 1 for part in parts):
            return [
                None if part is None else _three_axes(as_array(part, f"mask[{number}]"), sizes[number], batch_index)
                for number, part in enumerate(parts)
            ]
        mask = parts
    array = as_array(mask, "mask")
    if array.ndim in (3, 4) and len(sizes) > 1 and int(array.shape[0]) == len(sizes):
        return _of_layers(array, sizes, batch_index)
    return [_three_axes(array, sizes[0], batch_index)] * len(sizes)


def _of_layers(array: Any, sizes: Sequence[tuple[int, int, int]], batch_index: int | None) -> list[Any]:
    """Return the masks of layers in one array, whose first axis has as many elements as there are layers."""
    if (array.ndim == 3 and int(array.shape[0]) == sizes[0][0]) or (array.ndim == 4 and batch_index is not None):
        other = "heads" if array.ndim == 3 else "texts"
        raise ValueError(
            f"mask has shape {tuple(array.shape)}, whose first axis can be layers or {other}: pass a list with one "
            "mask for each layer."
        )
    return [_three_axes(part, sizes[number], None) for number, part in enumerate(array)]


def _axes(part: Any) -> int:
    if hasattr(part, "ndim"):
        return int(part.ndim)
    return 2 if isinstance(part, (list, tuple)) and part and holds_parts(part[0]) else 1


def _three_axes(array: Any, size: tuple[int, int, int], batch_index: int | None) -> Any:
    """Return a mask of one layer as (heads or 1, queries or 1, keys)."""
    if 0 in array.shape:
        raise ValueError(f"mask has shape {tuple(array.shape)}: it holds nothing.")
    if array.ndim == 4:
        rows = int(array.shape[0])
        if rows > 1 and (batch_index is None or batch_index >= rows):
            raise ValueError(f"mask has shape {tuple(array.shape)}: choose a text of its batch with batch_index.")
        return array[batch_index if rows > 1 else 0]
    if array.ndim == 3 and batch_index is not None and int(array.shape[0]) not in (1, size[0]):
        if batch_index >= int(array.shape[0]):
            raise ValueError(f"mask has shape {tuple(array.shape)}: it has no text {batch_index} for batch_index.")
        return array[batch_index][None]
    if array.ndim == 2 and batch_index is not None and int(array.shape[0]) not in (1, size[1]):
        return array[batch_index][None, None]
    return array[None, None] if array.ndim == 1 else array[None] if array.ndim == 2 else array
