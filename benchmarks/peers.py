"""Attention as pages of peers: each function returns what a peer shows in a notebook, as a whole page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from unittest.mock import patch

import torch

PAGE = '<!doctype html><meta charset="utf-8">\n'


def circuitsvis_heads(attentions: Sequence[torch.Tensor], tokens: list[str]) -> str:
    """Return a page of CircuitsVis: the heads of layer 0 only, because it knows no layers."""
    from circuitsvis.attention import attention_heads  # type: ignore[import-untyped]

    # With its code in it, as where there is no network; else it would come from unpkg.com.
    return PAGE + str(attention_heads(attentions[0][0], tokens, mask_upper_tri=False).local_src)


def inspectus_attention(attentions: Sequence[torch.Tensor], tokens: list[str]) -> str:
    """Return a page of Inspectus: its four charts of all layers and heads."""
    import inspectus  # type: ignore[import-untyped]

    shown: list[str] = []
    with patch("IPython.display.display", lambda html: shown.append(html.data)):
        inspectus.attention(tuple(attentions), tokens)
    return PAGE + "".join(shown)


Vectors = Sequence[tuple[torch.Tensor, torch.Tensor]]
"""Queries and keys of each layer, shape (heads, tokens, dimensions)."""


def bertviz_neurons(vectors: Vectors, tokens: list[str]) -> str:
    """Return a page of BertViz's neuron view, which receives its vectors instead of computing them."""
    from bertviz.neuron_view import show  # type: ignore[import-untyped]

    # The sentence goes to the tokenizer alone.
    return str(show(_Model(vectors), "bert", _Tokenizer(tokens), " ".join(tokens[1:-1]), html_action="return").data)


class _Model:
    """A stand-in for BertViz's own copy of BERT, whose weights would come from the network."""

    def __init__(self, vectors: Vectors) -> None:
        self.vectors = vectors

    def eval(self) -> None:
        """Do nothing, as there is no dropout."""

    def __call__(self, _ids: torch.Tensor) -> tuple[list[dict[str, torch.Tensor]]]:
        """Return weights, queries and keys of each layer."""
        return ([{"attn": weights(q, k)[None], "queries": q[None], "keys": k[None]} for q, k in self.vectors],)


class _Tokenizer:
    """Returns given tokens."""

    def __init__(self, tokens: list[str]) -> None:
        self.cls_token, self.sep_token = tokens[0], tokens[-1]

    def tokenize(self, sentence: str) -> list[str]:
        """Return the words of a sentence."""
        return sentence.split()

    def convert_tokens_to_ids(self, tokens: list[str]) -> list[int]:
        """Return a number for each token."""
        return list(range(len(tokens)))


def weights(query: torch.Tensor, key: torch.Tensor) -> torch.Tensor:
    """Return the softmax of scaled scores, shape (heads, queries, keys)."""
    return torch.softmax(query @ key.mT * query.shape[-1] ** -0.5, -1)


def headscope_neurons(vectors: Vectors, tokens: list[str]) -> str:
    """Return a page of Headscope's neuron view from the same vectors."""
    from headscope.api import AttentionMap, Capture
    from headscope.export.html import standalone_html
    from headscope.tracing.qk.record import QKRecord
    from headscope.tracing.qk.tensors import Rules

    records = [QKRecord(query, key, Rules(query.shape[-1] ** -0.5)) for query, key in vectors]
    return standalone_html(Capture([AttentionMap("self", records, tokens, tokens)]), "neuron")


def headscope_maps(attentions: Sequence[Any], tokens: list[str]) -> str:
    """Return a page of Headscope's matrix view."""
    import headscope as hs
    from headscope.export.html import standalone_html

    return standalone_html(hs.from_attentions(attentions, tokens), "matrix")
