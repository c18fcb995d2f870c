"""A chat and its template: the messages become one text, and its tokens."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def is_chat(text: Any) -> bool:
    """Return whether this is a list of chat messages."""
    return isinstance(text, Sequence) and bool(text) and all(isinstance(message, Mapping) for message in text)


def encode_chat(
    tokenizer: Any, messages: Any, text_pair: str | None, continued: bool, limit: int | None = None
) -> Mapping[str, Any]:
    """Return the token ids of a chat, which the tokenizer's template turns into a text.

    Parameters
    ----------
    tokenizer
        A tokenizer, or a processor that has one.
    messages
        The messages, each a mapping with a role and a content.
    text_pair
        Must be None: a chat has no second text.
    continued
        Whether to append the opening of an answer, for generation.
    limit
        The most tokens to read; None (default) for all.

    Raises
    ------
    ValueError
        There is no chat template, it refuses the messages, or `text_pair` was passed.
    """
    if text_pair is not None:
        raise ValueError("text_pair can't go with the messages of a chat: put all of them into text.")
    tokenizer = chat_tokenizer(tokenizer)
    if not getattr(tokenizer, "chat_template", None):
        raise ValueError(
            "text holds the messages of a chat, but the tokenizer has no chat template: write the chat as one string, "
            "or set tokenizer.chat_template."
        )
    cut = {} if limit is None else {"truncation": True, "max_length": limit}
    try:
        encoded: Mapping[str, Any] = tokenizer.apply_chat_template(
            list(messages), add_generation_prompt=continued, tokenize=True, return_dict=True, return_tensors="pt", **cut
        )
    except Exception as error:  # a template is a program: it refuses messages in its own way
        raise ValueError(
            f"the chat template refuses the messages ({type(error).__name__}: {error}): check their roles, their order "
            "and the parts of their contents."
        ) from error
    return encoded


def readable_chat(tokenizer: Any, messages: Sequence[Mapping[str, Any]]) -> Sequence[Mapping[str, Any]]:
    """Return the messages in a form that the template can write.

    A content may be a list of parts, `[{"type": "text", "text": "Hello"}]`. A processor's template writes them, and so
    do some tokenizers' templates. For the others, the texts of a message are joined, one a line.

    Raises
    ------
    ValueError
        A part is not a text, and only a processor could read it.
    """
    owner = chat_tokenizer(tokenizer)
    if not any(_in_parts(message) for message in messages) or not hasattr(owner, "convert_ids_to_tokens"):
        return messages
    for number, message in enumerate(messages):
        for part in message["content"] if _in_parts(message) else ():
            kind = part.get("type") if isinstance(part, Mapping) else type(part).__name__
            if not isinstance(part, Mapping) or not isinstance(part.get("text"), str):
                raise ValueError(
                    f"message {number} of the chat holds a part of type {kind!r}, which a tokenizer can't read: pass "
                    "the model's processor in its place, such as AutoProcessor.from_pretrained(...)."
                )
    return messages if _writes_parts(owner, messages) else [_joined(message) for message in messages]


def _in_parts(message: Mapping[str, Any]) -> bool:
    content = message.get("content")
    return isinstance(content, Sequence) and not isinstance(content, str)


def _writes_parts(tokenizer: Any, messages: Sequence[Mapping[str, Any]]) -> bool:
    """Return whether a template writes the texts of parts, rather than the list that holds them."""
    try:
        written = tokenizer.apply_chat_template(list(messages), tokenize=False)
    except Exception:  # a template is a program: it refuses what it does not know in its own way
        return False
    texts = [part["text"] for message in messages if _in_parts(message) for part in message["content"]]
    return all(text.strip() in written for text in texts) and "{'" not in written and '{"' not in written


def _joined(message: Mapping[str, Any]) -> Mapping[str, Any]:
    if not _in_parts(message):
        return message
    return {**message, "content": "\n".join(part["text"] for part in message["content"])}


def chat_tokenizer(tokenizer: Any) -> Any:
    """Return the object with the chat template: a processor, whose template can place images, or a tokenizer."""
    return tokenizer if getattr(tokenizer, "chat_template", None) else text_tokenizer(tokenizer)


def text_tokenizer(tokenizer: Any) -> Any:
    """Return the tokenizer of a processor, or the tokenizer itself."""
    return tokenizer if hasattr(tokenizer, "convert_ids_to_tokens") else getattr(tokenizer, "tokenizer", tokenizer)
