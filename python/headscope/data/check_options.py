"""Check options of the views against a capture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Integral
from operator import index
from typing import TYPE_CHECKING, Any

from headscope.contract import ViewKind
from headscope.data.composed import COMPOSED
from headscope.data.key_positions import key_positions
from headscope.data.maps import map_named
from headscope.keywords import reject_unknown
from headscope.options import CHECKS, KEYWORDS, MAY_BE_NONE, VIEWS
from headscope.ranges import check_within, is_truth_value
from headscope.text.find_token import find_token

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap
    from headscope.data.capture import Capture


def check_options(
    capture: Capture, view: ViewKind, options: Mapping[str, object], shown: str, call: str | None = None
) -> dict[str, Any]:
    """Check options against a capture, and return those that are given as plain Python values.

    None is a value of `heads`, `query` and `key`; other options that are None are left out.

    Parameters
    ----------
    capture
        The capture to show.
    view
        The kind of view.
    options
        The user's options.
    shown
        The name of the attention map on screen, used unless the options name one.
    call
        The name of the user's call, for the message about an unknown option; by default the view's method.

    Raises
    ------
    TypeError
        An option is unknown; the message names the most similar one.
    ValueError
        An option has a value that does not exist or that this capture does not have.
    """
    check_view(view)
    unknown = [name for name in options if name not in KEYWORDS[view]]
    _reject_of_others(call or VIEWS[view].call, unknown, view)
    reject_unknown(call or VIEWS[view].call, unknown, KEYWORDS[view])
    checked: dict[str, Any] = {name: options[name] for name in options if _is_given(name, options)}
    map_ = check_place(capture, checked, shown)
    if view in ONE_MAP and checked.get("map") == COMPOSED:
        raise ValueError(f"map is 'all', but {VIEWS[view].call} shows one attention at a time: {ONE_MAP[view]}")
    for name in checked.keys() & CHECKS.keys():
        checked[name] = CHECKS[name](name, checked[name])
    if "include_heads" in checked:
        checked["include_heads"] = _positions("include_heads", checked["include_heads"], _most_heads(map_))
    if "include_layers" in checked:
        checked["include_layers"] = check_layers("include_layers", checked["include_layers"], capture)
    if checked.get("merge_segments") and not any(any(each.segments) for each in (map_, *capture.maps.values())):
        raise ValueError(
            f"merge_segments is True, but the {map_.name!r} map has no segments: pass segments= when you capture"
        )
    if "open_segments" in checked:
        checked["open_segments"] = _open_segments(checked["open_segments"], map_)
    for name in ("exclude", "keep_sinks"):
        if name in checked:
            checked[name] = key_positions(name, checked[name], map_)
    kept = kept_layers(capture)
    _place_layer(checked, map_, kept)
    if "include_layers" not in checked and len(kept) < _deepest(capture):
        checked["include_layers"] = kept
    return checked


def check_view(view: Any) -> ViewKind:
    """Return a kind of view, or raise ValueError with all of them."""
    if not isinstance(view, str) or view not in VIEWS:
        raise ValueError(f"view is {view!r}; it can be {', '.join(map(repr, VIEWS))}")
    return view


def _reject_of_others(call: str, unknown: Iterable[str], view: ViewKind) -> None:
    """Raise TypeError for an option that only other kinds of views have."""
    for name in unknown:
        kinds = [kind for kind in VIEWS if name in KEYWORDS[kind]]
        if kinds:
            raise TypeError(
                f"{call}() has no keyword {name!r} for the {view} view: it is for views of the kind {', '.join(kinds)}"
            )


def _is_given(name: str, options: Mapping[str, object]) -> bool:
    """Return whether an option says something: `"all"` and None leave most options as they are."""
    value = options[name]
    if name in LISTS and name not in MAY_BE_NONE and isinstance(value, str) and value == ALL:
        return False
    # `head` is another form of `heads`: None there leaves the word to `heads`.
    return value is not None or (name in MAY_BE_NONE and not (name == "heads" and options.get("head") is not None))


def _place_layer(checked: dict[str, Any], map_: AttentionMap, kept: Sequence[int]) -> None:
    """Check that the layer is included; if none is named, choose the first layer of those that the call includes."""
    included = checked.get("include_layers")
    if "layer" in checked:
        if not included:
            check_kept(checked["layer"], kept)
        if checked["layer"] not in (included or kept):
            raise ValueError(f"layer {checked['layer']} is not among include_layers, which are {included or kept}")
    elif included:
        checked["layer"] = next((layer for layer in included if layer < map_.num_layers), 0)


def kept_layers(capture: Capture) -> list[int]:
    """Return the layers that a map of the capture has; `layers=` leaves out others."""
    return sorted({layer for each in capture.maps.values() for layer in each.layers})


def check_kept(layer: int, kept: Sequence[int]) -> None:
    """Raise ValueError if `layers=` left a layer out."""
    if layer not in kept:
        listed = f"layer{'s' if len(kept) > 1 else ''} {', '.join(map(str, kept))}"
        raise ValueError(f"layer {layer} was left out: layers= kept only {listed}")


def check_place(capture: Capture, checked: dict[str, Any], shown: str) -> AttentionMap:
    """Turn the options of the selection into plain positions, in place, and return their map.

    Heads, query and key may be None, for all heads and for no pinned token.

    Raises
    ------
    ValueError
        The capture does not have a map, layer, head, token or sentence.
    """
    map_ = map_named(capture.maps, checked.get("map", shown))
    if "head" in checked:
        if "heads" in checked:
            raise ValueError(f"head is {checked['head']!r} and heads is {checked['heads']!r}: give one of the two")
        checked["heads"] = [_position("head", checked.pop("head"), _most_heads(map_))]
    elif isinstance(checked.get("heads"), str) and checked["heads"] == ALL:
        checked["heads"] = None
    elif checked.get("heads") is not None:
        checked["heads"] = _positions("heads", checked["heads"], _most_heads(map_))
    if "layer" in checked:
        checked["layer"] = _position("layer", checked["layer"], map_.num_layers)
    for name, tokens, words in (
        ("query", map_.query_tokens, map_.query_words),
        ("key", map_.key_tokens, map_.key_words),
    ):
        if checked.get(name) is not None:
            checked[name] = find_token(name, checked[name], tokens, words)
    check_pair(map_, checked.get("pair", "all"))
    return map_


def check_layers(name: str, layers: Any, capture: Capture) -> list[int]:
    """Return layers as a list of integers; raise ValueError for a layer that no map of the capture has."""
    return _positions(name, layers, _deepest(capture))


def _deepest(capture: Capture) -> int:
    return max(map_.num_layers for map_ in capture.maps.values())


def check_pair(map_: AttentionMap, pair: Any) -> None:
    """Raise ValueError unless `pair` is a choice of sentences that the map has."""
    if CHECKS["pair"]("pair", pair) != "all" and map_.sentence_b_start is None:
        raise ValueError(f"pair is {pair!r}, but the {map_.name!r} map has no second sentence: it can only be 'all'")


def _open_segments(wanted: Any, map_: AttentionMap) -> list[int]:
    """Return the numbers of segments, passed as numbers or names; several segments may share a name."""
    sides = map_.query_segments, map_.key_segments
    count = max(map(len, sides))
    if isinstance(wanted, str) or not isinstance(wanted, Iterable):
        raise ValueError(f"open_segments is {wanted!r}; it takes a list of names or numbers of segments")
    found: set[int] = set()
    for one in wanted:
        named = {number for side in sides for number, segment in enumerate(side) if segment.name == one}
        found |= named or set(_numbers_of_segment(one, count, map_))
    return sorted(found)


def _numbers_of_segment(one: Any, count: int, map_: AttentionMap) -> list[int]:
    if not count:
        raise ValueError(
            f"open_segments has {one!r}, but the {map_.name!r} map has no segments: pass segments= when you capture"
        )
    if isinstance(one, str):
        names = dict.fromkeys(segment.name for segment in (*map_.query_segments, *map_.key_segments))
        raise ValueError(f"open_segments has {one!r}; the segments are {', '.join(map(repr, names))}")
    return _positions("open_segments", [one], count)


ONE_MAP: dict[ViewKind, str] = {
    "neuron": "each has queries and keys of its own. Choose 'encoder', 'decoder' or 'cross'",
    "text": "in one text, source and target would share a scale that no softmax does. Choose 'encoder', 'decoder' or "
    "'cross'",
}
"""The views that show no picture of all, and why."""

ALL = "all"
"""Stands for every position."""

LISTS = {"heads": "head", "include_heads": "", "include_layers": "", "hidden_heads": ""}
"""Options that take several positions, and those that take one of them instead."""


def _most_heads(map_: AttentionMap) -> int:
    return max(map_.num_heads(layer) for layer in range(map_.num_layers))


def _position(name: str, value: Any, count: int) -> int:
    """Return one position; True and False are none, though Python counts them as 1 and 0."""
    try:
        if is_truth_value(value):
            raise TypeError
        return check_within(index(value), count, name)
    except TypeError:
        raise ValueError(f"{name} is {value!r}; it takes a whole number from 0 to {count - 1}") from None


def _positions(name: str, values: Any, count: int) -> list[int]:
    try:
        chosen = list(values)
        if any(map(is_truth_value, chosen)):
            raise TypeError
        chosen = [index(value) for value in chosen]
    except (TypeError, ValueError):
        advice = ""
        if name in LISTS and isinstance(values, Integral) and not isinstance(values, bool):
            single = f", or {LISTS[name]}={int(values)!r}" if LISTS[name] else ""
            advice = f" in a list, such as [{int(values)!r}]{single}"
        elif name in LISTS and isinstance(values, str):
            advice = f", or {ALL!r}"
        raise ValueError(f"{name} is {values!r}; it takes whole numbers from 0 to {count - 1}{advice}") from None
    if not chosen:
        raise ValueError(f"{name} is empty: name at least one of 0 to {count - 1}, or leave it out for all")
    return [check_within(value, count, name) for value in chosen]
