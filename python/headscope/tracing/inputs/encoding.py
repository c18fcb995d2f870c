"""Tokenize what the user passed as text: one text, a pair, a list of texts, or the messages of a chat."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from headscope.data.indexing import check_position
from headscope.tracing.inputs.chat import encode_chat, is_chat, readable_chat, text_tokenizer
from headscope.tracing.inputs.failures import reported


@dataclass(frozen=True)
class Encoded:
    """A tokenized text, or a batch of which one text is captured."""

    encoding: Mapping[str, Any]
    """The tokenizer's output."""
    text: Any
    """The captured text: a string, or the messages of a chat."""
    text_pair: str | None = None
    row: int = 0
    """The zero-based number of the captured text in the batch."""
    notes: list[str] = field(default_factory=list)
    """What happened to the text, for the report."""


def encode(
    tokenizer: Any,
    text: Any,
    text_pair: Any = None,
    *,
    index: int = 0,
    limit: int | None = None,
    continued: bool = False,
    name: str = "text",
) -> Encoded:
    """Tokenize one text, a pair of texts, a list of texts, or the messages of a chat.

    Parameters
    ----------
    tokenizer
        A tokenizer, or a processor that has one.
    text
        A string, a list of strings, a list of messages, each a mapping with a role and a content, or a list of chats.
    text_pair
        The second string of a pair, or one for each text; None (default) for single texts.
    index
        The zero-based number of the text to capture, of a list; 0 by default.
    limit
        The most tokens to read; None (default) for all.
    continued
        Whether the text is to be continued by generation: a chat ends with the opening of an answer, and texts are
        padded before their first token. False by default.
    name
        What the caller calls the text; `"text"` by default.

    Raises
    ------
    TypeError
        A text is neither a string nor a list of messages, or the tokenizer is not one.
    ValueError
        There is no tokenizer or no chat template, or `text_pair` does not fit.
    IndexError
        `index` is out of range.
    """
    if tokenizer is None:
        raise ValueError(f"{name} needs the tokenizer: capture(model, tokenizer, text), or pass inputs= without one.")
    if not is_list(text):
        check_position(index, 1, "batch_index") if not continued else None
        if isinstance(text_pair, (list, tuple)):
            raise TypeError(f"text_pair is a list of {len(text_pair)}, but {name} is one text: pass one string.")
        return _one(tokenizer, text, text_pair, limit, continued, name)
    texts, pairs = list(text), _pairs(text, text_pair, name)
    index = index if continued else check_position(index, len(texts), "batch_index")
    if all(isinstance(one, str) for one in texts) and _pads(tokenizer):
        parts = [texts] if text_pair is None else [texts, pairs]
        encoding = _call(text_tokenizer(tokenizer), parts, limit, name, padding=True, left=continued)
        row = min(index, len(texts) - 1)
        return Encoded(encoding, texts[row], pairs[row], row, _cut(encoding, limit, name))
    if continued:
        raise ValueError(
            f"{name} is a list of {len(texts)} texts that can't be padded to one length: set tokenizer.pad_token, or "
            "generate from one text at a time."
        )
    alone = _one(tokenizer, texts[index], pairs[index], limit, continued, name)
    if len(texts) > 1:
        alone.notes.append(
            f"Text {index} of {len(texts)} ran alone: "
            + ("a chat is not padded." if is_chat(texts[index]) else "the tokenizer has no pad token.")
        )
    return alone


def is_list(text: Any) -> bool:
    """Return whether this is a list of texts or of chats, rather than one of them."""
    return isinstance(text, (list, tuple)) and not is_chat(text)


def _pairs(texts: Sequence[Any], text_pair: Any, name: str) -> list[Any]:
    if not texts:
        raise ValueError(f"{name} is an empty list: there is nothing to capture.")
    for number, one in enumerate(texts):
        if not isinstance(one, str) and not is_chat(one):
            raise TypeError(
                f"{name}[{number}] must be a string or the messages of a chat, not {type(one).__name__}: pass token "
                "ids as inputs=."
            )
    if text_pair is None:
        return [None] * len(texts)
    if not isinstance(text_pair, (list, tuple)) or len(text_pair) != len(texts):
        given = f"{len(text_pair)} strings" if isinstance(text_pair, (list, tuple)) else repr(text_pair)
        raise ValueError(f"text_pair is {given}, but {name} is a list of {len(texts)}: pass one second text for each.")
    for number, one in enumerate(text_pair):
        if not isinstance(one, str):
            raise TypeError(f"text_pair[{number}] must be a string, not {type(one).__name__}.")
    return list(text_pair)


def _one(tokenizer: Any, text: Any, text_pair: Any, limit: int | None, continued: bool, name: str) -> Encoded:
    if is_chat(text):
        messages = readable_chat(tokenizer, text)
        encoding = encode_chat(tokenizer, messages, text_pair, continued, limit)
        return Encoded(encoding, messages, None, 0, _cut(encoding, limit, name))
    for argument, value in ((name, text), ("text_pair", text_pair)):
        if value is not None and not isinstance(value, str):
            raise TypeError(
                f"{argument} must be one string, a list of strings or the messages of a chat, not "
                f"{type(value).__name__}: pass numbers as inputs=."
            )
    parts = [text] if text_pair is None else [text, text_pair]
    encoding = _call(text_tokenizer(tokenizer), parts, limit, name)
    return Encoded(encoding, text, text_pair, 0, _cut(encoding, limit, name))


def _pads(tokenizer: Any) -> bool:
    return getattr(text_tokenizer(tokenizer), "pad_token", None) is not None


def _call(
    tokenizer: Any, parts: list[Any], limit: int | None, name: str, padding: bool = False, left: bool = False
) -> Mapping[str, Any]:
    if not callable(tokenizer):
        raise TypeError(f"tokenizer must be a Hugging Face tokenizer, not {type(tokenizer).__name__}.")
    options: dict[str, Any] = {"padding": True} if padding else {}
    options |= {"padding_side": "left"} if left else {}
    options |= {} if limit is None else {"truncation": True, "max_length": limit}
    try:
        with reported(f"the tokenizer {type(tokenizer).__name__}", {name: parts[0]}):
            encoding = tokenizer(*parts, return_tensors="pt", **options)
    except Exception as error:
        cause = error.__cause__ if isinstance(error.__cause__, TypeError) else error
        if isinstance(cause, ValueError):
            raise
        raise TypeError(
            f"tokenizer, a {type(tokenizer).__name__}, can't be called like a Hugging Face tokenizer "
            f"({type(cause).__name__}: {cause}): tokenize the text yourself and pass inputs=."
        ) from cause
    if not isinstance(encoding, Mapping):
        raise TypeError(
            f"tokenizer, a {type(tokenizer).__name__}, returned a {type(encoding).__name__} instead of a mapping: pass "
            "what it returns as inputs=."
        )
    return encoding


def _cut(encoding: Any, limit: int | None, name: str) -> list[str]:
    """Return a note if a text was longer than the limit."""
    rest = getattr(encoding, "encodings", None)
    cut = limit is not None and (
        any(one.overflowing for one in rest) if rest else encoding["input_ids"].shape[-1] >= limit
    )
    return [f"Only the first {limit} tokens of the {name} were read, as truncate= asks."] if cut else []
