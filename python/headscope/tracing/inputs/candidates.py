"""Read next-token candidates from a model's output."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from headscope.data.next_tokens import Candidates
from headscope.text.tokens import read_tokens
from headscope.tracing.inputs.chat import text_tokenizer
from headscope.tracing.inputs.sides import Side

if TYPE_CHECKING:
    from headscope.tracing.request import Request

ROWS = 256
"""The number of positions for which probabilities over the vocabulary are computed at a time."""


def read_candidates(outputs: Any, row: int, side: Side, request: Request) -> Candidates:
    """Return the most probable next tokens at each position of one text.

    Raises
    ------
    ValueError
        The model returned no logits over a vocabulary for each position, or `candidates` is not a positive integer.
    """
    logits = outputs.get("logits") if isinstance(outputs, Mapping) else None
    if not isinstance(logits, Tensor) or logits.dim() != 3 or logits.shape[1] != side.length:
        raise ValueError(
            f"candidates needs logits for each position, but {type(request.model).__name__} returns none: load the "
            "model with a language modelling head, such as AutoModelForCausalLM, or leave candidates out."
        )
    if not isinstance(request.candidates, int) or request.candidates < 1:
        raise ValueError(f"candidates must be a number of tokens, at least 1, not {request.candidates!r}.")
    of_text = logits[row] if side.unpadded is None else logits[row, side.unpadded.to(logits.device)]
    found = [_best(part, request.candidates) for part in torch.split(of_text, ROWS)]
    probabilities, ids = (torch.cat(part).cpu() for part in zip(*found, strict=True))
    tokenizer = text_tokenizer(request.tokenizer)
    texts = [[str(id_) for id_ in line] if tokenizer is None else _texts(tokenizer, line) for line in ids.tolist()]
    return Candidates(ids.numpy(), probabilities.numpy(), tuple(map(tuple, texts)))


def _best(logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    values, ids = torch.softmax(logits.float(), dim=-1).topk(min(count, logits.shape[-1]), dim=-1)
    return values, ids


def _texts(tokenizer: Any, ids: list[int]) -> list[str]:
    return [read_tokens(tokenizer, [id_])[0][0] for id_ in ids]  # one at a time: they are alternatives, not a text
