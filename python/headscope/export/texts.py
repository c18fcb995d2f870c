"""Check the texts that stand beside what is exported."""

from __future__ import annotations

from typing import Any


def check_text(name: str, text: Any) -> str | None:
    """Return a title, a caption or a font; None if there is none.

    Raises
    ------
    TypeError
        It is not a text.
    ValueError
        It has a half of a surrogate pair, which no file can hold.
    """
    if text is None:
        return None
    if not isinstance(text, str):
        raise TypeError(f"{name} takes a text, not {type(text).__name__}")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{name} has the character {text[error.start]!r}, which can't be written") from None
    return text
