"""Tokens as people read them.

A tokenizer's vocabulary writes tokens in a code of its own: `Ġsat`, `▁sat`, `##ing`, `<0xF0>`, `ðŁĻĤ`. What is shown is
the text that each token stands for:

- a space before a word (`Ġ`, `▁`) is a space, `Ċ` a newline, `</w>`, `@@` and WordPiece's `##` are removed;
- bytes are put together to characters over token borders. A character that several tokens share is shown whole at each
  of them, with the number of the part in small figures: `🙂₁`, `🙂₂`. Bytes of no character are shown as `<0xF0>`;
- special tokens stand as they are.

Nothing is taken from the source text, which may differ from what the model reads: lower case, normalisation, unknown
words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from headscope.words import number_words

SPECIAL = re.compile(
    r"\[(CLS|SEP|PAD|MASK|BOS|EOS)\]|</?s>|<(pad|mask|bos|eos|cls|sep)>"
    r"|<[|\uff5c].+[|\uff5c]>|<(start|end)_of_\w+>"
)
"""What special tokens look like, for tokens without their tokenizer."""

BYTE_FALLBACK = re.compile(r"<0x([0-9A-Fa-f]{2})>")
SUBSCRIPTS = str.maketrans("0123456789", "₀₁₂₃₄₅₆₇₈₉")


def _byte_alphabet() -> dict[str, int]:
    """Return the byte that each character stands for in byte-level BPE.

    Source: `bytes_to_unicode` in https://github.com/openai/gpt-2/blob/master/src/encoder.py. Printable bytes stand for
    themselves, the others are numbered from U+0100.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


BYTES = _byte_alphabet()

END = "</w>"
"""What ends a word in BPE of the first generation."""

GOES_ON = "@@"
"""What ends a token that is not the last of its word. Source: https://github.com/rsennrich/subword-nmt."""
OFTEN = 0.02
"""The part of a vocabulary that goes on in this way at least, where the mark is one: elsewhere few tokens look so."""

Marks = Literal["prefix", "suffix", "joiner", "space", "whole"]
"""How a vocabulary says where words are: `##` before what goes on, `</w>` at the end, `@@` after what goes on, a space
before a word, or by having nothing but whole words."""


class TokenRow(NamedTuple):
    """The tokens of one text."""

    texts: list[str]
    """What is shown."""
    special: tuple[int, ...]
    """Positions of special tokens."""
    words: tuple[int, ...] | None
    """For each token the number of its word, see `headscope.words`; None where words are not known."""


class Part(NamedTuple):
    """A character at a token: `number` counts from 1 among the tokens that share it."""

    character: str
    number: int
    tokens: int

    def __str__(self) -> str:
        if "\udc80" <= self.character <= "\udcff":
            return f"<0x{ord(self.character) - 0xDC00:02X}>"
        return self.character if self.tokens == 1 else self.character + str(self.number).translate(SUBSCRIPTS)


def split_characters(pieces: Sequence[bytes]) -> list[list[Part]]:
    """Return the characters that each piece of a UTF-8 text holds or shares.

    The characters whose number is 1, joined, are the text; a byte of no character is a lone surrogate as Python's
    `surrogateescape` makes it.
    """
    owners = [piece for piece, content in enumerate(pieces) for _ in content]
    parts: list[list[Part]] = [[] for _ in pieces]
    start = 0
    for character in b"".join(pieces).decode("utf-8", errors="surrogateescape"):
        stop = start + len(character.encode("utf-8", errors="surrogateescape"))
        sharing = sorted(set(owners[start:stop]))
        for number, piece in enumerate(sharing, start=1):
            parts[piece].append(Part(character, number, len(sharing)))
        start = stop
    return parts


def prettify(tokens: Sequence[str]) -> list[str]:
    """Return tokens as text, told from their looks alone.

    Parameters
    ----------
    tokens
        As a tokenizer's vocabulary writes them.

    Returns
    -------
    list of str
        One text for each token; see the module for what is done.
    """
    return read_names(tokens).texts


