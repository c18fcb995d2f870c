"""Generate with the user's options, and turn the result into the inputs of one pass."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor

from headscope.data.indexing import check_position
from headscope.text.segments import Segment
from headscope.tracing.generation.continuing import continued, until_end
from headscope.tracing.generation.first_step import first_step, with_start
from headscope.tracing.generation.repeating import Script
from headscope.tracing.generation.steps import Steps
from headscope.tracing.generation.written import Written, name_parts
from headscope.tracing.hooks.labels import is_encoder_decoder
from headscope.tracing.hooks.model_state import evaluation
from headscope.tracing.hooks.tiers import check_served, modules_of
from headscope.tracing.images.image_tokens import select_images
from headscope.tracing.inner_model import accepted
from headscope.tracing.inputs import inputs as reading
from headscope.tracing.inputs.chat import text_tokenizer
from headscope.tracing.inputs.columns import for_the_model
from headscope.tracing.inputs.decoder import can_generate, end_ids, written_ids
from headscope.tracing.inputs.encoding import Encoded, encode, is_list
from headscope.tracing.inputs.failures import reported
from headscope.tracing.inputs.forms import as_mapping, ids_argument
from headscope.tracing.inputs.naming import checked_names
from headscope.tracing.inputs.rows import row_of
from headscope.tracing.inputs.segmenting import segments_of, texts_of
from headscope.tracing.inputs.tensors import as_tensors

DROPPED = ("cache_position", "decoder_attention_mask", "decoder_position_ids")
"""Inputs of the prompt that do not fit the whole text; the model computes them again."""

ADDED = ("position_ids", "use_cache")
"""Arguments of the first step that `generate` finds by itself again."""

TRIES_SEVERAL = ("prompt_lookup_num_tokens", "assistant_model", "assistant_early_exit", "penalty_alpha")
"""Options of `generate` with which a step tries several tokens."""


def write(
    model: Any,
    tokenizer: Any,
    prompt: Any,
    inputs: Any,
    index: int | None,
    options: dict[str, Any],
    segments: Any = None,
    tokens: Any = None,
) -> Written:
    """Generate, and return the sequence at `index` of the result of `model.generate`; None is the first.

    Raises
    ------
    ValueError
        The model can't generate or can't be captured, or it wrote no token ids.
    TypeError
        A value has the wrong type.
    IndexError
        `index` is out of range.
    """
    modules = modules_of(model)
    check_served(modules)
    if not can_generate(model):
        raise ValueError(_cannot_generate(model))
    unasked, index = index is None, 0 if index is None else check_position(index, None, "sequence_index")
    given = checked_names(tokens).get("input_ids")
    batch, encoded, options = _prompt(model, tokenizer, prompt, inputs, options)
    reading.check_inputs(modules, batch)
    _check_cache(batch)
    named = None if encoded is None else _segments_of_text(segments, tokenizer, encoded, batch)
    if "stop_strings" in options:
        options = {"tokenizer": text_tokenizer(tokenizer), **options}
    arguments = batch.arguments
    steps = Steps()
    with evaluation(modules), first_step(model, steps) as step, reported(f"{type(model).__name__}.generate", arguments):
        output = model.generate(**arguments, **options)
    sequences = written_ids(model, output)
    index = check_position(index, len(sequences), "sequence_index")
    if unasked and len(sequences) > 1:
        batch.notes.append(f"Sequence 0 of {len(sequences)} is shown: sequence_index= chooses another.")
    row = index * batch.batch_size // len(sequences)
    if encoded is not None and is_list(prompt):
        named = _segments_of_text(segments, tokenizer, replace(encoded, text=prompt[row]), batch, row)
    own = _own_row(model, batch, step, row)
    asked = {name: value for name, value in own.items() if name in arguments or name not in ADDED}
    if is_encoder_decoder(model):
        whole = with_start(sequences, step.get("decoder_input_ids"))[index]
        start = step.get("decoder_input_ids", arguments.get("decoder_input_ids"))
        num_prompt = 1 if start is None else start.shape[1]
        own.pop("past_key_values", None)  # what it holds is computed again, from the same ids
        whole = until_end(whole, num_prompt, _ends(model, options))
        names = {} if given is None else {"input_ids": given}
        written = Written(
            own | {"decoder_input_ids": whole[None]}, num_prompt, tokens=names, new_ids=whole[num_prompt:]
        )
    else:
        written = continued(model, own, sequences[index], _ends(model, options), tokenizer, given)
    parts = name_parts(written, segments, named, tokenizer)
    cache = {**options, **(inputs if isinstance(inputs, Mapping) else {})}.get("past_key_values")
    prompted = batch.sequence()
    padded = is_encoder_decoder(model) or prompted is None or written.num_prompt < prompted.shape[1]
    if arguments.get("past_key_values") is None and not _tries_several(options):
        steps.num_new = written.length - written.num_prompt
    cache = None if padded else cache
    script = Script(model, asked, options, written.new_ids) if steps.num_new and written.new_ids is not None else None
    return replace(written, segments=parts, notes=batch.notes, cache=cache, row=row, steps=steps, script=script)


def _cannot_generate(model: Any) -> str:
    kind = type(model).__name__
    if hasattr(model, "from_pretrained"):
        return (
            f"{kind} can't generate: load it with a language modelling head, such as "
            "AutoModelForCausalLM.from_pretrained(...)."
        )
    return (
        f"{kind} can't generate: it is no model of transformers with a method generate(). Let your own code write the "
        f"text, then capture all of its ids in one pass: hs.capture(model, inputs=ids)."
    )


def _prompt(
    model: Any, tokenizer: Any, prompt: Any, inputs: Any, options: dict[str, Any]
) -> tuple[reading.Inputs, Encoded | None, dict[str, Any]]:
    """Return the inputs of `generate`, the tokenized prompt if there is a text, and the other options."""
    known = accepted(model)
    notes: list[str] = []
    encoded = None if inputs is not None else encode(tokenizer, prompt, continued=True, name="prompt")
    found: Mapping[str, Any] = as_mapping(inputs if encoded is None else encoded.encoding, model)
    if encoded is not None:
        found = {name: value for name, value in found.items() if name in known}
    among = {name: value for name, value in options.items() if name in known and _is_input(value)}
    options = {name: value for name, value in options.items() if name not in among}
    arguments = as_tensors(for_the_model({**found, **among}, model, notes), model, notes, tokenizer)
    arguments.pop("labels", None)
    batch = reading.read_batch(arguments, 0, ids_argument(model, arguments))
    batch.notes = notes + ([] if encoded is None else encoded.notes)
    return batch, encoded, options


def _check_cache(batch: reading.Inputs) -> None:
    if batch.arguments.get("past_key_values") is not None and batch.arguments.get("inputs_embeds") is not None:
        raise ValueError(
            "inputs holds embeddings beside a cache: the text in the cache is unknown. Pass input_ids of the whole "
            "text, or capture the prompt alone with headscope.capture."
        )


def _is_input(value: Any) -> bool:
    """Return whether an option of `generate` is an input of the model rather than a setting."""
    return isinstance(value, (Tensor, list, tuple)) or hasattr(value, "__array__") or hasattr(value, "get_seq_length")


def _own_row(model: Any, batch: reading.Inputs, step: Mapping[str, Any], row: int) -> dict[str, Any]:
    """Return the inputs of one text of a batch, with the mask that `generate` inferred from padding."""
    arguments, size = batch.arguments, batch.batch_size
    own = {name: row_of(value, row, size) for name, value in arguments.items() if name not in DROPPED}
    if size > 1:
        own |= select_images(arguments, model, row)
        own = {name: value for name, value in own.items() if not isinstance(value, Tensor) or value.numel()}
    rows = {name: _row_of_step(step.get(name), row, size) for name in ("input_ids", "attention_mask", "position_ids")}
    if batch.sequence() is None and rows["input_ids"] is not None:  # the text begins with a start token alone
        own["input_ids"] = rows["input_ids"]
    sequence, mask = own.get("input_ids", own.get("inputs_embeds")), rows["attention_mask"]
    fits = isinstance(sequence, Tensor) and mask is not None and mask.shape == sequence.shape[:2]
    if fits and own.get("attention_mask") is None:
        own["attention_mask"] = mask
    places = rows["position_ids"]
    if isinstance(sequence, Tensor) and places is not None and places.shape == sequence.shape[:2]:
        own.setdefault("position_ids", places)  # a pass alone may count from another number, or count padding
    if "position_ids" in own and "use_cache" in step:  # without a cache, positions that begin again separate texts
        own["use_cache"] = step["use_cache"]
    return own


def _tries_several(options: Mapping[str, Any]) -> bool:
    """Return whether steps try several tokens at a time, of which some are dropped again."""
    config = options.get("generation_config")
    found = (options.get(name, getattr(config, name, None)) for name in TRIES_SEVERAL)
    return any(value is not None for value in found)


def _row_of_step(value: Any, row: int, size: int) -> Tensor | None:
    """Return the row of a text in the first step, which has equally many rows for each text."""
    if not isinstance(value, Tensor) or value.dim() != 2 or len(value) % size:
        return None
    each = len(value) // size
    return value[row * each : row * each + 1]


def _segments_of_text(
    wanted: Any, tokenizer: Any, encoded: Encoded, batch: reading.Inputs, row: int = 0
) -> tuple[Segment, ...]:
    """Return the segments of a prompt. This runs before the model generates, so that a user's mistake shows at once."""
    side = reading.read_side(replace(batch, row=row), tokenizer, None)
    texts = texts_of(tokenizer, encoded.text, None, encoded.encoding, side, row, True, "prompt")
    return segments_of(wanted, {"main": texts})["main"]


def _ends(model: Any, options: dict[str, Any]) -> list[int]:
    """Return the ids that end a text: those of the user's options, where None means none, or else the model's."""
    config = options.get("generation_config")
    end = options.get("eos_token_id", getattr(config, "eos_token_id", None))
    if end is None:
        return [] if "eos_token_id" in options else end_ids(model)
    return [int(end)] if isinstance(end, int) or not getattr(end, "ndim", 1) else [int(one) for one in end]
