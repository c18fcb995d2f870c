"""`capture.selection` and `view.selection`: read, move and observe the place of a capture's views, or of one view."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from headscope.attributes import KnownAttributes
from headscope.contract import PairFilter
from headscope.data.check_options import check_kept, check_place, kept_layers
from headscope.keywords import reject_unknown
from headscope.options import MAY_BE_NONE, PLACE_OPTIONS
from headscope.plain_errors import with_plain_errors
from headscope.widgets.observers import SELECTION, Handler, SelectionChange
from headscope.widgets.place import Placed
from headscope.widgets.store import store_of

if TYPE_CHECKING:
    from headscope.data.capture import Capture

__all__ = ["Selection", "SelectionChange", "select", "selection_of"]


@with_plain_errors
class Selection(KnownAttributes):
    """The map, layer, heads, pinned tokens and sentences on screen: in all views that follow a capture, or in one view.

    Assigning one of them moves these views. Positions are zero-based. A value that the capture does not have raises
    ValueError, and nothing moves.
    """

    def __init__(self, placed: Placed) -> None:
        self._placed = placed

    def _kind(self) -> str:
        return "a selection"

    def _move(self, **place: Any) -> None:
        check_place(self._placed.capture, place, self.map)
        if "layer" in place:
            check_kept(place["layer"], kept_layers(self._placed.capture))
        self._placed.move(**place)

    def _field(self, name: str) -> Any:
        return self._placed.place()[name]

    @property
    def map(self) -> str:
        """The name of the attention map on screen."""
        return str(self._field("map"))

    @map.setter
    def map(self, name: str) -> None:
        self._move(map=name)

    @property
    def layer(self) -> int:
        """The zero-based layer on screen."""
        return int(self._field("layer"))

    @layer.setter
    def layer(self, layer: int) -> None:
        self._move(layer=layer)

    @property
    def heads(self) -> list[int]:
        """The zero-based heads on screen; assign None for all heads."""
        count = self._placed.shown_map.num_heads(self.layer)
        chosen = [head for head in self._field("heads") or [] if head < count]
        return chosen or list(range(count))

    @heads.setter
    def heads(self, heads: Sequence[int] | Literal["all"] | None) -> None:
        self._move(heads=heads)

    @property
    def query(self) -> int | None:
        """The pinned query position; None if none is pinned. Assign a position, a token's text, or None."""
        return cast("int | None", self._field("query"))

    @query.setter
    def query(self, query: int | str | tuple[str, int] | None) -> None:
        self._move(query=query)

    @property
    def key(self) -> int | None:
        """The pinned key position; None if none is pinned. Assign a position, a token's text, or None."""
        return cast("int | None", self._field("key"))

    @key.setter
    def key(self, key: int | str | tuple[str, int] | None) -> None:
        self._move(key=key)

    @property
    def pair(self) -> PairFilter:
        """Which sentences of a pair are shown: `"all"`, or `"ab"` for queries of A and keys of B, and so on."""
        return cast("PairFilter", self._field("pair"))

    @pair.setter
    def pair(self, pair: PairFilter) -> None:
        self._move(pair=pair)

    def observe(self, handler: Handler, names: str | Sequence[str] | None = None) -> None:
        """Call a function whenever Python, or a reader in any of these views, moves the selection.

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
        self._placed.observers.add(handler, _names(names))

    def unobserve(self, handler: Handler, names: str | Sequence[str] | None = None) -> None:
        """Stop calling a function, or stop calling it for some fields; an unknown function is ignored."""
        self._placed.observers.remove(handler, _names(names))

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
    """Return the selection of the views that follow `capture`."""
    return Selection(store_of(capture))


def select(placed: Placed, place: Mapping[str, object]) -> Selection:
    """Move a capture's views, or one view, in one step; see `headscope.Capture.select`."""
    known = [option.name for option in PLACE_OPTIONS]
    reject_unknown("select", (name for name in place if name not in known), known)
    selection = Selection(placed)
    selection._move(**{name: value for name, value in place.items() if value is not None or name in MAY_BE_NONE})
    return selection
