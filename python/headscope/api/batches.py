"""Captures of several texts: `capture_batch`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from headscope.api.capture_class import Capture
from headscope.api.capture_list import CaptureList
from headscope.api.capturing import capture
from headscope.data.capture import check_chosen
from headscope.keywords import suggests_keywords
from headscope.text.shortened import shown
from headscope.tracing.pipelines import is_pipeline, need_transformers, of_pipeline
from headscope.tracing.request import check_order, check_text_or_inputs, sort_out

if TYPE_CHECKING:
    from os import PathLike


@suggests_keywords
def capture_batch(
    model: Any,
    tokenizer: Any = None,
    texts: Any = None,
    text_pairs: Any = None,
    *,
    inputs: Any = None,
    window: int | bool | None = None,
    stride: int | None = None,
    truncate: bool | int = False,
    targets: Sequence[str] | None = None,
    segments: Any = None,
    layers: Sequence[int] | None = None,
    keep_padding: bool = False,
    candidates: int | None = None,
    prettify: bool = True,
    name: str | None = None,
    offload: str | PathLike[str] | None = None,
    progress: bool | None = None,
) -> CaptureList:
    """Capture each of several texts, or a long text in windows.

    Each text runs in a pass of its own, so that no padding and no other text can change what is shown: a capture of the
    list equals `headscope.capture` of its text.

    Parameters
    ----------
    model, tokenizer
        As in `headscope.capture`.
    texts
        A list of texts or of chats; with `window` also one text.
    text_pairs
        The second texts, as many as `texts`; None (default) without pairs.
    inputs
        A batch of the model's inputs instead of `texts`, in any form that `headscope.capture` takes: each row is
        captured. Rows of a list of mappings run as they are.
    window
        Reads each text in windows of this many tokens, special tokens included, each captured by itself; True takes as
        many as the model has positions for. None (default) reads texts whole.
    stride
        With `window`: how many tokens later the next window begins, at most the window without special tokens. None
        (default) is half of that, so that each token but the first and the last ones is in two windows.
    targets
        What the decoder of an encoder-decoder writes for each text; by default as in `headscope.capture`.
    truncate, segments, layers, keep_padding, candidates, prettify, name, offload, progress
        As in `headscope.capture`, for each text.

    Returns
    -------
    CaptureList
        The captures in the order of the texts: `captures[i]` is a `Capture`. In a cell it is the explorer with a menu.

    Raises
    ------
    ImportError, ValueError, TypeError, IndexError, RuntimeError, MemoryError, OSError
        As in `headscope.capture`; the message says which text. Also if `window` or `stride` does not fit.
    """
    need_transformers()
    check_order("texts", model, tokenizer, texts, text_pairs, inputs)
    if is_pipeline(model):
        model, tokenizer, texts, text_pairs = of_pipeline(model, tokenizer, texts, text_pairs)
    tokenizer, texts, inputs = sort_out(tokenizer, texts, inputs, "texts")
    check_text_or_inputs(texts, text_pairs, inputs, "capture_batch", "texts")
    options: dict[str, Any] = {
        "truncate": truncate,
        "segments": segments,
        "layers": None if layers is None else check_chosen(layers),
        "keep_padding": keep_padding,
        "candidates": candidates,
        "prettify": prettify,
        "name": name,
        "offload": offload,
        "progress": progress,
    }
    if stride is not None and window is None:
        raise ValueError("stride is for windows of a long text: pass window= too, or leave stride out.")
    if inputs is not None:
        found = _of_inputs(model, tokenizer, inputs, window, targets, options)
    else:
        found = _of_texts(model, tokenizer, texts, text_pairs, window, stride, targets, options)
    captures, labels = zip(*found, strict=True)
    return CaptureList(captures, labels)


def _of_inputs(
    model: Any, tokenizer: Any, inputs: Any, window: Any, targets: Any, options: dict[str, Any]
) -> Iterator[tuple[Capture, str]]:
    from headscope.tracing.inputs.batches import rows_of_batch

    if window is not None:
        raise ValueError("window is for texts: with inputs=, pass the windows as rows of a batch.")
    parts = rows_of_batch(getattr(model, "_orig_mod", model), inputs, tokenizer)
    targets = _each("targets", targets, len(parts))
    for number, part in enumerate(parts):
        with_target = options | {"target": targets[number], "batch_index": part.batch_index}
        yield _one(f"row {number}", model, tokenizer, part.notes, inputs=part.inputs, **with_target), part.label


def _of_texts(
    model: Any, tokenizer: Any, texts: Any, pairs: Any, window: Any, stride: Any, targets: Any, options: dict[str, Any]
) -> Iterator[tuple[Capture, str]]:
    from headscope.tracing.inputs.batches import windows_of
    from headscope.tracing.inputs.chat import text_tokenizer
    from headscope.tracing.inputs.encoding import is_list
    from headscope.tracing.length_warning import without_length_warning

    if not is_list(texts):
        if window is None:
            raise TypeError(
                f"texts must be a list of texts, not {type(texts).__name__}: capture one text with headscope.capture, "
                "or pass window= to read it in windows."
            )
        texts = [texts]
    if not texts:
        raise ValueError("texts is an empty list: there is nothing to capture.")
    pairs, targets = _each("text_pairs", pairs, len(texts)), _each("targets", targets, len(texts))
    for number, (text, pair, target) in enumerate(zip(texts, pairs, targets, strict=True)):
        what, own = f"texts[{number}]", options | {"target": target}
        label = text if isinstance(text, str) else f"chat {number}"
        if window is None:
            given = {"text": text} if pair is None else {"text": text, "text_pair": pair}
            yield _one(what, model, tokenizer, [], **given, **own), label
            continue
        if pair is not None or options["segments"] is not None:
            raise ValueError("window reads single texts without segments: leave text_pairs and segments out.")
        with without_length_warning(tokenizer):
            parts = windows_of(getattr(model, "_orig_mod", model), tokenizer, text, window, stride)
        for part in parts:
            where = part.label if len(texts) == 1 else f"text {number}, {part.label}"
            words = text_tokenizer(tokenizer).decode(part.inputs["input_ids"][0], skip_special_tokens=True)
            yield _one(what, model, tokenizer, part.notes, inputs=part.inputs, **own), f"{where}: {words}"


def _each(name: str, values: Any, count: int) -> Sequence[Any]:
    if values is None:
        return [None] * count
    if isinstance(values, str) or not isinstance(values, (list, tuple)):
        raise TypeError(f"{name} must be a list, one for each of the {count} texts, not {shown(values, 60)}.")
    if len(values) != count:
        raise ValueError(f"{name} has {len(values)} for {count} texts: pass one for each.")
    return values


def _one(what: str, model: Any, tokenizer: Any, notes: Sequence[str], **options: Any) -> Capture:
    """Capture one text; errors say which one."""
    try:
        found = capture(model, tokenizer, **options)
    except (ValueError, TypeError, IndexError) as error:
        raise type(error)(f"{what}: {error}") from error
    found._report = replace(found.report(), notes=(*notes, *found.report().notes))
    return found
