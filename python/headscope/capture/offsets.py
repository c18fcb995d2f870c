"""From ranges of a text's characters to ranges of its tokens."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Any, TypeAlias

from headscope.segments import Segment

Offsets: TypeAlias = "Sequence[tuple[int, int] | None]"
"""For each token its characters, `(start, stop)`; None for a token that is none of the text's."""


def read_offsets(encoding: Any, row: int, sequence: int) -> Offsets | None:
    """Return which characters each token of a text stands for; None where the tokenizer does not say.

    Parameters
    ----------
    encoding
        What the tokenizer returned.
    row
        Which text of the batch.
    sequence
        0 for the text, 1 for the second text of a pair.
    """
    rows = getattr(encoding, "encodings", None)  # slow tokenizers and processors have none
    if not rows:
        return None
    sides = zip(rows[row].offsets, rows[row].sequence_ids, strict=True)
    return [(int(span[0]), int(span[1])) if side == sequence and span[0] < span[1] else None for span, side in sides]


def token_ranges(segments: Sequence[Segment], text: str, offsets: Offsets) -> list[Segment | None]:
    """Return segments of characters as segments of tokens; None for one that no token belongs to.

    A token belongs to the segment of its first character that is in any, spaces around it left aside: one of spaces
    alone, to the segment of the spaces. Tokens that stand between those of a segment belong to it too.

    Parameters
    ----------
    segments
        Ranges of characters that rise and do not overlap.
    text
        The text that they are of.
    offsets
        The characters of each token, rising.
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
