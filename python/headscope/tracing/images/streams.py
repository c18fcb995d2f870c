"""Streams that predict a text beside it, as in ProphetNet: positions of their own, which read no words."""

from __future__ import annotations

from headscope.tracing.inputs.sides import Side


def stream_names(number: int, size: int) -> tuple[str, ...]:
    """Return names such as `stream 1: 0` for the positions of a stream, whose number counts from 0."""
    return tuple(f"stream {number + 1}: {place}" for place in range(size))


def stream_side(number: int, size: int, text: Side) -> Side:
    """Return the names of the positions of a stream, or of a cache, the text and the stream behind it.

    Parameters
    ----------
    number
        The number of the stream, from 0 on.
    size
        The number of positions without padding.
    text
        The text that the stream predicts.
    """
    own = stream_names(number, len(text.tokens))
    cached = size - 2 * len(own)
    if cached < 0:
        return Side(tokens=stream_names(number, size))
    special = tuple(cached + place for place in text.special)
    return Side(tokens=(*(f"past {place}" for place in range(cached)), *text.tokens, *own), special=special)
