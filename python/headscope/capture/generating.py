"""Lets a model generate with the user's own options, and makes of the result the inputs of one pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from headscope.capture import inputs as reading
from headscope.capture.decoder import end_ids
from headscope.capture.interface import evaluation
from headscope.capture.labels import is_encoder_decoder
from headscope.capture.pictures import select_images
from headscope.capture.segmenting import Positions, segments_of, texts_of
from headscope.capture.tiers import modules_of, plan_of
from headscope.positions import check_position
from headscope.segments import Segment

DROPPED = ("position_ids", "cache_position", "decoder_attention_mask")
"""Inputs of the prompt that say nothing of the whole; the model makes them anew."""

PROMPT, GENERATED = "prompt", "generated"
"""What the parts of a text are called that a model went on with."""


@dataclass(frozen=True)
class Written:
    """A generated text."""

    inputs: Mapping[str, Any]
    """What a pass over the whole of it takes: a batch of one, without padding."""
    num_prompt: int
    """How many tokens, without padding, were there before the first generated one."""
    segments: Mapping[str, Any] = field(default_factory=dict)
    """Named parts of it in positions of tokens, by the input that they are of."""


def write(
    model: Any,
    tokenizer: Any,
    prompt: Any,
    inputs: Mapping[str, Any] | None,
    index: int,
    options: dict[str, Any],
    segments: Any = None,
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
    named = None if inputs is not None else _segments_of_text(segments, tokenizer, prompt, encoding, batch)
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
        ended = _ended(model, sequences[index], num_prompt, options)
        written = Written(own | {"decoder_input_ids": ended[None]}, num_prompt)
    else:
        written = _continued(model, own, sequences[index], options)
    return replace(written, segments=name_parts(written, segments, named, tokenizer))


def _segments_of_text(
    wanted: Any, tokenizer: Any, prompt: Any, encoding: Any, batch: reading.Inputs
) -> tuple[Segment, ...]:
    """Return the segments of a prompt, before a model is at work whose user has made a mistake."""
    side = reading.read_side(batch, None, None)
    return segments_of(wanted, {"main": texts_of(tokenizer, prompt, None, encoding, side, True, "prompt")})["main"]


def name_parts(
    written: Written, wanted: Any, named: Sequence[Segment] | None, tokenizer: Any
) -> dict[str, list[Segment]]:
    """Return the parts of a generated text, by the input that they are of: those of its prompt, and what is new.

    Parameters
    ----------
    written
        The text.
    wanted
        The segments of the prompt that the user asked for.
    named
        These in positions of tokens; None where the prompt came as tokens.
    tokenizer
        Says which token begins texts: it is no part of the prompt.
    """
    if wanted is not None and not wanted:
        return {}
    two_sides = "decoder_input_ids" in written.inputs
    count = written.inputs["decoder_input_ids" if two_sides else "input_ids"].shape[1]
    new = [Segment(GENERATED, written.num_prompt, count)] if written.num_prompt < count else []
    if named is None:
        prompt = Positions("input_ids", _length(written.inputs) if two_sides else written.num_prompt)
        named = segments_of(wanted, {"main": [prompt]})["main"]
    if two_sides:
        return {"input_ids": list(named), "decoder_input_ids": new}
    first = int(_starts_with_bos(written.inputs["input_ids"], tokenizer))
    if wanted is None and not named and first < written.num_prompt:
        named = [Segment(PROMPT, first, written.num_prompt)]
    return {"input_ids": [*named, *new]}


def _length(inputs: Mapping[str, Any]) -> int:
    """Return how many tokens an encoder reads, without padding."""
    mask = inputs.get("attention_mask")
    return int(mask.sum()) if isinstance(mask, Tensor) else int(inputs["input_ids"].shape[1])


def _starts_with_bos(ids: Tensor, tokenizer: Any) -> bool:
    return int(ids[0, 0]) == getattr(reading.text_tokenizer(tokenizer), "bos_token_id", None)


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
