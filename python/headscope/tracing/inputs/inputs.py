"""The inputs of a pass: the model's arguments, the captured row of the batch, and the tokens of each side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from headscope.data.indexing import check_position
from headscope.text.tokens import TokenRow, read_ids
from headscope.tracing.hooks.modules import Modules
from headscope.tracing.images.image_tokens import Images
from headscope.tracing.inner_model import inner_model
from headscope.tracing.inputs.caches import cached_positions
from headscope.tracing.inputs.chat import text_tokenizer
from headscope.tracing.inputs.preflight import check_embeddings, check_ids, check_length, check_mask
from headscope.tracing.inputs.sides import Side
from headscope.tracing.inputs.tensors import SEQUENCES


@dataclass
class Inputs:
    """The model's keyword arguments, and what is needed to read its output."""

    arguments: dict[str, Any]
    """The keyword arguments of the pass."""
    batch_size: int
    row: int
    """The zero-based number of the captured text in the batch."""
    sides: dict[str, Side] = field(default_factory=dict)
    """The tokens of the text, `"main"`, and of the decoder, `"decoder"`."""
    images: Images | None = None
    """The images of the batch that belong to the captured text; None if that is unknown."""
    ids: str = "input_ids"
    """The argument that holds the ids of the text."""
    past: int = 0
    """The number of positions in a cache, which come before those of the text."""
    names: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The user's names for positions that are not known before the pass."""
    notes: list[str] = field(default_factory=list)
    """What happened to the inputs, for the report."""
    axis: int | None = 0
    """The axis that counts texts, 1 in some plain modules; None for one text without such an axis."""
    shape: tuple[int, ...] = ()
    """The shape of the input that tells the number of texts."""
    floats: bool = False
    """Whether that input holds states or pixels rather than ids."""
    padding: dict[str, tuple[int, Tensor]] = field(default_factory=dict)
    """For each argument with a key mask of torch's own modules: its number of positions, and those that are shown."""

    def sequence(self, prefix: str = "") -> Tensor | None:
        """Return the ids or the embeddings of the text, or of the decoder's with `"decoder_"`; None without any."""
        names = (f"{prefix}input_ids" if prefix else self.ids, f"{prefix}inputs_embeds")
        found = (self.arguments.get(name) for name in names)
        value = next((value for value in found if isinstance(value, Tensor)), None)
        if value is None or self.axis == 0:
            return value
        return value[None] if self.axis is None else value.transpose(0, 1)


def read_batch(arguments: dict[str, Any], batch_index: int, ids: str = "input_ids", axis: int | None = 0) -> Inputs:
    """Return inputs with the batch size, and check that `batch_index` is within it.

    Parameters
    ----------
    arguments
        The model's keyword arguments.
    batch_index
        The zero-based row to capture.
    ids
        The argument that holds the ids of the text; `"input_ids"` by default.
    axis
        The axis that counts texts, 0 by default; None for one text without such an axis.

    Raises
    ------
    ValueError
        There is no tensor among the arguments, or a number where there should be a text.
    IndexError
        `batch_index` is out of range.
    """
    named = ((name, arguments.get(name)) for name in (ids, *SEQUENCES, "inputs_embeds"))
    tensors = [(name, value) for name, value in named if isinstance(value, Tensor)]
    tensors += [(name, value) for name in arguments for value in _tensors(arguments[name])]
    if not tensors:
        raise ValueError("inputs holds no tensor: it needs input_ids, as tokenizer(text, return_tensors='pt') gives.")
    name, first = tensors[0]
    if not first.dim():
        raise ValueError(
            f"inputs[{name!r}] is one number, {first.item()!r}: pass a list of them, such as [{first.item()!r}], or a "
            "batch of lists."
        )
    if axis is not None and not first.shape[axis]:
        raise ValueError(f"inputs[{name!r}] is empty: there is no token to attend to. Give at least one.")
    batch_size = 1 if axis is None else int(first.shape[axis])
    row = check_position(batch_index, batch_size, "batch_index")
    return Inputs(
        arguments=arguments,
        batch_size=batch_size,
        row=row,
        ids=ids,
        axis=axis,
        shape=tuple(first.shape),
        floats=first.is_floating_point(),
    )


