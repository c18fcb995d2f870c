"""Check where a view, a comparison or a figure is to be saved."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from headscope.writing import check_path, check_place


def check_ending(path: Any, endings: Sequence[str], what: str) -> Path:
    """Return the absolute path of the file to write.

    Parameters
    ----------
    path
        The user's path.
    endings
        The endings that decide the format, such as `.svg`.
    what
        What is saved, for messages, such as `a view`.

    Raises
    ------
    TypeError
        `path` is not a path.
    ValueError
        `path` has another ending, or a name that no file can have.
    FileNotFoundError
        The folder does not exist.
    IsADirectoryError
        `path` is a folder.
    """
    place = check_path(path)
    if place.suffix.lower() not in endings:
        ending = f"ends in {place.suffix!r}" if place.suffix else "has no ending"
        raise ValueError(f"{place.name!r} {ending}: {what} is saved as {', '.join(endings[:-1])} or {endings[-1]}")
    check_place(place)
    return place
