"""Texts on one line, for lists and menus."""

from __future__ import annotations


def shortened(text: str, most: int) -> str:
    """Return a text on one line; of a longer one, its first `most` - 1 characters and an ellipsis."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"
