"""Find a token by its text or position."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from itertools import groupby
from operator import index
from typing import Any

from headscope.ranges import check_within, is_truth_value

PINS = ("query", "key")
"""What can be pinned, so that None says something of it."""

MAX_NAMED = 8
"""The most similar tokens that an error lists."""


def find_token(what: str, wanted: Any, tokens: Sequence[str], words: Sequence[int] | None) -> int:
    """Return the position of a token.

    A text is compared with the tokens, then with the words; a word of several tokens gives its first token. If nothing
    matches exactly, case is ignored. If still nothing matches, the text may be the beginning of a token or word, again
    first exactly, then ignoring case. Surrounding spaces are ignored throughout.

    Parameters
    ----------
    what
        `"query"` or `"key"`.
    wanted
        A zero-based position; a text; or a text and the zero-based number of its occurrence: `("cat", 1)` is the
        second "cat".
    tokens
        All tokens.
    words
        The word number of each token; None if words are unknown.

    Raises
    ------
    ValueError
        No token matches. The message lists similar tokens with their positions.
    """
    if isinstance(wanted, str):
        return _found(what, wanted, 0, tokens, words)
    if isinstance(wanted, (tuple, list)) and len(wanted) == 2 and isinstance(wanted[0], str):
        return _found(what, wanted[0], _whole(what, wanted[1], wanted), tokens, words)
    return check_within(_whole(what, wanted, wanted), len(tokens), what)


def _whole(what: str, number: Any, wanted: Any) -> int:
    try:
        if is_truth_value(number):
            raise TypeError
        return index(number)
    except TypeError:
        raise ValueError(
            f"{what} is {wanted!r}; it takes a position, a text, or a text and which of its occurrences: ('cat', 1)"
        ) from None


def _found(what: str, text: str, nth: int, tokens: Sequence[str], words: Sequence[int] | None) -> int:
    if not text:
        instead = ", or pass None to pin no token" if what in PINS else " by its text or its position"
        raise ValueError(f"{what} is an empty text: name a token{instead}")
    for matches in _stages(text, tokens, words):
        if 0 <= nth < len(matches):
            return matches[nth]
        if matches:
            places = ", ".join(map(str, matches))
            raise ValueError(
                f"{what} ({text!r}, {nth}) does not exist: {text!r} occurs {_times(len(matches))}, at {places}"
            )
    raise ValueError(f"no {what} token is {text!r}; {_near(text, tokens)}")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times, numbered from 0"


def _stages(text: str, tokens: Sequence[str], words: Sequence[int] | None) -> Iterator[list[int]]:
    """Yield the positions that match a text, from the strictest way of matching to the loosest."""
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
    """Return each word, keyed by the position of its first token."""
    if words is None:
        return {}
    members = (list(group) for _, group in groupby(range(len(tokens)), lambda position: words[position]))
    return {group[0]: _bare("".join(tokens[position] for position in group)) for group in members}


def _bare(text: str) -> str:
    return text.strip(" ") or text


def _near(text: str, tokens: Sequence[str]) -> str:
    """List the tokens that resemble a text; if none does and there are few tokens, list them all."""
    lower = [_bare(token).lower() for token in tokens]
    close = set(get_close_matches(text.lower(), lower, n=MAX_NAMED, cutoff=0.5))
    close |= {token for token in lower if token and (text.lower() in token or token in text.lower())}
    near = [position for position, token in enumerate(lower) if token in close]
    named = near or (range(len(tokens)) if len(tokens) <= MAX_NAMED else [])
    listed = ", ".join(f"{tokens[position]!r} at {position}" for position in list(named)[:MAX_NAMED])
    return (f"similar: {listed}" if near else f"the tokens are {listed}") if listed else "no token is similar"
