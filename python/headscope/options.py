"""What widgets and exported pages have in common: the views' options, and when a map has overviews.

These are the options of all views, each None where it is left out:

Where to go, for all views of the capture:
    `map`: the name of an attention map. `layer`: zero-based. `heads`: zero-based, or `head` for one of them. `query`,
    `key`: the tokens that are pinned, by position or by text: `"cat"`, or `("cat", 1)` for the second one. `pair`:
    which sentences of a pair are shown, `"all"`, or `"ab"` for queries of sentence A and keys of B, and so on.
What the view offers:
    `theme`: `"light"`, `"dark"`, or `"auto"` as the notebook is. `include_layers`: the layers that can be chosen.
    `include_heads` (model view and explorer): the heads of the grid. `detail` (model view and explorer): whether a
    head is open beside the grid. `tab` (explorer): what is beside the grid, `"heads"`, `"matrix"`, `"neurons"` or
    `"text"`. `scale` (matrix view, text view and explorer): how weights become colours, `"linear"`, `"sqrt"` or
    `"log"`. `color_map` (the same views): which colours, `"viridis"`, `"greys"`, `"blues"` or `"heat"`, all in even
    steps of lightness. `combine` (matrix view and explorer): several heads `"each"` by itself, or their `"mean"` or
    `"sum"`. `pool` (matrix view and explorer): what a square of tokens shows where a map has too many for single
    weights, `"max"` for the largest of its weights, or their `"mean"`.
Reading aids, of this view alone. They change what is drawn, never the weights that `Capture.weights` returns:
    `threshold`: weights below it are not drawn, from 0 to less than 1; by default those that can't be seen. `top_k`:
    how many keys are drawn for each query, the strongest, or queries for each key where `direction` is `"in"`.
    `direction`: which way tokens are looked at, `"out"` for what they attend to, `"in"` for what attends to them; it
    says what `top_k` counts, on which side a token that is found is pinned, and which line of a heat map or table is
    read. `hide_special`: leave out special tokens. `hide_sink`: leave out the first key, on which heads rest that look
    for nothing (Xiao et al. 2023, https://arxiv.org/abs/2309.17453), and scale each query's other weights so that they
    add up to 1. `merge_words`: words in place of their tokens, weights summed over keys and their mean taken over
    queries. `merge_segments`: the segments of a capture in place of their tokens, put together in the same way.
    `open_segments`: those that show their tokens nonetheless, by name or by number from 0, on either side of the map.
    `search`: tokens that hold this text are marked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from numbers import Integral, Real
from operator import index
from typing import TYPE_CHECKING, Any

from headscope.contract import (
    OVERVIEW_BINS,
    ColorMap,
    ColorScale,
    Combine,
    Direction,
    PairFilter,
    PoolKind,
    Tab,
    Theme,
    ViewKind,
)
from headscope.finding import find_token
from headscope.keywords import reject_unknown

if TYPE_CHECKING:
    from headscope.attention import AttentionMap, Capture

PLACE = ("map", "layer", "heads", "query", "key", "pair")
"""Options that move all views of a capture."""
AIDS = (
    *("threshold", "top_k", "hide_special", "hide_sink", "merge_words", "merge_segments", "open_segments"),
    *("direction", "search"),
)
"""Reading aids, of every view."""
SHARED = (*PLACE, "head", "theme", "include_layers", *AIDS)
GRID = ("include_heads", "detail")
COLORS = ("scale", "color_map")
HEAT = (*COLORS, "combine", "pool")
OPTIONS: dict[ViewKind, tuple[str, ...]] = {
    "head": SHARED,
    "model": (*SHARED, *GRID),
    "matrix": (*SHARED, *HEAT),
    "neuron": SHARED,
    "text": (*SHARED, *COLORS),
    "explorer": (*SHARED, *GRID, "tab", *HEAT),
}
"""What each view takes; every option is described above."""

WITH_GRID: tuple[ViewKind, ...] = ("model", "explorer")
"""Views that show every head of every layer, from overviews."""


def check_options(
    capture: Capture, view: ViewKind, options: dict[str, Any], shown: str, call: str | None = None
) -> dict[str, Any]:
    """Return those options that are not None, as plain Python values, once each fits the capture.

    Parameters
    ----------
    capture, view
        What is shown, and how.
    options
        As the user gave them.
    shown
        The name of the attention map on screen, where the options name none.
    call
        The user's call, for the message about an unknown option.

    Raises
    ------
    TypeError
        An unknown option; the message names the nearest right one.
    ValueError
        A value that this capture does not have, or that its option can't be.
    """
    unknown = [name for name in options if name not in OPTIONS[view]]
    reject_unknown(call or call_of(view), unknown, OPTIONS[view])
    given = {name: value for name, value in options.items() if value is not None}
    map_ = check_place(capture, given, shown)
    for name in given.keys() & CHECKS.keys():
        given[name] = CHECKS[name](name, given[name])
    if "include_heads" in given:
        given["include_heads"] = _positions("include_heads", given["include_heads"], _most_heads(map_))
    if "include_layers" in given:
        given["include_layers"] = check_layers("include_layers", given["include_layers"], capture)
    kept = sorted({layer for each in capture.maps.values() for layer in each.layers})
    if "include_layers" not in given and len(kept) < _deepest(capture):
        given["include_layers"] = kept
    if "open_segments" in given:
        given["open_segments"] = _open_segments(given["open_segments"], map_)
    _place_layer(given, map_)
    return given


def call_of(view: ViewKind) -> str:
    """Return the name of the method that shows a view."""
    return view if view == "explorer" else f"{view}_view"


def one_of(literal: Any) -> Callable[[str, Any], str]:
    """Return a check that an option is one of the values of a `Literal`."""

    def check(name: str, value: Any) -> str:
        if value not in literal.__args__:
            raise ValueError(f"{name} is {value!r}; it can be {', '.join(map(repr, literal.__args__))}")
        return str(value)

    return check


def check_threshold(name: str, value: Any) -> float:
    """Return the value as a float, or raise ValueError unless it is from 0 to less than 1."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < 1:
        raise ValueError(f"{name} is {value!r}; it takes a weight, from 0 to less than 1")
    return float(value)


