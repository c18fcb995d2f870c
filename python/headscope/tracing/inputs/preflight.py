"""Checks before the pass: token ids outside the vocabulary, texts longer than the position table, unknown layers."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import torch
from torch import Tensor

from headscope.data.indexing import check_position
from headscope.tracing.hooks.labels import is_encoder_decoder, most_modules
from headscope.tracing.hooks.modules import Modules, configs_of
from headscope.tracing.inner_model import inner_model
from headscope.tracing.inputs.caches import cached_positions

TOKEN_TABLE = re.compile(r"word_emb|embed_tokens|token_emb(?!.*type)|^wte$")
POSITION_TABLE = re.compile(r"position|wpe$", re.IGNORECASE)
LAYERS = (
    "num_hidden_layers",
    "num_layers",
    "num_decoder_layers",
    "encoder_layers",
    "decoder_layers",
    "n_layer",
    "depth",
)
"""The names that configs use for the number of layers."""

NOT_OF_THE_TEXT = re.compile(r"relative|rotary|vision|visual|image|audio|video|frame|patch|pixel", re.IGNORECASE)


def check_ids(ids: Tensor, table: torch.nn.Module | None, what: str, name: str = "input_ids") -> None:
    """Check that the model has an embedding for every token id.

    Raises
    ------
    ValueError
        There are no ids, they are not integers, they are no rows of ids, or some are out of range.
    """
    if ids.numel() == 0:
        raise ValueError(f"{what} is empty: there is no token to attend to. Give a text of at least one token.")
    if ids.is_floating_point() or ids.is_complex() or ids.dtype == torch.bool:
        raise ValueError(f"{what} holds token ids of type {ids.dtype}: they must be integers.")
    if ids.dim() not in (2, 3):  # three axes: several choices, or several codes a position
        raise ValueError(
            f"inputs[{name!r}] has the shape {tuple(ids.shape)}: pass the ids of one text, or a batch of them of shape "
            "(texts, positions)."
        )
    size = getattr(table, "num_embeddings", None)
    if size is None:
        return
    wrong = ids[(ids < 0) | (ids >= size)]
    if wrong.numel():
        raise ValueError(
            f"{what} holds token id {int(wrong[0])}, but the model's vocabulary has ids 0 to {size - 1}: the tokenizer "
            "belongs to another model, or the ids are not this model's."
        )


def check_embeddings(arguments: Mapping[str, Any], name: str) -> None:
    """Check the shape of embeddings.

    Raises
    ------
    ValueError
        They are no floats of shape (texts, positions, hidden size), or there are none.
    """
    value = arguments.get(name)
    if isinstance(value, Tensor) and (value.dim() != 3 or not value.is_floating_point() or not value.numel()):
        raise ValueError(
            f"inputs[{name!r}] has the shape {tuple(value.shape)} and the type {value.dtype}: embeddings are floats of "
            "shape (texts, positions, hidden size), at least one of each."
        )


def check_mask(arguments: Mapping[str, Any], name: str, sequence: Tensor) -> None:
    """Check that a mask of two axes fits its text, and the positions in a cache before it.

    Raises
    ------
    ValueError
        The mask has another number of texts or of positions.
    """
    mask = arguments.get(name)
    if not isinstance(mask, Tensor):
        return
    texts, length = sequence.shape[:2]
    past = cached_positions(arguments)
    if mask.dim() not in (2, 3, 4):
        raise ValueError(
            f"inputs[{name!r}] has the shape {tuple(mask.shape)}: a mask has the shape (texts, positions), or "
            "(texts, 1, queries, keys)."
        )
    if mask.dim() == 2 and (mask.shape[0] not in (1, texts) or mask.shape[1] not in (length, length + past)):
        after = f" after {past} in the cache" if past else ""
        raise ValueError(
            f"inputs[{name!r}] has {mask.shape[1]} positions of {mask.shape[0]} texts for {length} tokens{after} of "
            f"{texts} texts: the attention mask needs a number for each token."
        )


def check_length(modules: Modules, length: int, decoder: bool, what: str) -> None:
    """Check that a text is no longer than the model's table of learned positions.

    Rotary and relative positions have no such table and no such limit.

    Raises
    ------
    ValueError
        The text has more tokens than the model has positions.
    """
    limit = num_positions(modules, decoder)
    if limit is not None and length > limit:
        raise ValueError(
            f"{what} has {length} tokens, but the model has positions for {limit}: pass truncate=True to read the "
            f"first {limit} tokens of a text, or window={limit} to capture_batch to read it in overlapping windows."
        )


def check_layers(modules: Modules, layers: Collection[int]) -> None:
    """Check that some map of the model can have these layers, if its config tells their number.

    Raises
    ------
    IndexError
        A layer is out of range.
    """
    most = num_layers(modules)
    if most is not None:
        for layer in layers:
            check_position(layer, most, "layers: layer")


def num_layers(modules: Modules) -> int | None:
    """Return an upper bound on the layers of a map, exact for most models; None if no config tells their number.

    It is not always exact: layers may share a module, and layers without attention do not belong to a map.
    """
    numbers = [getattr(config, name, None) for config in configs_of(modules) for name in LAYERS]
    known = [number for number in numbers if isinstance(number, int)]
    return max((*known, most_modules(modules))) if known else None


def num_positions(modules: Modules, decoder: bool) -> int | None:
    """Return the capacity of the learned position table of the model or its decoder; None if there is no table."""
    two_sides = is_encoder_decoder(modules.model)
    tables = {
        name: module
        for name, module in modules.named.items()
        if isinstance(module, torch.nn.Embedding)
        and POSITION_TABLE.search(name.split(".")[-1])
        and not NOT_OF_THE_TEXT.search(name)
        and (two_sides and "decoder" in name.split(".")) == decoder
    }
    beside = {name: tables[name] for name in tables if _parent(name) in _of_tokens(modules)}
    return min(map(_capacity, (beside or tables).values()), default=None)


def _of_tokens(modules: Modules) -> set[str]:
    """Return the names of the modules that hold the model's table of token embeddings, or any by its name."""
    model = inner_model(modules.model)
    try:
        table = model.get_input_embeddings() if model is not None else None
    except (AttributeError, NotImplementedError):  # a model that reads no text, or reads it in a part of its own
        table = None
    found = {_parent(name) for name, module in modules.named.items() if module is table}
    return found or {
        _parent(name)
        for name, module in modules.named.items()
        if isinstance(module, torch.nn.Embedding) and TOKEN_TABLE.search(name.split(".")[-1])
    }


