"""The tokens of one sequence that a model reads or writes, and the positions that are shown."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from headscope.data.grids import Grid
from headscope.text.segments import Segment


@dataclass(frozen=True)
class Side:
    """The tokens of one sequence of the model."""

    tokens: tuple[str, ...]
    """The tokens as text, without padding."""
    special: tuple[int, ...] = ()
    """The positions of special tokens, counted without padding."""
    length: int = 0
    """The number of positions, padding included."""
    unpadded: Tensor | None = None
    """The positions that are not padding, int64; None for all."""
    sentence_b_start: int | None = None
    """The first position of the second sentence, counted without padding; None if there is none."""
    words: tuple[int, ...] | None = None
    """The word number of each token, see `headscope.text.words`; None if words are unknown."""
    grid: Grid | None = None
    """The grid of an image's patches; None if the positions are not patches of one image."""
    segments: tuple[Segment, ...] = ()
    """Named parts of the text, in positions counted without padding."""