def read_names(tokens: Sequence[str], prettify: bool = True) -> TokenRow:
    """Return what tokens without their tokenizer are, told from their looks alone.

    Parameters
    ----------
    tokens
        As a tokenizer's vocabulary writes them.
    prettify
        Show them as text; False shows them as they are.
    """
    coded = [None if SPECIAL.fullmatch(token) else token for token in tokens]
    row = _row(tokens, coded, looks_byte_level(coded), _marks_seen(coded))
    return row if prettify else row._replace(texts=list(tokens))


def read_ids(tokenizer: Any, ids: Sequence[int], prettify: bool = True) -> TokenRow:
    """Return what the tokens of `ids` are.

    Parameters
    ----------
    tokenizer
        A Hugging Face tokenizer, fast or slow.
    ids
        Token ids. One that the tokenizer does not know is shown as its number.
    prettify
        Show tokens as text; False shows them as the vocabulary writes them.
    """
    special = special_ids(tokenizer)
    names = [str(id_) if name is None else name for id_, name in zip(ids, _names(tokenizer, ids), strict=True)]
    coded = [None if id_ in special else name for id_, name in zip(ids, names, strict=True)]
    byte_level = _is_byte_level(tokenizer)
    if byte_level is None:
        byte_level = looks_byte_level(coded)
    row = _row(names, coded, byte_level, _marks_of(tokenizer) or _marks_seen(coded))
    return row if prettify else row._replace(texts=names)


def read_tokens(tokenizer: Any, ids: Sequence[int]) -> tuple[list[str], tuple[int, ...]]:
    """Return the tokens of `ids` as text, and the positions of the special ones; see `read_ids`."""
    return read_ids(tokenizer, ids)[:2]


def special_positions(tokens: Sequence[str]) -> tuple[int, ...]:
    """Return the positions of tokens that look special: `[CLS]`, `</s>`, `<pad>`, `<|im_start|>` and the like."""
    return tuple(position for position, token in enumerate(tokens) if SPECIAL.fullmatch(token))


def special_ids(tokenizer: Any) -> set[int]:
    """Return the ids of a tokenizer's special tokens, without one for unknown words: `[UNK]` stands for text.

    Byte-level tokenizers know every word; what they name for unknown ones is a special token like the others.
    """
    added = getattr(tokenizer, "added_tokens_decoder", {})
    special = {id_ for id_, token in added.items() if getattr(token, "special", False)} | set(tokenizer.all_special_ids)
    stands_for_text = "unk" in str(getattr(tokenizer, "unk_token", "")).lower()
    return special - {tokenizer.unk_token_id} if stands_for_text else special


def looks_byte_level(tokens: Sequence[str | None]) -> bool:
    """Whether tokens (None: special) are evidently in byte-level BPE's alphabet.

    That is so when something only that alphabet writes is there, and the bytes they stand for are UTF-8. The text may
    have been cut inside its first or last character.
    """
    written = [token for token in tokens if token is not None]
    if any(character not in BYTES for token in written for character in token):
        return False
    content = b"".join(_byte_level(token) for token in written)
    try:
        text = content.lstrip(bytes(range(0x80, 0xC0))).decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        if error.reason != "unexpected end of data":
            return False
        text = content[: error.start].decode("utf-8", errors="ignore")
    return text != "".join(written)


def _names(tokenizer: Any, ids: Sequence[int]) -> list[Any]:
    names = tokenizer.convert_ids_to_tokens([int(id_) for id_ in ids])
    return [name.decode(errors="replace") if isinstance(name, bytes) else name for name in names]


def _is_byte_level(tokenizer: Any) -> bool | None:
    """Whether a fast tokenizer decodes with the byte alphabet; None for a slow one, which does not say."""
    decoder = getattr(getattr(tokenizer, "backend_tokenizer", None), "decoder", None)
    return None if decoder is None else b"ByteLevel" in decoder.__getstate__()


