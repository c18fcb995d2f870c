"""Widgets told of anew, to a page that was made after them and can't ask for them."""

from __future__ import annotations

from typing import Any

from ipywidgets.widgets.widget import (  # type: ignore[import-untyped]  # it has no types
    __protocol_version__,
    _remove_buffers,
)


def tell_anew(widget: Any) -> None:
    """Send once more what made a widget known to pages, and before it what made its layout known.

    A page that knows the widget already would take it for a new one, and the old one would hear no more of the
    kernel: this is for a page that has asked.
    """
    for one in (widget.layout, widget):
        state, buffer_paths, buffers = _remove_buffers(one.get_state())
        data = {"state": state, "buffer_paths": buffer_paths}
        one.comm.open(data=data, buffers=buffers, metadata={"version": __protocol_version__})
