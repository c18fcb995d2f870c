"""Help for comms in some hosts: `comm_open` for pages that loaded late, and buffers as text."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any

from ipywidgets.widgets.widget import (  # type: ignore[import-untyped]  # it has no types
    __protocol_version__,
    _remove_buffers,
)


def resend_comm_open(widget: Any) -> None:
    """Re-send `comm_open` for a widget, its layout first, to a page that loaded after the widget was created.

    Call this only on a page's request: a page that has the widget already would build a second model, and its first
    model would receive nothing more from the kernel.
    """
    for one in (widget.layout, widget):
        state, buffer_paths, buffers = _remove_buffers(one.get_state())
        data = {"state": state, "buffer_paths": buffer_paths}
        one.comm.open(data=data, buffers=buffers, metadata={"version": __protocol_version__})


def encode_buffers(content: Mapping[str, Any], message: Mapping[str, Any], buffers: Sequence[bytes]) -> tuple[Any, Any]:
    """Base64-encode the buffers of a reply for hosts with slow binary comms.

    Parameters
    ----------
    content
        The request, in which `in_text` asks for text.
    message, buffers
        The reply.

    Returns
    -------
    message, buffers
        The reply unchanged, or with its buffers as base64 strings in the message instead.
    """
    if not content.get("in_text"):
        return message, buffers
    return {**message, "buffers": [b64encode(buffer).decode("ascii") for buffer in buffers]}, []
