"""Headscope: see what every attention head of a Transformer looks at, live, in the notebook.

`capture` runs a model once and keeps what its attention did; `capture_generation` lets it write first;
`from_attentions` takes weights of any origin. All give a `Capture`, which shows itself as a cell's output. `link` keeps
captures in step. `load` opens a capture that `Capture.save` wrote.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

import headscope.capture  # noqa: F401  # first: loading a subpackage binds its name, and `capture` is the function
from headscope.attention import AttentionMap, Capture, capture, from_attentions
from headscope.files import load
from headscope.generation import capture_generation
from headscope.linking import link
from headscope.settings import settings

try:
    __version__ = version("headscope")
except PackageNotFoundError:  # the sources without an installation
    __version__ = "0+unknown"

__all__ = [
    "AttentionMap",
    "Capture",
    "__version__",
    "capture",
    "capture_generation",
    "from_attentions",
    "link",
    "load",
    "settings",
]


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    """Tell `jupyter-builder develop` where the built extension is."""
    return [{"src": "labextension", "dest": "headscope"}]
