"""What the decoder of an encoder-decoder reads: the target text, or what the model itself would write."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from headscope.capture.checks import num_positions
from headscope.capture.inputs import device_of, text_tokenizer
from headscope.capture.modules import Modules

PRESENT = ("decoder_input_ids", "decoder_inputs_embeds")

MOST_WRITTEN = 64
"""How many tokens a model writes whose generation config does not say."""

TRANSFORMERS_DEFAULT = 20
"""The `max_length` that transformers puts where nobody chose one."""


def add_decoder_inputs(model: Any, tokenizer: Any, arguments: dict[str, Any], target: str | None) -> None:
    """Put `decoder_input_ids` into `arguments`, unless the user gave them.

    They are, in this order: `target`, tokenized; the labels among the inputs; what the model generates greedily; the
    decoder's start token alone. In each case the model reads the start token first, and does not read the last token of
    the text, which is only ever written.

    Raises
    ------
    ValueError
        `target` together with decoder inputs, or without a tokenizer; no start token to begin with.
    """
    labels = arguments.pop("labels", None)
    given = [name for name in PRESENT if arguments.get(name) is not None]
    if target is not None:
        if given:
            raise ValueError(f"target was given together with inputs[{given[0]!r}]: give one of them.")
        arguments["decoder_input_ids"] = _shifted(model, _target_ids(tokenizer, target).to(device_of(model)))
    elif labels is not None and not given:
        arguments["decoder_input_ids"] = _shifted(model, labels.masked_fill(labels == -100, _padding(model)))
    elif not given:
        _add_generated(model, arguments)


def _target_ids(tokenizer: Any, target: str) -> Tensor:
    if tokenizer is None:
        raise ValueError("target needs the tokenizer: capture(model, tokenizer, text, target=...).")
    if not isinstance(target, str):
        raise TypeError(f"target must be one string, not {type(target).__name__}.")
    ids: Tensor = text_tokenizer(tokenizer)(text_target=target, return_tensors="pt")["input_ids"]
    return ids


def _shifted(model: Any, ids: Tensor) -> Tensor:
    """Return what the decoder reads while it writes `ids`, shape (batch, positions)."""
    if hasattr(model, "prepare_decoder_input_ids_from_labels"):  # some models start with the language, not the start
        shifted: Tensor = model.prepare_decoder_input_ids_from_labels(labels=ids)
        return shifted
    return torch.cat([_start(model, len(ids)), ids[:, :-1]], dim=1)


def _add_generated(model: Any, arguments: dict[str, Any]) -> None:
    """Let the model write greedily, as long as its own generation config says, else at most `MOST_WRITTEN` tokens."""
    batch_size = next(len(value) for value in arguments.values() if isinstance(value, Tensor))
    start = _start(model, batch_size)
    if not (hasattr(model, "can_generate") and model.can_generate()):
        arguments["decoder_input_ids"] = start
        return
    ids: Tensor = model.generate(**arguments, do_sample=False, num_beams=1, **_limit(model))
    read = ids[:, :-1] if ids.shape[1] > 1 else ids
    arguments["decoder_input_ids"] = read
    ends = torch.tensor(end_ids(model), device=read.device)
    running = torch.isin(read[:, 1:], ends).cumsum(1) == 0  # texts of a batch end at different steps
    if not bool(running.all()):
        arguments["decoder_attention_mask"] = torch.nn.functional.pad(running.long(), (1, 0), value=1)


def _limit(model: Any) -> dict[str, int]:
    config = model.generation_config
    if config.max_new_tokens is not None or config.max_length not in (None, TRANSFORMERS_DEFAULT):
        return {}
    return {"max_new_tokens": min(MOST_WRITTEN, num_positions(Modules.of(model), decoder=True) or MOST_WRITTEN)}


def _start(model: Any, batch_size: int) -> Tensor:
    """Return the token that a decoder begins with, shape (batch, 1)."""
    start = _setting(model, "decoder_start_token_id")
    start = _setting(model, "bos_token_id") if start is None else start
    if start is None:
        raise ValueError(
            f"{type(model).__name__} names no decoder_start_token_id, so there is nothing for its decoder to read: "
            "pass inputs= with input_ids and decoder_input_ids."
        )
    return torch.full((batch_size, 1), int(start), device=device_of(model))


def end_ids(model: Any) -> list[int]:
    """Return the tokens that end what a model writes."""
    end = _setting(model, "eos_token_id")
    return [] if end is None else [end] if isinstance(end, int) else list(end)


def _padding(model: Any) -> int:
    return int(_setting(model, "pad_token_id") or 0)


def _setting(model: Any, name: str) -> Any:
    """Return a token id as the model's generation config or its config names it."""
    places = (getattr(model, "generation_config", None), model.config)
    return next((value for place in places if (value := getattr(place, name, None)) is not None), None)
