"""BertViz's module `util`: attention as one tensor, its sizes, and tokens as readable text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def format_attention(attention: Sequence[Any], layers: Sequence[int] | None = None, heads: Any = None) -> Any:
    """Return the attention of some layers and heads as one tensor.

    Parameters
    ----------
    attention
        One tensor per layer, shape (1, heads, queries, keys).
    layers, heads
        The zero-based layers and heads to take; None (default) or an empty list takes all.

    Returns
    -------
    torch.Tensor
        Shape (layers, heads, queries, keys). Arrays of NumPy give an array.

    Raises
    ------
    ValueError
        A layer does not have four axes, layers have different shapes, or there is no layer.
    """
    chosen = [attention[layer] for layer in layers] if layers else list(attention)
    if not chosen:
        raise ValueError("attention is empty: pass the attentions that a model returns with output_attentions=True.")
    shapes = [tuple(getattr(layer, "shape", ())) for layer in chosen]
    wrong = next((shape for shape in shapes if len(shape) != 4), None)
    if wrong is not None:
        raise ValueError(
            f"attention has a layer of shape {wrong}, not (1, heads, queries, keys). Load the model with "
            'attn_implementation="eager" and call it with output_attentions=True.'
        )
    if len(set(shapes)) > 1:
        raise ValueError(f"attention has layers of shapes {', '.join(map(str, shapes))}, which make no one tensor.")
    rows = [layer[0] if layer.shape[0] == 1 else layer for layer in chosen]
    return _stacked([row[heads] for row in rows] if heads else rows)


def _stacked(rows: list[Any]) -> Any:
    """Return arrays of one shape as one array of the same kind."""
    if hasattr(rows[0], "__array_function__"):
        import numpy as np

        return np.stack(rows)
    import torch

    return torch.stack(rows)


def num_layers(attention: Sequence[Any]) -> int:
    """Return the number of layers of an attention, one tensor per layer."""
    return len(attention)


def num_heads(attention: Sequence[Any]) -> int:
    """Return the number of heads of the first layer of an attention, shape (1, heads, queries, keys) per layer."""
    return int(attention[0][0].shape[0])


def format_special_chars(tokens: Sequence[str]) -> list[str]:
    """Return tokens without the marks of byte-level BPE, SentencePiece and OpenAI's BPE: `Ġ`, `▁` and `</w>`.

    `headscope.text.tokens.prettify` reads more forms, and is what the views use.
    """
    return [token.replace("Ġ", " ").replace("▁", " ").replace("</w>", "") for token in tokens]
