"""Ways to split a text into segments: into lines, paragraphs or sentences, or at markers.

- A line ends with its newline. A paragraph ends before a blank line.
- A sentence ends at the end of its line. It also ends after `!`, `?`, dots and their counterparts in other scripts,
  including closing quotes and brackets, if white space follows; the marks of Chinese and Japanese need no space. Dots
  do not end a sentence if a lower-case letter follows, and nothing ends one before its first letter, as in `1. Bread`.
  A dot before a capital letter always ends a sentence: `Mr. Smith` is split.
- A marker begins a segment, names it, and ends the one before. Text before the first marker is a segment named
  `beginning`.

Segments cover the whole text: white space between two belongs to the first. A part that would be blank joins the
segment before it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import pairwise

from headscope.text.segments import Segment

BEGINNING = "beginning"

DOTS = ".…\uff0e"
CLOSERS = "\"'\u2019\u201d\u00bb)\\]}\u300d\u300f\u3011\uff09"
SENTENCE_END = re.compile(
    rf"(?P<marks>[!?{DOTS}\u203c\u2047-\u2049\u061f\u06d4\u0964\u0965]+)[{CLOSERS}]*(?=\s)\s*"
    rf"|[\u3002\uff01\uff1f\uff61]+[{CLOSERS}]*\s*"
)


def split_lines(text: str) -> Iterator[int]:
    """Yield the position at which each line of a text begins."""
    at = 0
    for line in text.splitlines(keepends=True):
        yield at
        at += len(line)


def split_paragraphs(text: str) -> Iterator[int]:
    """Yield the position at which each paragraph of a text begins."""
    starts = [*split_lines(text), len(text)]
    after_blank = True
    for start, stop in pairwise(starts):
        blank = not text[start:stop].strip()
        if after_blank and not blank:
            yield start
        after_blank = blank


def split_sentences(text: str) -> Iterator[int]:
    """Yield the position at which each sentence of a text begins."""
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
"""For each way: the name of one part, and the function that finds where parts begin."""


def split(text: str, way: str) -> list[Segment]:
    """Return the parts of a text, all with the same name; none if the text is blank. `way` is a key of `SPLITS`."""
    name, starts = SPLITS[way]
    return _filled(text, ((start, name) for start in starts(text)))


def split_at_markers(text: str, markers: Sequence[str]) -> list[Segment]:
    """Return the parts of a text between markers, each named after its marker; none if the text has no marker.

    Of several markers that match at one position, the longest wins.
    """
    longest = sorted(markers, key=len, reverse=True)
    found = list(re.finditer("|".join(map(re.escape, longest)), text)) if markers else []
    begins = [(0, BEGINNING)] if found and found[0].start() > 0 else []
    return _filled(text, [*begins, *((one.start(), marker_name(one[0])) for one in found)])


def marker_name(marker: str) -> str:
    """Return the name that a marker gives a segment: stripped of spaces and colons, unless nothing else is left."""
    return marker.strip(": \n\t") or repr(marker)[1:-1]


def _filled(text: str, begins: Iterable[tuple[int, str]]) -> list[Segment]:
    """Return a segment from each beginning to the next; a blank one joins the one before, a blank first the next."""
    found: list[Segment] = []
    begins = [*begins, (len(text), "")]
    for (start, name), (stop, _) in pairwise(begins):
        start = 0 if not found else start
        if text[start:stop].strip():
            found.append(Segment(name, start, stop))
        elif found:
            found[-1] = found[-1]._replace(stop=stop)
    return found
