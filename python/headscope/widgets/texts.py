"""Answers whose bytes travel as text, for hosts that are slow with buffers."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any


def as_asked(content: Mapping[str, Any], message: Mapping[str, Any], buffers: Sequence[bytes]) -> tuple[Any, Any]:
    """Return an answer as the page that sent `content` wants it: with its buffers, or with text in their place."""
    if not content.get("in_text"):
        return message, buffers
    return {**message, "buffers": [b64encode(buffer).decode("ascii") for buffer in buffers]}, []
