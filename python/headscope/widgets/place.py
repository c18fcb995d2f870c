"""The place of a view: the part of it that is the view's own, and checks of its fields."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from operator import index
from typing import TYPE_CHECKING, Any, Protocol, cast

from headscope.data.check_options import check_pair
from headscope.data.maps import map_named
from headscope.options import DEFAULTS
from headscope.ranges import check_within, is_truth_value
from headscope.widgets.observers import SELECTION, Observers

if TYPE_CHECKING:
    from headscope.contract import OwnPlace
    from headscope.data.attention_map import AttentionMap
    from headscope.data.capture import Capture

Place = dict[str, Any]
"""The fields of a selection, or some of them, by name."""

PINS = ("query", "key")


class Placed(Protocol):
    """Something that has a place and can be moved: a store, for all views that follow it, or a view."""

    @property
    def capture(self) -> Capture:
        """The capture."""

    @property
    def shown_map(self) -> AttentionMap:
        """The attention map on screen."""

    @property
    def observers(self) -> Observers:
        """The functions to call after a move."""

    def place(self) -> Place:
        """Return the place by field name; `heads` is None for all heads."""

    def move(self, **changes: Any) -> None:
        """Move in one step.

        Raises
        ------
        ValueError
            The capture does not have the map, layer, head or position; then nothing moves.
        """


def named_place(
    capture: Capture, now: Place, named: Mapping[str, Any], follow: bool | None
) -> tuple[OwnPlace, list[str]]:
    """Return the place that a call makes a view's own, and the fields of it that wait for the capture's next move.

    A call owns what it names, and what belongs to that: heads to their layer, and everything to its map if there are
    several. Tokens and sentences that a call leaves out begin as nothing pinned and all shown, whatever readers pinned
    before, and follow the capture from its next move on. A call that names nothing owns nothing.

    Parameters
    ----------
    capture
        The capture.
    now
        The place of the capture.
    named
        The checked fields that the call names.
    follow
        True to let everything wait; False to own the whole place for good; None for the rule above.
    """
    if follow is False:
        return cast("OwnPlace", now | _owned(capture, now, named)[0]), []
    own, waiting = _owned(capture, now, named)
    return cast("OwnPlace", own), list(own) if follow else waiting


def _owned(capture: Capture, now: Place, named: Mapping[str, Any]) -> tuple[Place, list[str]]:
    if not named:
        return {}, []
    if len(capture.maps) > 1:
        same = named.get("map", now["map"]) == now["map"]
        start = {"map": now["map"], **({"layer": now["layer"]} if same else {})}
        own: Place = {name: DEFAULTS[name] for name in SELECTION} | start | dict(named)
        own["layer"] = min(own["layer"], capture.maps[own["map"]].num_layers - 1)
        return own, []
    kept = dict(named)
    if "layer" in named:
        kept.setdefault("heads", None)
    waiting = [name for name in (*PINS, "pair") if name not in kept]
    return {**kept, **{name: DEFAULTS[name] for name in waiting}}, waiting


def moved(maps: Mapping[str, AttentionMap], place: Place, changes: Mapping[str, Any]) -> Place:
    """Return a place after a move: fields that do not fit another map are reset.

    Raises
    ------
    ValueError
        The map does not have the layer, head or position.
    """
    then = dict(place)
    if changes.get("map", place["map"]) != place["map"]:
        then |= fitting(map_named(maps, changes["map"]), place)
    return then | valid_place(maps, {**changes, "map": changes.get("map", place["map"])})


def fitting(map_: AttentionMap, place: Mapping[str, Any]) -> Place:
    """Return the fields of a place that change because the map does not have them."""
    reset: Place = {"layer": min(place["layer"], map_.num_layers - 1), "heads": None, "query": None, "key": None}
    return reset if map_.sentence_b_start is not None else {**reset, "pair": "all"}


def fitted(maps: Mapping[str, AttentionMap], place: Place) -> Place:
    """Return a place of which parts are a view's own and others its capture's, which may be of another map.

    Fields that the map does not have are reset. This happens for the moment between two messages of a page that first
    moves the capture to another map, and then the view's own fields.
    """
    return place if len(maps) == 1 else _fitted(map_named(maps, place["map"]), place)


def _fitted(map_: AttentionMap, place: Place) -> Place:
    reset = {"pair": "all", **fitting(map_, {"layer": 0, **place})}
    return {name: value if _fits(map_, name, value) else reset[name] for name, value in place.items()}


def rewritten(maps: Mapping[str, AttentionMap], now: Place, own: Place, written: Mapping[str, Any]) -> Place:
    """Return a view's own fields as a page has written them.

    The page writes all of them at once, and corrects what another map does not have only afterwards. So fields that
    it has left as they were are reset where they don't fit.

    Parameters
    ----------
    maps
        The attention maps of the capture.
    now
        The place of the capture.
    own
        The view's own fields before.
    written
        What the page has written.

    Raises
    ------
    ValueError, TypeError
        There is no such field, or the map does not have a value that the page has changed.
    """
    name = written.get("map", now["map"])
    changed = {field: value for field, value in written.items() if field not in own or own[field] != value}
    checked = valid_place(maps, {"map": name, **changed})
    return _fitted(map_named(maps, name), {field: {**written, **checked}[field] for field in written})


def _fits(map_: AttentionMap, name: str, value: Any) -> bool:
    try:
        valid_field(map_, name, value)
    except ValueError:
        return False
    return True


def valid_place(maps: Mapping[str, AttentionMap], place: Mapping[str, Any]) -> Place:
    """Return the fields of a place, checked against its map.

    Raises
    ------
    ValueError
        There is no such field, or the map does not have the layer, head or position.
    TypeError
        A position is not a whole number.
    """
    map_ = map_named(maps, place["map"])
    return {name: valid_field(map_, name, value) for name, value in place.items()}


def valid_field(map_: AttentionMap, name: str, value: Any) -> Any:
    """Return one field of a place, checked against the map; see `valid_place`."""
    if is_truth_value(value):
        raise TypeError(f"{name} is {value!r}, which is no position")
    if name == "map":
        return map_.name
    if name == "layer":
        return check_within(index(value), map_.num_layers, "layer")
    if name == "heads":
        return _valid_heads(map_, value)
    if name in PINS:
        tokens = map_.query_tokens if name == "query" else map_.key_tokens
        return None if value is None else check_within(index(value), len(tokens), name)
    if name == "pair":
        check_pair(map_, value)
        return value
    raise ValueError(f"a place has no field {name!r}; it has {', '.join(SELECTION)}")


def _valid_heads(map_: AttentionMap, heads: Collection[int] | None) -> list[int] | None:
    if heads is None:
        return None
    if not heads:
        raise ValueError("heads is empty: name at least one head, or give None for all of them")
    most = max(map_.num_heads(layer) for layer in range(map_.num_layers))
    if any(map(is_truth_value, heads)):
        raise TypeError(f"heads is {heads!r}, which holds no positions")
    return sorted({check_within(index(head), most, "head") for head in heads})


def without(own: Mapping[str, Any], names: Iterable[str]) -> Place:
    """Return a place without some fields."""
    left_out = set(names)
    return {name: value for name, value in own.items() if name not in left_out}
