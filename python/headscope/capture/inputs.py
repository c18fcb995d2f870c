"""From what the user gave to what the model takes: tensors on its device, and the tokens of each side."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers import PreTrainedModel

from headscope.capture.checks import check_ids, check_length
from headscope.capture.modules import Modules
from headscope.capture.pictures import Images
from headscope.grids import Grid
from headscope.positions import check_position
from headscope.segments import Segment
from headscope.tokens import TokenRow, read_ids

SEQUENCES = (
    "input_ids",
    "attention_mask",
    "token_type_ids",
    "position_ids",
    "decoder_input_ids",
    "decoder_attention_mask",
    "labels",
)
"""Inputs that are (batch, positions); a list of one text's numbers gets its batch axis."""

NOT_FOR_THE_MODEL = ("offset_mapping", "special_tokens_mask", "overflow_to_sample_mapping", "length")
"""What a tokenizer may add for its user."""


@dataclass(frozen=True)
class Side:
    """The tokens of one sequence of the model."""

    tokens: tuple[str, ...]
    """As text, without padding."""
    special: tuple[int, ...] = ()
    """Positions of special tokens, without padding."""
    length: int = 0
    """How many positions there are, padding included."""
    unpadded: Tensor | None = None
    """The positions that are not padding, int64; None for all."""
    sentence_b_start: int | None = None
    """First position of the second sentence, without padding."""
    words: tuple[int, ...] | None = None
    """For each token the number of its word, see `headscope.words`; None where words are not known."""
    grid: Grid | None = None
    """How the positions lie in an image, where they do."""
    segments: tuple[Segment, ...] = ()
    """Named parts of the text, in positions without padding."""


@dataclass
class Inputs:
    """All that the model is called with, and how to read what it does."""

    arguments: dict[str, Any]
    """The keyword arguments of the pass."""
    batch_size: int
    row: int
    """Which text of the batch is captured."""
    sides: dict[str, Side] = field(default_factory=dict)
    """`"main"`: the text's; `"decoder"`: the decoder's."""
    images: Images | None = None
    """Which of a batch's images belong to the captured text; None where nobody says."""


FLOATS = ("pixel_values", "input_features", "input_values", "inputs_embeds")
"""Inputs that the model reads in its own precision."""


def encode(tokenizer: Any, text: Any, text_pair: str | None, continued: bool = False) -> Mapping[str, Any]:
    """Tokenize one text, a pair, or the messages of a chat, to a batch of one.

    Parameters
    ----------
    tokenizer
        A tokenizer, or a processor that has one.
    text, text_pair
        Strings; `text` may be messages, each a mapping with a role and a content.
    continued
        Whether the chat goes on with an answer: then its opening is part of the text.
    """
    if is_chat(text) and tokenizer is not None:
        return _encode_chat(tokenizer, text, text_pair, continued)
    tokenizer = text_tokenizer(tokenizer)
    for name, value in (("text", text), ("text_pair", text_pair)):
        if value is not None and not isinstance(value, str) and not is_chat(value):
            raise TypeError(
                f"{name} must be one string, not {type(value).__name__}: tokenize a batch yourself and pass it as "
                "inputs=, with batch_index= for the row to capture."
            )
    if tokenizer is None:
        raise ValueError("text needs the tokenizer: capture(model, tokenizer, text), or pass inputs= without one.")
    if not callable(tokenizer):
        raise TypeError(f"tokenizer must be a Hugging Face tokenizer, not {type(tokenizer).__name__}.")
    encoded: Mapping[str, Any] = tokenizer(*([text] if text_pair is None else [text, text_pair]), return_tensors="pt")
    return encoded


def is_chat(text: Any) -> bool:
    """Whether this is the messages of a chat."""
    return isinstance(text, Sequence) and bool(text) and all(isinstance(message, Mapping) for message in text)


def _encode_chat(tokenizer: Any, messages: Any, text_pair: str | None, continued: bool) -> Mapping[str, Any]:
    if text_pair is not None:
        raise ValueError("text_pair can't go with the messages of a chat: put all of them into text.")
    tokenizer = chat_tokenizer(tokenizer)
    if not getattr(tokenizer, "chat_template", None):
        raise ValueError(
            "text holds the messages of a chat, but the tokenizer has no chat template: write the chat as one string, "
            "or set tokenizer.chat_template."
        )
    encoded: Mapping[str, Any] = tokenizer.apply_chat_template(
        list(messages), add_generation_prompt=continued, tokenize=True, return_dict=True, return_tensors="pt"
    )
    return encoded


def chat_tokenizer(tokenizer: Any) -> Any:
    """Return what has the template: a processor whose own puts images and sounds in their places, or a tokenizer."""
    return tokenizer if getattr(tokenizer, "chat_template", None) else text_tokenizer(tokenizer)


def text_tokenizer(tokenizer: Any) -> Any:
    """Return the tokenizer of a processor, which reads images or sounds too; a tokenizer itself."""
    return tokenizer if hasattr(tokenizer, "convert_ids_to_tokens") else getattr(tokenizer, "tokenizer", tokenizer)


def device_of(model: torch.nn.Module) -> torch.device:
    """Return where a model reads its inputs: the device of its first parameter that is anywhere."""
    devices = (parameter.device for parameter in model.parameters())
    return next((device for device in devices if device.type != "meta"), torch.device("cpu"))


def as_tensors(inputs: Any, model: torch.nn.Module) -> dict[str, Any]:
    """Turn arrays and lists into tensors as the model takes them; what is neither stays as it is."""
    if not isinstance(inputs, Mapping):
        raise TypeError(
            f"inputs must be a mapping, such as tokenizer(text, return_tensors='pt') or {{'input_ids': ids}}, not "
            f"{type(inputs).__name__}."
        )
    device, dtype = device_of(model), getattr(model, "dtype", None)
    return {
        name: _as_tensor(name, value, device, dtype) for name, value in inputs.items() if name not in NOT_FOR_THE_MODEL
    }


