"""`capture.selection`: where all views of a capture are, read and moved from Python."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from headscope.contract import PairFilter
from headscope.keywords import reject_unknown
from headscope.options import check_place
from headscope.widgets.moves import SELECTION, Handler, SelectionChange
from headscope.widgets.store import Store, store_of

if TYPE_CHECKING:
    from headscope.attention import Capture

__all__ = ["Selection", "SelectionChange", "select", "selection_of"]

MAY_BE_NONE = ("heads", "query", "key")


class Selection:
    """Map, layer, heads, pinned tokens and sentences of a capture; assigning one moves every view of it.

    Positions are zero-based. A value that the capture does not have raises ValueError, and nothing moves.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def _move(self, **place: Any) -> None:
        check_place(self._store.capture, place, self._store.map)
        self._store.select(**place)

    @property
    def map(self) -> str:
        """The name of the attention map on screen."""
        return str(self._store.map)

    @map.setter
    def map(self, name: str) -> None:
        self._move(map=name)

    @property
    def layer(self) -> int:
        """The layer on screen."""
        return int(self._store.layer)

    @layer.setter
    def layer(self, layer: int) -> None:
        self._move(layer=layer)

    @property
    def heads(self) -> list[int]:
        """The heads on screen; assign None for all heads."""
        store = self._store
        count = store.shown_map.num_heads(store.layer)
        chosen = [head for head in store.heads or [] if head < count]
        return chosen or list(range(count))

    @heads.setter
    def heads(self, heads: Sequence[int] | None) -> None:
        self._move(heads=heads)

    @property
    def query(self) -> int | None:
        """The pinned query position, None while none is pinned; assign a position, a token's text, or None."""
        return None if self._store.query is None else int(self._store.query)

    @query.setter
    def query(self, query: int | str | tuple[str, int] | None) -> None:
        self._move(query=query)

    @property
    def key(self) -> int | None:
        """The pinned key position, None while none is pinned; assign a position, a token's text, or None."""
        return None if self._store.key is None else int(self._store.key)

    @key.setter
    def key(self, key: int | str | tuple[str, int] | None) -> None:
        self._move(key=key)

    @property
    def pair(self) -> PairFilter:
        """Which sentences of a pair are shown: `"all"`, or `"ab"` for queries of A and keys of B, and so on."""
        return cast("PairFilter", self._store.pair)

    @pair.setter
    def pair(self, pair: PairFilter) -> None:
        self._move(pair=pair)

    def observe(self, handler: Handler, names: str | Sequence[str] | None = None) -> None:
        """Call a function whenever the selection moves: by Python, or by a reader in any view.

        Parameters
        ----------
        handler
            Is called with a `SelectionChange`, which has `name`, `old` and `new`, once for each name that has changed,
            after all of a move is done. It may move this or another selection. What readers do reaches the kernel in
            its thread for widgets, where there is one (ipykernel 7 and later), while cells run: what a handler shares
            with them has to bear that. Printed text may end up in the log.
        names
            `"map"`, `"layer"`, `"heads"`, `"query"`, `"key"`, `"pair"`, or several of them; all where None.

        Raises
        ------
        ValueError
            An unknown name.
        TypeError
            A handler that can't be called.
        """
        if not callable(handler):
            raise TypeError(f"the handler must be a function of one change, not {handler!r}")
        self._store.observers.add(handler, _names(names))

    def unobserve(self, handler: Handler, names: str | Sequence[str] | None = None) -> None:
        """Call a function no more, or no more for some names. One that was not called is no error."""
        self._store.observers.remove(handler, _names(names))

    def __repr__(self) -> str:
        pair = "" if self.pair == "all" else f", pair={self.pair!r}"
        return (
            f"Selection(map={self.map!r}, layer={self.layer}, heads={self.heads}, query={self.query}, "
            f"key={self.key}{pair})"
        )


def _names(names: str | Sequence[str] | None) -> Sequence[str]:
    chosen = SELECTION if names is None else (names,) if isinstance(names, str) else tuple(names)
    for name in chosen:
        if name not in SELECTION:
            raise ValueError(f"a selection has no {name!r}; it has {', '.join(SELECTION)}")
    return chosen


def selection_of(capture: Capture) -> Selection:
    """Return the selection that all views of `capture` share."""
    return Selection(store_of(capture))


def select(capture: Capture, **place: Any) -> Selection:
    """Move all views of `capture` in one step; see `headscope.Capture.select`."""
    reject_unknown("select", (name for name in place if name not in (*SELECTION, "head")), (*SELECTION, "head"))
    selection = selection_of(capture)
    selection._move(**{name: value for name, value in place.items() if value is not None or name in MAY_BE_NONE})
    return selection
