"""Texts on one line, for lists and menus; values in messages."""

from __future__ import annotations

from typing import Any


def shortened(text: str, most: int) -> str:
    """Return a text on one line; of a longer one, its first `most` - 1 characters and an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def shown(value: Any, most: int = 80) -> str:
    """Return the `repr` of a value on one line, with an ellipsis where it is cut to `most` characters."""
    return shortened(repr(value), most)
