"""Captures in step: where one is, the others go."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from headscope.attention import AttentionMap, Capture
    from headscope.widgets import SelectionChange


class Link:
    """What `headscope.link` returns: captures in step, until `unlink` is called."""

    def __init__(self, captures: Sequence[Capture]) -> None:
        self.captures = tuple(captures)
        self._following = threading.local()
        self._handlers = [(capture, _Follow(self, capture)) for capture in self.captures]
        for capture, handler in self._handlers:
            capture.selection.observe(handler)
        self.lead(self.captures[0])

    def lead(self, leader: Capture) -> None:
        """Move all other captures to where `leader` is. Moves that this causes lead nowhere: they would echo."""
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
        """Let the captures go their own ways again."""
        for capture, handler in self._handlers:
            capture.selection.unobserve(handler)
        self._handlers = []

    def __repr__(self) -> str:
        return f"<{'Link' if self._handlers else 'Ended link'} of {', '.join(each.name for each in self.captures)}>"


class _Follow:
    """Lets all other captures of a link go where one has gone."""

    def __init__(self, link: Link, leader: Capture) -> None:
        self._link, self._leader = link, leader

    def __call__(self, _change: SelectionChange) -> None:
        self._link.lead(self._leader)


def link(*captures: Capture) -> Link:
    """Keep captures in step: whatever moves one of them, a reader or Python, moves the others.

    They show the same layer and heads, as far as each has them: beyond its last layer a capture stays at that. They
    show the map of the same name, and the same sentences, where they have these. A pinned token is pinned in the others
    where the same text stands at the same position, else at the same occurrence of the text, counted from the start;
    where the text does not occur so often, none is pinned. All go to where the first of them is.

    Parameters
    ----------
    *captures
        Two or more.

    Returns
    -------
    Link
        Its `unlink()` ends it.

    Raises
    ------
    ValueError
        Fewer than two captures, or one twice.
    TypeError
        Something that is no capture.
    """
    from headscope.attention import Capture

    for capture in captures:
        if not isinstance(capture, Capture):
            raise TypeError(f"link takes captures, not {type(capture).__name__}: link(capture, other)")
    if len({id(capture) for capture in captures}) < max(2, len(captures)):
        raise ValueError("link takes two or more different captures: link(capture, other)")
    return Link(captures)


def place_in(capture: Capture, leader: Capture) -> dict[str, Any]:
    """Return where `capture` is in step with `leader`, as `Capture.select` takes it."""
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


def _heads(leader: Capture, count: int) -> list[int] | None:
    """Return the leader's heads, as far as there are so many; None for all, the last one where there are none."""
    from headscope.widgets import store_of

    heads = store_of(leader).heads
    return None if heads is None else [head for head in heads if head < count] or [count - 1]


def same_token(position: int | None, tokens: Sequence[str], others: Sequence[str]) -> int | None:
    """Return where the token at a position stands in another text; None where it does not occur as often there."""
    if position is None:
        return None
    token = tokens[position]
    if position < len(others) and others[position] == token:
        return position
    before = list(tokens[:position]).count(token)
    places = [place for place, other in enumerate(others) if other == token]
    return places[before] if before < len(places) else None
