"""BertViz's module `head_view`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from IPython.display import HTML

from headscope.bertviz.arguments import HTML_ACTIONS, captured, check
from headscope.bertviz.html_action import act
from headscope.bertviz.util import format_attention, format_special_chars, num_layers

__all__ = ["format_attention", "format_special_chars", "head_view", "num_layers"]


def head_view(
    attention: Any = None,
    tokens: Sequence[str] | None = None,
    sentence_b_start: int | None = None,
    prettify_tokens: bool = True,
    layer: int | None = None,
    heads: Sequence[int] | None = None,
    encoder_attention: Any = None,
    decoder_attention: Any = None,
    cross_attention: Any = None,
    encoder_tokens: Sequence[str] | None = None,
    decoder_tokens: Sequence[str] | None = None,
    include_layers: Sequence[int] | None = None,
    html_action: str = "view",
) -> HTML | None:
    """Show the head view: lines from queries to keys, with a colour for each head.

    Parameters
    ----------
    attention
        Self-attention: one array per layer, shape (1, heads, queries, keys) or (heads, queries, keys).
    tokens
        The tokens of the input, one per position.
    sentence_b_start
        The zero-based first position of the second sentence, for the filters between sentences.
    prettify_tokens
        Whether to show tokens as readable text, without word-piece marks; True by default.
    layer, heads
        The zero-based layer and heads to show first; by default layer 0, or the first included one, and all heads.
    encoder_attention, decoder_attention, cross_attention
        The attention of encoder-decoder models; cross-attention has decoder queries and encoder keys.
    encoder_tokens, decoder_tokens
        The tokens of the encoder and of the decoder.
    include_layers
        The zero-based layers that can be selected; None (default) for all.
    html_action
        `"view"` (default) displays a live view; `"return"` returns a standalone page.

    Returns
    -------
    An `IPython.display.HTML` that needs neither network nor kernel, or None if the view was displayed.

    Raises
    ------
    ValueError
        Attention is missing, contradictory, does not fit its tokens, or lacks the layer or heads to show first.
    IndexError
        `include_layers` is out of range.
    """
    check("html_action", html_action, HTML_ACTIONS)
    capture = captured(
        attention,
        tokens,
        sentence_b_start,
        prettify_tokens,
        (encoder_attention, decoder_attention, cross_attention),
        (encoder_tokens, decoder_tokens),
    )
    options = {"layer": layer, "heads": heads, "include_layers": include_layers}
    return act(capture, "head", html_action, options)
