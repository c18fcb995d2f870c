"""Convert character ranges of a text to token ranges."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Sequence
from typing import Any, TypeAlias

from headscope.text.segments import Segment

Offsets: TypeAlias = "Sequence[tuple[int, int] | None]"
"""The character range `(start, stop)` of each token; None for a token that does not belong to the text."""


def read_offsets(encoding: Any, row: int, sequence: int) -> Offsets | None:
    """Return the character range of each token of a text; None if the tokenizer does not provide it.

    Parameters
    ----------
    encoding
        The tokenizer's output.
    row
        The zero-based number of the text in the batch.
    sequence
        0 for the text, 1 for the second text of a pair.
    """
    rows = getattr(encoding, "encodings", None)  # slow tokenizers and processors have none
    if not rows:
        return None
    sides = zip(rows[row].offsets, rows[row].sequence_ids, strict=True)
    return [(int(span[0]), int(span[1])) if side == sequence and span[0] < span[1] else None for span, side in sides]


def found_offsets(text: str, tokens: Sequence[str], special: Collection[int]) -> Offsets | None:
    """Return the character range of each token, found in the text; None if the tokens do not spell it.

    This is for tokenizers that provide no ranges. Only white space may stand between tokens; upper and lower case are
    the same.

    Parameters
    ----------
    text
        The text.
    tokens
        The readable text of each token.
    special
        The positions of special tokens, which do not belong to the text.
    """
    lower = text.lower()
    if len(lower) != len(text):  # some letters have lower-case forms of several characters
        return None
    offsets: list[tuple[int, int] | None] = []
    at = 0
    for place, token in enumerate(tokens):
        written = token.strip().lower()
        if place in special or not written:
            offsets.append(None)
            continue
        start = lower.find(written, at)
        if start < 0 or lower[at:start].strip():
            return None
        at = start + len(written)
        offsets.append((start, at))
    return None if lower[at:].strip() else offsets


def token_ranges(segments: Sequence[Segment], text: str, offsets: Offsets) -> list[Segment | None]:
    """Return character segments as token segments; None for a segment without a token.

    A token belongs to the first segment that contains one of its characters, ignoring surrounding white space unless
    the token is white space alone. Tokens between two tokens of a segment belong to it too.

    Parameters
    ----------
    segments
        Character ranges in ascending order, without overlap.
    text
        The text of the ranges.
    offsets
        The character range of each token, in ascending order.
    """
    starts = [segment.start for segment in segments]
    found: dict[int, Segment] = {}
    for token, span in enumerate(offsets):
        owner = None if span is None else _owner(segments, starts, text, *span)
        if owner is not None:
            first = found[owner].start if owner in found else token
            found[owner] = Segment(segments[owner].name, first, token + 1)
    return [found.get(number) for number in range(len(segments))]


def _owner(segments: Sequence[Segment], starts: Sequence[int], text: str, start: int, stop: int) -> int | None:
    """Return the number of the segment that a token's characters belong to."""
    written = text[start:stop].strip()
    if written:
        start = text.index(written, start)
        stop = start + len(written)
    before = bisect_right(starts, start) - 1
    if before >= 0 and start < segments[before].stop:
        return before
    return before + 1 if before + 1 < len(segments) and starts[before + 1] < stop else None
