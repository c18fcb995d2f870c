"""Caches among the inputs: a copy for the pass, so that the caller's is unchanged, and how many positions one holds."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor

from headscope.data.layers import VectorRecord

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap

CACHES = ("past_key_values", "cache_params", "past_buckets_states", "mems", "state")
"""The arguments by which models of transformers take what an earlier pass computed."""

TOLERANCE = 0.03
"""How far keys of a cache may be from those of a pass, as a share of the largest; bfloat16 stays within it."""


def own_cache(name: str, value: Any) -> Any:
    """Return a copy of a cache, or the value itself if it is none or a pass can't change it."""
    if name not in CACHES or value is None or isinstance(value, (Tensor, tuple, list, Mapping)):
        return value
    # Tensors of a pass with gradients refuse to be copied, so that each is copied here.
    return copy.deepcopy(value, {id(tensor): tensor.detach().clone() for tensor in _tensors(value, set())})


def _tensors(value: Any, seen: set[int]) -> Iterator[Tensor]:
    """Yield the tensors that an object holds, at any depth."""
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (list, tuple, Mapping)):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors(part, seen)
    else:
        for part in getattr(value, "__dict__", {}).values():
            yield from _tensors(part, seen)


def cached_positions(arguments: Mapping[str, Any]) -> int:
    """Return the number of positions before those of the inputs, which the pass reads from a cache; 0 without one."""
    cache = arguments.get("past_key_values")
    if cache is None:
        return 0
    length = getattr(cache, "get_seq_length", None)
    if length is not None:
        return int(length())
    try:  # a tuple of layers, each a tuple of keys and values of shape (batch, heads, positions, head_dim)
        return int(cache[0][0].shape[-2])
    except (IndexError, TypeError, AttributeError, KeyError):
        return 0


@dataclass(frozen=True)
class CachedKeys:
    """Which positions the keys of a pass have, where some come from a cache; read before the pass, which adds to it."""

    past: int
    """The number of positions that the cache has seen."""
    room: frozenset[int]
    """The numbers of positions that its layers have memory for."""
    windows: frozenset[int]
    """The numbers of positions that layers with a window put before the text."""

    def positions(self, size: int, own: int) -> range | None:
        """Return the positions of keys, counted from the first one that the cache has seen.

        A layer with a window gives the last positions. One with room for more gives its empty room too, at the end.

        Parameters
        ----------
        size
            The number of keys.
        own
            The number of positions of the text.

        Returns
        -------
        range or None
            None if so many keys are not those of the cache and the text.
        """
        total = self.past + own
        if size == total or (own < size < total and size - own in self.windows):
            return range(total - size, total)
        return range(total) if size > total and size in self.room else None


def cached_keys(arguments: Mapping[str, Any]) -> CachedKeys | None:
    """Return which positions the keys of a pass will have; None without a cache."""
    past = cached_positions(arguments)
    if not past:
        return None
    cache = arguments["past_key_values"]
    cache = getattr(cache, "self_attention_cache", cache)  # of an encoder-decoder
    stored: list[tuple[int, bool]] = []
    for layer in getattr(cache, "layers", None) or ():
        keys = getattr(layer, "keys", None)
        if isinstance(keys, Tensor) and keys.dim() == 4:
            stored.append((keys.shape[2], bool(getattr(layer, "is_sliding", False))))
    # A static window drops its oldest key before it takes a new one.
    windows = {size - drop for size, slides in stored if slides or size < past for drop in (0, 1)}
    return CachedKeys(past, frozenset(size for size, _ in stored), frozenset(windows))


def check_cache(cache: Any, map_: AttentionMap, row: int) -> None:
    """Check that a cache holds the keys of a map's first positions, as far as both can be compared.

    Raises
    ------
    ValueError
        The keys differ: the cache is not of this text.
    """
    for number, layer in enumerate(getattr(cache, "layers", None) or ()):
        keys = getattr(layer, "keys", None)
        if not isinstance(keys, Tensor) or keys.dim() != 4 or row >= len(keys) or number not in map_.layers:
            continue
        if layer.get_seq_length() != keys.shape[2]:  # a window of the last keys, or room for more
            continue
        record = map_.record(number)
        known = keys[row].detach().float().cpu().numpy()  # (num_kv_heads, positions, head_dim)
        if not isinstance(record, VectorRecord) or known.shape[0] != record.num_kv_heads:
            continue
        found = record.keys(list(range(record.num_kv_heads)))
        if found.shape[2] != known.shape[2] or found.shape[1] < known.shape[1] or not known.size:
            continue
        off = float(np.abs(found[:, : known.shape[1]] - known).max())
        if off > TOLERANCE * float(np.abs(known).max()):
            raise ValueError(
                f"inputs['past_key_values'] does not hold what the model computes for the first {known.shape[1]} "
                f"tokens: its keys of layer {number} differ by {off:.2g}. Pass the cache of the same text, or none."
            )
