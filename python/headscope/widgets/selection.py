"""`capture.selection`: read and move the selection, which all views of a capture share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from headscope.attributes import KnownAttributes
from headscope.contract import PairFilter
from headscope.data.check_options import check_place
from headscope.keywords import reject_unknown
from headscope.options import PLACE_OPTIONS
from headscope.widgets.observers import SELECTION, Handler, SelectionChange
from headscope.widgets.store import Store, store_of

if TYPE_CHECKING:
    from headscope.data.capture import Capture

__all__ = ["Selection", "SelectionChange", "select", "selection_of"]

MAY_BE_NONE = ("heads", "query", "key")


class Selection(KnownAttributes):
    """The map, layer, heads, pinned tokens and sentences that all views of a capture share.

    Assigning one of them moves every view. Positions are zero-based. A value that the capture does not have raises
    ValueError, and nothing moves.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def _kind(self) -> str:
        return "a selection"

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
        """The zero-based layer on screen."""
        return int(self._store.layer)

    @layer.setter
    def layer(self, layer: int) -> None:
        self._move(layer=layer)

    @property
    def heads(self) -> list[int]:
        """The zero-based heads on screen; assign None for all heads."""
        store = self._store
        count = store.shown_map.num_heads(store.layer)
        chosen = [head for head in store.heads or [] if head < count]
        return chosen or list(range(count))

    @heads.setter
    def heads(self, heads: Sequence[int] | None) -> None:
        self._move(heads=heads)

    @property
    def query(self) -> int | None:
        """The pinned query position; None if none is pinned. Assign a position, a token's text, or None."""
        return None if self._store.query is None else int(self._store.query)

    @query.setter
    def query(self, query: int | str | tuple[str, int] | None) -> None:
        self._move(query=query)

    @property
    def key(self) -> int | None:
        """The pinned key position; None if none is pinned. Assign a position, a token's text, or None."""
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
        """Call a function whenever Python, or a reader in any view, moves the selection.

        Parameters
        ----------
        handler
            A function that takes a `SelectionChange` with `name`, `old` and `new`. It is called once for each changed
            field, after the whole move. It may move this or another selection. With ipykernel 7 and later, a reader's
            moves arrive in another thread while cells run, so state that the handler shares with cells must be
            thread-safe. Text that it prints may end up in the log.
        names
            `"map"`, `"layer"`, `"heads"`, `"query"`, `"key"`, `"pair"`, or several of them; None (default) for all.

        Raises
        ------
        ValueError
            A name is unknown.
        TypeError
            The handler is not callable.
        """
        if not callable(handler):
            raise TypeError(f"the handler must be a function of one change, not {handler!r}")
        self._store.observers.add(handler, _names(names))

    def unobserve(self, handler: Handler, names: str | Sequence[str] | None = None) -> None:
        """Stop calling a function, or stop calling it for some fields; an unknown function is ignored."""
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


def select(capture: Capture, place: Mapping[str, object]) -> Selection:
    """Move all views of `capture` in one step; see `headscope.Capture.select`."""
    known = [option.name for option in PLACE_OPTIONS]
    reject_unknown("select", (name for name in place if name not in known), known)
    selection = selection_of(capture)
    selection._move(**{name: value for name, value in place.items() if value is not None or name in MAY_BE_NONE})
    return selection
