"""What a model would write next: the most probable tokens after each position."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


@dataclass(frozen=True)
class Candidates:
    """The most probable tokens of a vocabulary, at each position that a model computes logits for."""

    ids: NDArray[np.int64]
    """Token ids, the most probable first, shape (positions, k)."""
    probabilities: NDArray[np.float32]
    """Their probabilities: the softmax over the whole vocabulary, shape (positions, k)."""
    tokens: tuple[tuple[str, ...], ...]
    """The same as text; numbers where there was no tokenizer."""

    @property
    def nbytes(self) -> int:
        """How much memory the ids and probabilities hold, in bytes."""
        return self.ids.nbytes + self.probabilities.nbytes
