"""Tokens as readable text.

A tokenizer's vocabulary encodes its tokens: `Ġsat`, `▁sat`, `##ing`, `<0xF0>`, `ðŁĻĤ`. The views show the text that
each token stands for:

- `Ġ` and `▁` before a word become a space, `Ċ` becomes a newline; `</w>`, `@@` and WordPiece's `##` are removed.
- Bytes are joined to characters across token borders. A character that several tokens share is shown whole at each of
  them, with the number of the share as a subscript: `🙂₁`, `🙂₂`. Bytes that form no character are shown as `<0xF0>`.
- Special tokens are shown unchanged.

The source text is not consulted, because the model may read something else: lower case, normalised characters,
unknown words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from headscope.text.characters import CharacterPart, split_characters
from headscope.text.words import number_words

SPECIAL = re.compile(
    r"\[(CLS|SEP|PAD|MASK|BOS|EOS)\]|</?s>|<(pad|mask|bos|eos|cls|sep)>"
    r"|<[|\uff5c].+[|\uff5c]>|<(start|end)_of_\w+>"
)
"""The form of special tokens, for tokens that come without their tokenizer."""

BYTE_FALLBACK = re.compile(r"<0x([0-9A-Fa-f]{2})>")


def _byte_alphabet() -> dict[str, int]:
    """Return the byte that each character stands for in byte-level BPE.

    Printable bytes stand for themselves, the others are numbered from U+0100. Source: `bytes_to_unicode` in
    https://github.com/openai/gpt-2/blob/master/src/encoder.py.
    """
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in set(printable)]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


BYTES = _byte_alphabet()

END = "</w>"
"""The mark at the end of a word in early BPE vocabularies."""

GOES_ON = "@@"
"""The mark at the end of a token that continues its word. Source: https://github.com/rsennrich/subword-nmt."""
OFTEN = 0.02
"""The least share of a vocabulary that ends in `@@` if `@@` is a mark; elsewhere hardly any token does."""

Marks = Literal["prefix", "suffix", "joiner", "space", "whole"]
"""How a vocabulary marks words: `##` before a continuation, `</w>` after a word, `@@` before a continuation, a space
before a word, or no mark because every token is a whole word."""


class TokenRow(NamedTuple):
    """The tokens of one text."""

    texts: list[str]
    """The text of each token, as shown."""
    special: tuple[int, ...]
    """The positions of special tokens."""
    words: tuple[int, ...] | None
    """The word number of each token, see `headscope.text.words`; None if words are unknown."""


def prettify(tokens: Sequence[str]) -> list[str]:
    """Return tokens as readable text, judged by their form alone.

    Parameters
    ----------
    tokens
        Tokens as a tokenizer's vocabulary writes them.

    Returns
    -------
    list of str
        One text per token; `headscope.text.tokens` describes the conversion.
    """
    return read_names(tokens).texts


def read_names(tokens: Sequence[str], prettify: bool = True) -> TokenRow:
    """Return the texts, special positions and words of tokens, judged by their form alone.

    Parameters
    ----------
    tokens
        Tokens as a tokenizer's vocabulary writes them.
    prettify
        Whether to show readable text; False shows the tokens unchanged.
    """
    coded = [None if SPECIAL.fullmatch(token) else token for token in tokens]
    row = _row(tokens, coded, looks_byte_level(coded), _marks_seen(coded))
    return row if prettify else row._replace(texts=list(tokens))


def read_ids(tokenizer: Any, ids: Sequence[int], prettify: bool = True) -> TokenRow:
    """Return the texts, special positions and words of the tokens of `ids`.

    Parameters
    ----------
    tokenizer
        A Hugging Face tokenizer, fast or slow.
    ids
        Token ids. An id that the tokenizer does not know is shown as its number.
    prettify
        Whether to show readable text; False shows the tokens as the vocabulary writes them.
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
    """Return the tokens of `ids` as text, and the positions of special tokens; see `read_ids`."""
    return read_ids(tokenizer, ids)[:2]


def special_positions(tokens: Sequence[str]) -> tuple[int, ...]:
    """Return the positions of tokens that look special: `[CLS]`, `</s>`, `<pad>`, `<|im_start|>` and the like."""
    return tuple(position for position, token in enumerate(tokens) if SPECIAL.fullmatch(token))


def special_ids(tokenizer: Any) -> set[int]:
    """Return the ids of a tokenizer's special tokens, except that of unknown words: `[UNK]` stands for text.

    Byte-level tokenizers know every word, so their `unk_token` is a special token like the others.
    """
    added = getattr(tokenizer, "added_tokens_decoder", {})
    special = {id_ for id_, token in added.items() if getattr(token, "special", False)} | set(tokenizer.all_special_ids)
    stands_for_text = "unk" in str(getattr(tokenizer, "unk_token", "")).lower()
    return special - {tokenizer.unk_token_id} if stands_for_text else special


def looks_byte_level(tokens: Sequence[str | None]) -> bool:
    """Return whether tokens (None for special ones) are evidently written in byte-level BPE's alphabet.

    They are if they hold something that only this alphabet writes, and their bytes are UTF-8. The text may have been
    cut within its first or last character.
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
    """Return whether a fast tokenizer decodes with the byte alphabet; None for a slow one, which does not say."""
    decoder = getattr(getattr(tokenizer, "backend_tokenizer", None), "decoder", None)
    return None if decoder is None else b"ByteLevel" in decoder.__getstate__()


def _marks_of(tokenizer: Any) -> Marks | None:
    """Return how a tokenizer's vocabulary marks words; None if it does not say."""
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
    """Return whether a slow tokenizer's vocabulary uses `@@`, which a text of whole words would not show."""
    vocabulary = tokenizer.get_vocab() if hasattr(tokenizer, "get_vocab") else {}
    return sum(map(_goes_on, map(str, vocabulary))) > OFTEN * len(vocabulary)


def _goes_on(name: str) -> bool:
    return name.endswith(GOES_ON) and name.strip("@") != ""


def _marks_seen(coded: Sequence[str | None]) -> Marks | None:
    """Return how tokens (None for special ones) mark words; None if they do not."""
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
    """Return for each token whether the marks begin a word at it; None if the text itself decides."""
    if marks == "prefix":
        return [not (name.startswith("##") and name.strip("#")) for name in names]
    if marks == "suffix":
        return [True, *(name.endswith(END) for name in names[:-1])]
    if marks == "joiner":
        return [True, *(not _goes_on(name) for name in names[:-1])]
    return None if marks == "space" else [True] * len(names)


def _pieces(coded: Sequence[str | None], decode: Callable[[str], bytes]) -> list[list[CharacterPart] | None]:
    """Return the characters of each token, decoded together with its neighbours; None where `coded` is None."""
    pieces: list[list[CharacterPart] | None] = [None] * len(coded)
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
    """Return the UTF-8 text of a token of SentencePiece, WordPiece or BPE with `</w>`, without its word marks."""
    if byte := BYTE_FALLBACK.fullmatch(token):
        return bytes([int(byte[1], 16)])
    if token.startswith("##") and token.strip("#"):
        token = token[2:]
    for mark, text in (("Ġ", " "), ("▁", " "), ("Ċ", "\n"), (END, "")):
        token = token.replace(mark, text)
    return token.encode(errors="surrogatepass")
