"""Check options of the views against a capture."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from operator import index
from typing import TYPE_CHECKING, Any

from headscope.contract import ViewKind
from headscope.data.capture import map_named
from headscope.keywords import reject_unknown
from headscope.options import CHECKS, KEYWORDS, VIEWS
from headscope.ranges import check_within
from headscope.text.find_token import find_token

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap
    from headscope.data.capture import Capture


def check_options(
    capture: Capture, view: ViewKind, options: Mapping[str, object], shown: str, call: str | None = None
) -> dict[str, Any]:
    """Check options against a capture, and return those that are not None as plain Python values.

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
    unknown = [name for name in options if name not in KEYWORDS[view]]
    reject_unknown(call or VIEWS[view].call, unknown, KEYWORDS[view])
    checked: dict[str, Any] = {name: value for name, value in options.items() if value is not None}
    map_ = check_place(capture, checked, shown)
    for name in checked.keys() & CHECKS.keys():
        checked[name] = CHECKS[name](name, checked[name])
    if "include_heads" in checked:
        checked["include_heads"] = _positions("include_heads", checked["include_heads"], _most_heads(map_))
    if "include_layers" in checked:
        checked["include_layers"] = check_layers("include_layers", checked["include_layers"], capture)
    kept = sorted({layer for each in capture.maps.values() for layer in each.layers})
    if "include_layers" not in checked and len(kept) < _deepest(capture):
        checked["include_layers"] = kept
    if checked.get("merge_segments") and not any(any(each.segments) for each in capture.maps.values()):
        raise ValueError(
            f"merge_segments is True, but the {map_.name!r} map has no segments: pass segments= when you capture"
        )
    if "open_segments" in checked:
        checked["open_segments"] = _open_segments(checked["open_segments"], map_)
    _place_layer(checked, map_)
    return checked


def _place_layer(checked: dict[str, Any], map_: AttentionMap) -> None:
    """Check that the layer is included; if none is named, choose the first included layer."""
    included = checked.get("include_layers")
    if "layer" in checked:
        if included and checked["layer"] not in included:
            raise ValueError(f"layer {checked['layer']} is not among include_layers, which are {included}")
    elif included:
        checked["layer"] = next((layer for layer in included if layer < map_.num_layers), 0)


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
        checked["heads"] = _positions("head", [checked.pop("head")], _most_heads(map_))
    elif checked.get("heads") is not None:
        checked["heads"] = _positions("heads", checked["heads"], _most_heads(map_))
    if "layer" in checked:
        checked["layer"] = _positions("layer", [checked["layer"]], map_.num_layers)[0]
    for name, tokens, words in (
        ("query", map_.query_tokens, map_.query_words),
        ("key", map_.key_tokens, map_.key_words),
    ):
        if checked.get(name) is not None:
            checked[name] = find_token(name, checked[name], tokens, words)
    _check_pair(map_, checked.get("pair", "all"))
    return map_


def check_layers(name: str, layers: Any, capture: Capture) -> list[int]:
    """Return layers as a list of integers; raise ValueError for a layer that no map of the capture has."""
    return _positions(name, layers, _deepest(capture))


def _deepest(capture: Capture) -> int:
    return max(map_.num_layers for map_ in capture.maps.values())


def _check_pair(map_: AttentionMap, pair: Any) -> None:
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


LISTS = {"heads": "head", "include_heads": "", "include_layers": "", "hidden_heads": ""}
"""Options that take several positions, and those that take one of them instead."""


def _most_heads(map_: AttentionMap) -> int:
    return max(map_.num_heads(layer) for layer in range(map_.num_layers))


def _positions(name: str, values: Sequence[int] | Iterable[int], count: int) -> list[int]:
    try:
        chosen = [index(value) for value in values]
    except (TypeError, ValueError):
        advice = ""
        if name in LISTS and isinstance(values, int):
            single = f", or {LISTS[name]}={values!r}" if LISTS[name] else ""
            advice = f" in a list, such as [{values!r}]{single}"
        raise ValueError(f"{name} is {values!r}; it takes whole numbers from 0 to {count - 1}{advice}") from None
    if not chosen:
        raise ValueError(f"{name} is empty: name at least one of 0 to {count - 1}, or leave it out for all")
    return [check_within(value, count, name) for value in chosen]
