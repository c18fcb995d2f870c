"""What a page says on how to read each view, for readers who were sent the file alone."""

from __future__ import annotations

from headscope.contract import ViewKind

ATTENTION = (
    "Attention is how much a token (the query) takes from each other token (the keys) while the model reads the text. "
    "The weights of a query add up to 1. A layer has several heads, and each head weights the tokens in its own way."
)

HOW: dict[ViewKind, tuple[str, ...]] = {
    "head": (
        "Queries are on the left, keys on the right. A line is the more opaque the larger its weight is; each head has "
        "a colour.",
        "Point at a token to see its lines alone; click to keep them. Click a head's number to show or hide it.",
    ),
    "model": (
        "A row is a layer, a column is a head, and each small picture has queries on its left and keys on its right.",
        "Click a picture to open it.",
    ),
    "matrix": (
        "A row is a query, a column is a key, and a cell is the darker the larger its weight is; the legend says how.",
        "Point at a cell to read its weight; click to keep it.",
    ),
    "neuron": (
        "The query's vector times a key's vector, dimension by dimension, adds up to the score of the key; the softmax "
        "turns the scores of all keys into weights. Blue is positive, orange negative.",
        "Click a query to see its numbers.",
    ),
    "text": (
        "Tokens are shaded by the attention that they receive.",
        "Point at a token to see what it attends to; click to keep it.",
    ),
    "explorer": (
        "A row of the grid is a layer, a column is a head. Beside it stands the head that was clicked last: as lines "
        "from queries to keys, as a heat map, by neuron or on the text.",
        "Click a head to see it; point at a token to see its weights; click to keep them.",
    ),
}
"""For each view, what is seen and what to do."""


def how_to_read(view: ViewKind) -> tuple[str, ...]:
    """Return the paragraphs that explain a view."""
    return ATTENTION, *HOW[view]
