"""BertViz's module `neuron_view`: `show(...)`, and `get_attention(...)`, which gives the same as nested lists."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from IPython.display import HTML

from headscope.api import Capture, capture
from headscope.bertviz.arguments import DISPLAY_MODES, HTML_ACTIONS, check
from headscope.bertviz.html_action import act
from headscope.bertviz.sentence_pairs import format_delimiters, format_special_chars, parts_of, second_start

__all__ = ["format_delimiters", "format_special_chars", "get_attention", "show"]


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
    """Run a model and show the neuron view: how each weight of a head is computed from queries and keys.

    Parameters
    ----------
    model, tokenizer
        Any Hugging Face model and its tokenizer; unlike BertViz, this needs no modified copy of the model's code.
    model_type
        The type of the model in its config: `"bert"`, `"gpt2"`, `"llama"` and so on.
    sentence_a, sentence_b
        The text, or two texts for models that take pairs.
    display_mode
        `"dark"` (default) or `"light"`.
    layer, head
        The zero-based layer and head to show first, 0 by default.
    html_action
        `"view"` (default) displays a live view; `"return"` returns a standalone page.

    Returns
    -------
    An `IPython.display.HTML` that needs neither network nor kernel, or None if the view was displayed.

    Raises
    ------
    ValueError
        The text is missing, the model has another type, takes no pairs, or lacks the layer or head.
    TypeError
        A text is not a string, or the model is not one.
    """
    check("html_action", html_action, HTML_ACTIONS)
    check("display_mode", display_mode, DISPLAY_MODES)
    run = _run(model, model_type, tokenizer, sentence_a, sentence_b)
    options = {"theme": display_mode, "layer": layer or 0, "heads": [head or 0]}
    try:
        return act(run, "neuron", html_action, options)
    except ValueError as error:
        raise ValueError(re.sub(r"\bheads\b(?! of)", "head", str(error))) from None


def get_attention(
    model: Any,
    model_type: str,
    tokenizer: Any,
    sentence_a: str,
    sentence_b: str | None = None,
    include_queries_and_keys: bool = False,
) -> dict[str, dict[str, Any]]:
    """Run a model and return its attention as nested lists, in the structure that BertViz gives to its page.

    `headscope.capture` gives the same as arrays, on demand.

    Parameters
    ----------
    model, model_type, tokenizer, sentence_a, sentence_b
        As in `show`.
    include_queries_and_keys
        Whether to include queries and keys after position encoding; False by default.

    Returns
    -------
    dict
        `"all"`, and for a pair also `"aa"`, `"ab"`, `"ba"` and `"bb"`: from the first sentence to itself, from the
        first to the second, and so on. Each is a dict of `"attn"`, indexed `[layer][head][query][key]`; the tokens
        `"left_text"` of the queries and `"right_text"` of the keys; and on request `"queries"` and `"keys"`, indexed
        `[layer][head][position][dimension]`. Query heads that share a KV head have equal keys.

    Raises
    ------
    ValueError, TypeError
        As in `show`; or the model has several attention maps, or no queries and keys although they were asked for.
    """
    run = _run(model, model_type, tokenizer, sentence_a, sentence_b, prettify=False)
    if len(run.maps) > 1:
        raise ValueError(
            f"get_attention returns one attention map, but {run.name} has {', '.join(run.maps)}: use "
            "headscope.capture(model, tokenizer, text) and its .weights(...)."
        )
    map_ = next(iter(run.maps.values()))
    separator = getattr(tokenizer, "sep_token", None)
    start = second_start(map_.query_tokens, map_.sentence_b_start, separator) if sentence_b else None
    tokens = format_special_chars(map_.query_tokens)
    if model_type != "gpt2":
        tokens = format_delimiters(tokens, tokenizer)
    return parts_of(map_, tokens, start, include_queries_and_keys)


def _run(
    model: Any, model_type: str, tokenizer: Any, sentence_a: str, sentence_b: str | None, prettify: bool = True
) -> Capture:
    """Check the arguments, and capture the text or the pair."""
    for name, value in (("sentence_a", sentence_a), ("sentence_b", sentence_b)):
        if value is not None and not isinstance(value, str):
            raise TypeError(
                f"{name} must be one string, not {type(value).__name__}: pass one text, not a list of them."
            )
    if not sentence_a:
        raise ValueError("sentence_a is required: pass the text that the model should read.")
    _check_type(model, model_type)
    if sentence_b:
        _check_pairs(tokenizer, model_type)
    texts: Sequence[str] = [sentence_a, sentence_b] if sentence_b else [sentence_a]
    return capture(model, tokenizer, *texts, prettify=prettify)


def _check_type(model: Any, model_type: str) -> None:
    """Raise ValueError if `model_type`, by which BertViz selects its copy of the model, is not the model's type.

    A checkpoint of one type may be loaded by the class of another, such as CamemBERT by `RobertaModel`: both count.
    """
    config = getattr(model, "config", None)
    own = [type_ for holder in (config, type(config)) if (type_ := getattr(holder, "model_type", None))]
    if own and model_type not in own:
        raise ValueError(f"model_type is {model_type!r}, but the model is of type {own[0]!r}: pass that.")


def _check_pairs(tokenizer: Any, model_type: str) -> None:
    """Raise ValueError if the tokenizer does not separate the two texts of a pair."""
    added = getattr(tokenizer, "num_special_tokens_to_add", None)
    if added is not None and added(pair=True) <= added(pair=False):
        raise ValueError(
            f"sentence_b was given, but a model of type {model_type!r} takes no pairs: its tokenizer does not "
            "separate two texts. Pass one text as sentence_a."
        )
