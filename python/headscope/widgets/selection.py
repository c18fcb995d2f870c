"""`capture.selection`: where all views of a capture are, read and moved from Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from headscope.widgets.store import Store, store_of

if TYPE_CHECKING:
    from headscope.attention import Capture


class Selection:
    """Map, layer, heads and pinned tokens of a capture; assigning one moves every view of it.

    Positions are zero-based. A value that the capture does not have raises ValueError.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    @property
    def map(self) -> str:
        """The name of the attention map on screen."""
        return str(self._store.map)

    @map.setter
    def map(self, name: str) -> None:
        self._store.select(map=name)

    @property
    def layer(self) -> int:
        """The layer on screen."""
        return int(self._store.layer)

    @layer.setter
    def layer(self, layer: int) -> None:
        self._store.select(layer=layer)

    @property
    def heads(self) -> list[int]:
        """The heads on screen; assign None for all heads."""
        store = self._store
        count = store.shown_map.num_heads(store.layer)
        chosen = [head for head in store.heads or [] if head < count]
        return chosen or list(range(count))

    @heads.setter
    def heads(self, heads: Sequence[int] | None) -> None:
        self._store.select(heads=None if heads is None else list(heads))

    @property
    def query(self) -> int | None:
        """The pinned query position, None while none is pinned."""
        return None if self._store.query is None else int(self._store.query)

    @query.setter
    def query(self, query: int | None) -> None:
        self._store.select(query=query)

    @property
    def key(self) -> int | None:
        """The pinned key position, None while none is pinned."""
        return None if self._store.key is None else int(self._store.key)

    @key.setter
    def key(self, key: int | None) -> None:
        self._store.select(key=key)

    def __repr__(self) -> str:
        return (
            f"Selection(map={self.map!r}, layer={self.layer}, heads={self.heads}, query={self.query}, key={self.key})"
        )


def selection_of(capture: Capture) -> Selection:
    """Return the selection that all views of `capture` share."""
    return Selection(store_of(capture))
