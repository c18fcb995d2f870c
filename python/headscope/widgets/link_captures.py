"""Link captures: when one moves, the others follow."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headscope.widgets.capture_views import CaptureViews

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap
    from headscope.widgets.selection import SelectionChange


class Link:
    """The result of `headscope.link`: captures that move together until `unlink` is called."""

    def __init__(self, captures: Sequence[CaptureViews]) -> None:
        self.captures = tuple(captures)
        self._following = threading.local()
        self._handlers = [(capture, _Follow(self, capture)) for capture in self.captures]
        for capture, handler in self._handlers:
            capture.selection.observe(handler)
        self.lead(self.captures[0])

    def lead(self, leader: CaptureViews) -> None:
        """Move all other captures to the selection of `leader`; moves that this causes are ignored, to avoid echoes."""
        if getattr(self._following, "now", False):
            return
        self._following.now = True
        try:
            for capture in self.captures:
                if capture is not leader:
                    capture.select(**place_in(capture, leader))
        finally:
            self._following.now = False

    def unlink(self) -> None:
        """End the link; the captures move independently again."""
        for capture, handler in self._handlers:
            capture.selection.unobserve(handler)
        self._handlers = []

    def __repr__(self) -> str:
        return f"<{'Link' if self._handlers else 'Ended link'} of {', '.join(each.name for each in self.captures)}>"


class _Follow:
    """An observer of one capture that moves all other captures of a link after it."""

    def __init__(self, link: Link, leader: CaptureViews) -> None:
        self._link, self._leader = link, leader

    def __call__(self, _change: SelectionChange) -> None:
        self._link.lead(self._leader)


def link(*captures: CaptureViews) -> Link:
    """Link captures: when a reader or Python moves one of them, the others follow.

    They show the same layer and heads, or the nearest layer that they have. They show the map of the same name and the
    same sentences, if they have these. A pinned token is pinned in the others at the same position if it has the same
    text there, or else at the same occurrence of the text, counted from the start; if the text does not occur as often,
    no token is pinned. At first all move to the selection of the first capture.

    Parameters
    ----------
    *captures
        Two or more captures.

    Returns
    -------
    Link
        Call its `unlink()` to end the link.

    Raises
    ------
    ValueError
        There are fewer than two captures, or the same one twice.
    TypeError
        An argument is not a capture.
    """
    for capture in captures:
        if not isinstance(capture, CaptureViews):
            raise TypeError(f"link takes captures, not {type(capture).__name__}: link(capture, other)")
    if len({id(capture) for capture in captures}) < max(2, len(captures)):
        raise ValueError("link takes two or more different captures: link(capture, other)")
    return Link(captures)


def place_in(capture: CaptureViews, leader: CaptureViews) -> dict[str, Any]:
    """Return the selection of `capture` that corresponds to that of `leader`, as keywords of `Capture.select`."""
    there = leader.selection
    name = there.map if there.map in capture.maps else capture.selection.map
    map_, led = capture.maps[name], leader.maps[there.map]
    layer = min(map_.layers, key=lambda each: abs(each - there.layer))
    return {
        "map": name,
        "layer": layer,
        "heads": _heads(leader, map_.num_heads(layer)),
        "query": same_token(there.query, led.query_tokens, map_.query_tokens),
        "key": same_token(there.key, led.key_tokens, map_.key_tokens),
        "pair": there.pair if _has_pair(map_) else "all",
    }


def _has_pair(map_: AttentionMap) -> bool:
    return map_.sentence_b_start is not None


def _heads(leader: CaptureViews, count: int) -> list[int] | None:
    """Return the leader's heads that are below `count`, or else the last head; None for all heads."""
    from headscope.widgets.store import store_of

    heads = store_of(leader).heads
    return None if heads is None else [head for head in heads if head < count] or [count - 1]


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
