"""Read the parts of a capture from its file: `hs.load("cat.attn.safetensors")`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from headscope.files.fields import BrokenFileError
from headscope.files.schema import ENDING

if TYPE_CHECKING:
    from headscope.data.capture import CaptureParts

SHOWN = 3
"""The most files that a message names."""


def read_parts(path: str | os.PathLike[str]) -> CaptureParts:
    """Return the parts from which `headscope.load` makes a capture; its docstring lists the errors."""
    from headscope.files.decode import restore
    from headscope.files.safetensors_reader import TensorFile

    _check_path(path)
    try:
        return restore(TensorFile(path))
    except BrokenFileError as error:
        raise ValueError(f"{os.fspath(path)!r} can't be loaded: {error}.") from None
    except ImportError as error:
        raise ImportError(
            f"{os.fspath(path)!r} holds queries and keys, and torch computes weights from them: pip install torch",
            name=error.name,
        ) from error


def _check_path(path: str | os.PathLike[str]) -> None:
    """Raise the errors of `open` for a path without a file, with a sentence that says what to pass."""
    if os.path.isdir(path):
        found = sorted(name for name in os.listdir(path) if name.endswith(ENDING))
        inside = f"it holds {', '.join(map(repr, found[:SHOWN]))}" if found else f"it holds no file NAME{ENDING}"
        raise IsADirectoryError(f"{os.fspath(path)!r} is a folder: pass the file of a capture; {inside}.")
    if not os.path.exists(path):
        raise FileNotFoundError(
            f"there is no file {os.fspath(path)!r} in {os.getcwd()!r}: capture.save(path) writes one and returns its "
            "path."
        )
