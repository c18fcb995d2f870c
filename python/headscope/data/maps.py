"""The attention maps of a capture by name, and the picture of all of them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from headscope.data.composed import COMPOSED, ComposedMap, composed_map, why_not_composed

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap


class Maps(dict[str, "AttentionMap"]):
    """Attention maps by name.

    The picture of all is found by its name as well, but it is not listed: it consists of the maps that are.
    """

    @cached_property
    def composed(self) -> ComposedMap | None:
        """The encoder, decoder and cross-attention in one picture; None without these."""
        return composed_map(self)

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or (name == COMPOSED and self.composed is not None)

    def __missing__(self, name: object) -> AttentionMap:
        if name == COMPOSED and self.composed is not None:
            return self.composed
        raise KeyError(_no_map(self, name))


def map_named(maps: Mapping[str, AttentionMap], name: str) -> AttentionMap:
    """Return an attention map by its name, or raise ValueError with the known names."""
    if not isinstance(name, str) or name not in maps:
        raise ValueError(_no_map(maps, name))
    return maps[name]


def _no_map(maps: Mapping[str, AttentionMap], name: object) -> str:
    if isinstance(name, str) and name == COMPOSED:
        return (
            f'map="all" shows the encoder, decoder and cross-attention of an encoder-decoder in one picture, and '
            f"{why_not_composed(maps)}."
        )
    return f"there is no attention map {name!r}: this capture has {', '.join(map(repr, maps))}."