def _parent(name: str) -> str:
    return name.rpartition(".")[0]


def _capacity(table: torch.nn.Embedding) -> int:
    """Return the number of tokens that a position table covers; some tables reserve their first rows for padding."""
    offset: Any = getattr(table, "offset", None)  # BART and OPT
    if offset is None:  # RoBERTa counts from the padding position
        offset = 0 if table.padding_idx is None else table.padding_idx + 1
    return int(table.num_embeddings - offset)


MOST_TOKENS = 1_000_000
"""Tokenizers without a limit of their own have a larger number in its place."""


def token_limit(modules: Modules, tokenizer: Any, truncate: bool | int) -> int | None:
    """Return the most tokens to read of a text: the user's number, or the model's positions; None for all.

    Raises
    ------
    ValueError
        `truncate` is no positive number, or neither the model nor the tokenizer has a limit.
    TypeError
        `truncate` is neither a bool nor a number.
    """
    if truncate is False or truncate is None:
        return None
    if truncate is True:
        limits = [num_positions(modules, decoder=False), getattr(tokenizer, "model_max_length", None)]
        known = [int(limit) for limit in limits if isinstance(limit, int) and limit < MOST_TOKENS]
        if not known:
            raise ValueError(
                "truncate is True, but neither the model nor the tokenizer names its most tokens: pass the number, "
                "such as truncate=512."
            )
        return min(known)
    if not isinstance(truncate, int):
        raise TypeError(f"truncate must be True or a number of tokens, not {truncate!r}.")
    if truncate < 1:
        raise ValueError(f"truncate must be at least 1 token, not {truncate}.")
    return truncate
