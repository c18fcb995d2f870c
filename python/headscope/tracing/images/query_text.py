"""The sequence of a Q-Former that reads a text of its own behind its queries, as InstructBLIP's does."""

from __future__ import annotations

from torch import Tensor

from headscope.tracing.images.layout import counted
from headscope.tracing.inputs.inputs import Inputs, named_ids
from headscope.tracing.inputs.sides import Side
from headscope.tracing.request import Request

ARGUMENT = "qformer_input_ids"
"""The argument that holds the text."""


def queries_and_text(size: int, pieces: int, inputs: Inputs, request: Request) -> Side | None:
    """Return the names of the queries and of the words behind them; None if these are no such positions.

    Parameters
    ----------
    size
        The number of positions.
    pieces
        The number of images or frames that the text is read with, one by one; 1 by default.
    inputs
        The inputs of the pass.
    request
        The user's request; its processor may have a tokenizer for this text.
    """
    ids = inputs.arguments.get(ARGUMENT)
    if not isinstance(ids, Tensor) or ids.dim() != 2 or size % pieces:
        return None
    row = ids[min(inputs.row, len(ids) - 1)].tolist()
    queries = size // pieces - len(row)
    if counted(request.model, queries) != "query":
        return None
    text = named_ids(row, getattr(request.tokenizer, "qformer_tokenizer", None), request.prettify)
    names = [*(f"query {place}" for place in range(queries)), *text.tokens]
    if pieces > 1:
        names = [f"image {piece + 1}: {name}" for piece in range(pieces) for name in names]
    special = (piece * (size // pieces) + queries + place for piece in range(pieces) for place in text.special)
    return Side(tokens=tuple(names), special=tuple(special))
