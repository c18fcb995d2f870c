"""Loads a capture: `hs.load("cat.attn.safetensors")`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from headscope.files.fields import BrokenFileError

if TYPE_CHECKING:
    from headscope.attention import Capture


def load(path: str | os.PathLike[str]) -> Capture:
    """Load a capture from a file that `Capture.save` wrote.

    The file is mapped into memory: queries, keys and weights are read when they are first needed, so a large file opens
    at once. It must not be changed while the capture is in use; saving over it does it no harm.

    Parameters
    ----------
    path
        The file, `NAME.attn.safetensors`.

    Returns
    -------
    Capture
        With the same weights, tokens, report and all else that the saved one had.

    Raises
    ------
    ValueError
        The file is no capture's, is damaged, or is of a newer format: the message says which.
    OSError
        There is no such file, or it can't be read.
    ImportError
        The file holds queries and keys, and torch is missing, which computes weights from them.
    """
    from headscope.files.reading import TensorFile
    from headscope.files.restoring import restore

    try:
        return restore(TensorFile(path))
    except BrokenFileError as error:
        raise ValueError(f"{os.fspath(path)!r} can't be loaded: {error}.") from None
    except ImportError as error:
        raise ImportError(
            f"{os.fspath(path)!r} holds queries and keys, and torch computes weights from them: pip install torch",
            name=error.name,
        ) from error
