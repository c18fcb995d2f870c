"""What widgets and exported pages have in common: the views' options, and when a map has overviews."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from headscope.contract import OVERVIEW_BINS, Theme, ViewKind
from headscope.keywords import reject_unknown

if TYPE_CHECKING:
    from headscope.attention import AttentionMap, Capture

SHARED = ("map", "layer", "heads", "theme", "include_layers")
OPTIONS: dict[ViewKind, tuple[str, ...]] = {"head": SHARED, "model": (*SHARED, "include_heads", "detail")}
THEMES: tuple[str, ...] = Theme.__args__  # type: ignore[attr-defined]


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
        A value that this capture does not have.
    """
    unknown = [name for name in options if name not in OPTIONS[view]]
    reject_unknown(call or f"{view}_view", unknown, OPTIONS[view])
    given = {name: value for name, value in options.items() if value is not None}
    map_ = _known_map(capture, given.get("map", shown))
    _check_theme(given.get("theme", "auto"))
    deepest = max(each.num_layers for each in capture.maps.values())
    for name, count in (
        ("heads", _most_heads(map_)),
        ("include_heads", _most_heads(map_)),
        ("include_layers", deepest),
    ):
        if name in given:
            given[name] = _positions(name, given[name], count)
    kept = sorted({layer for each in capture.maps.values() for layer in each.layers})
    if "include_layers" not in given and len(kept) < deepest:
        given["include_layers"] = kept
    _place_layer(given, map_)
    return given


def has_overviews(map_: AttentionMap) -> bool:
    """Return whether overviews say less than the weights themselves: with few positions each bin is one weight.

    A map without overviews is shown from its blocks; `src/core/overview.ts` holds the page's side of this rule.
    """
    return max(len(map_.query_tokens), len(map_.key_tokens)) > OVERVIEW_BINS


def _place_layer(given: dict[str, Any], map_: AttentionMap) -> None:
    """Check the layer; where only some layers are included and none is named, name the first."""
    included = given.get("include_layers")
    if "layer" in given:
        given["layer"] = _positions("layer", [given["layer"]], map_.num_layers)[0]
        if included and given["layer"] not in included:
            raise ValueError(f"layer {given['layer']} is not among include_layers, which are {included}")
    elif included:
        given["layer"] = next((layer for layer in included if layer < map_.num_layers), 0)


def _known_map(capture: Capture, name: str) -> AttentionMap:
    if name not in capture.maps:
        raise ValueError(f"there is no attention map {name!r}; this capture has {', '.join(capture.maps)}")
    return capture.maps[name]


def _check_theme(theme: str) -> None:
    if theme not in THEMES:
        raise ValueError(f"theme is {theme!r}; it can be {', '.join(map(repr, THEMES))}")


def _most_heads(map_: AttentionMap) -> int:
    return max(map_.num_heads(layer) for layer in range(map_.num_layers))


def _positions(name: str, values: Sequence[int] | Iterable[int], count: int) -> list[int]:
    try:
        chosen = [int(value) for value in values]
    except (TypeError, ValueError):
        raise ValueError(f"{name} is {values!r}; it takes whole numbers from 0 to {count - 1}") from None
    if not chosen:
        raise ValueError(f"{name} is empty: name at least one of 0 to {count - 1}, or leave it out for all")
    wrong = [value for value in chosen if not 0 <= value < count]
    if wrong:
        raise ValueError(f"{name} has {wrong[0]}, which is out of range: there are {count}, numbered 0 to {count - 1}")
    return chosen
