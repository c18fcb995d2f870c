"""The inputs of an encoder-decoder's decoder: the target text, or what the model itself generates."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from headscope.tracing.generation.first_step import first_step, with_start
from headscope.tracing.hooks.modules import Modules
from headscope.tracing.inner_model import device_of, inner_model, setting_of
from headscope.tracing.inputs.chat import text_tokenizer
from headscope.tracing.inputs.failures import reported
from headscope.tracing.inputs.inputs import Inputs
from headscope.tracing.inputs.preflight import num_positions

PRESENT = ("decoder_input_ids", "decoder_inputs_embeds")

WITH_HEAD = "For"
"""What the names of classes with a head contain; classifiers let their decoder read the text itself, shifted."""

MAX_WRITTEN = 64
"""The most tokens to generate if the generation config sets no limit."""

TRANSFORMERS_DEFAULT = 20
"""The `max_length` that transformers sets if nobody chose one."""


def add_decoder_inputs(model: Any, tokenizer: Any, inputs: Inputs, target: str | None) -> None:
    """Add `decoder_input_ids` to the inputs' arguments, unless the user passed them.

    The first of these that exists is used: the tokenized `target`; the labels among the inputs; what the model
    generates greedily; of a classifier, the text itself; the decoder's start token alone. In each case the decoder
    reads the start token first. It never reads the last token of the text, which it only writes.

    Raises
    ------
    ValueError
        `target` was passed together with decoder inputs or without a tokenizer, or the model has no start token.
    TypeError
        `target` is not a string.
    """
    arguments = inputs.arguments
    labels = arguments.pop("labels", None)
    writes = can_generate(model)
    if not writes or not isinstance(labels, Tensor) or labels.dim() != 2 or labels.is_floating_point():
        labels = None  # classes, not a text
    present = [name for name in PRESENT if arguments.get(name) is not None]
    if target is not None:
        if present:
            raise ValueError(f"target was given together with inputs[{present[0]!r}]: give one of them.")
        arguments["decoder_input_ids"] = _shifted(model, _target_ids(tokenizer, target).to(device_of(model)))
    elif labels is not None and not present:
        arguments["decoder_input_ids"] = _shifted(model, labels.masked_fill(labels == -100, _padding(model)))
    elif not present and writes:
        _add_generated(model, arguments)
        count = arguments["decoder_input_ids"].shape[1]
        inputs.notes.append(
            f"The call gives the decoder nothing to read: it reads the {count} tokens that the model generates, the "
            "start token first. Pass target= or decoder_input_ids for others."
        )
    elif not present:
        ids = arguments.get("input_ids") if WITH_HEAD in type(inner_model(model) or model).__name__ else None
        arguments["decoder_input_ids"] = _start(model, inputs.batch_size) if ids is None else _shifted(model, ids)


def can_generate(model: Any) -> bool:
    """Return whether a model writes text."""
    return bool(hasattr(model, "can_generate") and model.can_generate() and hasattr(model, "generate"))


def _target_ids(tokenizer: Any, target: str) -> Tensor:
    if tokenizer is None:
        raise ValueError("target needs the tokenizer: capture(model, tokenizer, text, target=...).")
    if not isinstance(target, str):
        raise TypeError(f"target must be one string, not {type(target).__name__}.")
    ids: Tensor = text_tokenizer(tokenizer)(text_target=target, return_tensors="pt")["input_ids"]
    return ids


def _shifted(model: Any, ids: Tensor) -> Tensor:
    """Return what the decoder reads while it writes `ids`, shape (batch, positions)."""
    own: Any = inner_model(model) or model
    shift = getattr(sys.modules[type(own).__module__], "shift_tokens_right", None)
    found: Tensor
    if hasattr(own, "prepare_decoder_input_ids_from_labels"):  # some models begin with a language token
        found = own.prepare_decoder_input_ids_from_labels(labels=ids)
    elif hasattr(own, "_shift_right"):
        found = own._shift_right(ids)
    elif shift is not None:
        start = [_start(model, 1).item()] * ("decoder_start_token_id" in inspect.signature(shift).parameters)
        found = shift(ids, _padding(model), *start)
    else:
        found = torch.cat([_start(model, len(ids)), ids[:, :-1]], dim=1)
    return found


def _add_generated(model: Any, arguments: dict[str, Any]) -> None:
    """Generate greedily, up to the limit of the model's generation config or else MAX_WRITTEN tokens."""
    _start(model, 1)  # raises if the model names none
    with first_step(model) as step, reported(f"{type(model).__name__}.generate", arguments):
        output = model.generate(**arguments, do_sample=False, num_beams=1, **_limit(model))
    ids = with_start(written_ids(model, output), step.get("decoder_input_ids"))
    num_start = step["decoder_input_ids"].shape[1] if "decoder_input_ids" in step else 1
    read = ids[:, :-1] if ids.shape[1] > num_start else ids
    arguments["decoder_input_ids"] = read
    ends = torch.tensor(end_ids(model), device=read.device)
    running = torch.isin(read[:, num_start:], ends).cumsum(1) == 0  # texts of a batch end at different steps
    if not bool(running.all()):
        arguments["decoder_attention_mask"] = torch.nn.functional.pad(running.long(), (num_start, 0), value=1)


def written_ids(model: Any, output: Any) -> Tensor:
    """Return the token ids of what `generate` returned, shape (texts, positions).

    Raises
    ------
    ValueError
        It returned something else, such as sound.
    """
    ids = output if isinstance(output, Tensor) else None
    if ids is None:
        ids = output.get("sequences") if isinstance(output, Mapping) else getattr(output, "sequences", None)
    if not isinstance(ids, Tensor) or ids.dim() != 2 or ids.is_floating_point():
        raise ValueError(
            f"{type(model).__name__}.generate returned no token ids of shape (texts, positions): a capture can't "
            "follow what it wrote. Pass inputs= with decoder_input_ids to headscope.capture."
        )
    return ids


def _limit(model: Any) -> dict[str, int]:
    config = getattr(model, "generation_config", None)
    chosen = getattr(config, "max_new_tokens", None), getattr(config, "max_length", None)
    if chosen[0] is not None or chosen[1] not in (None, TRANSFORMERS_DEFAULT):
        return {}
    return {"max_new_tokens": min(MAX_WRITTEN, num_positions(Modules.of(model), decoder=True) or MAX_WRITTEN)}


def _start(model: Any, batch_size: int) -> Tensor:
    """Return the decoder's start token, shape (batch, 1)."""
    start = setting_of(model, "decoder_start_token_id")
    start = setting_of(model, "bos_token_id") if start is None else start
    if start is None:
        raise ValueError(
            f"{type(model).__name__} names no decoder_start_token_id, so there is nothing for its decoder to read: "
            "pass inputs= with input_ids and decoder_input_ids."
        )
    return torch.full((batch_size, 1), int(start), device=device_of(model))


def end_ids(model: Any) -> list[int]:
    """Return the ids of the tokens that end a generated text."""
    end = setting_of(model, "eos_token_id")
    return [] if end is None else [end] if isinstance(end, int) else list(end)


def _padding(model: Any) -> int:
    return int(setting_of(model, "pad_token_id") or 0)
