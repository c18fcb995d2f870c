"""Words of tokens: which tokens are parts of one word.

Words are determined from the tokens alone, so they match what the model read. If the tokens mark where a word
continues (`##ing`, `go@@`) or ends (`cat</w>`), the marks decide. Otherwise the text decides, by rules based on UAX #29
(https://www.unicode.org/reports/tr29/, Unicode 16):

- A space begins a word and belongs to it; a newline ends a word.
- Letters and digits stay together, also across the apostrophe of `don't` and the points of `3.14` and `example.com`.
- Every other character is a word by itself: punctuation, symbols, and Chinese and Japanese characters, except for runs
  of katakana. A character that only modifies another (accent, joiner, skin tone) belongs to it, and so does the second
  half of a flag.
- Where a language writes no spaces between words, as Thai does, a whole phrase counts as a word.

A token is never split: it belongs to the word that its first character begins or continues. A new word begins after a
token that ends in a newline, trailing spaces aside. Each special token is a word by itself.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from headscope.text.characters import CharacterPart

Pieces: TypeAlias = "Sequence[Sequence[CharacterPart] | None]"
"""The characters of each token, from `headscope.text.characters.split_characters`; None for special tokens."""

Kind = Literal["newline", "space", "word", "katakana", "flag", "extend", "own"]

NEWLINES = "\n\r\v\f\x85\u2028\u2029"
JOINER = "\u200d"
WITHIN_LETTERS = "'\u2019."
WITHIN_DIGITS = "'\u2019.,"
SKIN_TONES = range(0x1F3FB, 0x1F400)
FLAGS = range(0x1F1E6, 0x1F200)
KATAKANA = (range(0x30A1, 0x30FB), range(0x30FC, 0x3100), range(0x31F0, 0x3200), range(0xFF66, 0xFFA0))
OWN = (range(0x3041, 0x30A0), range(0x2E80, 0x2FE0), range(0x3005, 0x3008), range(0x3021, 0x302A))
"""Hiragana, radicals and similar letters that, like ideographs, are words by themselves."""
IDEOGRAPHS = (range(0x3400, 0x4DC0), range(0x4E00, 0xA000), range(0xF900, 0xFB00), range(0x20000, 0x40000))


def number_words(pieces: Pieces, begins: Sequence[bool] | None = None) -> tuple[int, ...]:
    """Return the word number of each token: 0, 1, 2 and so on, never decreasing.

    Parameters
    ----------
    pieces
        The characters of each token; None for special tokens.
    begins
        For each token, whether its marks begin a word; None if the text itself decides.
    """
    numbers: list[int] = []
    for starts in _starts(pieces, begins):
        numbers.append((numbers[-1] if numbers else -1) + starts)
    return tuple(numbers)


def _starts(pieces: Pieces, begins: Sequence[bool] | None) -> Iterator[bool]:
    """Yield for each token whether it begins a word."""
    run: list[Sequence[CharacterPart]] = []
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


def _starts_of_run(run: Sequence[Sequence[CharacterPart]], begins: Sequence[bool] | None) -> Iterator[bool]:
    text = "".join(part.character for piece in run for part in piece if part.number == 1)
    breaks = word_breaks(text) if begins is None else frozenset[int]()
    offset, ended = 0, True
    for number, piece in enumerate(run):
        if begins is not None:
            yield number == 0 or begins[number]
            continue
        # An empty token, or one that begins within a character, continues the word.
        within = not piece or piece[0].number > 1
        yield number == 0 or (not within and (ended or offset in breaks))
        characters = [part.character for part in piece if part.number == 1]
        ended = "".join(characters).rstrip(" \t")[-1:] in set(NEWLINES)
        offset += len(characters)


def word_breaks(text: str) -> frozenset[int]:
    """Return the positions at which the words of a text begin; the module's docstring gives the rules."""
    kinds = [kind_of(character) for character in text]
    breaks: set[int] = set()
    bases: list[int] = []  # positions of the characters that modify no other
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
    """Return whether a word begins at `position`, after the characters at `bases` and `flags` halves of flags."""
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
    """Return whether a mark joins the two letters or digits around it, as in `don't` and `3.14`."""
    if right >= len(text):
        return False
    around = text[left], text[right]
    if all(character.isdigit() for character in around):
        return text[mark] in WITHIN_DIGITS
    alphabetic = (character.isalpha() and kind_of(character) == "word" for character in around)
    return text[mark] in WITHIN_LETTERS and all(alphabetic)


def kind_of(character: str) -> Kind:
    """Return the class of a character under the word rules."""
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
