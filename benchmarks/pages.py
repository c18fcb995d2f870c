"""The same attention as a page of BertViz and a page of Headscope."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal

import bertviz  # type: ignore[import-untyped]
import torch

import headscope.bertviz

Subject = Literal["bertviz", "headscope"]
View = Literal["head", "model"]

MAKERS: dict[tuple[Subject, View], Callable[..., Any]] = {
    ("bertviz", "head"): bertviz.head_view,
    ("bertviz", "model"): bertviz.model_view,
    ("headscope", "head"): headscope.bertviz.head_view,
    ("headscope", "model"): headscope.bertviz.model_view,
}


def write_page(subject: Subject, view: View, attentions: list[Any], tokens: list[str], path: Path) -> int:
    """Write the page that `html_action="return"` gives; return its size in bytes."""
    page = MAKERS[subject, view]([torch.from_numpy(layer) for layer in attentions], tokens, html_action="return")
    with path.open("w", encoding="utf-8") as file:
        file.write(page.data)
    return path.stat().st_size


@contextmanager
def temporary_page(
    subject: Subject, view: View, attentions: list[Any], tokens: list[str], folder: Path
) -> Iterator[tuple[Path, int]]:
    """Give a page's path and size, and remove it afterwards: BertViz's take gigabytes."""
    path = folder / f"{subject}-{view}-{len(tokens)}.html"
    try:
        yield path, write_page(subject, view, attentions, tokens, path)
    finally:
        path.unlink(missing_ok=True)
