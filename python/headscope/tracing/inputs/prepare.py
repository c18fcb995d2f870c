"""Prepare a pass: turn a request into the model's inputs, step by step."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from torch import Tensor

from headscope.tracing.hooks.labels import is_encoder_decoder
from headscope.tracing.hooks.modules import Modules
from headscope.tracing.images.image_tokens import read_images
from headscope.tracing.inner_model import accepted
from headscope.tracing.inputs import inputs as reading
from headscope.tracing.inputs.caches import cached_positions
from headscope.tracing.inputs.candidates import has_few_logits
from headscope.tracing.inputs.columns import for_the_model
from headscope.tracing.inputs.decoder import add_decoder_inputs
from headscope.tracing.inputs.economies import economies
from headscope.tracing.inputs.encoding import Encoded, encode, is_list
from headscope.tracing.inputs.forms import as_mapping, ids_argument
from headscope.tracing.inputs.inputs import Inputs
from headscope.tracing.inputs.naming import checked_names, name_sides
from headscope.tracing.inputs.preflight import token_limit
from headscope.tracing.inputs.segmenting import add_segments
from headscope.tracing.inputs.sides import Side
from headscope.tracing.inputs.tensors import as_tensors
from headscope.tracing.request import Request

KEY_PADDING = ("key_padding_mask", "src_key_padding_mask", "tgt_key_padding_mask", "memory_key_padding_mask")
"""Arguments of torch's own modules that hide keys: True, or minus infinity, for those that are padding."""


def prepare(request: Request, modules: Modules, axis: int | None = 0) -> Inputs:
    """Turn a request into the model's inputs; `axis` counts texts, 0 by default, None for one text without one.

    Raises
    ------
    ValueError, TypeError, IndexError
        The model can't take an argument, or arguments contradict each other; the message says what to change.
    """
    names = checked_names(request.tokens)
    encoded = _encoded(request, modules)
    count = len(request.text) if is_list(request.text) else 0
    # From here on the request is for the chosen one of several texts.
    request = replace(request, text=encoded.text, text_pair=encoded.text_pair, batch_index=encoded.row)
    inputs = _batch(request, encoded, axis)
    reading.check_inputs(modules, inputs)
    inputs.notes += _of_choice(request, count or inputs.batch_size)
    inputs.padding = {} if request.keep_padding else _padding(inputs)
    _add_decoder(request, modules, inputs)
    _leave_out_needless_work(request, inputs)
    inputs.sides = {name: _side(request, inputs, encoded.encoding, name) for name in ("main", "decoder")}
    inputs.images, inputs.sides["main"] = read_images(inputs.arguments, request.model, inputs.row, inputs.sides["main"])
    add_segments(request, inputs, encoded.encoding)
    inputs.names = name_sides(inputs.sides, names, inputs.past)
    return inputs


def _of_choice(request: Request, count: int) -> list[str]:
    """Return a note on the texts that are not shown, unless the caller chose one."""
    if count < 2 or not request.unasked:
        return []
    what = "Row" if request.text is None else "Text"
    return [
        f"{what} 0 of {count} is shown: batch_index= chooses another, and headscope.capture_batch captures all of them."
    ]


def _padding(inputs: Inputs) -> dict[str, tuple[int, Tensor]]:
    """Return what `Inputs.padding` holds: the arguments whose keys a mask of torch's own modules hides."""
    found, first = {}, next(iter(inputs.arguments), "")
    for name in KEY_PADDING:
        mask = inputs.arguments.get(name)
        if not isinstance(mask, Tensor) or mask.dim() not in (1, 2):
            continue
        own = mask if mask.dim() == 1 else mask[min(inputs.row, len(mask) - 1)]
        shown = ~(own.isneginf() if own.is_floating_point() else own.bool())
        whose = name.removesuffix("key_padding_mask").rstrip("_") or "key"
        whose = next((one for one in (whose, "src" if whose == "memory" else first) if one in inputs.arguments), first)
        if bool(shown.any()) and not bool(shown.all()) and whose not in found:
            found[whose] = len(own), shown.nonzero()[:, 0].cpu()
    keys, query = (inputs.arguments.get(name) for name in ("key", "query"))
    if "key" in found and _are_one(keys, query):  # of one tensor the first name is known
        found["query"] = found["key"]
    return found


def _are_one(one: Any, other: Any) -> bool:
    """Return whether two arguments are the same numbers in memory."""
    both = isinstance(one, Tensor) and isinstance(other, Tensor)
    return both and one.data_ptr() == other.data_ptr() and one.shape == other.shape


def _encoded(request: Request, modules: Modules) -> Encoded:
    """Return the user's inputs, or the tokenized text."""
    if request.text is None:
        return Encoded(request.inputs, None, None, request.batch_index)
    limit = token_limit(modules, request.tokenizer, request.truncate)
    return encode(request.tokenizer, request.text, request.text_pair, index=request.batch_index, limit=limit)


def _batch(request: Request, encoded: Encoded, axis: int | None) -> Inputs:
    """Return the tensors of a batch; of a tokenizer's output, only those that the model reads."""
    model, notes = request.model, list(encoded.notes)
    given = as_mapping(encoded.encoding, model)
    known = accepted(model)
    if request.text is not None and "input_ids" in known:
        given = {name: value for name, value in given.items() if name in known}
    arguments = as_tensors(for_the_model(given, model, notes), model, notes, request.tokenizer)
    inputs = reading.read_batch(arguments, request.batch_index, ids_argument(model, arguments), axis)
    inputs.notes, inputs.past = notes, cached_positions(arguments)
    return inputs


def _add_decoder(request: Request, modules: Modules, inputs: Inputs) -> None:
    """Add the inputs of an encoder-decoder's decoder."""
    model, target = request.model, request.target
    if is_encoder_decoder(model) and ("decoder_input_ids" in accepted(model) or target is not None):
        add_decoder_inputs(model, request.tokenizer, inputs, target)
        reading.check_inputs(modules, inputs)
    elif target is not None:
        raise ValueError(f"target is for encoder-decoder models; {type(model).__name__} has no decoder of its own.")


def _leave_out_needless_work(request: Request, inputs: Inputs) -> None:
    """Keep the model from computing anything that attention does not depend on."""
    arguments = inputs.arguments
    arguments.pop("labels", None)  # with labels the model would compute a loss
    arguments.pop("output_attentions", None)  # with it some models would not use their fast kernel
    offloads, logits = request.offload is not None, request.candidates is not None
    logits = logits or (request.steps is None and has_few_logits(request.model, inputs))
    keep = 1 if request.steps is None else request.steps.num_new + 1
    arguments |= economies(request.model, arguments, logits=logits, keep=keep, offloads=offloads)


def _side(request: Request, inputs: Inputs, encoding: Any, name: str) -> Side:
    return reading.read_side(
        inputs,
        request.tokenizer,
        encoding if name == "main" else None,
        prefix="" if name == "main" else f"{name}_",
        keep_padding=request.keep_padding,
        prettify=request.prettify,
    )
