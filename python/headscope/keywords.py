"""Keywords that explain themselves: a misspelt one raises an error with the right one, and `help` lists all options."""

from __future__ import annotations

import inspect
import re
import textwrap
from collections.abc import Callable, Iterable
from difflib import get_close_matches
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from headscope.plain_errors import plain_errors

if TYPE_CHECKING:
    from headscope.options import Option


class _Unchanged:
    """The default that signatures show for keywords that change nothing when omitted."""

    def __repr__(self) -> str:
        return "unchanged"


UNCHANGED = _Unchanged()

SECTION = re.compile(r"^[A-Z][a-z]+\n-+$", re.MULTILINE)
"""A heading of a numpy-style docstring."""

P = ParamSpec("P")
R = TypeVar("R")
F = TypeVar("F", bound=Callable[..., Any])


OF_BATCH = (
    "input_ids", "attention_mask", "token_type_ids", "position_ids", "inputs_embeds", "decoder_input_ids",
    "decoder_attention_mask", "labels", "pixel_values", "input_features", "input_values", "past_key_values",
)  # fmt: skip
"""Arguments of models, which captures take together as `inputs=`."""

OF_GENERATE = (
    "max_new_tokens", "max_length", "do_sample", "num_beams", "num_return_sequences", "temperature", "top_k", "top_p",
    "generation_config", "return_dict_in_generate", "output_attentions",
)  # fmt: skip
"""Keywords of `model.generate`."""

WINDOWS = "headscope.capture_batch(model, tokenizer, text, window=512) reads a long text in windows."
ELSEWHERE: dict[str, dict[str, str]] = {
    "capture": {
        **dict.fromkeys(OF_BATCH, "pass the whole batch as inputs=batch, without **."),
        **dict.fromkeys(OF_GENERATE, "headscope.capture_generation takes the keywords of generate."),
        **dict.fromkeys(("window", "stride"), WINDOWS),
        "sequence_index": "batch_index= chooses a text.",
        "prompt": "pass it as text=, or let headscope.capture_generation continue it.",
        "texts": "pass a list as text=, or capture each with headscope.capture_batch.",
    },
    "capture_batch": {
        **dict.fromkeys(OF_BATCH, "pass the whole batch as inputs=batch, without **."),
        **dict.fromkeys(OF_GENERATE, "headscope.capture_generation takes the keywords of generate, for one prompt."),
        "batch_index": "it captures every text: the list that it returns has them in their order.",
        "target": "pass one for each text as targets=.",
    },
    "from_arrays": {"query_tokens": "pass them as tokens=, and the tokens of the keys as key_tokens=."},
    "from_attentions": {"query_tokens": "pass them as tokens=, and the tokens of the keys as key_tokens=."},
}
"""What to do with keywords of other functions, for each function."""


def reject_unknown(call: str, given: Iterable[str], known: Iterable[str]) -> None:
    """Raise TypeError for unknown keywords.

    Parameters
    ----------
    call
        The function's name, without parentheses.
    given
        The keywords that the function did not recognise.
    known
        All keywords of the function.

    Raises
    ------
    TypeError
        `given` is not empty. The message names the most similar known keyword, or all of them if none is similar.
    """
    names = list(known)
    for name in given:
        if name in ELSEWHERE.get(call, {}):
            raise TypeError(f"{call}() has no keyword {name!r}: {ELSEWHERE[call][name]}")
        near = get_close_matches(name, names, n=1, cutoff=0.6)
        advice = f"did you mean {near[0]!r}?" if near else f"it takes {', '.join(names)}."
        raise TypeError(f"{call}() has no keyword {name!r}: {advice}")


def suggests_keywords(call: Callable[P, R]) -> Callable[P, R]:
    """Decorate a function so that a misspelt keyword raises TypeError with the most similar known one."""
    known = list(inspect.signature(call).parameters)

    @plain_errors
    @wraps(call)
    def checked(*args: P.args, **given: P.kwargs) -> R:
        reject_unknown(call.__name__, (name for name in given if name not in known), known)
        return call(*args, **given)

    return checked


def describes_options(options: Iterable[Option], left_out: object = None) -> Callable[[F], F]:
    """Decorate a function with `**options` so that its signature and its docstring list the options.

    `help` and Jupyter's completion and tooltips read these; type checkers read `headscope.view_keywords`.

    Parameters
    ----------
    options
        The options of the function, in the order to list them.
    left_out
        The default that the signature shows; None by default.
    """
    listed = list(options)

    def described(call: F) -> F:
        own = inspect.signature(call)
        named = [one for one in own.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        keywords = [
            inspect.Parameter(
                option.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=left_out,
                annotation=f"{option.kind.accepts} | None",
            )
            for option in listed
        ]
        vars(call)["__signature__"] = own.replace(parameters=[*named, *keywords])
        call.__doc__ = _with_keywords(inspect.getdoc(call) or "", listed)
        return call

    return described


def _with_keywords(doc: str, options: Iterable[Option]) -> str:
    """Return a docstring with the options in its Parameters section, which is added if it is missing."""
    entries = "\n".join(map(_entry, options))
    start = "Parameters\n----------\n"
    if start in doc:
        before, _, rest = doc.partition(start)
        own, after = _split_section(rest)
    else:
        first = SECTION.search(doc)
        before, own, after = doc[: first.start() if first else None], "", doc[first.start() :] if first else ""
    parts = [before.rstrip(), f"{start}{own}{entries}", after]
    return "\n\n".join(part for part in parts if part) + "\n"


def _split_section(text: str) -> tuple[str, str]:
    """Return the entries of a section, ending in a newline, and the text after the section."""
    section, _, rest = text.partition("\n\n")
    return section.rstrip("\n") + "\n", rest


def _entry(option: Option) -> str:
    # Omitting an option of this group leaves the selection unchanged, so it has no default to name.
    begins = option.group != "place" and option.default is not None
    default = f" Default: {option.default!r}." if begins else ""
    lines = textwrap.wrap(option.doc + default, 108, initial_indent="    ", subsequent_indent="    ")
    return "\n".join([f"{option.name} : {option.kind.accepts}, optional", *lines])
