"""Segments: named parts of a text, such as the messages of a chat. A view can show segments instead of tokens.

A segment covers a half-open range of tokens on one side of an attention map, or of characters in a text. The weight
between two segments is summed over the keys of one and averaged over the queries of the other.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from numbers import Integral
from typing import Any, NamedTuple

from headscope.writing import writable


class Segment(NamedTuple):
    """A named half-open range: zero-based positions from `start` up to, but not including, `stop`."""

    name: str
    start: int
    stop: int


class MapSegments(NamedTuple):
    """The segments of both sides of an attention map, in the order of the axes of `Capture.segment_weights`."""

    queries: tuple[Segment, ...]
    keys: tuple[Segment, ...]


def check_segments(segments: Any, size: int, unit: str, what: str = "segments") -> tuple[Segment, ...]:
    """Check segments and return them in ascending order.

    Parameters
    ----------
    segments
        A sequence of `(name, start, stop)`.
    size
        The number of tokens or characters.
    unit
        What `size` counts, such as `"tokens"`; for messages.
    what
        The name of the argument; for messages.

    Raises
    ------
    TypeError
        `segments` is not a sequence of such triples.
    ValueError
        A range is empty, exceeds the text, or overlaps another.
    """
    if isinstance(segments, str) or not isinstance(segments, Sequence):
        raise TypeError(f"{what} must be a list of (name, start, stop), not {segments!r}.")
    found = sorted((_checked(one, size, unit, what) for one in segments), key=lambda one: one.start)
    for before, after in pairwise(found):
        if after.start < before.stop:
            raise ValueError(
                f"{what}: {_described(before)} and {_described(after)} overlap: end the first at {after.start} or "
                "before, so that each of the "
                f"{unit} belongs to one segment at most."
            )
    return tuple(found)


def _checked(one: Any, size: int, unit: str, what: str) -> Segment:
    if isinstance(one, str) or not isinstance(one, Sequence) or len(one) != 3 or not isinstance(one[0], str):
        raise TypeError(f"{what} holds {one!r}: each segment is (name, start, stop), such as ('system', 0, 12).")
    if not all(isinstance(end, Integral) and not isinstance(end, bool) for end in one[1:]):
        raise TypeError(f"{what}: {one[0]!r} goes from {one[1]!r} to {one[2]!r}, but start and stop are whole numbers.")
    segment = Segment(writable(one[0]), int(one[1]), int(one[2]))
    if segment.start == segment.stop:
        raise ValueError(f"{what}: {_described(segment)} is empty: stop is the first position after the segment.")
    if not 0 <= segment.start < segment.stop <= size:
        raise ValueError(
            f"{what}: {_described(segment)} is not within the {size} {unit}: start is at least 0, and stop is after it "
            f"and at most {size}."
        )
    return segment


def _described(segment: Segment) -> str:
    return f"{segment.name!r} from {segment.start} to {segment.stop}"


def numbered(segments: Iterable[Segment]) -> list[Segment]:
    """Return the segments, with a number appended to each name that occurs more than once: `user 1`, `user 2`."""
    segments = list(segments)
    many, seen = Counter(one.name for one in segments), Counter[str]()
    found = []
    for one in segments:
        seen[one.name] += 1
        found.append(one._replace(name=f"{one.name} {seen[one.name]}") if many[one.name] > 1 else one)
    return found


def by_argument(segments: Any, names: Sequence[str]) -> Mapping[str, Any]:
    """Return segments by the name of the argument that they divide.

    Parameters
    ----------
    segments
        None, a mapping by argument, or the segments of the first argument.
    names
        The arguments that the caller passed.

    Raises
    ------
    ValueError
        A key of the mapping is not in `names`.
    """
    if segments is None:
        return {}
    if not isinstance(segments, Mapping):
        return {names[0]: segments} if names else {}
    for name in segments:
        if name not in names:
            raise ValueError(
                f"segments has ranges for {name!r}, which was not given: it can have them for "
                f"{' and '.join(map(repr, names)) or 'nothing here'}."
            )
    return segments
