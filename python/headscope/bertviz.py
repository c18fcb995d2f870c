"""BertViz's own signatures: a notebook written for BertViz works after changing the import alone.

Parameters and filters are those of BertViz 1.4.1 (Vig 2019, https://arxiv.org/abs/1906.05714). What differs: every
bad argument is named, nothing is loaded from a network, and `html_action="view"` shows a live widget.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from IPython.display import HTML, display

from headscope.attention import Capture, capture, from_attentions
from headscope.contract import ViewKind
from headscope.export import standalone_html
from headscope.widgets.views import show

HTML_ACTIONS = ("view", "return")
DISPLAY_MODES = ("dark", "light")


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
    """Show the head view: lines from queries to keys, a colour for each head.

    Parameters
    ----------
    attention
        Self-attention: one array a layer, shape (1, heads, queries, keys) or (heads, queries, keys).
    tokens
        The tokens of the input, one a position.
    sentence_b_start
        The first position of the second sentence, for the filters between sentences.
    prettify_tokens
        Show word-piece marks as spaces.
    layer, heads
        What is shown first; zero-based, by default layer 0 (or the first included) and all heads.
    encoder_attention, decoder_attention, cross_attention
        The same for encoder-decoder models; cross-attention has decoder queries and encoder keys.
    encoder_tokens, decoder_tokens
        Their tokens.
    include_layers
        The layers that can be chosen; None for all.
    html_action
        `"view"` displays a live view; `"return"` returns a standalone page.

    Returns
    -------
    An `IPython.display.HTML` that needs neither network nor kernel, or None where the view was displayed.

    Raises
    ------
    ValueError
        Attention is missing or mixed up, does not fit its tokens, or lacks the layers and heads that are asked for.
    """
    _check("html_action", html_action, HTML_ACTIONS)
    capture = _capture(
        attention,
        tokens,
        sentence_b_start,
        prettify_tokens,
        (encoder_attention, decoder_attention, cross_attention),
        (encoder_tokens, decoder_tokens),
    )
    options = {"layer": layer, "heads": heads, "include_layers": include_layers}
    return _act(capture, "head", html_action, options)


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
    """Show the model view: every head of every layer as a thumbnail; a click opens one in detail.

    Parameters are those of `head_view`, less `layer` and `heads`, and

    Parameters
    ----------
    display_mode
        `"dark"` or `"light"`.
    include_heads
        The heads that are shown, zero-based; None for all.

    Returns
    -------
    As `head_view`.

    Raises
    ------
    ValueError
        As `head_view`.
    """
    _check("html_action", html_action, HTML_ACTIONS)
    _check("display_mode", display_mode, DISPLAY_MODES)
    capture = _capture(
        attention,
        tokens,
        sentence_b_start,
        prettify_tokens,
        (encoder_attention, decoder_attention, cross_attention),
        (encoder_tokens, decoder_tokens),
    )
    options = {"theme": display_mode, "include_layers": include_layers, "include_heads": include_heads}
    return _act(capture, "model", html_action, options)


class neuron_view:  # noqa: N801  # BertViz's module of this name
    """BertViz's module `neuron_view`: `neuron_view.show(...)`."""

    @staticmethod
    def show(
        model: Any,
        model_type: str,
        tokenizer: Any,
        sentence_a: str,
        sentence_b: str | None = None,
        display_mode: str = "dark",
        layer: int | None = None,
        head: int | None = None,
        html_action: str = "view",
    ) -> HTML | None:
        """Run a model and show the neuron view: how each weight of one head comes from queries and keys.

        Parameters
        ----------
        model, tokenizer
            Any Hugging Face model, as it was loaded, and its tokenizer: no copies of models with changed code.
        model_type
            The type of the model, as its config names it: `"bert"`, `"gpt2"`, `"llama"` and the like.
        sentence_a, sentence_b
            The text, or a pair of them for models that take pairs.
        display_mode
            `"dark"` or `"light"`.
        layer, head
            What is shown first; zero-based, 0 by default.
        html_action
            `"view"` displays a live view; `"return"` returns a standalone page.

        Returns
        -------
        An `IPython.display.HTML` that needs neither network nor kernel, or None where the view was displayed.

        Raises
        ------
        ValueError
            The text is missing, the model is of another type, takes no pairs, or lacks the layer or head.
        """
        _check("html_action", html_action, HTML_ACTIONS)
        _check("display_mode", display_mode, DISPLAY_MODES)
        if not sentence_a:
            raise ValueError("sentence_a is required: give the text that the model is to read.")
        _check_type(model, model_type)
        if sentence_b:
            _check_pairs(tokenizer, model_type)
        captured = capture(model, tokenizer, sentence_a, *([sentence_b] if sentence_b else []))
        options = {"theme": display_mode, "layer": layer or 0, "heads": [head or 0]}
        return _act(captured, "neuron", html_action, options)


def _check_type(model: Any, model_type: str) -> None:
    """Check the type that BertViz needs to choose its copy of the model."""
    own = getattr(getattr(model, "config", None), "model_type", None)
    if own is not None and model_type != own:
        raise ValueError(f"model_type is {model_type!r}, but the model is of type {own!r}: give that.")


def _check_pairs(tokenizer: Any, model_type: str) -> None:
    """Refuse a pair where the tokenizer would run the two texts together."""
    added = getattr(tokenizer, "num_special_tokens_to_add", None)
    if added is not None and added(pair=True) <= added(pair=False):
        raise ValueError(
            f"sentence_b was given, but a model of type {model_type!r} takes no pairs: its tokenizer puts nothing "
            "between two texts. Give one text as sentence_a."
        )


def _capture(
    attention: Any,
    tokens: Sequence[str] | None,
    sentence_b_start: int | None,
    prettify: bool,
    parts: tuple[Any, Any, Any],
    part_tokens: tuple[Sequence[str] | None, Sequence[str] | None],
) -> Capture:
    """Return the capture; what is wrong is said in BertViz's own words for its arguments."""
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
        raise type(error)(words) from None


def _act(capture: Capture, view: ViewKind, html_action: str, options: dict[str, Any]) -> HTML | None:
    if html_action == "return":
        return HTML(standalone_html(capture, view, **options))  # type: ignore[no-untyped-call]  # IPython's are
    display(show(capture, view, options))  # type: ignore[no-untyped-call]
    return None


def _check(name: str, value: str, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} is {value!r}; it can be {' or '.join(map(repr, allowed))}")
