"""Ways to split a text into segments: by its lines, paragraphs or sentences, or by markers that stand in it.

- A line ends with its newline. A paragraph ends where a blank line follows.
- A sentence ends with its line; after `!`, `?`, dots and the like of other writings, with the quotes and brackets that
  close behind them, where a space follows; and after those of Chinese and Japanese writing without one. Dots end none
  where the text goes on with a lower-case letter, and nothing does before a first letter, as in `1. Bread`. A dot
  before a capital letter always ends one: `Mr. Smith` is cut.
- A marker begins a segment that has its name and ends before the next marker. The text before the first is a segment
  too, `beginning`.

The segments of a text are all of it: a space between two is the end of the first. What would be blank is a part of the
segment before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from headscope.segments import Segment

BEGINNING = "beginning"

DOTS = ".…\uff0e"
CLOSERS = "\"'\u2019\u201d\u00bb)\\]}\u300d\u300f\u3011\uff09"
SENTENCE_END = re.compile(
    rf"(?P<marks>[!?{DOTS}\u203c\u2047-\u2049\u061f\u06d4\u0964\u0965]+)[{CLOSERS}]*(?=\s)\s*"
    rf"|[\u3002\uff01\uff1f\uff61]+[{CLOSERS}]*\s*"
)


def split_lines(text: str) -> Iterator[int]:
    """Yield where each line of a text begins."""
    at = 0
    for line in text.splitlines(keepends=True):
        yield at
        at += len(line)


def split_paragraphs(text: str) -> Iterator[int]:
    """Yield where each paragraph of a text begins."""
    starts = [*split_lines(text), len(text)]
    after_blank = True
    for start, stop in pairwise(starts):
        blank = not text[start:stop].strip()
        if after_blank and not blank:
            yield start
        after_blank = blank


def split_sentences(text: str) -> Iterator[int]:
    """Yield where each sentence of a text begins."""
    starts = [*split_lines(text), len(text)]
    for start, stop in pairwise(starts):
        yield start
        for end in SENTENCE_END.finditer(text, start, stop):
            at = end.end()
            goes_on = text[at : at + 1].islower() and not (end["marks"] or "!").strip(DOTS)
            if at < stop and not goes_on and any(map(str.isalpha, text[start:at])):
                start = at
                yield at


SPLITS: dict[str, tuple[str, Callable[[str], Iterator[int]]]] = {
    "sentences": ("sentence", split_sentences),
    "paragraphs": ("paragraph", split_paragraphs),
    "lines": ("line", split_lines),
}
"""For each way what a part is called, and what finds where each begins."""


def split(text: str, way: str) -> list[Segment]:
    """Return the parts of a text, all of one name; none where the text is blank.

    Parameters
    ----------
    text
        Any text.
    way
        One of `SPLITS`.
    """
    name, starts = SPLITS[way]
    return _filled(text, ((start, name) for start in starts(text)))


def split_at_markers(text: str, markers: Sequence[str]) -> list[Segment]:
    """Return the parts of a text that begin with markers, each named after its own; none where there is no marker.

    Where several markers begin at one place, the longest counts.
    """
    longest = sorted(markers, key=len, reverse=True)
    found = list(re.finditer("|".join(map(re.escape, longest)), text)) if markers else []
    begins = [(0, BEGINNING)] if found and found[0].start() > 0 else []
    return _filled(text, [*begins, *((one.start(), marker_name(one[0])) for one in found)])


def marker_name(marker: str) -> str:
    """Return what a segment is called after its marker: without spaces and colons around it, unless that is all."""
    return marker.strip(": \n\t") or repr(marker)[1:-1]


def _filled(text: str, begins: Iterable[tuple[int, str]]) -> list[Segment]:
    """Return segments from each beginning to the next; blank ones go to the one before, the first to the one after."""
    found: list[Segment] = []
    begins = [*begins, (len(text), "")]
    for (start, name), (stop, _) in pairwise(begins):
        start = 0 if not found else start
        if text[start:stop].strip():
            found.append(Segment(name, start, stop))
        elif found:
            found[-1] = found[-1]._replace(stop=stop)
    return found