def _as_tensor(name: str, value: Any, device: torch.device, dtype: torch.dtype | None) -> Any:
    if not isinstance(value, Tensor) and (isinstance(value, Sequence) or hasattr(value, "__array__")):
        try:
            value = torch.as_tensor(value)
        except (ValueError, TypeError, RuntimeError) as error:
            raise ValueError(
                f"inputs[{name!r}] is no rectangle of numbers ({error}): pad the texts of a batch to one length, with "
                "an attention_mask, or pass one of them."
            ) from None
    if isinstance(value, Tensor):
        value = value[None] if value.dim() == 1 and name in SEQUENCES else value
        return value.to(device, dtype) if name in FLOATS and value.is_floating_point() else value.to(device)
    return value


def read_batch(arguments: dict[str, Any], batch_index: int) -> Inputs:
    """Find how many texts there are, and check that the wanted one is among them."""
    tensors = [arguments[name] for name in (*SEQUENCES, "inputs_embeds") if isinstance(arguments.get(name), Tensor)]
    tensors += [value for value in arguments.values() if isinstance(value, Tensor)]
    if not tensors:
        raise ValueError("inputs holds no tensor: it needs input_ids, as tokenizer(text, return_tensors='pt') gives.")
    batch_size = int(tensors[0].shape[0])
    return Inputs(arguments, batch_size, check_position(batch_index, batch_size, "batch_index"))


def read_side(
    inputs: Inputs,
    tokenizer: Any,
    encoding: Any,
    prefix: str = "",
    keep_padding: bool = False,
    prettify: bool = True,
) -> Side:
    """Read the tokens of the captured text.

    Parameters
    ----------
    inputs
        What the model is called with.
    tokenizer
        None shows ids as numbers.
    encoding
        The tokenizer's output, which may know where the second sentence starts.
    prefix
        `"decoder_"` for the decoder's sequence.
    keep_padding
        Whether positions that the attention mask hides are shown too.
    prettify
        Whether tokens are shown as text.
    """
    ids, embedded = (inputs.arguments.get(f"{prefix}{name}") for name in ("input_ids", "inputs_embeds"))
    sequence = embedded if ids is None else ids
    if sequence is None:
        return Side(())
    mask = None if keep_padding else inputs.arguments.get(f"{prefix}attention_mask")
    length = int(sequence.shape[1])
    unpadded = _unpadded(mask, inputs.row, length)
    kept = range(length) if unpadded is None else unpadded.tolist()
    row = TokenRow([str(position) for position in kept], (), None)
    if ids is not None:
        values = ids[inputs.row].tolist()
        row = _tokens(text_tokenizer(tokenizer), [values[position] for position in kept], prettify)
    start = None if prefix else _second_sentence(inputs, encoding, kept)
    return Side(tuple(row.texts), row.special, length, unpadded, start, row.words)


def _tokens(tokenizer: Any, ids: list[int], prettify: bool) -> TokenRow:
    return TokenRow([str(id_) for id_ in ids], (), None) if tokenizer is None else read_ids(tokenizer, ids, prettify)


def _unpadded(mask: Any, row: int, length: int) -> Tensor | None:
    if not isinstance(mask, Tensor) or mask.dim() != 2 or bool(mask[row].all()):
        return None
    if mask.shape[1] != length:
        raise ValueError(f"the attention mask has {mask.shape[1]} positions for {length} tokens.")
    positions = mask[row].nonzero()[:, 0].cpu()
    if not len(positions):
        raise ValueError(f"the attention mask hides every token of text {row}: there is nothing to show.")
    return positions


def _second_sentence(inputs: Inputs, encoding: Any, kept: Sequence[int]) -> int | None:
    """Return the first position of the second sentence, as the tokenizer marked it; None where there is none."""
    try:
        marks = encoding.sequence_ids(inputs.row)
    except (AttributeError, ValueError):  # a slow tokenizer's output, or tensors from elsewhere
        types = inputs.arguments.get("token_type_ids")
        marks = types[inputs.row].tolist() if isinstance(types, Tensor) and types.dim() == 2 else []
    start = next((place for place, position in enumerate(kept) if position < len(marks) and marks[position] == 1), 0)
    return start or None


def check_inputs(modules: Modules, inputs: Inputs) -> None:
    """Refuse what the model can't take, before it runs; see `headscope.capture.checks`."""
    for prefix, decoder in (("", False), ("decoder_", True)):
        ids = inputs.arguments.get(f"{prefix}input_ids")
        if isinstance(ids, Tensor):
            what = "the decoder's text" if decoder else "the text"
            check_ids(ids, _embeddings(modules.model, decoder), what)
            check_length(modules, ids.shape[1], decoder, what)


def _embeddings(model: Any, decoder: bool) -> torch.nn.Module | None:
    try:
        table = (model.get_decoder() if decoder else model).get_input_embeddings()
    except (AttributeError, NotImplementedError):  # models whose input is no text, and wrappers
        return None
    return table if isinstance(table, torch.nn.Module) else None


def accepted(model: torch.nn.Module) -> Mapping[str, inspect.Parameter]:
    """Return the parameters that the model's forward names; for a wrapper that passes all on, the model's inside."""
    parameters = dict(inspect.signature(model.forward).parameters)
    passes_on = any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters.values())
    if passes_on and not isinstance(model, PreTrainedModel):
        inside = next(part for part in model.modules() if isinstance(part, PreTrainedModel))
        parameters = dict(inspect.signature(inside.forward).parameters) | parameters
    return parameters
