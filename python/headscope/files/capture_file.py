"""`Capture.save`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from headscope.data.capture import Capture
from headscope.plain_errors import with_plain_errors

if TYPE_CHECKING:
    from os import PathLike
    from pathlib import Path


@with_plain_errors
class CaptureFile(Capture):
    """A capture that can save itself to a file."""

    def save(self, path: str | PathLike[str], *, progress: bool | None = None) -> Path:
        """Save the whole capture to one file, which `headscope.load` reads and JupyterLab opens.

        The safetensors file holds queries and keys, or the weights of layers without them, and everything else of the
        capture; `docs/file-format.md` describes it. An existing file is replaced only when the new one is complete.
        With more than 64 tokens the file also holds a thumbnail of every head, which takes one pass over all weights.

        Parameters
        ----------
        path
            The file to write, `NAME.attn.safetensors`.
        progress
            Whether to show a progress bar of tensors and thumbnails: True from the start, False never; None (default)
            once saving has taken more than 2 seconds.

        Returns
        -------
        Path
            The absolute path of the file.

        Raises
        ------
        TypeError
            `path` is not a path.
        ValueError
            `path` has another ending.
        OSError
            The folder does not exist, or the file can't be written.
        """
        from headscope.files.save import save

        return save(self, path, progress)
