"""Judge the names of positions: words stay words, in their order, and nothing else is called by a word."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import permutations
from typing import Any

from torch import Tensor

from zoo.every.inputs import parts_of

NO_WORDS = re.compile(r"(vision|visual|image|audio|speech)_?(tower|model|encoder|backbone)?\b")
"""The parts of a model that read no text, by the names of their modules."""
PLACEHOLDERS = tuple(f"{what}_token_{how}" for what in ("image", "video", "audio") for how in ("id", "index"))
"""The settings that name the token that stands for something else."""
MIXED = ("text", "cross", "multimodal", "multi_modal", "fusion")
"""What the names of modules contain that read a text beside an image."""


def wrong_words(capture: Any, model: Any, inputs: dict[str, Any], row: int) -> str:
    """Return a sentence about a side whose words are no text of the inputs, or that shows words where there are none.

    Parameters
    ----------
    capture
        The capture, made without a tokenizer: a word is the number of its token.
    model
        The model.
    inputs
        What it was called with.
    row
        The captured text of the batch.
    """
    texts = list(_texts(model, inputs, row))
    generated = model.config.is_encoder_decoder and not any(name.startswith("decoder_input") for name in inputs)
    for part in capture.report().maps:
        map_ = capture.maps[part.name]
        for side, names in (("queries", map_.query_tokens), ("keys", map_.key_tokens)):
            words = [int(word) for name in names for word in _words(name)]
            pooled = any("+" in name for name in names)
            counted = words == list(range(len(words)))
            if not counted and not generated and not _is_text(words, texts, pooled):
                return f"the {side} of {part.name} show the words {words[:12]}, which are no text of the inputs"
            alone = part.modules and all(_reads_no_text(module) for module in part.modules)
            if alone and words and not counted and "-to-" not in part.name:
                return f"the {side} of {part.name}, in {part.modules[0]}, are called by the words of the text"
    return ""


def _texts(model: Any, inputs: dict[str, Any], row: int) -> Iterator[list[int]]:
    """Yield each text that may be shown: with and without its padding, with and without placeholders."""
    stand_ins = {getattr(part, name) for part in parts_of(model.config) for name in PLACEHOLDERS if hasattr(part, name)}
    for name, value in inputs.items():
        if not isinstance(value, Tensor) or value.is_floating_point() or not re.search(r"(input_ids|^inputs)", name):
            continue
        for own in [value[min(row, len(value) - 1)].flatten(), value.flatten()]:
            mask = inputs.get(name.replace("input_ids", "attention_mask"))
            kept = own
            if isinstance(mask, Tensor) and mask.shape == value.shape:
                shown = mask[min(row, len(mask) - 1)] if own.numel() < value.numel() or len(mask) == 1 else mask
                kept = own[shown.flatten().bool()]
            for ids in (kept.tolist(), own.tolist()):
                yield ids
                yield [one for one in ids if one not in stand_ins]


def _words(name: str) -> list[str]:
    """Return the words that a name consists of: one, several that were pooled to a position, or none."""
    parts = name.split("+")
    return parts if all(part.isdecimal() for part in parts) else []


def _is_text(words: Sequence[int], texts: Sequence[list[int]], pooled: bool) -> bool:
    """Return whether some words are one text, without its end if it was pooled, or two behind each other."""
    words = list(words)
    joined = (one + other for one, other in permutations(texts, 2))
    return words in texts or words in joined or (pooled and any(words == text[: len(words)] for text in texts))


def _reads_no_text(module: str) -> bool:
    return bool(NO_WORDS.search(module)) and not any(word in module for word in MIXED)
