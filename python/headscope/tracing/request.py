"""The arguments of `headscope.capture` as one object, and which of them exclude each other."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from headscope.text.shortened import shown

KINDS: dict[str, tuple[tuple[type, ...], str]] = {
    "target": ((str,), "one string"),
    "keep_padding": ((bool,), "True or False"),
    "prettify": ((bool,), "True or False"),
    "progress": ((bool,), "True, False or None"),
    "candidates": ((Integral,), "a number of tokens, at least 1"),
    "name": ((str,), "a string"),
}
"""What some arguments of `capture` must be, and how to say it; None leaves each of them out."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """The arguments of `headscope.capture`, whose docstring explains each of them."""

    model: Any
    tokenizer: Any = None
    text: Any = None
    text_pair: Any = None
    inputs: Any = None
    tokens: Any = None
    truncate: bool | int = False
    target: str | None = None
    batch_index: int = 0
    unasked: bool = False
    """Whether the caller left the text to show to chance, so that the report names the choice."""
    layers: frozenset[int] | None = None
    keep_padding: bool = False
    candidates: int | None = None
    steps: Any = None
    """What the steps that wrote the text said (`headscope.tracing.generation.steps.Steps`); None for other texts."""
    script: Any = None
    """How to let the model write the text again (`headscope.tracing.generation.repeating.Script`); None for others."""
    prettify: bool = True
    offload: str | os.PathLike[str] | None = None
    progress: bool | None = None
    segments: Any = None


def is_inputs(value: Any) -> bool:
    """Return whether a value in the place of a tokenizer or a text is certainly the model's inputs.

    These are arrays, mappings such as a tokenizer returns, lists of numbers, and lists of any of them.
    """
    if hasattr(value, "shape") and hasattr(value, "dtype"):
        return True
    if isinstance(value, Mapping):
        return "content" not in value
    if isinstance(value, (list, tuple)) and value:
        return all((isinstance(one, Integral) and not isinstance(one, bool)) or is_inputs(one) for one in value)
    return False


FUNCTIONS = {"text": "capture", "prompt": "capture_generation", "texts": "capture_batch"}
"""The functions that take a text, by what they call it."""


def check_order(what: str, model: Any, *others: Any) -> None:
    """Check that no later argument of a call is the model.

    Raises
    ------
    TypeError
        One is, and the first argument is not.
    """
    if not _is_module(model) and any(map(_is_module, others)):
        raise TypeError(
            f"model is {shown(model)} ({type(model).__name__}), and the model is in another place: the order is "
            f"{FUNCTIONS[what]}(model, tokenizer, {what})."
        )


def _is_module(value: Any) -> bool:
    return not isinstance(value, type) and hasattr(value, "named_modules") and hasattr(value, "forward")


def sort_out(tokenizer: Any, text: Any, inputs: Any, what: str = "text") -> tuple[Any, Any, Any]:
    """Return the tokenizer, the text and the inputs of a call, where inputs may stand in the place of the other two.

    Raises
    ------
    TypeError
        The tokenizer is a string.
    """
    if inputs is None and text is None and is_inputs(tokenizer):
        tokenizer, inputs = None, tokenizer
    elif inputs is None and text is not None and is_inputs(text):
        text, inputs = None, text
    if isinstance(text, Mapping) and "content" in text:  # one message of a chat
        text = [text]
    if isinstance(tokenizer, (str, bytes)) and text is None and inputs is None:
        verb, function = "need" if what == "texts" else "needs", FUNCTIONS[what]
        raise TypeError(f"{what} {verb} a tokenizer: call {function}(model, tokenizer, {what}).")
    if isinstance(tokenizer, (str, bytes)):
        raise TypeError(
            f"tokenizer is the string {tokenizer[:40]!r}: load it with AutoTokenizer.from_pretrained(...), and pass "
            f"(model, tokenizer, {what})."
        )
    if tokenizer is not None and not isinstance(tokenizer, type) and not _names_tokens(tokenizer):
        if is_inputs(tokenizer) and inputs is not None:
            raise TypeError("inputs were given twice: in the place of the tokenizer, and as inputs=. Leave one out.")
        raise TypeError(
            f"tokenizer must be a tokenizer of transformers, or a processor that has one, not {shown(tokenizer)} "
            f"({type(tokenizer).__name__})."
        )
    return tokenizer, text, inputs


def _names_tokens(tokenizer: Any) -> bool:
    """Return whether a value may be a tokenizer or a processor: it can be called, or it names ids."""
    return callable(tokenizer) or hasattr(tokenizer, "convert_ids_to_tokens") or hasattr(tokenizer, "tokenizer")


def check_options(options: Mapping[str, Any]) -> None:
    """Check the kinds of some arguments of `capture` before the model runs; those of `KINDS` among them.

    Raises
    ------
    TypeError
        A value is of another kind.
    ValueError
        A number is too small.
    """
    for name, (kinds, what) in KINDS.items():
        value = options.get(name)
        if value is not None and (not isinstance(value, kinds) or (bool not in kinds and isinstance(value, bool))):
            raise TypeError(f"{name} must be {what}, not {shown(value)}.")
    for name in ("keep_padding", "prettify"):
        if name in options and options[name] is None:
            raise TypeError(f"{name} must be True or False, not None.")
    candidates = options.get("candidates")
    if candidates is not None and candidates < 1:
        raise ValueError(f"candidates must be a number of tokens, at least 1, not {candidates!r}.")


def check_text_or_inputs(text: Any, text_pair: Any, inputs: Any, function: str = "capture", name: str = "text") -> None:
    """Check that `capture` was called with either a text, or two, or inputs; or another function, with its words.

    Raises
    ------
    ValueError
        Neither or both were given, or a second text without a first one.
    """
    calls = f"call {function}(model, tokenizer, {name}) or {function}(model, tokenizer, inputs=batch)"
    _check_one_given(name, text, inputs, calls)
    if text is None and text_pair is not None:
        pair = name.replace("text", "text_pair")
        raise ValueError(f"{pair} needs {name}: call {function}(model, tokenizer, {name}, {pair}).")


def check_prompt_or_inputs(prompt: Any, inputs: Any) -> None:
    """Check that `capture_generation` was called with either a prompt or inputs.

    Raises
    ------
    ValueError
        Neither or both were given.
    """
    calls = "call capture_generation(model, tokenizer, prompt) or pass inputs=batch"
    _check_one_given("a prompt", prompt, inputs, calls)


def _check_one_given(what: str, text: Any, inputs: Any, calls: str) -> None:
    if (text is None) == (inputs is None):
        given = f"neither {what} nor inputs were" if text is None else f"both {what} and inputs were"
        raise ValueError(f"{given} given: {calls}.")
