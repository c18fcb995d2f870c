"""Names that the user gives to positions: `tokens=`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from headscope.data.attention_map import AttentionMap
from headscope.text.shortened import shown
from headscope.tracing.hooks.labels import SIDES
from headscope.tracing.inputs.sides import Side

MAIN = ("input_ids", "inputs_embeds", "main")
DECODER = ("decoder_input_ids", "decoder_inputs_embeds")


def checked_names(tokens: Any) -> dict[str, tuple[str, ...]]:
    """Return the names of `tokens=` by what they name; those of a list are for `"input_ids"`.

    Raises
    ------
    TypeError
        `tokens` is neither a list of strings nor a mapping of such lists.
    """
    if tokens is None:
        return {}
    named = tokens if isinstance(tokens, Mapping) else {"input_ids": tokens}
    return {_known(name): _strings(name, names, isinstance(tokens, Mapping)) for name, names in named.items()}


def _known(name: Any) -> str:
    if not isinstance(name, str):
        raise TypeError(f"tokens has the key {name!r}: keys are 'input_ids', 'decoder_input_ids' or names of maps.")
    return "input_ids" if name in MAIN else "decoder_input_ids" if name in DECODER else name


def _strings(name: str, names: Any, of_mapping: bool) -> tuple[str, ...]:
    what = f"tokens[{name!r}]" if of_mapping else "tokens"
    if hasattr(names, "tolist"):
        names = names.tolist()
    if isinstance(names, str) or not isinstance(names, Sequence):
        raise TypeError(f"{what} must be a list of strings, one for each position, not {shown(names, 60)}.")
    for place, one in enumerate(names):
        if not isinstance(one, str):
            raise TypeError(f"{what}[{place}] is {one!r}: each name is a string.")
    return tuple(names)


def name_sides(sides: dict[str, Side], names: Mapping[str, Sequence[str]], past: int = 0) -> dict[str, tuple[str, ...]]:
    """Name the positions of the text and of the decoder's text, where these are known before the pass.

    Parameters
    ----------
    sides
        The sides by name; this function replaces those that get names.
    names
        The names by what they name, from `checked_names`.
    past
        The number of positions in a cache, before those of the text; 0 by default.

    Returns
    -------
    dict
        The names that are for something else, which `name_maps` gives after the pass.

    Raises
    ------
    ValueError
        There are more or fewer names than positions.
    """
    rest = {name: tuple(given) for name, given in names.items()}
    for argument, side in (("input_ids", "main"), ("decoder_input_ids", "decoder")):
        if argument not in rest or not sides[side].length:
            continue
        given = rest[argument]
        if past and len(given) == past + sides[side].length:  # the keys begin with the cache's
            sides[side] = _named(sides[side], given[past:], argument)
        else:
            sides[side] = _named(sides[side], rest.pop(argument), argument)
    return rest


def _named(side: Side, names: tuple[str, ...], argument: str) -> Side:
    """Return a side with other names: one for each shown position, or one for each position with padding."""
    shown = len(side.tokens)
    if len(names) == side.length and side.unpadded is not None:
        names = tuple(names[position] for position in side.unpadded.tolist())
    elif len(names) != shown:
        raise ValueError(f"tokens has {len(names)} names for the {shown} positions of {argument}: give one for each.")
    return replace(side, tokens=names, words=None)


def name_maps(maps: Sequence[AttentionMap], names: Mapping[str, Sequence[str]]) -> None:
    """Name the positions of maps: by a map's name, or those of every map that shows the main or the decoder's side.

    Raises
    ------
    ValueError
        No map has what is to be named, or it has another number of positions.
    """
    for name, given in names.items():
        found = [map_ for map_ in maps if name in (map_.name, *_sides(map_))]
        if not found:
            raise ValueError(
                f"tokens has names for {name!r}: it can have them for 'input_ids', 'decoder_input_ids' or the maps "
                f"{', '.join(repr(map_.name) for map_ in maps)}."
            )
        fits = [_rename(map_, name, tuple(given)) for map_ in found]
        if not any(fits):
            sizes = ", ".join(f"{map_.name!r} {len(map_.query_tokens)} x {len(map_.key_tokens)}" for map_ in found)
            raise ValueError(f"tokens has {len(given)} names for {name!r}, but the sizes of its maps are {sizes}.")


def _sides(map_: AttentionMap) -> tuple[str, str]:
    arguments = {"main": "input_ids", "decoder": "decoder_input_ids"}
    queries, keys = SIDES.get(map_.name.split()[0], ("other", "other"))
    alone = "input_ids" if map_.name in ("vision", "audio") else ""
    return arguments.get(queries, alone), arguments.get(keys, alone)


def _rename(map_: AttentionMap, name: str, names: tuple[str, ...]) -> bool:
    """Name the axes of a map whose sizes fit; return whether one did."""
    queries, keys = (side == name or map_.name == name for side in _sides(map_))
    rows, columns = len(map_.query_tokens), len(map_.key_tokens)
    fits = False
    if keys and columns == len(names):
        map_.key_tokens, map_.key_words, fits = names, None, True
    elif keys and columns < len(names) and (renamed := _cached_names(map_.key_tokens, names)):
        map_.key_tokens, fits = renamed, True
    if queries and rows == len(names):
        map_.query_tokens, map_.query_words, fits = names, None, True
    elif queries and rows < columns == len(names):  # the keys begin with those of a cache
        map_.query_tokens, map_.query_words, fits = names[columns - rows :], None, True
    return fits


def _cached_names(tokens: Sequence[str], names: Sequence[str]) -> tuple[str, ...] | None:
    """Return keys some of which are those of a cache, `past 5`, with their names; None without any such key.

    Fewer keys than names are those of a window, or without padding; the text's own names are given already.
    """
    numbers = [token.removeprefix("past ") for token in tokens]
    cached = [number != token and number.isdecimal() for number, token in zip(numbers, tokens, strict=True)]
    if not any(cached):
        return None
    pairs = zip(cached, numbers, strict=True)
    return tuple(names[int(number)] if past and int(number) < len(names) else number for past, number in pairs)
