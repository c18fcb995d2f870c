"""What would make the pass fail, found before it: ids out of the vocabulary, texts longer than the positions."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

import torch
from torch import Tensor

from headscope.capture.labels import is_encoder_decoder, most_modules
from headscope.capture.modules import Modules, configs_of
from headscope.positions import check_position

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
"""What configs call their number of layers."""

NOT_OF_THE_TEXT = re.compile(r"relative|rotary|vision|visual|image|audio", re.IGNORECASE)


def check_ids(ids: Tensor, table: torch.nn.Module | None, what: str) -> None:
    """Refuse token ids that the model has no embedding for.

    Raises
    ------
    ValueError
        There are no ids, or some are out of range.
    """
    if ids.numel() == 0:
        raise ValueError(f"{what} is empty: there is no token to attend to. Give a text of at least one token.")
    if ids.is_floating_point():
        raise ValueError(f"{what} holds token ids of {ids.dtype}: they must be integers.")
    size = getattr(table, "num_embeddings", None)
    if size is None:
        return
    wrong = ids[(ids < 0) | (ids >= size)]
    if wrong.numel():
        raise ValueError(
            f"{what} holds token id {int(wrong[0])}, but the model's vocabulary has ids 0 to {size - 1}: the tokenizer "
            "belongs to another model, or the ids are not this model's."
        )


def check_length(modules: Modules, length: int, decoder: bool, what: str) -> None:
    """Refuse a text that is longer than the model's table of learned positions.

    Rotary and relative positions have no such table and no such limit.

    Raises
    ------
    ValueError
        The text has more tokens than the model has positions.
    """
    limit = num_positions(modules, decoder)
    if limit is not None and length > limit:
        raise ValueError(
            f"{what} has {length} tokens, but the model has positions for {limit}: shorten the text, or pass "
            f"inputs=tokenizer(text, truncation=True, max_length={limit}, return_tensors='pt')."
        )


def check_layers(modules: Modules, layers: Collection[int]) -> None:
    """Refuse layers that no map of the model can have, before it runs, where its config says how many there are.

    Raises
    ------
    IndexError
        A layer that is out of range.
    """
    most = num_layers(modules)
    if most is not None:
        for layer in layers:
            check_position(layer, most, "layers: layer")


def num_layers(modules: Modules) -> int | None:
    """Return the most layers that a map of the model may have; None where no config says how many layers there are.

    Layers may share a module and then are more than modules; layers of other kinds are no layers of a map. So this is a
    bound, exact for most models.
    """
    numbers = [getattr(config, name, None) for config in configs_of(modules) for name in LAYERS]
    known = [number for number in numbers if isinstance(number, int)]
    return max((*known, most_modules(modules))) if known else None


def num_positions(modules: Modules, decoder: bool) -> int | None:
    """Return how many positions the model, or its decoder, has a learned table for; None where there is no table."""
    two_sides = is_encoder_decoder(modules.model)
    limits = [
        _capacity(module)
        for name, module in modules.named.items()
        if isinstance(module, torch.nn.Embedding)
        and POSITION_TABLE.search(name.split(".")[-1])
        and not NOT_OF_THE_TEXT.search(name)
        and (two_sides and "decoder" in name.split(".")) == decoder
    ]
    return min(limits, default=None)


def _capacity(table: torch.nn.Embedding) -> int:
    """Return how many tokens a table has positions for: some keep their first rows for padding."""
    offset: Any = getattr(table, "offset", None)  # BART and OPT
    if offset is None:  # RoBERTa counts from the padding position
        offset = 0 if table.padding_idx is None else table.padding_idx + 1
    return int(table.num_embeddings - offset)
