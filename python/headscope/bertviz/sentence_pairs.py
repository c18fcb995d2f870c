"""A pair's attention in BertViz's parts: from each sentence to each sentence, with their tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from headscope.data.indexing import kv_head

if TYPE_CHECKING:
    from headscope.data.attention_map import AttentionMap


def format_special_chars(tokens: Sequence[str]) -> list[str]:
    """Return tokens without the marks of byte-level BPE and SentencePiece: `Ġ` and `▁`."""
    return [token.replace("Ġ", " ").replace("▁", " ") for token in tokens]


def format_delimiters(tokens: Sequence[str], tokenizer: Any) -> list[str]:
    """Return tokens with `[SEP]` and `[CLS]` in place of the tokenizer's own separator and first token."""
    formatted = []
    for token in tokens:
        for own, common in ((tokenizer.sep_token, "[SEP]"), (tokenizer.cls_token, "[CLS]")):
            token = token.replace(own, common) if own else token
        formatted.append(token)
    return formatted


def second_start(tokens: Sequence[str], start: int | None, separator: str | None) -> int | None:
    """Return where BertViz begins the second sentence of a pair: after the one separator that ends the first.

    Parameters
    ----------
    tokens
        The tokens as the vocabulary writes them.
    start
        The zero-based position of the second sentence's first word; None if the tokenizer does not say.
    separator
        The tokenizer's separator. RoBERTa puts two between the sentences, of which the second one opens the second
        sentence.
    """
    if start is None:
        return tokens.index(separator) + 1 if separator in tokens else None
    while start > 1 and tokens[start - 1] == tokens[start - 2] == separator:
        start -= 1
    return start


def parts_of(map_: AttentionMap, tokens: list[str], start: int | None, vectors: bool) -> dict[str, dict[str, Any]]:
    """Return the whole map and, for a pair, its four parts.

    Parameters
    ----------
    map_
        Self-attention.
    tokens
        The tokens to name queries and keys with.
    start
        The zero-based first position of the second sentence; None for a single one.
    vectors
        Whether to include queries and keys.

    Returns
    -------
    dict
        As `headscope.bertviz.neuron_view.get_attention` describes it.

    Raises
    ------
    ValueError
        A layer has no queries and keys.
    """
    spans = {"": slice(0, len(tokens))}
    if start is not None:
        spans |= {"a": slice(0, start), "b": slice(start, len(tokens))}
    names = ["all"] if start is None else ["all", "aa", "bb", "ab", "ba"]
    sides = {name: (spans[""], spans[""]) if name == "all" else (spans[name[0]], spans[name[1]]) for name in names}
    weights = [map_.block(layer) for layer in range(map_.num_layers)]  # each (H, n, n)
    parts: dict[str, dict[str, Any]] = {
        name: {
            "attn": [layer[:, queries, keys].tolist() for layer in weights],
            "left_text": tokens[queries],
            "right_text": tokens[keys],
        }
        for name, (queries, keys) in sides.items()
    }
    if vectors:
        pairs = [_vectors(map_, layer) for layer in range(map_.num_layers)]
        for name, (queries, keys) in sides.items():
            parts[name]["queries"] = [layer[:, queries].tolist() for layer, _ in pairs]
            parts[name]["keys"] = [layer[:, keys].tolist() for _, layer in pairs]
    return parts


def _vectors(map_: AttentionMap, layer: int) -> tuple[Any, Any]:
    """Return the queries and keys of a layer, each of shape (heads, positions, head_dim)."""
    record = map_.vectors(layer)
    heads = range(record.num_heads)
    shared = [kv_head(head, record.num_heads, record.num_kv_heads) for head in heads]
    return record.queries(list(heads)), record.keys(list(range(record.num_kv_heads)))[shared]
