"""Write files so that whatever happens, the old file or the new one is there, whole; and texts that can be written."""

from __future__ import annotations

import os
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, BinaryIO

LONGEST_NAME = 255
"""The bytes that a file's name can have on the systems in use."""


def check_path(path: Any) -> Path:
    """Return the absolute path of a file to write; `check_place` is for its folder.

    Raises
    ------
    TypeError
        `path` is not a path.
    ValueError
        No file can have that name.
    """
    if not isinstance(path, (str, os.PathLike)) or isinstance(os.fspath(path), bytes):
        raise TypeError(f"save takes a path, a str or a Path, not {type(path).__name__}")
    if "\0" in os.fspath(path):
        raise ValueError(f"{os.fspath(path)!r} holds a null character, which no file's name can")
    place = Path(path).absolute()
    if (length := len(os.fsencode(place.name))) > LONGEST_NAME:
        raise ValueError(f"{place.name[:24]!r} ... has {length} bytes: a file's name can have {LONGEST_NAME}")
    return place


def check_place(place: Path) -> None:
    """Raise unless a file can be written to an absolute path.

    Raises
    ------
    FileNotFoundError
        The folder does not exist.
    IsADirectoryError
        The path is a folder itself.
    """
    if not os.path.isdir(place.parent):
        raise FileNotFoundError(f"the folder {str(place.parent)!r} for {place.name!r} does not exist: create it first")
    if place.is_dir():
        raise IsADirectoryError(f"{str(place)!r} is a folder: give it another name, or name a file within it")


@contextmanager
def replacing(place: Path) -> Iterator[BinaryIO]:
    """Open a temporary file beside `place`, and let it take the place of what is there once it is complete.

    A symbolic link stays, and what it leads to is replaced. The new file has the old one's permissions.
    """
    target = Path(os.path.realpath(place))
    temporary = target.with_name(f".{uuid.uuid4().hex}.tmp")
    try:
        with open(temporary, "xb") as file:
            with suppress(FileNotFoundError):
                os.chmod(temporary, stat.S_IMODE(os.stat(target).st_mode))
            yield file
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def writable(text: str) -> str:
    """Return a text whose halves of surrogate pairs, which no file and no message can hold, are U+FFFD."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def write(place: Path, content: bytes) -> None:
    """Write a file as `replacing` does."""
    with replacing(place) as file:
        file.write(content)
