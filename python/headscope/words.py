"""Words of tokens: which tokens are pieces of one word.

The words of a text are told from its tokens alone, so that they hold for whatever the model read. Where tokens mark
where a word goes on (`##ing`, `go@@`) or ends (`cat</w>`), the marks say it. Else the text does, by rules after UAX #29
(https://www.unicode.org/reports/tr29/, Unicode 16):

- a space begins a word and belongs to it; a newline ends one;
- letters and digits stay together, also over the apostrophe of `don't` and the points of `3.14` and `example.com`;
- every other character is a word by itself: punctuation, symbols, and the characters of Chinese and Japanese writing
  but for runs of katakana. What only changes a character (accents, joiners, skin tones) belongs to it, and so does the
  second half of a flag;
- languages that write words without spaces between them, as Thai does, have no words here but their phrases.

A token is never cut: it belongs to the word that its first character begins or goes on, and one with a newline at its
end, spaces left aside, is followed by a new word. Special tokens are words by
themselves.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from headscope.tokens import Part

Pieces: TypeAlias = "Sequence[Sequence[Part] | None]"
"""The characters of each token, see `headscope.tokens.split_characters`; None for special tokens."""

Kind = Literal["newline", "space", "word", "katakana", "flag", "extend", "own"]

NEWLINES = "\n\r\v\f\x85\u2028\u2029"
JOINER = "\u200d"
WITHIN_LETTERS = "'\u2019."
WITHIN_DIGITS = "'\u2019.,"
SKIN_TONES = range(0x1F3FB, 0x1F400)
FLAGS = range(0x1F1E6, 0x1F200)
KATAKANA = (range(0x30A1, 0x30FB), range(0x30FC, 0x3100), range(0x31F0, 0x3200), range(0xFF66, 0xFFA0))
OWN = (range(0x3041, 0x30A0), range(0x2E80, 0x2FE0), range(0x3005, 0x3008), range(0x3021, 0x302A))
"""Hiragana, radicals and the like: letters that are words by themselves, beside the ideographs."""
IDEOGRAPHS = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFB00), range(0x20000, 0x40000))


def number_words(pieces: Pieces, begins: Sequence[bool] | None = None) -> tuple[int, ...]:
    """Return for each token the number of its word: 0, 1, 2 and so on, never falling.

    Parameters
    ----------
    pieces
        The characters of each token; None for special tokens.
    begins
        For each token whether its marks say that a word begins with it; None where the text says that.
    """
    numbers: list[int] = []
    for starts in _starts(pieces, begins):
        numbers.append((numbers[-1] if numbers else -1) + starts)
    return tuple(numbers)


def _starts(pieces: Pieces, begins: Sequence[bool] | None) -> Iterator[bool]:
    """Yield for each token whether a word begins with it."""
    run: list[Sequence[Part]] = []
    for position, piece in enumerate([*pieces, None]):
        if piece is not None:
            run.append(piece)
            continue
        if run:
            marked = None if begins is None else begins[position - len(run) : position]
            yield from _starts_of_run(run, marked)
            run = []
        if position < len(pieces):
            yield True


def _starts_of_run(run: Sequence[Sequence[Part]], begins: Sequence[bool] | None) -> Iterator[bool]:
    text = "".join(part.character for piece in run for part in piece if part.number == 1)
    breaks = word_breaks(text) if begins is None else frozenset[int]()
    offset, ended = 0, True
    for number, piece in enumerate(run):
        if begins is not None:
            yield number == 0 or begins[number]
            continue
        # A token that is empty, or begins within a character, goes on.
        within = not piece or piece[0].number > 1
        yield number == 0 or (not within and (ended or offset in breaks))
        characters = [part.character for part in piece if part.number == 1]
        ended = "".join(characters).rstrip(" \t")[-1:] in set(NEWLINES)
        offset += len(characters)


def word_breaks(text: str) -> frozenset[int]:
    """Return the positions in a text at which words begin; see the module for the rules."""
    kinds = [kind_of(character) for character in text]
    breaks: set[int] = set()
    bases: list[int] = []  # the characters that change no other
    flags = 0
    for position, kind in enumerate(kinds):
        if kind == "extend" and bases and kinds[bases[-1]] != "newline":
            continue
        if not bases or _breaks(text, kinds, bases, position, flags):
            breaks.add(position)
        flags = flags + 1 if kind == "flag" else 0
        bases.append(position)
    return frozenset(breaks)


def _breaks(text: str, kinds: Sequence[Kind], bases: Sequence[int], position: int, flags: int) -> bool:
    """Whether a word begins at `position`, after the characters at `bases` and `flags` halves of flags."""
    before, kind = kinds[bases[-1]], kinds[position]
    if before in ("newline", "space") or kind in ("newline", "space"):
        return before == "newline" or before != "space"
    if text[position - 1] == JOINER or before == kind in ("word", "katakana"):
        return False
    if before == kind == "flag":
        return flags % 2 == 0
    if kind == "own":
        return not _within(text, bases[-1], position, position + 1)
    return not (kind == "word" and len(bases) > 1 and _within(text, bases[-2], bases[-1], position))


def _within(text: str, left: int, mark: int, right: int) -> bool:
    """Whether a mark stands between two letters or two digits that it belongs to, as in `don't` and `3.14`."""
    if right >= len(text):
        return False
    around = text[left], text[right]
    if all(character.isdigit() for character in around):
        return text[mark] in WITHIN_DIGITS
    alphabetic = (character.isalpha() and kind_of(character) == "word" for character in around)
    return text[mark] in WITHIN_LETTERS and all(alphabetic)


def kind_of(character: str) -> Kind:
    """Return how a character stands in a word."""
    code = ord(character)
    if character in NEWLINES:
        return "newline"
    if character.isspace():
        return "space"
    if code in FLAGS:
        return "flag"
    category = unicodedata.category(character)
    if category[0] == "M" or category == "Cf" or code in SKIN_TONES:
        return "extend"
    if any(code in span for span in KATAKANA):
        return "katakana"
    if any(code in span for span in (*OWN, *IDEOGRAPHS)):
        return "own"
    return "word" if category[0] in "LN" or category == "Pc" else "own"
