"""Link captures, or single views: when one moves, the others follow."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from headscope.plain_errors import plain_errors
from headscope.widgets.capture_views import CaptureViews

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap
    from headscope.widgets.observers import SelectionChange
    from headscope.widgets.place import Placed
    from headscope.widgets.views import View

Linked: TypeAlias = "CaptureViews | View"
"""What can be linked: a capture, for all views that follow it, or a single view."""


class Link:
    """The result of `headscope.link`: captures or views that move together until `unlink` is called."""

    def __init__(self, linked: Sequence[Linked]) -> None:
        self.linked = tuple(linked)
        self._following = threading.local()
        self._handlers = [(each, _Follow(self, each)) for each in self.linked]
        for each, handler in self._handlers:
            each.selection.observe(handler)
        self.lead(self.linked[0])

    def lead(self, leader: Linked) -> None:
        """Move all others to the place of `leader`; moves that this causes are ignored, to avoid echoes."""
        if getattr(self._following, "now", False):
            return
        self._following.now = True
        try:
            for each in self.linked:
                if each is not leader:
                    each.select(**place_in(each, leader))
        finally:
            self._following.now = False

    def unlink(self) -> None:
        """End the link; the captures or views move independently again."""
        for each, handler in self._handlers:
            each.selection.unobserve(handler)
        self._handlers = []

    def __repr__(self) -> str:
        names = ", ".join(each.name if isinstance(each, CaptureViews) else repr(each) for each in self.linked)
        return f"<{'Link' if self._handlers else 'Ended link'} of {names}>"


class _Follow:
    """An observer of one capture or view that moves all others of a link after it."""

    def __init__(self, link: Link, leader: Linked) -> None:
        self._link, self._leader = link, leader

    def __call__(self, _change: SelectionChange) -> None:
        self._link.lead(self._leader)


@plain_errors
def link(*linked: Linked) -> Link:
    """Link captures or views: when a reader or Python moves one of them, the others follow.

    They show the same layer and heads, or the nearest layer that they have. They show the map of the same name and the
    same sentences, if they have these. A pinned token is pinned in the others at the same position if it has the same
    text there, or else at the same occurrence of the text, counted from the start; if the text does not occur as often,
    no token is pinned. At first all move to the selection of the first one.

    Parameters
    ----------
    *linked
        Two or more captures or views. A capture stands for all views that follow it. A view that is linked follows its
        capture no longer, so that the link ties this view alone.

    Returns
    -------
    Link
        Call its `unlink()` to end the link.

    Raises
    ------
    ValueError
        There are fewer than two captures or views, or the same one twice.
    TypeError
        An argument is neither a capture nor a view.
    """
    for each in linked:
        if not isinstance(each, CaptureViews) and not _is_view(each):
            raise TypeError(
                f"link takes captures and views, not {type(each).__name__}: link(capture, other), or "
                "link(capture.head_view(), other.head_view())"
            )
    if len({id(each) for each in linked}) < max(2, len(linked)):
        raise ValueError("link takes two or more different captures or views: link(capture, other)")
    for each in linked:
        if not isinstance(each, CaptureViews):
            each.follow = False
    return Link(linked)


def _is_view(value: object) -> bool:
    from headscope.widgets.views import View

    return isinstance(value, View)


def place_in(follower: Linked, leader: Linked) -> dict[str, Any]:
    """Return the place of `follower` that corresponds to that of `leader`, as keywords of `Capture.select`."""
    there, maps = leader.selection, _maps(follower)
    name = there.map if there.map in maps else follower.selection.map
    map_, led = maps[name], _maps(leader)[there.map]
    layer = min(map_.layers, key=lambda each: abs(each - there.layer))
    return {
        "map": name,
        "layer": layer,
        "heads": _heads(leader, map_.num_heads(layer)),
        "query": same_token(there.query, led.query_tokens, map_.query_tokens),
        "key": same_token(there.key, led.key_tokens, map_.key_tokens),
        "pair": there.pair if _has_pair(map_) else "all",
    }


def _maps(linked: Linked) -> Mapping[str, AttentionMap]:
    return linked.maps if isinstance(linked, CaptureViews) else linked.capture.maps


def _has_pair(map_: AttentionMap) -> bool:
    return map_.sentence_b_start is not None


def _heads(leader: Linked, count: int) -> list[int] | None:
    """Return the leader's heads that are below `count`, or else the last head; None for all heads."""
    heads = _placed(leader).place()["heads"]
    return None if heads is None else [head for head in heads if head < count] or [count - 1]


def _placed(linked: Linked) -> Placed:
    from headscope.widgets.store import store_of

    return store_of(linked) if isinstance(linked, CaptureViews) else linked


def same_token(position: int | None, tokens: Sequence[str], others: Sequence[str]) -> int | None:
    """Return the position of a text's token in another text; None if it does not occur as often there."""
    if position is None:
        return None
    token = tokens[position]
    if position < len(others) and others[position] == token:
        return position
    before = list(tokens[:position]).count(token)
    places = [place for place, other in enumerate(others) if other == token]
    return places[before] if before < len(places) else None
