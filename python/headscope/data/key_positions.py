"""Keys that are left out, as users name them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from headscope.text.find_token import find_token

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap


def key_positions(name: str, wanted: Any, map_: AttentionMap) -> list[int]:
    """Return the positions of keys, passed as positions or texts; a text stands for all its occurrences.

    Raises
    ------
    ValueError
        It is not a list, or the map does not have one of the keys.
    """
    if isinstance(wanted, tuple) and len(wanted) == 2 and isinstance(wanted[0], str) and isinstance(wanted[1], int):
        raise ValueError(
            f"{name} is {wanted!r}; it takes a list: [{wanted!r}] for one occurrence of the text, "
            f"{list(wanted)!r} for every occurrence and the key at position {wanted[1]}"
        )
    if isinstance(wanted, str) or not isinstance(wanted, Iterable):
        raise ValueError(f"{name} is {wanted!r}; it takes a list of positions or texts of keys")
    found: set[int] = set()
    for one in wanted:
        found.add(find_token(name, one, map_.key_tokens, map_.key_words))
        if isinstance(one, str):
            found |= {at for at, text in enumerate(map_.key_tokens) if text.strip() == one.strip()}
    return sorted(found)