def _tensors(value: Any) -> Iterator[Tensor]:
    """Yield the tensors in a value, at any depth."""
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (tuple, list, Mapping)):
        for part in value.values() if isinstance(value, Mapping) else value:
            yield from _tensors(part)


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
        The model's inputs.
    tokenizer
        The tokenizer; None shows ids as numbers.
    encoding
        The tokenizer's output, which may know where the second sentence starts.
    prefix
        `"decoder_"` for the decoder's sequence; empty (default) for the text.
    keep_padding
        Whether to show positions that the attention mask hides; False by default.
    prettify
        Whether to show tokens as readable text; True by default.

    Raises
    ------
    ValueError
        The attention mask has another length than the text, or hides every token.
    """
    sequence = inputs.sequence(prefix)
    if sequence is None:
        return Side(tokens=())
    mask = None if keep_padding else inputs.arguments.get(f"{prefix}attention_mask")
    length = int(sequence.shape[1])
    unpadded = _unpadded(mask, inputs.row, length, inputs.arguments)
    kept = range(length) if unpadded is None else unpadded.tolist()
    row = TokenRow([str(position) for position in kept], (), None)
    if sequence.dim() == 2 and not sequence.is_floating_point():
        values = sequence[inputs.row].tolist()
        row = _tokens(text_tokenizer(tokenizer), [values[position] for position in kept], prettify)
    start = None if prefix else _second_sentence(inputs, encoding, kept)
    return Side(
        tokens=tuple(row.texts),
        special=row.special,
        length=length,
        unpadded=unpadded,
        sentence_b_start=start,
        words=row.words,
    )


def named_ids(ids: Sequence[int], tokenizer: Any, prettify: bool) -> Side:
    """Return token ids as a side."""
    row = _tokens(text_tokenizer(tokenizer), list(ids), prettify)
    return Side(tokens=tuple(row.texts), special=row.special, length=len(ids), words=row.words)


def _tokens(tokenizer: Any, ids: list[int], prettify: bool) -> TokenRow:
    if tokenizer is None:
        return TokenRow([str(id_) for id_ in ids], (), None)
    if not hasattr(tokenizer, "convert_ids_to_tokens") or not hasattr(tokenizer, "all_special_ids"):
        raise TypeError(
            f"tokenizer, a {type(tokenizer).__name__}, has no names for ids: pass a tokenizer of transformers, or "
            "None to show ids as numbers."
        )
    return read_ids(tokenizer, ids, prettify)


def _unpadded(mask: Any, row: int, length: int, arguments: Mapping[str, Any]) -> Tensor | None:
    """Return the positions of a text that its mask shows; None for all. A mask may begin with the cached positions."""
    if not isinstance(mask, Tensor) or mask.dim() != 2:
        return None
    own = mask[row if len(mask) > 1 else 0, -length:]
    if mask.shape[1] not in (length, length + cached_positions(arguments)) or bool(own.all()):
        return None
    positions = own.nonzero()[:, 0].cpu()
    if not len(positions):
        raise ValueError(f"the attention mask hides every token of text {row}: there is nothing to show.")
    return positions


def _second_sentence(inputs: Inputs, encoding: Any, kept: Sequence[int]) -> int | None:
    """Return the first position of the second sentence that the tokenizer marked; None if there is none."""
    try:
        marks = encoding.sequence_ids(inputs.row)
    except (AttributeError, ValueError):  # a slow tokenizer's output, or tensors from elsewhere
        types = inputs.arguments.get("token_type_ids")
        marks = types[inputs.row].tolist() if isinstance(types, Tensor) and types.dim() == 2 else []
    start = next((place for place, position in enumerate(kept) if position < len(marks) and marks[position] == 1), 0)
    return start or None


def check_inputs(modules: Modules, inputs: Inputs) -> None:
    """Check token ids, masks and lengths before the model runs; `inputs.preflight` lists the errors."""
    for prefix, decoder in (("", False), ("decoder_", True)):
        name = f"{prefix}input_ids" if decoder else inputs.ids
        ids, what = inputs.arguments.get(name), "the decoder's text" if decoder else "the text"
        if isinstance(ids, Tensor) and (name in SEQUENCES or inner_model(modules.model) is not None):
            check_ids(ids, _embeddings(modules.model, decoder), what, name)
            check_length(modules, ids.shape[1], decoder, what)
        sequence = inputs.sequence(prefix)
        if sequence is not None:
            check_embeddings(inputs.arguments, f"{prefix}inputs_embeds")
            check_mask(inputs.arguments, f"{prefix}attention_mask", sequence)


def _embeddings(model: Any, decoder: bool) -> torch.nn.Module | None:
    model = inner_model(model)
    try:
        table = (model.get_decoder() if decoder else model).get_input_embeddings()
    except (AttributeError, NotImplementedError):  # no transformers model, or one whose input is not text
        return None
    return table if isinstance(table, torch.nn.Module) else None
