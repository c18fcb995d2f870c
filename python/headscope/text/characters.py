"""The characters of tokens, decoded across token borders: one character's bytes may lie in several tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


class CharacterPart(NamedTuple):
    """A character, or a share of one, in a token: share `number` (from 1) of the `tokens` that hold its bytes."""

    character: str
    number: int
    tokens: int

    def __str__(self) -> str:
        if "\udc80" <= self.character <= "\udcff":
            return f"<0x{ord(self.character) - 0xDC00:02X}>"
        return self.character if self.tokens == 1 else self.character + str(self.number).translate(SUBSCRIPTS)


def split_characters(pieces: Sequence[bytes]) -> list[list[CharacterPart]]:
    """Return the characters that each piece of a UTF-8 text holds or shares with its neighbours.

    Joining the characters whose number is 1 gives the text. A byte that belongs to no character becomes a lone
    surrogate, as with Python's `surrogateescape`.
    """
    owners = [piece for piece, content in enumerate(pieces) for _ in content]
    parts: list[list[CharacterPart]] = [[] for _ in pieces]
    start = 0
    for character in b"".join(pieces).decode("utf-8", errors="surrogateescape"):
        stop = start + len(character.encode("utf-8", errors="surrogateescape"))
        sharers = sorted(set(owners[start:stop]))
        for number, piece in enumerate(sharers, start=1):
            parts[piece].append(CharacterPart(character, number, len(sharers)))
        start = stop
    return parts