def _marks_of(tokenizer: Any) -> Marks | None:
    """Return how a tokenizer's vocabulary says where words are; None for one that does not say."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return "joiner" if _has_joiners(tokenizer) else None
    model, decoder = backend.model, b"" if backend.decoder is None else backend.decoder.__getstate__()
    kind = type(model).__name__
    if kind in ("WordPiece", "WordLevel"):
        return "prefix" if kind == "WordPiece" else "whole"
    if getattr(model, "end_of_word_suffix", None) == END:
        return "suffix"
    spaced = any(sign in decoder for sign in (b"ByteLevel", b"Metaspace", "▁".encode()))
    return "space" if spaced else None


def _has_joiners(tokenizer: Any) -> bool:
    """Whether a slow tokenizer's vocabulary writes what goes on with `@@`: a text of whole words does not show it."""
    vocabulary = tokenizer.get_vocab() if hasattr(tokenizer, "get_vocab") else {}
    return sum(map(_goes_on, map(str, vocabulary))) > OFTEN * len(vocabulary)


def _goes_on(name: str) -> bool:
    return name.endswith(GOES_ON) and name.strip("@") != ""


def _marks_seen(coded: Sequence[str | None]) -> Marks | None:
    """Return how tokens (None: special) say where words are; None where they do not."""
    written = [token for token in coded if token]
    if any(token.startswith("##") and token.strip("#") for token in written):
        return "prefix"
    if any(token.endswith(END) for token in written):
        return "suffix"
    if any(map(_goes_on, written)):
        return "joiner"
    return "space" if any(token[0] in "Ġ▁ " for token in written) else None


def _row(names: Sequence[str], coded: Sequence[str | None], byte_level: bool, marks: Marks | None) -> TokenRow:
    decode = _byte_level if byte_level else _joined if marks == "joiner" else _marked
    pieces = _pieces(coded, decode)
    texts = [name if parts is None else "".join(map(str, parts)) for name, parts in zip(names, pieces, strict=True)]
    special = tuple(position for position, token in enumerate(coded) if token is None)
    words = None if marks is None else number_words(pieces, _begins(names, marks))
    return TokenRow(texts, special, words)


def _begins(names: Sequence[str], marks: Marks) -> list[bool] | None:
    """Return for each token whether its marks say that a word begins with it; None where the text says that."""
    if marks == "prefix":
        return [not (name.startswith("##") and name.strip("#")) for name in names]
    if marks == "suffix":
        return [True, *(name.endswith(END) for name in names[:-1])]
    if marks == "joiner":
        return [True, *(not _goes_on(name) for name in names[:-1])]
    return None if marks == "space" else [True] * len(names)


def _pieces(coded: Sequence[str | None], decode: Callable[[str], bytes]) -> list[list[Part] | None]:
    """Return each token's characters, its bytes put together with its neighbours'; None where `coded` has None."""
    pieces: list[list[Part] | None] = [None] * len(coded)
    for run in _runs(coded):
        pieces[run.start : run.stop] = split_characters([decode(coded[position] or "") for position in run])
    return pieces


def _runs(coded: Sequence[str | None]) -> Iterator[range]:
    """Yield the ranges of positions between special tokens."""
    start = 0
    for position, token in enumerate([*coded, None]):
        if token is None:
            yield range(start, position)
            start = position + 1


def _byte_level(token: str) -> bytes:
    token = token.removesuffix(END)
    if all(character in BYTES for character in token):
        return bytes(BYTES[character] for character in token)
    return token.encode(errors="surrogatepass")


def _joined(token: str) -> bytes:
    return _marked(token.removesuffix(GOES_ON) if _goes_on(token) else token)


def _marked(token: str) -> bytes:
    """Return the text of a token that marks words, not bytes: SentencePiece, WordPiece, BPE with ends of words."""
    if byte := BYTE_FALLBACK.fullmatch(token):
        return bytes([int(byte[1], 16)])
    if token.startswith("##") and token.strip("#"):
        token = token[2:]
    for mark, text in (("Ġ", " "), ("▁", " "), ("Ċ", "\n"), (END, "")):
        token = token.replace(mark, text)
    return token.encode(errors="surrogatepass")
