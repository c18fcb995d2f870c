"""Headscope: see what every attention head of a Transformer looks at, live, in the notebook.

`capture` runs a model once and records its attention. `capture_generation` lets the model generate first.
`capture_batch` captures each of several texts, or a long text in windows.
`from_attentions` accepts weights from anywhere, `from_arrays` queries and keys, `from_cache` TransformerLens' caches.
Each returns a `Capture`, which shows itself as the output of a cell. `link` synchronises captures, `compare` shows
views side by side. `load` opens a capture that `Capture.save` wrote.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from headscope.api import (
    AttentionMap,
    Capture,
    CaptureList,
    capture,
    capture_batch,
    capture_generation,
    compare,
    from_arrays,
    from_attentions,
    from_cache,
    link,
    load,
)
from headscope.widgets.settings import settings

try:
    __version__ = version("headscope")
except PackageNotFoundError:  # the sources without an installation
    __version__ = "0+unknown"

__all__ = [
    "AttentionMap",
    "Capture",
    "CaptureList",
    "__version__",
    "capture",
    "capture_batch",
    "capture_generation",
    "compare",
    "from_arrays",
    "from_attentions",
    "from_cache",
    "link",
    "load",
    "settings",
]


def __dir__() -> list[str]:
    return sorted(__all__)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Return the location of the built extension; `jupyter-builder develop` calls this."""
    return [{"src": "labextension", "dest": "headscope"}]
