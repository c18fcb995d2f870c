"""Lets a model generate with the user's own options, and makes of the result the inputs of one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from headscope.capture import inputs as reading
from headscope.capture.decoder import end_ids
from headscope.capture.interface import evaluation
from headscope.capture.labels import is_encoder_decoder
from headscope.capture.pictures import select_images
from headscope.capture.tiers import modules_of, plan_of
from headscope.positions import check_position

DROPPED = ("position_ids", "cache_position", "decoder_attention_mask")
"""Inputs of the prompt that say nothing of the whole; the model makes them anew."""


@dataclass(frozen=True)
class Written:
    """A generated text."""

    inputs: Mapping[str, Any]
    """What a pass over the whole of it takes: a batch of one, without padding."""
    num_prompt: int
    """How many tokens, without padding, were there before the first generated one."""


def write(
    model: Any, tokenizer: Any, prompt: Any, inputs: Mapping[str, Any] | None, index: int, options: dict[str, Any]
) -> Written:
    """Generate, and return the sequence at `index` of what `model.generate` returned.

    Raises
    ------
    ValueError
        A model that can't generate or can't be captured, or a prompt that is no token ids.
    IndexError
        `index` is out of range.
    """
    modules = modules_of(model)
    plan_of(modules)
    if not (hasattr(model, "can_generate") and model.can_generate()):
        raise ValueError(
            f"{type(model).__name__} can't generate: load it with a language modelling head, such as "
            "AutoModelForCausalLM.from_pretrained(...)."
        )
    encoding = inputs if inputs is not None else reading.encode(tokenizer, prompt, None, continued=True)
    arguments = reading.as_tensors(encoding, model)
    if inputs is None:
        known = reading.accepted(model)
        arguments = {name: value for name, value in arguments.items() if name in known}
    batch = reading.read_batch(arguments, 0)
    reading.check_inputs(modules, batch)
    if "stop_strings" in options:
        options = {"tokenizer": reading.text_tokenizer(tokenizer), **options}
    with evaluation(modules):
        output = model.generate(**arguments, **options)
    sequences: Tensor = output if isinstance(output, Tensor) else output.sequences
    index = check_position(index, len(sequences), "sequence_index")
    row = index * batch.batch_size // len(sequences)
    own = {name: _row(value, row, batch.batch_size) for name, value in arguments.items() if name not in DROPPED}
    if batch.batch_size > 1:
        own |= select_images(arguments, model, row)
        own = {name: value for name, value in own.items() if not isinstance(value, Tensor) or value.numel()}
    start = {**arguments, **options}.get("decoder_input_ids")
    if is_encoder_decoder(model):
        num_prompt = 1 if start is None else start.shape[1]
        written = _ended(model, sequences[index], num_prompt, options)
        return Written(own | {"decoder_input_ids": written[None]}, num_prompt)
    return _continued(model, own, sequences[index], options)


def _row(value: Any, row: int, size: int) -> Any:
    return value[row : row + 1] if isinstance(value, Tensor) and len(value) == size else value


def _continued(model: Any, own: dict[str, Any], sequence: Tensor, options: dict[str, Any]) -> Written:
    """Return prompt and continuation as one text; the prompt's padding is dropped, so no positions need to be moved."""
    ids = own.get("input_ids")
    if not isinstance(ids, Tensor):
        raise ValueError("the prompt must be token ids: pass a text, or inputs= with input_ids.")
    length = ids.shape[1]
    mask = own.pop("attention_mask", None)
    shown = torch.ones(length, dtype=torch.bool, device=ids.device) if mask is None else mask[0].bool()
    written = _ended(model, sequence, length, options)
    places = torch.cat([shown, shown.new_ones(len(written) - length)]).nonzero()[:, 0]
    for name, value in own.items():
        if isinstance(value, Tensor) and value.shape == (1, length):  # types of tokens: generated ones are text
            own[name] = torch.nn.functional.pad(value, (0, len(written) - length))[:, places]
    return Written(own | {"input_ids": written[None, places]}, int(shown.sum()))


def _ended(model: Any, sequence: Tensor, num_prompt: int, options: dict[str, Any]) -> Tensor:
    """Return a sequence up to its end: shorter ones of a batch are padded after it."""
    ends = _ends(model, options)
    at = torch.isin(sequence[num_prompt:], torch.tensor(ends, device=sequence.device)).nonzero()
    return sequence if not len(at) else sequence[: num_prompt + int(at[0]) + 1]


def _ends(model: Any, options: dict[str, Any]) -> list[int]:
    """Return the tokens that ended the text: as the user said, where None is for none, else as the model says."""
    config = options.get("generation_config")
    end = options.get("eos_token_id", getattr(config, "eos_token_id", None))
    if end is None:
        return [] if "eos_token_id" in options else end_ids(model)
    return [int(end)] if isinstance(end, int) or not getattr(end, "ndim", 1) else [int(one) for one in end]
