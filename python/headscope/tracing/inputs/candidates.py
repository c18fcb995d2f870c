"""Read what a model predicts from its output: next tokens, or labels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from headscope.data.next_tokens import Candidates, LabelProbabilities
from headscope.text.tokens import read_tokens
from headscope.tracing.inner_model import config_of, inner_model, text_config
from headscope.tracing.inputs.chat import text_tokenizer
from headscope.tracing.inputs.inputs import Inputs
from headscope.tracing.inputs.labels import read_labels
from headscope.tracing.inputs.sides import Side

if TYPE_CHECKING:
    from headscope.tracing.request import Request

ROWS = 256
"""The number of positions for which probabilities over the vocabulary are computed at a time."""

UNASKED = 5
"""The number of candidates that a capture keeps without being asked."""

UNASKED_ROWS = 1024
"""The most positions for which it does so; of more it keeps those of the last one."""

FEW_BYTES = 64 * 1024 * 1024
"""Up to this size, a model computes the logits of all positions without being asked, in float32."""


def has_few_logits(model: Any, inputs: Inputs) -> bool:
    """Return whether the logits of all positions and texts of a batch fit into `FEW_BYTES`."""
    vocabulary, read = _vocabulary(model), inputs.sequence()
    if vocabulary is None or read is None:
        return False
    return read.shape[0] * read.shape[1] * vocabulary * 4 <= FEW_BYTES


def _vocabulary(model: Any) -> int | None:
    size = getattr(text_config(config_of(model)), "vocab_size", None)
    return size if isinstance(size, int) else None


def read_predictions(
    outputs: Any, inputs: Inputs, side: Side, request: Request
) -> tuple[Candidates | None, LabelProbabilities | None]:
    """Return the most probable next tokens at each position of one text, and the probabilities of labels.

    Raises
    ------
    ValueError
        `candidates` was requested, but the model returned no logits over a vocabulary for each position.
    """
    logits = outputs.get("logits") if isinstance(outputs, Mapping) else None
    logits = logits if isinstance(logits, Tensor) and logits.is_floating_point() else None
    if request.candidates is not None:
        if logits is None or logits.dim() != 3 or logits.shape[1] != side.length:
            raise ValueError(
                f"candidates needs logits for each position, but {type(request.model).__name__} returns none: load "
                "the model with a language modelling head, such as AutoModelForCausalLM, or leave candidates out."
            )
        return _candidates(_rows(logits, inputs.row, side), request, request.candidates), None
    inner = inner_model(request.model)
    if logits is None or inner is None or inputs.axis != 0 or logits.shape[0] != inputs.batch_size:
        return None, None
    if logits.dim() == 3 and logits.shape[1] <= side.length and _is_of_tokens(inner, logits):
        return _unasked(logits, inputs.row, side, request), None
    whole = logits.dim() == 2 or (logits.dim() == 3 and logits.shape[1] == side.length)
    of_text = (logits[inputs.row] if logits.dim() == 2 else _rows(logits, inputs.row, side).logits) if whole else None
    return None, None if of_text is None else read_labels(of_text, inner)


def _is_of_tokens(model: Any, logits: Tensor) -> bool:
    """Return whether logits are over a vocabulary; embeddings may be padded to more than the vocabulary."""
    vocabulary = _vocabulary(model)
    names = ("LM", "ForConditionalGeneration", "HeadModel", "ForPreTraining")
    return vocabulary is not None and logits.shape[-1] >= vocabulary and any(n in type(model).__name__ for n in names)


@dataclass(frozen=True)
class _Rows:
    """The logits of the shown positions of one text, from `start` on."""

    logits: Tensor
    start: int


def _rows(logits: Tensor, row: int, side: Side) -> _Rows:
    """Return the logits of a text's positions without padding; the model may have computed only those of the last."""
    first = side.length - logits.shape[1]
    if side.unpadded is None:
        return _Rows(logits[row], first)
    shown = side.unpadded[side.unpadded >= first]
    return _Rows(logits[row, (shown - first).to(logits.device)], len(side.unpadded) - len(shown))


def _unasked(logits: Tensor, row: int, side: Side, request: Request) -> Candidates | None:
    """Return a few candidates of a short text, or those of the last position of a long one."""
    rows = _rows(logits, row, side)
    if len(rows.logits) > UNASKED_ROWS:
        if _is_masked(request):
            return None
        rows = _Rows(rows.logits[-1:], rows.start + len(rows.logits) - 1)
    if len(rows.logits) == 0:
        return None
    found = _candidates(rows, request, UNASKED)
    return found if bool(torch.isfinite(torch.from_numpy(found.probabilities)).all()) else None


def _candidates(rows: _Rows, request: Request, count: int) -> Candidates:
    found = [_best(part, count) for part in torch.split(rows.logits, ROWS)]
    probabilities, ids = (torch.cat(part).cpu() for part in zip(*found, strict=True))
    tokenizer = text_tokenizer(request.tokenizer)
    known = {id_: str(id_) if tokenizer is None else _text(tokenizer, id_) for id_ in torch.unique(ids).tolist()}
    texts = tuple(tuple(known[id_] for id_ in line) for line in ids.tolist())
    return Candidates(ids.numpy(), probabilities.numpy(), texts, rows.start, _is_masked(request))


def _is_masked(request: Request) -> bool:
    """Return whether the model predicts the token at a position, rather than the one after it."""
    return "MaskedLM" in type(inner_model(request.model)).__name__


def _best(logits: Tensor, count: int) -> tuple[Tensor, Tensor]:
    values, ids = torch.softmax(logits.float(), dim=-1).topk(min(count, logits.shape[-1]), dim=-1)
    return values, ids


def _text(tokenizer: Any, id_: int) -> str:
    return read_tokens(tokenizer, [id_])[0][0]  # one at a time: they are alternatives, not a text
