"""Read the parts of a capture from its file: `hs.load("cat.attn.safetensors")`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from headscope.files.fields import BrokenFileError

if TYPE_CHECKING:
    from headscope.data.capture import CaptureParts


def read_parts(path: str | os.PathLike[str]) -> CaptureParts:
    """Return the parts from which `headscope.load` makes a capture; its docstring lists the errors."""
    from headscope.files.decode import restore
    from headscope.files.safetensors_reader import TensorFile

    try:
        return restore(TensorFile(path))
    except BrokenFileError as error:
        raise ValueError(f"{os.fspath(path)!r} can't be loaded: {error}.") from None
    except ImportError as error:
        raise ImportError(
            f"{os.fspath(path)!r} holds queries and keys, and torch computes weights from them: pip install torch",
            name=error.name,
        ) from error
