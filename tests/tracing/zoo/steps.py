"""Compare a capture of generated text with the attention of the model's own steps."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

import headscope as hs
from zoo.eager import eager
from zoo.models import ZOO, build

ENCODER_DECODERS = ["t5", "bart", "marian"]
OPTIONS = {"max_new_tokens": 5, "eos_token_id": None, "pad_token_id": 0, "do_sample": False}


def writer_of(kind: str) -> Any:
    """Return a model of the zoo with a head that writes text."""
    auto = "AutoModelForSeq2SeqLM" if kind in ENCODER_DECODERS else "AutoModelForCausalLM"
    return build(replace(next(one for one in ZOO if one.kind == kind), auto=auto))


def both(model: Any, inputs: dict[str, Any], options: dict[str, Any], index: int = 0) -> tuple[Any, Any]:
    """Return the output of the model's own steps, and the capture of one of the generated texts."""
    options = OPTIONS | options
    torch.manual_seed(5)
    with eager(model):
        own = model.generate(**copy.deepcopy(inputs), **options, output_attentions=True, return_dict_in_generate=True)
    torch.manual_seed(5)
    return own, hs.capture_generation(model, inputs=inputs, sequence_index=index, **options)


def rows_of(own: Any, index: int) -> list[int]:
    """Return the batch row that held the text at each step: a beam may continue another one."""
    beams = getattr(own, "beam_indices", None)
    return [index] * 99 if beams is None else [int(beam) for beam in beams[index] if beam >= 0]


def assert_equal_steps(capture: Any, name: str, steps: Any, rows: list[int], kept: Any) -> None:
    """Compare the weights of each step with the capture.

    `kept` lists the shown positions among those that the first step read; later steps read no padding.
    """
    weights = [capture.weights(layer, map=name) for layer in range(capture.maps[name].num_layers)]
    computed: set[int] = set()
    for number, (layers, row) in enumerate(zip(steps, rows, strict=False)):
        shown = np.concatenate([kept, np.ones(number, dtype=bool)])
        ours = np.cumsum(shown) - 1
        for found, layer in zip(weights, layers, strict=True):
            wanted = layer[row].float().numpy()
            queries = np.arange(len(shown) - wanted.shape[1], len(shown))
            wanted, at = wanted[:, shown[queries]], ours[queries[shown[queries]]]
            columns = np.arange(found.shape[2])
            if name != "cross":
                keys = seen_keys(wanted, len(shown))
                wanted, columns = wanted[:, :, : len(keys)][:, :, shown[keys]], ours[keys[shown[keys]]]
            np.testing.assert_allclose(found[:, at][:, :, columns], wanted, rtol=0, atol=1e-5)
            np.testing.assert_allclose(wanted.sum(-1), found[:, at].sum(-1), rtol=0, atol=1e-5)
        computed |= set(at.tolist())
    assert computed == set(range(weights[0].shape[1] - 1)), "every row but the last one was compared"


def seen_keys(wanted: Any, length: int) -> Any:
    """Return the positions of a step's keys: a static cache has free slots after them, a sliding one drops some."""
    assert (wanted[:, :, length:] == 0).all()
    return np.arange(max(0, length - wanted.shape[2]), length)


def positions(mask: Tensor) -> Any:
    """Return which positions a mask shows."""
    return mask.bool().numpy()
