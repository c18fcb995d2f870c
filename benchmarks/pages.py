"""The same attention as a page of Headscope and of each peer that has such a view."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import bertviz  # type: ignore[import-untyped]
import torch

import headscope.bertviz
import peers
from attentions import peaked_attentions, peaked_vectors

Subject = Literal["bertviz", "circuitsvis", "inspectus", "headscope"]
View = Literal["head", "model", "matrix", "neuron"]


def _returned(show: Callable[..., Any]) -> Callable[..., str]:
    return lambda tensors, tokens: str(show(tensors, tokens, html_action="return").data)


MAKERS: dict[tuple[Subject, View], Callable[..., str]] = {
    ("bertviz", "head"): _returned(bertviz.head_view),
    ("headscope", "head"): _returned(headscope.bertviz.head_view),
    ("bertviz", "model"): _returned(bertviz.model_view),
    ("headscope", "model"): _returned(headscope.bertviz.model_view),
    ("circuitsvis", "matrix"): peers.circuitsvis_heads,
    ("inspectus", "matrix"): peers.inspectus_attention,
    ("headscope", "matrix"): peers.headscope_maps,
    ("bertviz", "neuron"): peers.bertviz_neurons,
    ("headscope", "neuron"): peers.headscope_neurons,
}


def tensors_for(view: View, layers: int, heads: int, tokens: int) -> list[Any]:
    """Return the tensors behind all pages of a view: weights of each layer, or queries and keys."""
    if view == "neuron":
        return [(torch.from_numpy(q), torch.from_numpy(k)) for q, k in peaked_vectors(layers, heads, tokens)]
    return [torch.from_numpy(layer) for layer in peaked_attentions(layers, heads, tokens)]


def write_page(subject: Subject, view: View, tensors: list[Any], tokens: list[str], path: Path) -> int:
    """Write the page that a notebook would show or save; return its size in bytes."""
    path.write_text(MAKERS[subject, view](tensors, tokens), encoding="utf-8")
    return path.stat().st_size


@contextmanager
def temporary_page(
    subject: Subject, view: View, tensors: list[Any], tokens: list[str], folder: Path
) -> Iterator[tuple[Path, int]]:
    """Yield a page's path and size, and remove the page afterwards: BertViz's take gigabytes."""
    path = folder / f"{subject}-{view}-{len(tokens)}.html"
    try:
        yield path, write_page(subject, view, tensors, tokens, path)
    finally:
        path.unlink(missing_ok=True)
