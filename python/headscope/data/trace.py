"""The trace of a token: how strongly every head of every layer looks from a query, or at a key."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from headscope.data.grouping import excerpt
from headscope.data.key_positions import key_positions
from headscope.data.maps import map_named
from headscope.data.steps import finish
from headscope.plain_errors import with_plain_errors
from headscope.text.find_token import find_token

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from headscope.data.attention_map import AttentionMap

Token = int | str | tuple[str, int] | None


def usually_left_out(map_: AttentionMap) -> list[int]:
    """Return the keys that most heads look at from everywhere: the first one, and special tokens."""
    return sorted({0, *map_.key_special})


def traced(map_: AttentionMap, query: int | None, key: int | None, exclude: Iterable[int]) -> NDArray[np.float32]:
    """Return a weight for every head, shape (layers, heads); see `Traced.trace`."""
    layers = range(map_.num_layers)
    found = np.full((map_.num_layers, max(map(map_.num_heads, layers))), np.nan, dtype=np.float32)
    beside = np.ones(len(map_.key_tokens), dtype=bool)
    beside[list(exclude)] = False
    for layer in map_.layers:
        count = map_.num_heads(layer)
        if query is None:
            column = [int(key or 0), int(key or 0) + 1]
            whole = [[0, len(map_.query_tokens)]]
            found[layer, :count] = finish(excerpt(map_.record(layer), range(count), whole, [column]))[:, 0, 0]
            continue
        row = map_.block(layer, None, query)[:, 0]  # (heads, keys)
        if key is not None:
            found[layer, :count] = row[:, key]
        elif beside.any():
            rest = np.where(np.isnan(row), -np.inf, row)[:, beside].max(1)
            found[layer, :count] = np.where(np.isinf(rest), np.nan, rest)
    return found


@with_plain_errors
class Traced:
    """What a capture knows of the heads beside a token."""

    maps: dict[str, AttentionMap]

    def trace(
        self,
        query: Token = None,
        key: Token = None,
        *,
        exclude: Iterable[Token] | None = None,
        map: str | None = None,
    ) -> NDArray[np.float32]:
        """Return how strongly each head looks from a token, or at it: the answer to "which head does it?".

        One row or one column of each head is computed. Views show the same with `trace=True`, or *Trace* in their
        toolbars.

        Parameters
        ----------
        query, key
            Tokens, each by its position or its text, as in `select`. With both, the weight from the query to the key.
            With a query alone, its largest weight. With a key alone, the mean of its weights over all queries.
        exclude
            The keys that do not count for a query alone, in a list; a text stands for all its occurrences, as in the
            option of views. By default the first key and special tokens, at which most heads look from everywhere. `[]`
            for none.
        map
            The name of an attention map; None (default) for the first.

        Returns
        -------
        ndarray of float32
            Shape (layers, heads). NaN for heads that a layer does not have, and where weights are missing.

        Raises
        ------
        ValueError
            Neither token is given, the capture does not have one of them, or the map is unknown.
        """
        if query is None and key is None:
            raise ValueError("name a token: query='cat', key='cat', or both")
        chosen = next(iter(self.maps.values())) if map is None else map_named(self.maps, map)
        from_, to = (
            None if token is None else find_token(name, token, tokens, words)
            for name, token, tokens, words in (
                ("query", query, chosen.query_tokens, chosen.query_words),
                ("key", key, chosen.key_tokens, chosen.key_words),
            )
        )
        left_out = usually_left_out(chosen) if exclude is None else key_positions("exclude", exclude, chosen)
        return traced(chosen, from_, to, left_out)
