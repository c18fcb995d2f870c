"""Captures from files: `load`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headscope.api.capture_class import Capture
from headscope.plain_errors import plain_errors

if TYPE_CHECKING:
    from os import PathLike


@plain_errors
def load(path: str | PathLike[str]) -> Capture:
    """Load a capture from a file that `Capture.save` wrote.

    The file is mapped into memory: queries, keys and weights are read when they are first needed, so a large file opens
    at once. Do not modify the file while the capture is in use; saving another capture under its name is safe.

    Parameters
    ----------
    path
        The file, `NAME.attn.safetensors`.

    Returns
    -------
    Capture
        A copy of the saved capture, with the same weights, tokens and report.

    Raises
    ------
    ValueError
        The file does not hold a capture, is damaged, or has a newer format; the message says which.
    OSError
        The file does not exist or can't be read.
    ImportError
        The file holds queries and keys, but torch, which computes weights from them, is missing.
    """
    from headscope.files.load import read_parts

    parts = read_parts(path)
    capture = Capture(parts.maps, parts.name, parts.report, parts.logits, parts.generation, parts.predictions)
    capture.notes.replace(parts.notes)
    return capture