def check_count(name: str, value: Any) -> int:
    """Return the value as an int, or raise ValueError unless it is a whole number of at least 1."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise ValueError(f"{name} is {value!r}; it takes a whole number of keys, at least 1; None is for all of them")
    return int(value)


def check_switch(name: str, value: Any) -> bool:
    """Return the value, or raise ValueError unless it is True or False."""
    if value not in (True, False):
        raise ValueError(f"{name} is {value!r}; it can be True or False")
    return bool(value)


def check_text(name: str, value: Any) -> str:
    """Return the value, or raise ValueError unless it is a string."""
    if not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}; it takes a text")
    return value


CHECKS: dict[str, Callable[[str, Any], Any]] = {
    "pair": one_of(PairFilter),
    "theme": one_of(Theme),
    "tab": one_of(Tab),
    "scale": one_of(ColorScale),
    "color_map": one_of(ColorMap),
    "combine": one_of(Combine),
    "pool": one_of(PoolKind),
    "direction": one_of(Direction),
    "threshold": check_threshold,
    "top_k": check_count,
    "detail": check_switch,
    "hide_special": check_switch,
    "hide_sink": check_switch,
    "merge_words": check_switch,
    "merge_segments": check_switch,
    "search": check_text,
}
"""What each option can be, where that does not depend on the capture."""


def has_overviews(map_: AttentionMap) -> bool:
    """Return whether overviews say less than the weights themselves: with few positions each bin is one weight.

    A map without overviews is shown from its blocks; `src/core/overview.ts` holds the page's side of this rule.
    """
    return max(len(map_.query_tokens), len(map_.key_tokens)) > OVERVIEW_BINS


def _place_layer(given: dict[str, Any], map_: AttentionMap) -> None:
    """Check that the layer is included; where only some layers are included and none is named, name the first."""
    included = given.get("include_layers")
    if "layer" in given:
        if included and given["layer"] not in included:
            raise ValueError(f"layer {given['layer']} is not among include_layers, which are {included}")
    elif included:
        given["layer"] = next((layer for layer in included if layer < map_.num_layers), 0)


def _known_map(capture: Capture, name: str) -> AttentionMap:
    if name not in capture.maps:
        raise ValueError(f"there is no attention map {name!r}; this capture has {', '.join(capture.maps)}")
    return capture.maps[name]


def check_place(capture: Capture, given: dict[str, Any], shown: str) -> AttentionMap:
    """Turn those of the options that say where to go into plain positions, in place, and return the map they are of.

    Heads, query and key may be None: for all heads, and no token.

    Raises
    ------
    ValueError
        A map, layer, head, token or sentence that the capture does not have.
    """
    map_ = _known_map(capture, given.get("map", shown))
    if "head" in given:
        if "heads" in given:
            raise ValueError(f"head is {given['head']!r} and heads is {given['heads']!r}: give one of the two")
        given["heads"] = _positions("head", [given.pop("head")], _most_heads(map_))
    elif given.get("heads") is not None:
        given["heads"] = _positions("heads", given["heads"], _most_heads(map_))
    if "layer" in given:
        given["layer"] = _positions("layer", [given["layer"]], map_.num_layers)[0]
    for name, tokens, words in (
        ("query", map_.query_tokens, map_.query_words),
        ("key", map_.key_tokens, map_.key_words),
    ):
        if given.get(name) is not None:
            given[name] = find_token(name, given[name], tokens, words)
    _check_pair(map_, given.get("pair", "all"))
    return map_


def check_layers(name: str, layers: Any, capture: Capture) -> list[int]:
    """Return layers as a list of plain positions, or raise ValueError unless some map of the capture has each."""
    return _positions(name, layers, _deepest(capture))


def _deepest(capture: Capture) -> int:
    return max(map_.num_layers for map_ in capture.maps.values())


def _check_pair(map_: AttentionMap, pair: Any) -> None:
    if CHECKS["pair"]("pair", pair) != "all" and map_.sentence_b_start is None:
        raise ValueError(f"pair is {pair!r}, but the {map_.name!r} map has no second sentence: it can be 'all' alone")


def _open_segments(wanted: Any, map_: AttentionMap) -> list[int]:
    """Return the numbers of segments that are named by number, or by a name that may stand for several."""
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
            f"open_segments has {one!r}, but the {map_.name!r} map has no segments: give segments= to what makes the "
            "capture"
        )
    if isinstance(one, str):
        names = dict.fromkeys(segment.name for segment in (*map_.query_segments, *map_.key_segments))
        raise ValueError(f"open_segments has {one!r}; the segments are {', '.join(map(repr, names))}")
    return _positions("open_segments", [one], count)


def _most_heads(map_: AttentionMap) -> int:
    return max(map_.num_heads(layer) for layer in range(map_.num_layers))


def _positions(name: str, values: Sequence[int] | Iterable[int], count: int) -> list[int]:
    try:
        chosen = [index(value) for value in values]
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {values!r}; it takes whole numbers from 0 to {count - 1}") from None
    if not chosen:
        raise ValueError(f"{name} is empty: name at least one of 0 to {count - 1}, or leave it out for all")
    wrong = [value for value in chosen if not 0 <= value < count]
    if wrong:
        raise ValueError(f"{name} has {wrong[0]}, which is out of range: there are {count}, numbered 0 to {count - 1}")
    return chosen
