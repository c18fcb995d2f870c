"""A misspelt keyword gets an answer that names the right one."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches


def reject_unknown(call: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Refuse keywords that a function does not have.

    Parameters
    ----------
    call
        The function's name as the user wrote it, without brackets.
    given
        The keywords that the function did not recognise.
    known
        Every keyword that it takes.

    Raises
    ------
    TypeError
        If `given` holds anything. The message names the nearest known keyword, or all of them where none is near.
    """
    names = list(known)
    for name in given:
        near = get_close_matches(name, names, n=1, cutoff=0.6)
        advice = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(names)}."
        raise TypeError(f"{call}() has no keyword {name!r}: {advice}")
