"""What BertViz's functions are called with: their checks, and the capture that their arrays make."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from headscope.api import Capture, from_attentions

HTML_ACTIONS = ("view", "return")
DISPLAY_MODES = ("dark", "light")

LAST_OUTPUT = (
    " With transformers 5, the last output of BERT, RoBERTa and GPT-2 is their empty cross_attentions: pass "
    "outputs.attentions instead of outputs[-1]."
)


def check(name: str, value: str, allowed: Sequence[str]) -> None:
    """Raise ValueError if the value of an argument is not among those that exist."""
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; it can be {' or '.join(map(repr, allowed))}")


def captured(
    attention: Any,
    tokens: Sequence[str] | None,
    sentence_b_start: int | None,
    prettify: bool,
    parts: tuple[Any, Any, Any],
    part_tokens: tuple[Sequence[str] | None, Sequence[str] | None],
) -> Capture:
    """Return the capture that the arrays make; error messages use BertViz's argument names.

    Parameters
    ----------
    attention, tokens, sentence_b_start, prettify
        As in `headscope.bertviz.head_view`.
    parts, part_tokens
        The attention of encoder, decoder and between them, and the tokens of encoder and decoder.

    Raises
    ------
    ValueError, TypeError, IndexError
        As in `headscope.from_attentions`.
    """
    _need_tokens(attention, tokens, parts, part_tokens)
    try:
        return from_attentions(
            attention,
            tokens,
            sentence_b_start=sentence_b_start,
            prettify=prettify,
            encoder_attentions=parts[0],
            decoder_attentions=parts[1],
            cross_attentions=parts[2],
            encoder_tokens=part_tokens[0],
            decoder_tokens=part_tokens[1],
        )
    except (ValueError, TypeError, IndexError) as error:
        words = re.sub(r"\b((?:encoder_|decoder_|cross_)?attention)s\b(?!=)", r"\1", str(error))
        words = re.sub(
            r"choose with batch_index=.*", "take one of them, such as [part[:1] for part in attention].", words
        )
        words = words.replace(
            "pass the tokens of the keys as key_tokens=, one for each",
            "hs.from_attentions(attention, tokens, key_tokens=...) shows keys that are no queries",
        )
        if isinstance(attention, Sequence) and not len(attention):
            words += LAST_OUTPUT
        raise type(error)(words) from None


def _need_tokens(attention: Any, tokens: Any, parts: Sequence[Any], part_tokens: Sequence[Any]) -> None:
    """Raise ValueError if an attention came without its tokens; `from_attentions` would show positions."""
    encoder, decoder = (("encoder_tokens", part_tokens[0]), ("decoder_tokens", part_tokens[1]))
    alone = [("tokens", tokens)] if part_tokens == (None, None) else []
    needs = (
        ("encoder_attention", parts[0], [encoder]),
        ("decoder_attention", parts[1], [decoder]),
        ("cross_attention", parts[2], [encoder, decoder]),
    )
    for name, given, needed in needs if attention is None else (("attention", attention, alone),):
        missing = [argument for argument, value in needed if given is not None and value is None]
        if missing:
            raise ValueError(f"{name} needs {' and '.join(missing)}: pass one token for each position.")
