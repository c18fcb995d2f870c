"""How well the cross-attention of an encoder-decoder points at what it is writing."""

from __future__ import annotations

from datetime import date
from typing import NamedTuple

import numpy as np
import torch
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from .dates import Part, Spelled

WRITTEN: dict[Part, range] = {"year": range(4), "month": range(5, 7), "day": range(8, 10)}
"""Where each part stands in what the model writes, `1998-03-05`, counted in characters, which are tokens."""


def read_keys(spelled: Spelled, offsets: list[tuple[int, int]]) -> list[list[int]]:
    """For each of the ten characters written, list the source tokens that say it; none for a hyphen.

    Of the year, the one digit that is copied; of month and day, all of their tokens, because "March" and
    "3" both become "03".
    """
    keys: list[list[int]] = [[] for _ in range(10)]
    for part, written in WRITTEN.items():
        start, stop = spelled.spans[part]
        inside = [key for key, (first, last) in enumerate(offsets) if first < last and start <= first and last <= stop]
        for step, query in enumerate(written):
            keys[query] = [inside[step]] if part == "year" else inside
    return keys


@torch.no_grad()
def cross_attention(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, text: str, when: date
) -> tuple[np.ndarray, list[tuple[int, int]]]:
    """Return the weights `[layer, head, query, key]` with which `model` writes `when`, and the source's offsets.

    Query `i` is the decoder step that writes character `i`. The model must have been loaded with eager attention.
    """
    source = tokenizer(text, return_tensors="pt", return_offsets_mapping=True)
    offsets = [(int(start), int(stop)) for start, stop in source.pop("offset_mapping")[0]]
    outputs = model(**source, labels=tokenizer(when.isoformat(), return_tensors="pt").input_ids, output_attentions=True)
    weights = torch.stack([layer[0] for layer in outputs.cross_attentions])
    return weights[:, :, :10].numpy(), offsets


class Alignment(NamedTuple):
    """How the heads look at what is written, each `[layer, head, written character]`; NaN for the two hyphens."""

    mass: np.ndarray
    """The mean weight on the source tokens that say the character."""

    pointing: np.ndarray
    """The share of dates in which the largest weight is on one of these tokens."""

    chance: np.ndarray
    """`[written character]`: the mass of a head that looks at all tokens alike."""


def measure_alignment(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, samples: list[tuple[date, Spelled]]
) -> Alignment:
    """Measure the cross-attention of `model` on dates.

    Raises
    ------
    ValueError
        If there are no `samples`.
    """
    if not samples:
        raise ValueError("Alignment needs at least one sample; got none.")
    measured = [_measure_one(model, tokenizer, when, spelled) for when, spelled in samples]
    return Alignment(*(np.mean(values, axis=0) for values in zip(*measured, strict=True)))


def _measure_one(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, when: date, spelled: Spelled
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    weights, offsets = cross_attention(model, tokenizer, spelled.text, when)
    right = np.zeros(weights.shape[2:], dtype=bool)  # (query, key)
    for query, keys in enumerate(read_keys(spelled, offsets)):
        right[query, keys] = True
    says = np.where(right.any(-1), 1.0, np.nan)
    pointing = np.take_along_axis(right[None, None], weights.argmax(-1)[..., None], axis=-1)[..., 0]
    return (weights * right).sum(-1) * says, pointing * says, right.mean(-1) * says
