"""BertViz's module `model_view`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from IPython.display import HTML

from headscope.bertviz.arguments import DISPLAY_MODES, HTML_ACTIONS, captured, check
from headscope.bertviz.html_action import act
from headscope.bertviz.util import format_attention, format_special_chars, num_heads, num_layers

__all__ = ["format_attention", "format_special_chars", "model_view", "num_heads", "num_layers"]


def model_view(
    attention: Any = None,
    tokens: Sequence[str] | None = None,
    sentence_b_start: int | None = None,
    prettify_tokens: bool = True,
    display_mode: str = "dark",
    encoder_attention: Any = None,
    decoder_attention: Any = None,
    cross_attention: Any = None,
    encoder_tokens: Sequence[str] | None = None,
    decoder_tokens: Sequence[str] | None = None,
    include_layers: Sequence[int] | None = None,
    include_heads: Sequence[int] | None = None,
    html_action: str = "view",
) -> HTML | None:
    """Show the model view: every head of every layer as a thumbnail; a click opens a head in detail.

    `head_view` documents the other parameters.

    Parameters
    ----------
    display_mode
        `"dark"` (default) or `"light"`.
    include_heads
        The zero-based heads to show; None (default) for all.

    Returns
    -------
    As in `head_view`.

    Raises
    ------
    ValueError
        As in `head_view`, or for an unknown `display_mode`.
    IndexError
        `include_layers` or `include_heads` is out of range.
    """
    check("html_action", html_action, HTML_ACTIONS)
    check("display_mode", display_mode, DISPLAY_MODES)
    capture = captured(
        attention,
        tokens,
        sentence_b_start,
        prettify_tokens,
        (encoder_attention, decoder_attention, cross_attention),
        (encoder_tokens, decoder_tokens),
    )
    options = {"theme": display_mode, "include_layers": include_layers, "include_heads": include_heads}
    return act(capture, "model", html_action, options)
