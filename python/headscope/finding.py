"""Tokens by their text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from itertools import groupby
from operator import index
from typing import Any

MOST_NAMED = 8
"""How many near tokens an error names."""


def find_token(what: str, wanted: Any, tokens: Sequence[str], words: Sequence[int] | None) -> int:
    """Return the position of a token.

    A text is looked for among the tokens, then among the words of several tokens, whose first token is meant; where
    neither is there letter for letter, in any letter case; at last among the beginnings of both, in the same order.
    Spaces around it and around tokens do not count.

    Parameters
    ----------
    what
        `"query"` or `"key"`.
    wanted
        A position; a text; or a text and which of its occurrences is meant, from 0: `("cat", 1)` is the second.
    tokens, words
        All tokens, and for each the number of its word, None where words are not known.

    Raises
    ------
    ValueError
        There is no such token; the message names near ones with their positions.
    """
    if isinstance(wanted, str):
        return _found(what, wanted, 0, tokens, words)
    if isinstance(wanted, (tuple, list)) and len(wanted) == 2 and isinstance(wanted[0], str):
        return _found(what, wanted[0], _whole(what, wanted[1], wanted), tokens, words)
    position = _whole(what, wanted, wanted)
    if not 0 <= position < len(tokens):
        raise ValueError(
            f"{what} {position} is out of range: this attention map has {len(tokens)}, numbered 0 to {len(tokens) - 1}"
        )
    return position


def _whole(what: str, number: Any, wanted: Any) -> int:
    try:
        return index(number)
    except TypeError:
        raise ValueError(
            f"{what} is {wanted!r}; it takes a position, a text, or a text and which of its occurrences: ('cat', 1)"
        ) from None


def _found(what: str, text: str, nth: int, tokens: Sequence[str], words: Sequence[int] | None) -> int:
    if not text:
        raise ValueError(f"{what} is an empty text: name a token, or give None to pin none")
    for matches in _stages(text, tokens, words):
        if 0 <= nth < len(matches):
            return matches[nth]
        if matches:
            places = ", ".join(map(str, matches))
            raise ValueError(f"{what} {text!r} is there {len(matches)} times, numbered from 0, not {nth}: at {places}")
    raise ValueError(f"no {what} token is {text!r}; {_near(text, tokens)}")


def _stages(text: str, tokens: Sequence[str], words: Sequence[int] | None) -> Iterator[list[int]]:
    """Yield the positions that match a text, the best way of matching first."""
    bare, whole, wanted = list(map(_bare, tokens)), _words(tokens, words), _bare(text)
    lower = [token.lower() for token in bare], {position: word.lower() for position, word in whole.items()}
    cases = [(bare, whole, wanted), (*lower, wanted.lower())]
    for each, joined, sought in cases:
        yield [position for position, token in enumerate(each) if token == sought]
        yield [position for position, word in joined.items() if word == sought]
    for each, joined, sought in cases:
        yield [
            position
            for position, token in enumerate(each)
            if token.startswith(sought) or joined.get(position, "").startswith(sought)
        ]


def _words(tokens: Sequence[str], words: Sequence[int] | None) -> dict[int, str]:
    """Return each word by the position of its first token."""
    if words is None:
        return {}
    members = (list(group) for _, group in groupby(range(len(tokens)), lambda position: words[position]))
    return {group[0]: _bare("".join(tokens[position] for position in group)) for group in members}


def _bare(text: str) -> str:
    return text.strip(" ") or text


def _near(text: str, tokens: Sequence[str]) -> str:
    """Name tokens that resemble a text, or all where there are few."""
    lower = [_bare(token).lower() for token in tokens]
    close = set(get_close_matches(text.lower(), lower, n=MOST_NAMED, cutoff=0.5))
    close |= {token for token in lower if token and (text.lower() in token or token in text.lower())}
    near = [position for position, token in enumerate(lower) if token in close]
    named = near or (range(len(tokens)) if len(tokens) <= MOST_NAMED else [])
    listed = ", ".join(f"{tokens[position]!r} at {position}" for position in list(named)[:MOST_NAMED])
    return (f"near it are {listed}" if near else f"there are {listed}") if listed else "none is near it"
